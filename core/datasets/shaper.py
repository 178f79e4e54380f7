"""Profiles that are three curves and a matrix (nearly all that cameras, phones and screens have),
applied by adding up tables: half of what LittleCMS takes, and never more than one level off it."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageCms

# Pixels at once: their sums stay in the processor's cache.
_AT_ONCE = 1 << 16
_FULL = 65535


class Shaper:
    """From RGB of one profile to sRGB.

    A pixel's linear sRGB is the sum of what its red, its green and its blue bring. The three sums
    lie side by side in one number of 64 bits, 16 for each, so that one table a channel brings
    them all, and one more turns each 16 bits into a level of sRGB.

    Args:
        bring: int64, shape (3, 256): what each level of red, green, blue brings to all sums.
        levels: uint8, shape (65536,): the level of sRGB that a sum means.
    """

    def __init__(self, bring: np.ndarray, levels: np.ndarray) -> None:
        self._red, self._green, self._blue = bring
        self._levels = levels

    def __call__(self, image: Image.Image) -> Image.Image:
        """A picture in sRGB, of one that is RGB."""
        pixels = np.asarray(image).reshape(-1, 3)
        made = np.empty((len(pixels), 4), np.uint8)
        for start in range(0, len(pixels), _AT_ONCE):
            red, green, blue = pixels[start : start + _AT_ONCE].T
            sums = self._red.take(red)
            sums += self._green.take(green)
            sums += self._blue.take(blue)
            each = sums.view(np.uint16).reshape(-1, 4)
            self._levels.take(each, out=made[start : start + _AT_ONCE], mode="clip")
        return Image.frombytes("RGB", image.size, made.data, "raw", "RGBX")


def shaper_of(profile: bytes, convert: Callable[[Image.Image], Image.Image]) -> Shaper | None:
    """What applies a profile of RGB, where it is of the kind above.

    Args:
        profile: as a file brings it.
        convert: LittleCMS's own conversion, which this one is held against.

    Returns:
        ``None`` where it is of another kind, or the two differ by more than one level anywhere in
        4,913 colours all over the cube, and all greys.
    """
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile
        if not source.is_matrix_shaper or source.xcolor_space.strip() != "RGB":
            return None
        curves = np.stack([_curve(profile, tag) for tag in (b"rTRC", b"gTRC", b"bTRC")])
        matrix = np.linalg.solve(_colorants(ImageCms.createProfile("sRGB")), _colorants(source))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, struct.error, LookupError):
        return None
    made = Shaper(*_tables(curves, matrix))
    axis = np.linspace(0, 255, 17).astype(np.uint8)
    cube = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(-1, 3)
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    probe = Image.fromarray(np.concatenate([cube, greys])[None])
    theirs, ours = (np.asarray(each(probe)).astype(int) for each in (convert, made))
    return made if np.abs(theirs - ours).max() <= 1 else None


def _colorants(profile: Any) -> np.ndarray:
    """float64, shape (3, 3): the XYZ (rows) of full red, green and blue (columns)."""
    found = [getattr(profile, f"{name}_colorant")[0] for name in ("red", "green", "blue")]
    return np.array(found, np.float64).T


def _tables(curves: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two tables of :class:`Shaper`.

    Args:
        curves: float64, shape (3, 256): linear light, 0 to 1, of each level of red, green, blue.
        matrix: float64, shape (3, 3): linear sRGB (rows) of linear red, green, blue (columns).
    """
    parts = matrix.T[:, :, None] * curves[:, None]  # (channel, of sRGB, level)
    low = min(0.0, float(parts.min(axis=2).sum(axis=0).min()))
    high = max(1.0, float(parts.max(axis=2).sum(axis=0).max()))
    # Rounded three times, so a sum may be a little more than what it ought to be.
    steps = (_FULL - 4) / (high - low)
    whole = np.rint(parts * steps).astype(np.int64)
    whole[0] += round(-low * steps) + 2
    bring = (whole << np.array([0, 16, 32])[None, :, None]).sum(axis=1)
    linear = ((np.arange(_FULL + 1) - 2) / steps + low).clip(0, 1)
    # IEC 61966-2-1.
    bent = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return bring, np.rint(255 * bent).astype(np.uint8)


def _curve(profile: bytes, tag: bytes) -> np.ndarray:
    """float64, shape (256,): linear light of each level, by a curve as ICC.1:2022 (10.6, 10.18)
    describes it."""
    (count,) = struct.unpack_from(">I", profile, 128)
    entries = struct.iter_unpack(">4sII", profile[132 : 132 + 12 * count])
    at = {name: start for name, start, _ in entries}[tag]
    level = np.arange(256) / 255
    kind = profile[at : at + 4]
    if kind == b"curv":
        (points,) = struct.unpack_from(">I", profile, at + 8)
        values = np.frombuffer(profile, ">u2", points, at + 12)
        if points == 0:
            return level
        if points == 1:
            return level ** (values[0] / 256)
        return np.interp(level, np.linspace(0, 1, points), values / 65535)
    if kind != b"para":
        raise ValueError(f"a curve of kind {kind!r}")
    (function,) = struct.unpack_from(">H", profile, at + 8)
    numbers = {0: 1, 3: 5, 4: 7}[function]
    found = [value / 65536 for value in struct.unpack_from(f">{numbers}i", profile, at + 12)]
    g, a, b, c, d, e, f = found + [1, 0, 0, 0, 0, 0][numbers - 1 :]
    return np.where(level >= d, np.maximum(a * level + b, 0) ** g + e, c * level + f)
