"""A picture of any kind as eight bits of red, green and blue. Shipped with exports, so that the
pixels are the same there: nothing else of Lightbox is needed."""

from __future__ import annotations

import io
import sys
from typing import Any

import numpy as np
from PIL import Image, ImageFile, ImageOps

from core.datasets.colour import on_background, to_srgb
from core.datasets.greys import Range, is_deep, own_range, to_eight_bits

# Tags of TIFF: which end is white (0: the least number; Pillow turns eight bits and fewer itself),
# and what numbers are, of which 2 is with a sign.
_WHITE, _SAMPLES, _SIGNED = 262, 339, 2
# The bytes of each pair, the other way round: decoding once more so gives the lower eight bits.
_OTHER_BYTE = {"16B": "16L", "16L": "16B", "16N": "16B" if sys.byteorder == "little" else "16L"}


def deep_colours(
    image: Image.Image, within: Range | None = None
) -> tuple[Image.Image, Range | None] | None:
    """Colours of 16 bits a channel brought to eight by the range that they use, where that is less
    than 16 bits, or by the one that is given; Pillow alone drops the lower eight bits.

    Args:
        image: freshly opened, its pixels not loaded yet; left as it is.
        within: as of :func:`as_seen`.

    Returns:
        A picture of the same mode, and the file's own range; ``None`` for other pictures.
    """
    if not has_deep_colours(image):
        return None
    assert isinstance(image, ImageFile.ImageFile)
    assert image.fp is not None
    image.fp.seek(0)
    data = image.fp.read()
    halves = []
    for swap in (False, True):
        with Image.open(io.BytesIO(data), formats=[str(image.format)]) as again:
            again.seek(image.tell())
            if swap:
                again.tile = [tile._replace(args=_swapped(tile.args)) for tile in again.tile]
            again.load()
            halves.append(np.array(again))
    # In place and in parts: a picture may have a hundred million of these.
    values = halves[0].astype(np.uint16)
    values <<= 8
    values |= halves[1]
    colours = values[..., :3]
    own = own_range(colours)
    low, high = within or own
    if (low, high) == (0, 65535):
        return None
    eight = halves[0]
    for top in range(0, len(eight), 256):
        part = colours[top : top + 256].astype(np.float32) - np.float32(low)
        part *= np.float32(255 / (high - low))
        eight[top : top + 256, :, :3] = part.round().clip(0, 255).astype(np.uint8)
    made = Image.fromarray(eight, image.mode)
    made.info = dict(image.info)
    return made, own


def has_deep_colours(image: Image.Image) -> bool:
    """Whether a picture, opened and not loaded yet, has colours of 16 bits."""
    tiles = list(getattr(image, "tile", ()))
    return image.mode in ("RGB", "RGBA") and bool(tiles) and _swapped(tiles[0].args) is not None


def _swapped(args: Any) -> Any:
    """The arguments of a tile's decoder with the bytes of 16 bits the other way round; ``None``
    for other depths."""
    parts = (args,) if isinstance(args, str) else tuple(args or ("",))
    name, _, depth = str(parts[0]).partition(";")
    if depth not in _OTHER_BYTE:
        return None
    other = f"{name};{_OTHER_BYTE[depth]}"
    return other if isinstance(args, str) else (other, *parts[1:])


def as_seen(
    image: Image.Image, within: Range | None = None, *, exact: bool = False, tagged: bool = True
) -> tuple[Image.Image, Range | None]:
    """8-bit RGB as a viewer shows it.

    Args:
        within: what is black and white in greys of more than eight bits; the file's own range if
            ``None``.
        exact: convert colours by LittleCMS alone, as for models that were trained so.
        tagged: obey a TIFF that has white as 0 in deep greys, or numbers with a sign in eight bits;
            not for models that were trained before that.

    Returns:
        It, itself if it is so already; and the file's own range of deep greys, ``None`` for other
        pictures.
    """
    mode = image.mode
    tags = dict(getattr(image, "tag_v2", {}))
    if tagged and mode == "L" and tags.get(_SAMPLES) in (_SIGNED, (_SIGNED,)):
        # Pillow takes −1 for 255.
        return to_eight_bits(np.asarray(image).view(np.int8), None, (-128.0, 127.0)), None
    if is_deep(mode):
        values = np.asarray(image)
        # What a medical picture says of itself is what a viewer shows of it.
        window = image.info.get("window")
        own = window or own_range(values, tags)
        seen = to_eight_bits(values, tags, within or own)
        if image.info.get("inverted") or (tagged and tags.get(_WHITE) == 0):
            seen = ImageOps.invert(seen)
        return seen, None if window else own
    if "transparency" in image.info or mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        rgba = image.convert("RGBA")
        if image.info.get("icc_profile") and mode == "RGBA":
            colours = image.convert("RGB")
            colours.info["icc_profile"] = image.info["icc_profile"]
            rgba = to_srgb(colours, exact=exact).convert("RGBA")
            rgba.putalpha(image.getchannel("A"))
        return on_background(rgba), None
    seen = to_srgb(image, exact=exact)
    return (seen if seen.mode == "RGB" else seen.convert("RGB")), None


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
