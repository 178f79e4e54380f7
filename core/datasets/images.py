"""Bytes in, upright 8-bit RGB out: the one way in which Lightbox reads an image.

Training, thumbnails, evaluation and prediction all decode and resize through this module, so a
model meets in use exactly the pixels that it was trained on. EXIF orientation is honoured; colour
profiles, palettes, greys of 16 and more bits, CMYK and transparency are converted as a person would
expect to see them (:mod:`core.datasets.colour`, :mod:`core.datasets.greys`). A model keeps the
:class:`Decoding` that it was trained with, so older ones go on seeing what they learned from.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core import settings
from core.datasets import greys
from core.datasets.apart import MOST_HERE, Large, apart, room_for
from core.datasets.content import Part, box_in, taken_apart
from core.datasets.formats import FORMATS
from core.datasets.jpeg import is_cut, without_notes
from core.datasets.kinds_of_file import what_is
from core.datasets.seen import as_first, as_seen, deep_colours, has_deep_colours
from core.errors import LightboxError, UnreadableImage

Fit = Literal["stretch", "crop", "pad"]

# Bumped when decoding or resizing changes, so that no cache keeps pixels made in an older way.
DECODER_VERSION = 5
_ORIENTATION = 0x0112
# Of which a page other than the first can be meant.
_PAGED = ("TIFF", "DICOM")
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
class Decoding:
    """How files become pixels.

    Attributes:
        version: 1 ignored colour profiles, put transparency on white, and took greys by the range
            of 16 bits or each file's own; 2 does as a viewer does; 3 reads colours of 16 bits by
            the range that they use, too; 4 converts most profiles by tables, up to one level off;
            5 obeys TIFFs that have white as 0 in greys of more than eight bits, or signs in eight.
        greys: what is black and what is white in greys and colours of more than eight bits;
            ``None`` for what each file says.
        page: of files of several pages, from 1 on.
    """

    version: int = DECODER_VERSION
    greys: greys.Range | None = None
    page: int = 1

    def __str__(self) -> str:
        """As it is kept, and as caches are told apart by it: ``5``, ``5:0:4095``, ``5:p2``."""
        ends = () if self.greys is None else self.greys
        page = [f"p{self.page}"] if self.page > 1 else []
        return ":".join([str(self.version), *(f"{end:.9g}" for end in ends), *page])

    @classmethod
    def parse(cls, text: str) -> Decoding:
        """The inverse of ``str``; "" is version 1, of which nothing was kept.

        Raises:
            ValueError: it is none.
        """
        version, *ends = (text or "1").split(":")
        page = int(ends.pop()[1:]) if ends and re.fullmatch(r"p[1-9]\d{0,5}", ends[-1]) else 1
        if version not in ("1", "2", "3", "4", "5") or len(ends) not in (0, 2):
            raise ValueError("it is written as 5, or as 5:BLACK:WHITE")
        if not ends:
            return cls(int(version), None, page)
        low, high = (float(end) for end in ends)
        if not low < high:
            raise ValueError("black must be less than white")
        return cls(int(version), (low, high), page)

    def names(self, hashes: Iterable[str]) -> list[str]:
        """What features of images with these content hashes are kept under, in caches."""
        return list(hashes) if self.version == 1 else [f"{each}@{self}" for each in hashes]


NOW = Decoding()


@dataclass(frozen=True)
class OpenedImage:
    """One decoded image.

    Attributes:
        image: RGB, 8 bits a channel, upright. Smaller than the original if drafted.
        format: Pillow's name of the format, "JPEG" for example.
        mode: how the pixels were stored, in Pillow's terms ("L", "P", "CMYK", "I;16" …).
        width, height: of the original as displayed, in pixels.
        orientation: the EXIF orientation, 1 (upright) to 8; 1 for TIFF, which Pillow turns itself.
        greys: the range of greys of more than eight bits, by the file itself; ``None`` for others.
    """

    image: Image.Image
    format: str
    mode: str
    width: int
    height: int
    orientation: int
    greys: greys.Range | None = None


def open_image(
    data: bytes,
    *,
    file: object = None,
    draft: tuple[int, int] | None = None,
    decoding: Decoding = NOW,
) -> OpenedImage:
    """Decode a whole image file.

    Args:
        data: the file's bytes.
        file: what to call it in an error.
        draft: let a JPEG be decoded at a fraction (1/2, 1/4, 1/8) of its size that is still at
            least this wide and high; several times faster for large photos.
        decoding: how it becomes pixels.

    Raises:
        UnreadableImage: of kind ``empty``, ``too_large``, ``truncated`` or ``unreadable``.
    """
    try:
        return _opened(data, file, draft, decoding)
    except Large:
        pixels, size, facts = apart(_small, data, draft, decoding, file=file)
        return OpenedImage(Image.frombytes("RGB", size, pixels), **facts)


def _small(
    data: bytes, draft: tuple[int, int] | None, decoding: Decoding, file: str | None
) -> tuple[bytes, tuple[int, int], dict[str, Any]]:
    """An image's pixels, their size and its facts, made smaller if it is still large."""
    facts = dict(vars(open_image(data, file=file, draft=draft, decoding=decoding)))
    image: Image.Image = facts.pop("image")
    least = max(draft) if draft is not None else 0
    # Four times what is asked for is as good as all of it, once it is made as small as that.
    times = max(
        min(image.size) // (4 * least) if least else 1,
        math.ceil(math.sqrt(image.width * image.height / MOST_HERE)),
    )
    if times > 1:
        image = image.reduce(times)
    return image.tobytes(), image.size, facts


def _opened(
    data: bytes, file: object, draft: tuple[int, int] | None, decoding: Decoding
) -> OpenedImage:
    if not data:
        raise UnreadableImage("empty", "The file is empty.", file=file, remedy="Copy it again.")
    try:
        return _open(data, file, draft, decoding)
    except (LightboxError, Large):
        raise
    except Exception as error:
        # Pillow's plugins raise whatever their parsing runs into (struct.error, KeyError,
        # OverflowError …), and one damaged file must never end the work on all others.
        kind, what, remedy = _what_is_wrong(error, data)
        raise UnreadableImage(kind, what, file=file, remedy=remedy) from error


def _what_is_wrong(error: Exception, data: bytes) -> tuple[str, str, str]:
    """Of a file that can't be read the kind of :class:`UnreadableImage`, a sentence, and what to
    do."""
    if isinstance(error, UnidentifiedImageError):
        what, remedy = what_is(taken_apart(data)[0])
        what = what or "This is not an image that Lightbox can read."
        return "unreadable", what, remedy or "Save it again as JPEG or PNG."
    if isinstance(error, MemoryError):
        what = "There is not enough memory to read an image of this size."
        return "too_large", what, "Make it smaller."
    text = str(error).lower()
    if any(word in text for word in ("truncated", "not enough image data", "end of file")):
        what = "The image ends in the middle: part of the file is missing."
        return "truncated", what, "Copy it again from where it came from."
    what = "The image is damaged and can't be read."
    return "unreadable", what, "Copy it again, or save it again as JPEG or PNG."


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


def decode(
    data: bytes,
    size: int,
    *,
    fit: Fit = "stretch",
    file: object = None,
    decoding: Decoding = NOW,
) -> np.ndarray:
    """Decode and resize in one go; uint8 array of shape (size, size, 3).

    The same bytes give the same array, always: the draft depends on ``size`` only.

    Raises:
        UnreadableImage: as :func:`open_image`.
    """
    try:
        opened = _opened(data, file, (size * 2, size * 2), decoding)
    except Large:
        pixels = apart(_pixels, data, size, fit, decoding, file=file)
        return np.frombuffer(pixels, np.uint8).reshape(size, size, 3)
    return to_array(opened.image, size, fit=fit)


def _pixels(data: bytes, size: int, fit: Fit, decoding: Decoding, file: str | None) -> bytes:
    return decode(data, size, fit=fit, file=file, decoding=decoding).tobytes()


def _open(
    data: bytes, file: object, draft: tuple[int, int] | None, decoding: Decoding
) -> OpenedImage:
    data, part = taken_apart(data)
    data, known = without_notes(data)
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        # A JPEG with more after it: a gain map, a preview, the other eye's picture.
        kind = "JPEG" if image.format == "MPO" else image.format or ""
        page = part.page or (decoding.page if kind in _PAGED else 1)
        if page > 1:
            _turn_to(image, page, file)
        mode = image.mode
        width, height = image.size
        if width * height > (most := settings.max_pixels()):
            raise UnreadableImage(
                "too_large",
                f"The image has more than {most / 1e6:,.0f} million pixels.",
                file=file,
                remedy="Make it smaller, or raise LIGHTBOX_MAX_PIXELS.",
            )
        if draft is not None and kind == "JPEG" and part.box is None:
            image.draft(None, draft)
        held = image.width * image.height
        if image.info.get("progressive"):
            # However small it is drawn, all of it is held, in about half as many bytes.
            held = max(held, width * height // 2)
        with room_for(held * 2 if has_deep_colours(image) else held):
            deep = deep_colours(image, decoding.greys) if decoding.version > 2 else None
            image.load()
            if kind == "JPEG" and decoding.version > 1 and is_cut(image, data):
                raise UnreadableImage(
                    "truncated",
                    "The image ends in the middle: a part of the file is missing, although its end "
                    "is marked.",
                    file=file,
                    remedy="Copy it again from where it came from.",
                )
            orientation = known or orientation_of(image)
            turn = UPRIGHT.get(orientation)
            pixels = image if deep is None else deep[0]
            upright = pixels if turn is None else pixels.transpose(turn)
            if decoding.version == 1:
                rgb, own = as_first(upright), None
            else:
                exact = decoding.version < 4
                tagged = decoding.version > 4
                rgb, own = as_seen(upright, decoding.greys, exact=exact, tagged=tagged)
            own = own if deep is None else deep[1]
            if rgb is image and kind != "JPEG":
                # What reads several frames still changes its pixels, and closes them with its file.
                rgb = image.copy()
    if orientation in _TURNED:
        width, height = height, width
    if part.box is not None:
        rgb = _cut_out(rgb, part, file)
        width, height = rgb.size
    return OpenedImage(rgb, kind, mode, width, height, orientation, own)


def _turn_to(image: Image.Image, page: int, file: object) -> None:
    try:
        image.seek(page - 1)
    except EOFError as error:
        raise UnreadableImage(
            "unreadable",
            f"It has no page {page}.",
            file=file,
            remedy="Choose a page that all files have.",
        ) from error


def _cut_out(rgb: Image.Image, part: Part, file: object) -> Image.Image:
    left, top, right, bottom = box_in(part, *rgb.size)
    if right <= left or bottom <= top:
        raise UnreadableImage(
            "unreadable",
            "The box lies outside of the picture, or is smaller than one of its pixels.",
            file=file,
            remedy="Look whether the annotations are of this picture.",
        )
    return rgb.crop((left, top, right, bottom))


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation; upright if damaged metadata don't say, as the pixels are still good."""
    try:
        orientation = image.getexif().get(_ORIENTATION, 1)
    except Exception:
        return 1
    return int(orientation) if orientation in range(1, 9) else 1
