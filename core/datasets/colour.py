"""Colours as a viewer shows them: profiles converted to sRGB, transparency on what shows it."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

from core.datasets.shaper import shaper_of

# Editors keep histories of megabytes in a picture's text and profile; Pillow's own limits (1 MB a
# piece) take such pictures for bombs.
PngImagePlugin.MAX_TEXT_CHUNK = 16 * 1024**2
PngImagePlugin.MAX_TEXT_MEMORY = 64 * 1024**2
# Grey levels that a picture must span to show anything.
_SHOWS = 12
_MOST_PROFILES = 32


class _Transforms(threading.local):
    """Conversions by profile and mode, a few at a time; one set a thread, as LittleCMS wants."""

    def __init__(self) -> None:
        self.made: dict[tuple[bytes, str, bool], Callable[[Image.Image], Image.Image] | None] = {}


_transforms = _Transforms()


def to_srgb(image: Image.Image, *, exact: bool = False) -> Image.Image:
    """RGB in sRGB of a picture that brings a colour profile; itself where it brings none, or one
    that is sRGB already, makes no sense, or is for other channels.

    Args:
        exact: by LittleCMS alone; else most profiles by tables, up to one level off it.
    """
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "L", "CMYK"):
        return image
    key = (profile, image.mode, exact)
    if key not in _transforms.made:
        if len(_transforms.made) >= _MOST_PROFILES:
            _transforms.made.clear()
        _transforms.made[key] = _transform(*key)
    transform = _transforms.made[key]
    return image if transform is None else transform(image)


def _transform(
    profile: bytes, mode: str, exact: bool
) -> Callable[[Image.Image], Image.Image] | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = ImageCms.getProfileDescription(source).lower()
        # "sRGB IEC61966-2.1", "sRGB built-in", "c2" (a small sRGB that sites use).
        if mode == "RGB" and ("srgb" in name or name.strip() in ("c2", "c2ci")):
            return None
        convert: Callable[[Image.Image], Image.Image] = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        ).apply
        tables = shaper_of(profile, convert) if mode == "RGB" and not exact else None
        return tables or convert
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None  # damaged, or for other channels: the pixels are still good


def on_background(rgba: Image.Image) -> Image.Image:
    """RGB of a picture with transparency on white; on black where white would hide what is in
    it."""
    white = _over(rgba, 255)
    if _spans(white) >= _SHOWS:
        return white
    black = _over(rgba, 0)
    return black if _spans(black) >= _SHOWS else white


def _over(rgba: Image.Image, level: int) -> Image.Image:
    background = Image.new("RGBA", rgba.size, (level, level, level, 255))
    return Image.alpha_composite(background, rgba).convert("RGB")


def _spans(image: Image.Image) -> int:
    """Grey levels between the darkest and the lightest of its pixels, in the channel that varies
    most."""
    pixels = np.asarray(image)
    return int((pixels.max(axis=(0, 1)).astype(int) - pixels.min(axis=(0, 1))).max())
