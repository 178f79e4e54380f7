"""Greys that are deeper than eight bits, as instruments write them, brought to 0..255.

What a file's numbers mean is known by its tags, by the range that a whole dataset uses, or by the
bits that its numbers need; never by one file's own darkest and lightest pixel where anything else
tells, since that would change how pictures compare. Pixels that mean "nothing here" (a declared
value, NaN, infinity, the customary −9999) are left out of the range, and become black.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Range = tuple[float, float]
# Tags of TIFF: the largest value that a sample may have, and GDAL's value for "no data".
_MAX_SAMPLE, _S_MAX_SAMPLE, _NODATA = 281, 341, 42113
_CUSTOMARY_NODATA = (-9999.0, -32768.0, -99999.0)
_HUGE = 1e30
# Cameras and scanners of 10, 12 and 14 bits write into files of 16.
_BITS = (8, 10, 12, 14, 16)
# Hot and dead pixels are few; what a range must cover is the rest.
_TAIL = 0.1
_ENOUGH_PIXELS = 2000
_HOT = 10_000


def is_deep(mode: str) -> bool:
    """Whether pixels of this mode, in Pillow's terms, are greys of more than eight bits."""
    return mode.startswith("I") or mode == "F"


def valid(values: NDArray[Any], tags: Mapping[int, Any] | None = None) -> NDArray[np.bool_]:
    """Which pixels hold something; shape as ``values``."""
    if values.dtype.kind in "iu":
        good = np.ones(values.shape, bool)
    else:
        good = np.isfinite(values) & (np.abs(values) < _HUGE)
    declared = _number((tags or {}).get(_NODATA))
    if declared is not None:
        good &= values != declared
    elif values.dtype.kind != "u":
        for usual in _CUSTOMARY_NODATA:
            good &= values != usual
    return good


def own_range(values: NDArray[Any], tags: Mapping[int, Any] | None = None) -> Range:
    """The range that a file's numbers are meant in: (black, white).

    By its tags; else by the bits that its whole numbers need (1023 for 10, 4095 for 12 …), but for
    one pixel in 10,000; else 0 to 1 for fractions, or what nearly all of its pixels lie in.
    """
    tags = tags or {}
    good = values[valid(values, tags)]
    if not good.size:
        return 0.0, 1.0
    low, high = float(good.min()), float(good.max())
    for tag in (_MAX_SAMPLE, _S_MAX_SAMPLE):
        declared = _number(tags.get(tag))
        if declared is not None and low >= 0 and high <= declared < 65535:
            return 0.0, declared
    if values.dtype.kind in "iu" and low >= 0 and high <= 65535:
        # Hot pixels of a sensor are a few among many, and as bright as its file can say.
        few = max(1, good.size // _HOT) if good.size >= _ENOUGH_PIXELS else 0
        return 0.0, next(
            float(2**bits - 1)
            for bits in _BITS
            if high < 2**bits or (few and np.count_nonzero(good >= 2**bits) <= few)
        )
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    if good.size >= _ENOUGH_PIXELS:
        low, high = (float(each) for each in np.percentile(good, (_TAIL, 100 - _TAIL)))
    return low, high


def common_range(ranges: NDArray[np.float64]) -> Range | None:
    """One range for many files, from their own: the widest of nearly all.

    Args:
        ranges: shape (files, 2); (0, 0) for files of ordinary pixels.
    """
    known = ranges[ranges[:, 1] > ranges[:, 0]]
    if not len(known):
        return None
    low = float(np.percentile(known[:, 0], 1))
    high = float(np.percentile(known[:, 1], 99))
    return (low, high) if high > low else None


def to_eight_bits(
    values: NDArray[Any], tags: Mapping[int, Any] | None = None, within: Range | None = None
) -> Image.Image:
    """RGB of greys, black and white at the ends of ``within`` or, without it, of the file's own
    range; what lies beyond is cut off, and what holds nothing is black."""
    low, high = within or own_range(values, tags)
    numbers = np.where(valid(values, tags), values, low).astype(np.float32)
    span = high - low
    scaled = (numbers - np.float32(low)) * np.float32(255.0 / span) if span > 0 else numbers * 0
    eight = scaled.round().clip(0, 255).astype(np.uint8)
    return Image.fromarray(eight).convert("RGB")


def _number(value: object) -> float | None:
    if isinstance(value, tuple):
        value = value[0] if value else None
    try:
        return float(str(value).strip("\0 ")) if value is not None else None
    except ValueError:
        return None
