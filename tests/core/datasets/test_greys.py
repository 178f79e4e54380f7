"""Greys of instruments keep what they show, whatever else is in the file."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from core.datasets import greys
from core.datasets.images import Decoding, decode, open_image
from tests.deep import grey_tiff


def ramp(high: float, dtype: type) -> np.ndarray:
    return np.linspace(0, high, 64 * 64).reshape(64, 64).astype(dtype)


def saved(values: np.ndarray, kind: str = "TIFF", **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(values).save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def seen(data: bytes, within: greys.Range | None = None) -> np.ndarray:
    opened = open_image(data, decoding=Decoding(greys=within))
    return np.asarray(opened.image)[..., 0].astype(int)


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
@pytest.mark.parametrize("kind", ["TIFF", "PNG"])
def test_the_bits_that_are_used_are_shown(bits: int, kind: str) -> None:
    shown = seen(saved(ramp(2**bits - 1, np.uint16), kind))
    assert (shown.min(), shown.max()) == (0, 255)
    assert len(np.unique(shown)) == 256


def test_a_darker_picture_stays_darker() -> None:
    light, dark = (seen(saved(ramp(high, np.uint16))) for high in (4000, 2200))
    assert dark.max() < 0.6 * light.max(), "both are of 12 bits"


def test_pixels_that_hold_nothing_are_out_of_the_range() -> None:
    plain = ramp(1, np.float32)
    for nothing in (-9999.0, np.nan, np.inf, -3.4e38):
        marked = plain.copy()
        marked[0, :3] = nothing
        shown = seen(saved(marked))
        assert (shown[0, :3] == 0).all()
        assert np.abs(shown - seen(saved(plain)))[1:].max() <= 1, nothing


def test_a_declared_value_holds_nothing() -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[42113] = "500"
    values = ramp(400, np.int32)
    values[0, :3] = 500
    shown = seen(saved(values, tiffinfo=tags))
    assert shown[0, 0] == 0
    assert shown.max() >= 250 * 400 / 1023 - 5


def test_one_range_for_all_files_makes_them_comparable() -> None:
    a, b = ramp(1000, np.float32), ramp(500, np.float32)
    ranges = np.array([greys.own_range(a), greys.own_range(b), (0.0, 0.0)])
    common = greys.common_range(ranges)
    assert common is not None
    assert seen(saved(b), common).max() == pytest.approx(255 / 2, abs=4)
    assert greys.common_range(np.zeros((3, 2))) is None


def test_a_hot_pixel_does_not_make_all_others_black() -> None:
    values = (np.arange(4800, dtype=np.uint16) % 3000).reshape(60, 80)
    assert greys.own_range(values) == (0, 4095)
    values[3, 3] = 65535
    assert greys.own_range(values) == (0, 4095)
    values[:2] = 65535
    assert greys.own_range(values) == (0, 65535)


def test_a_tiff_says_what_is_white_and_whether_numbers_have_a_sign() -> None:
    ramp = np.arange(0, 65536, 256, np.uint16).reshape(16, 16)
    plain, turned = grey_tiff(ramp), grey_tiff(ramp, white_is_zero=True)
    as_it_is = decode(plain, 16)
    assert as_it_is[0, 0, 0] == 0
    assert as_it_is[-1, -1, 0] == 254
    np.testing.assert_array_equal(decode(turned, 16), 255 - as_it_is)
    # −128 to 127: black to white.
    signed = grey_tiff(np.arange(256).astype(np.int8).view(np.uint8).reshape(16, 16), signed=True)
    expected = (np.arange(256) + 128) % 256
    np.testing.assert_array_equal(decode(signed, 16)[..., 0].ravel(), expected)
    # Models that were trained before see what they learned from.
    before = Decoding(4)
    np.testing.assert_array_equal(decode(turned, 16, decoding=before), as_it_is)
    shown = decode(signed, 16, decoding=before)[..., 0].ravel()
    np.testing.assert_array_equal(shown, np.arange(256))
