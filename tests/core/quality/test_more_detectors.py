"""Detectors of slighter faults: each finds what was planted for it, and leaves variety alone."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.catalog import Catalog
from core.datasets.sample import write_digits
from core.quality.curation import curated
from core.quality.detectors import DETECTORS
from tests.core.quality.pictures import as_bytes, clean, found_in, picture, scanned, write

Files = dict[str, Image.Image | bytes]
KEYS = ("low_contrast", "odd_size", "odd_aspect", "grayscale_among_colour", "exif_rotated")


def flagged(catalog: Catalog, tmp_path: Path, planted: Files, images: int = 6) -> dict[str, set]:
    """Detector → flagged paths, among good pictures of cats and dogs."""
    root = write(tmp_path / "photos", {**clean("cat", "dog", images=images), **planted})
    found = found_in(catalog, root)
    return {key: set(found[key].paths) for key in KEYS if key in found}


def sized(sizes: Sequence[tuple[int, int]]) -> pd.DataFrame:
    """A table of images of these widths and heights; 0 for those that can't be read."""
    table = pd.DataFrame(sizes, columns=["width", "height"]).astype("int32")
    return table.assign(status=np.where(table["width"] > 0, "ok", "unreadable"))


def odd(key: str, sizes: Sequence[tuple[int, int]]) -> list[int]:
    """Numbers of the images that a detector flags."""
    each = DETECTORS[key]
    scores = each.score(sized(sizes))
    assert scores.shape == (len(sizes),)
    assert ((scores >= 0) & (scores <= 1)).all()
    return np.flatnonzero(scores >= each.threshold).tolist()


def squares(areas: np.ndarray) -> list[tuple[int, int]]:
    sides = np.sqrt(areas).round().astype(int)
    return list(zip(sides, sides, strict=True))


def turned(orientation: int) -> bytes:
    """A JPEG that says so of itself."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    picture(50 + orientation).save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_pictures_without_any_of_these_faults_are_not_flagged(
    catalog: Catalog, tmp_path: Path
) -> None:
    assert flagged(catalog, tmp_path, {}) == {}


def test_pictures_grey_in_grey_are_found_and_soft_ones_are_not(
    catalog: Catalog, tmp_path: Path
) -> None:
    planted: Files = {
        "cat/fog.png": picture(1, 110, 160),
        "dog/faded.jpg": as_bytes(picture(2, 90, 140), "JPEG"),
        "dog/soft light.png": picture(3, 20, 235),
    }
    assert flagged(catalog, tmp_path, planted) == {"low_contrast": {"cat/fog.png", "dog/faded.jpg"}}


def test_blank_dark_and_bright_pictures_are_not_told_of_twice(
    catalog: Catalog, tmp_path: Path
) -> None:
    planted: Files = {
        "cat/blank.png": Image.new("RGB", (96, 72), (120, 120, 120)),
        "cat/black.png": Image.new("RGB", (96, 72), "black"),
        "dog/night.png": picture(1, 0, 50),
        "dog/glare.png": picture(2, 235, 255),
    }
    assert flagged(catalog, tmp_path, planted, images=24) == {}


def test_a_huge_and_a_tiny_picture_are_found_among_equals(catalog: Catalog, tmp_path: Path) -> None:
    planted: Files = {
        "cat/huge.png": picture(1).resize((960, 720)),
        "dog/tiny.png": picture(2).resize((24, 18)),
        "dog/double.png": picture(3).resize((192, 144)),
    }
    found = flagged(catalog, tmp_path, planted, images=20)
    assert found == {"odd_size": {"cat/huge.png", "dog/tiny.png"}}


def test_sizes_that_vary_smoothly_are_not_odd() -> None:
    rng = np.random.default_rng(0)
    assert odd("odd_size", squares(np.exp(rng.normal(12, 1, 3000)))) == []
    assert odd("odd_size", squares(np.geomspace(1e2, 1e7, 500))) == []
    of_the_web = np.where(rng.random(3000) < 0.6, 500 * 375, np.exp(rng.normal(12, 1, 3000)))
    assert len(odd("odd_size", squares(of_the_web))) <= 3


def test_a_second_group_of_another_size_is_not_odd_and_one_picture_is() -> None:
    two_cameras = [(640, 480)] * 90 + [(4000, 3000)] * 10
    assert odd("odd_size", two_cameras) == []
    assert odd("odd_size", [(640, 480)] * 99 + [(4000, 3000)]) == [99]
    assert odd("odd_size", [(640, 480)] * 12 + [(80, 60), (4000, 3000)]) == [12, 13]


def test_of_few_pictures_no_size_is_odd_and_broken_ones_have_none() -> None:
    assert odd("odd_size", [(10, 10), (1000, 1000), (5000, 100)]) == []
    assert odd("odd_size", []) == []
    assert odd("odd_size", [(0, 0)] * 3) == []
    assert odd("odd_size", [(100, 100)] * 20 + [(0, 0)] * 5) == []
    assert odd("odd_aspect", [(0, 0)] * 3) == []


def test_strips_are_found_and_upright_photos_among_wide_ones_are_not(
    catalog: Catalog, tmp_path: Path
) -> None:
    planted: Files = {
        "cat/banner.png": picture(1).resize((200, 40)),
        "dog/strip.png": picture(2).resize((40, 160)),
        "dog/upright.png": picture(3).resize((72, 96)),
    }
    assert flagged(catalog, tmp_path, planted) == {
        "odd_aspect": {"cat/banner.png", "dog/strip.png"}
    }


def test_a_shape_is_odd_among_others_of_one_shape_or_when_it_is_extreme() -> None:
    assert odd("odd_aspect", [(100, 100)] * 50 + [(290, 100), (100, 250)]) == [50]
    assert odd("odd_aspect", [(300, 200)] * 50 + [(200, 300)] * 2) == []
    ratios = np.geomspace(0.4, 2.5, 200)
    assert odd("odd_aspect", [(round(1000 * ratio), 1000) for ratio in ratios]) == []
    assert odd("odd_aspect", [(310, 100)] * 3) == [0, 1, 2], "extreme in itself"


def test_grey_pictures_are_found_among_colour_and_not_the_other_way_round(
    catalog: Catalog, tmp_path: Path
) -> None:
    planted: Files = {
        "cat/old.png": picture(1).convert("L"),
        "dog/old.jpg": as_bytes(picture(2).convert("L").convert("RGB"), "JPEG"),
    }
    found = flagged(catalog, tmp_path / "some", planted, images=12)
    assert found == {"grayscale_among_colour": set(planted)}
    grey: Files = {
        f"{label}/grey {n}.png": picture(n).convert("L") for n in range(6) for label in "ab"
    }
    assert flagged(catalog, tmp_path / "half", grey) == {}
    one_in_colour = write(tmp_path / "grey", {**grey, "a/colour.png": picture(99)})
    assert not set(KEYS) & set(found_in(catalog, one_in_colour))


def test_turned_photos_are_found_whatever_way_they_are_turned(
    catalog: Catalog, tmp_path: Path
) -> None:
    planted: Files = {f"cat/{way}.jpg": turned(way) for way in range(1, 9)}
    found = flagged(catalog, tmp_path, planted)
    assert found == {"exif_rotated": set(planted) - {"cat/1.jpg"}}


def test_files_that_can_not_be_read_are_left_to_others(catalog: Catalog, tmp_path: Path) -> None:
    planted: Files = {
        "cat/empty.jpg": b"",
        "dog/words.png": b"words",
        "dog/half.jpg": turned(6)[:900],
    }
    assert flagged(catalog, tmp_path, planted) == {}


def test_the_sample_has_none_of_these_faults(catalog: Catalog, tmp_path: Path) -> None:
    write_digits(tmp_path / "digits")
    assert not set(KEYS) & set(found_in(catalog, tmp_path / "digits"))


@pytest.mark.real
def test_of_all_photos_of_hands_only_the_full_size_ones_are_found(
    catalog: Catalog, hands: Path
) -> None:
    table = curated(catalog, scanned(catalog, hands).id)
    full_size = {"7/IMG_5874.JPG", "7/IMG_5935.JPG", "7/IMG_5978.JPG"}
    for key in KEYS:
        each = DETECTORS[key]
        found = set(table["path"][each.score(table) >= each.threshold])
        assert found == (full_size if key in ("odd_size", "exif_rotated") else set()), key
