"""Bytes in, upright 8-bit RGB out: the one way in which Lightbox reads an image.

Training, thumbnails, evaluation and prediction all decode and resize through this module, so a
model meets in use exactly the pixels that it was trained on. JPEG, PNG, WebP, BMP, GIF (first
frame) and TIFF; EXIF orientation honoured; palette, 16-bit, floating-point, CMYK and
transparent images converted as a person would expect to see them (transparency on white).
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core import settings
from core.datasets.formats import FORMATS
from core.errors import LightboxError, UnreadableImage

Fit = Literal["stretch", "crop", "pad"]

# Bumped when decoding or resizing changes, so that no cache keeps pixels made in an older way.
DECODER_VERSION = 1
_ORIENTATION = 0x0112
_TURNED = (5, 6, 7, 8)
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Images are read in threads, where warnings can't be switched off for a while: the list of filters
# belongs to the whole process. So Pillow's notes on odd metadata are silenced once and for all, and
# its own limit on pixels is lifted, since ours is checked before anything is decoded.
warnings.filterwarnings("ignore", module=r"PIL\.")
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True)
class OpenedImage:
    """One decoded image.

    Attributes:
        image: RGB, 8 bits a channel, upright. Smaller than the original if drafted.
        format: Pillow's name of the format, "JPEG" for example.
        mode: how the pixels were stored, in Pillow's terms ("L", "P", "CMYK", "I;16" …).
        width, height: of the original as displayed, in pixels.
        orientation: the EXIF orientation, 1 (upright) to 8; 1 for TIFF, which Pillow turns itself.
        frames: number of frames or pages; only the first is used.
    """

    image: Image.Image
    format: str
    mode: str
    width: int
    height: int
    orientation: int
    frames: int


def open_image(
    data: bytes, *, file: object = None, draft: tuple[int, int] | None = None
) -> OpenedImage:
    """Decode a whole image file.

    Args:
        data: the file's bytes.
        file: what to call it in an error.
        draft: let a JPEG be decoded at a fraction (1/2, 1/4, 1/8) of its size that is still at
            least this wide and high; several times faster for large photos.

    Raises:
        UnreadableImage: of kind ``empty``, ``too_large``, ``truncated`` or ``unreadable``.
    """
    if not data:
        raise UnreadableImage("empty", "The file is empty.", file=file, remedy="Copy it again.")
    try:
        return _open(data, file, draft)
    except LightboxError:
        raise
    except UnidentifiedImageError as error:
        raise UnreadableImage(
            "unreadable",
            "This is not an image that Lightbox can read.",
            file=file,
            remedy="Save it again as JPEG or PNG.",
        ) from error
    except MemoryError as error:
        raise UnreadableImage(
            "too_large",
            "There is not enough memory to read an image of this size.",
            file=file,
            remedy="Make it smaller.",
        ) from error
    except Exception as error:
        # Pillow's plugins raise whatever their parsing runs into (struct.error, KeyError,
        # OverflowError …), and one damaged file must never end the work on all others.
        if _looks_truncated(error):
            raise UnreadableImage(
                "truncated",
                "The image ends in the middle: part of the file is missing.",
                file=file,
                remedy="Copy it again from where it came from.",
            ) from error
        raise UnreadableImage(
            "unreadable",
            "The image is damaged and can't be read.",
            file=file,
            remedy="Copy it again, or save it again as JPEG or PNG.",
        ) from error


def to_array(
    image: Image.Image, size: int | tuple[int, int], *, fit: Fit = "stretch"
) -> np.ndarray:
    """Resize an RGB image for a model: the one resize of training and prediction alike.

    Args:
        size: side in pixels, or (width, height).
        fit: ``stretch`` ignores the aspect ratio, ``crop`` keeps the centre, ``pad`` adds black.

    Returns:
        uint8 array of shape (height, width, 3).
    """
    target = (size, size) if isinstance(size, int) else size
    if image.size == target:
        return np.asarray(image)
    if fit == "stretch":
        resized = image.resize(target, Image.Resampling.BILINEAR, reducing_gap=2.0)
    elif fit == "crop":
        resized = ImageOps.fit(image, target, Image.Resampling.BILINEAR)
    else:
        resized = ImageOps.pad(image, target, Image.Resampling.BILINEAR)
    return np.asarray(resized)


def decode(data: bytes, size: int, *, fit: Fit = "stretch", file: object = None) -> np.ndarray:
    """Decode and resize in one go; uint8 array of shape (size, size, 3).

    The same bytes give the same array, always: the draft depends on ``size`` only.

    Raises:
        UnreadableImage: as :func:`open_image`.
    """
    opened = open_image(data, file=file, draft=(size * 2, size * 2))
    return to_array(opened.image, size, fit=fit)


def _open(data: bytes, file: object, draft: tuple[int, int] | None) -> OpenedImage:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        kind, mode = image.format or "", image.mode
        width, height = image.size
        if width * height > settings.max_pixels():
            raise _too_large(file)
        if draft is not None and kind in ("JPEG", "MPO"):
            image.draft(None, draft)
        image.load()
        orientation = orientation_of(image)
        turn = UPRIGHT.get(orientation)
        rgb = to_rgb(image if turn is None else image.transpose(turn))
        if rgb is image and kind not in ("JPEG", "MPO"):
            # What reads several frames still changes its pixels, and closes them with its file.
            rgb = image.copy()
        # Last, since counting leafs through the file, and a later page may be damaged.
        frames = _frames(image) if kind in ("GIF", "TIFF", "WEBP") else 1
    if orientation in _TURNED:
        width, height = height, width
    return OpenedImage(rgb, kind, mode, width, height, orientation, frames)


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation; upright if damaged metadata don't say, as the pixels are still good."""
    try:
        orientation = image.getexif().get(_ORIENTATION, 1)
    except Exception:
        return 1
    return int(orientation) if orientation in range(1, 9) else 1


def _frames(image: Image.Image) -> int:
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception:
        return 1


def to_rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB as a person would expect to see it."""
    mode = image.mode
    if mode == "RGB":
        return image
    if mode in ("L", "1", "CMYK", "YCbCr", "LAB", "HSV") and "transparency" not in image.info:
        return image.convert("RGB")
    if mode.startswith("I") or mode == "F":
        return _stretch(np.asarray(image))
    if "transparency" in image.info or mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


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


def _looks_truncated(error: BaseException) -> bool:
    text = str(error).lower()
    return any(word in text for word in ("truncated", "not enough image data", "end of file"))


def _too_large(file: object) -> UnreadableImage:
    limit = settings.max_pixels() / 1e6
    return UnreadableImage(
        "too_large",
        f"The image has more than {limit:,.0f} million pixels.",
        file=file,
        remedy="Make it smaller, or raise LIGHTBOX_MAX_PIXELS.",
    )
