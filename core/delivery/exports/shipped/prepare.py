"""Brings a picture to the pixels that the model was trained on, exactly as Lightbox does.

Resizing is here and not inside the model, since no model format resizes quite like Pillow, and the
answers would differ from those that were tested. DICOM is read where pydicom is installed, HEIC
where pi-heif is, as in Lightbox.
"""

from __future__ import annotations

import contextlib
import importlib
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.datasets import dicom
from core.datasets.seen import as_first, as_seen, deep_colours
from core.delivery.exports.shipped.unreadable import UnreadableImage

ABOUT = Path(__file__).parent / "model.json"
dicom.register()
for _name in ("pi_heif", "pillow_heif"):
    with contextlib.suppress(Exception):
        importlib.import_module(_name).register_heif_opener()


def prepare(file: str | Path) -> np.ndarray:
    """float32 array of shape (1, size, size, 3): red, green and blue from 0 to 255.

    Raises:
        UnreadableImage: saying what is wrong with the file, and what to do.
    """
    about = json.loads(ABOUT.read_text(encoding="utf-8"))
    try:
        pixels = as_pixels(file, about["image_size"], about["fit"], about.get("decoding", ""))
    except OSError as error:
        place = Path(file)
        if place.is_dir():
            what, then = "This is a folder", "Name the pictures in it."
        elif not place.exists():
            what, then = "There is no such file", "Check how it is written."
        else:
            what, then = "This picture can't be read to its end", f"It is said of it: {error}."
        raise UnreadableImage("unreadable", what, file=file, remedy=then) from error
    return pixels[None].astype(np.float32)


def as_pixels(file: str | Path, size: int, fit: str, decoding: str = "") -> np.ndarray:
    """uint8 array of shape (size, size, 3); ``fit`` is "stretch", "crop" or "pad", ``decoding``
    what model.json says."""
    with _opened(file) as image:
        version, ends, page = _parsed(decoding)
        if page > 1 and image.format in ("TIFF", "DICOM"):
            _turn_to(image, page, file)
        deep = deep_colours(image, ends) if version > 2 else None
        image.draft(None, (size * 2, size * 2))  # large JPEGs are decoded at a fraction
        image.load()
        if deep is not None:
            deep[0].format = image.format
        rgb = as_rgb(_upright(image if deep is None else deep[0]), decoding)
    if rgb.size == (size, size):
        return np.asarray(rgb)
    bilinear = Image.Resampling.BILINEAR
    if fit == "crop":
        return np.asarray(ImageOps.fit(rgb, (size, size), bilinear))
    if fit == "pad":
        return np.asarray(ImageOps.pad(rgb, (size, size), bilinear))
    return np.asarray(rgb.resize((size, size), bilinear, reducing_gap=2.0))


def _opened(file: str | Path) -> Image.Image:
    try:
        return Image.open(file)
    except UnidentifiedImageError:
        with Path(file).open("rb") as start:
            head = start.read(dicom.HEAD_BYTES)
        title, remedy = "No picture that can be read here", "Save it as JPEG or PNG."
        if dicom.is_dicom(head):
            title, remedy = "A DICOM picture", "Install pydicom to read it: pip install pydicom"
        elif head[4:8] == b"ftyp" and any(kind in head[8:32] for kind in (b"hei", b"mif1")):
            title, remedy = "A HEIC photo", "Install pi-heif to read it: pip install pi-heif"
        raise UnreadableImage("unreadable", title, file=file, remedy=remedy) from None


def _turn_to(image: Image.Image, page: int, file: object) -> None:
    try:
        image.seek(page - 1)
    except EOFError as error:
        raise UnreadableImage(
            "unreadable",
            f"It has no page {page}, which this model looks at",
            file=file,
            remedy="Choose a file that has.",
        ) from error


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF says; TIFF is turned by Pillow, and keeps its tags so."""
    return image if image.format == "TIFF" else ImageOps.exif_transpose(image)


def as_rgb(image: Image.Image, decoding: str) -> Image.Image:
    """Red, green and blue of eight bits, as in the model's training."""
    version, ends, _ = _parsed(decoding)
    if version == 1:
        return as_first(image)
    return as_seen(image, ends, exact=version < 4, tagged=version > 4)[0]


def _parsed(decoding: str) -> tuple[int, tuple[float, float] | None, int]:
    """Version, range of deep greys and page of what model.json says."""
    version, *ends = (decoding or "1").split(":")
    page = int(ends.pop()[1:]) if ends and ends[-1].startswith("p") else 1
    return int(version), (float(ends[0]), float(ends[1])) if ends else None, page
