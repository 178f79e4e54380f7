"""Images that are too large for a process that serves many are decoded in a helper, to the same
pixels."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from core.datasets import apart as decoding
from core.datasets.apart import serve_many
from core.datasets.images import Fit, decode, open_image
from core.errors import UnreadableImage
from tests.deep import deep_png


def file_of(mode: str, kind: str, size: tuple[int, int] = (300, 200), **options: object) -> bytes:
    rng = np.random.default_rng(3)
    small = Image.fromarray(rng.integers(0, 256, (8, 12, 3), dtype=np.uint8))
    image = small.resize(size, Image.Resampling.BICUBIC)
    if mode == "I;16":
        grey = np.asarray(image.convert("L"), np.uint16) * 13
        image = Image.fromarray(grey)
    else:
        image = image.convert(mode)
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


FILES = {
    "photo": file_of("RGB", "JPEG"),
    "progressive": file_of("RGB", "JPEG", progressive=True),
    "print": file_of("CMYK", "JPEG"),
    "transparent": file_of("RGBA", "PNG"),
    "deep": file_of("I;16", "PNG"),
    "deep colours": deep_png(np.arange(300 * 200 * 3).reshape(200, 300, 3) % 4000),
    "scan": file_of("L", "TIFF"),
}
BROKEN = {"cut": FILES["photo"][:900], "noise": b"no image" * 9, "damaged": FILES["deep"][:-200]}


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As a server has it, where more than a hundred pixels are large."""
    monkeypatch.setattr(decoding, "MOST_HERE", 100)
    monkeypatch.setattr(decoding, "_FEW", 50)
    serve_many()
    yield
    serve_many(False)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
def test_a_model_sees_the_same_pixels(name: str, fit: Fit, request: pytest.FixtureRequest) -> None:
    here = decode(FILES[name], 48, fit=fit)
    request.getfixturevalue("apart")
    assert np.array_equal(decode(FILES[name], 48, fit=fit), here)


@pytest.mark.parametrize("name", FILES)
def test_a_picture_for_people_has_its_facts(name: str, request: pytest.FixtureRequest) -> None:
    here = open_image(FILES[name])
    request.getfixturevalue("apart")
    there = open_image(FILES[name])
    for fact in ("format", "mode", "width", "height", "orientation", "greys"):
        assert getattr(there, fact) == getattr(here, fact), fact
    assert np.array_equal(np.asarray(there.image), np.asarray(here.image))
    small = open_image(FILES[name], draft=(20, 20))
    assert (small.width, small.height) == (300, 200)
    assert min(small.image.size) >= 20


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_with_it_is_said_in_the_same_words(
    name: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(UnreadableImage) as here:
        decode(BROKEN[name], 48, file="a.png")
    request.getfixturevalue("apart")
    with pytest.raises(UnreadableImage) as there:
        decode(BROKEN[name], 48, file="a.png")
    assert (there.value.kind, str(there.value)) == (here.value.kind, str(here.value))


def test_what_needs_more_memory_than_there_is_ends_a_helper_and_nothing_else(
    apart: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = file_of("RGB", "PNG", (6000, 5000))
    monkeypatch.setattr("core.datasets.apart._OWN_MB", 64)
    monkeypatch.setattr("core.datasets.apart._BYTES_A_PIXEL", 0)
    with pytest.raises(UnreadableImage, match=r"a\.png") as refused:
        decode(large, 48, file="a.png")
    assert refused.value.kind == "too_large"
    monkeypatch.undo()
    assert decode(FILES["photo"], 48).shape == (48, 48, 3)
