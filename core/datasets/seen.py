"""A picture of any kind as eight bits of red, green and blue. Shipped with exports, so that the
pixels are the same there: nothing else of Lightbox is needed."""

from __future__ import annotations

import numpy as np
from PIL import Image

from core.datasets.colour import on_background, to_srgb
from core.datasets.greys import Range, is_deep, own_range, to_eight_bits


def as_seen(
    image: Image.Image, within: Range | None = None
) -> tuple[Image.Image, bool, Range | None]:
    """8-bit RGB as a viewer shows it.

    Args:
        within: what is black and white in greys of more than eight bits; the file's own range if
            ``None``.

    Returns:
        It, itself if it is so already; whether it was put on black, since white would hide it; and
        the file's own range of deep greys, ``None`` for other pictures.
    """
    mode = image.mode
    if is_deep(mode):
        values = np.asarray(image)
        tags = dict(getattr(image, "tag_v2", {}))
        own = own_range(values, tags)
        return to_eight_bits(values, tags, within or own), False, own
    if "transparency" in image.info or mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        rgba = image.convert("RGBA")
        if image.info.get("icc_profile") and mode == "RGBA":
            colours = image.convert("RGB")
            colours.info["icc_profile"] = image.info["icc_profile"]
            rgba = to_srgb(colours).convert("RGBA")
            rgba.putalpha(image.getchannel("A"))
        return *on_background(rgba), None
    seen = to_srgb(image)
    return (seen if seen.mode == "RGB" else seen.convert("RGB")), False, None


def as_first(image: Image.Image) -> Image.Image:
    """8-bit RGB as the first version made it, for models that were trained so."""
    mode = image.mode
    if is_deep(mode):
        return _stretch(np.asarray(image))
    if "transparency" in image.info or mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image if mode == "RGB" else image.convert("RGB")


def _stretch(values: np.ndarray) -> Image.Image:
    """Map 16-bit, 32-bit or floating-point greys to 8 bits.

    16-bit images use their full range (65535 is white), since cutting or stretching it would
    change how images compare; others, whose range nothing says, go from their own minimum to
    their own maximum.
    """
    numbers = values.astype(np.float32)
    numbers = np.nan_to_num(numbers, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(numbers.min()), float(numbers.max())
    if values.dtype.kind in "iu" and low >= 0 and high <= 65535:
        low, high = 0.0, 65535.0 if high > 255 else 255.0
    scaled = (numbers - low) * (255.0 / (high - low)) if high > low else numbers * 0
    return Image.fromarray(scaled.round().clip(0, 255).astype(np.uint8)).convert("RGB")
