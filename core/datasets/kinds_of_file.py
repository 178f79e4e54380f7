"""What a file is that is called a picture and can't be read as one, by its first bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from PIL import TiffImagePlugin

from core.datasets import formats

_TWICE = "Get the picture itself again from where it came from"
_AS_PICTURE = "Save it as JPEG or PNG"
# How files of a kind begin; what they are; what to do. The first that fits counts.
_BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (
        b"version https://git-lfs",
        "a note of Git LFS in place of the picture",
        "Fetch the pictures with: git lfs pull",
    ),
    (
        b"/annex/objects/",
        "a note of git-annex in place of the picture",
        "Fetch the pictures with: git annex get",
    ),
    (b"8BPS", "a drawing of Photoshop", _AS_PICTURE),
    (b"%PDF", "a PDF document", "Save its pages as images"),
    (b"%!PS", "a PostScript drawing", _AS_PICTURE),
    (b"PK\3\4", "a .zip archive", "Unpack it"),
    (b"Rar!", "a .rar archive", "Unpack it"),
    (b"7z\xbc\xaf", "a .7z archive", "Unpack it"),
    (b"\x1f\x8b", "packed with gzip", "Unpack it"),
    (b"\xff\x0a", "a JPEG XL image", _AS_PICTURE),
    (b"\0\0\0\x0cJXL ", "a JPEG XL image", _AS_PICTURE),
    (b"qoif", "a QOI image", _AS_PICTURE),
    (b"\x01\xda", "an image of Silicon Graphics (SGI)", _AS_PICTURE),
    (b"DDS ", "a texture (DDS)", _AS_PICTURE),
    (b"\x76\x2f\x31\x01", "an OpenEXR image", "Save it as TIFF or PNG"),
    (b"SIMPLE  =", "a FITS image", "Save it as TIFF or PNG"),
    (b"#?RADIANCE", "a high-dynamic-range image", "Save it as TIFF or PNG"),
    (b"gimp xcf", "a drawing of GIMP", _AS_PICTURE),
    (b"\0\0\1\0", "an icon", "Save it as PNG"),
    (b"icns", "an icon", "Save it as PNG"),
    (b"\xd0\xcf\x11\xe0", "a document of Office", "Save the picture in it as JPEG or PNG"),
    (b"\x93NUMPY", "an array of NumPy", "Save it as PNG"),
    (b"\x89HDF", "a file of arrays (HDF5)", "Save its pictures as PNG"),
    (b"\x1aE\xdf\xa3", "a video", "Save some of its pictures as JPEG"),
    (b"FLV", "a video", "Save some of its pictures as JPEG"),
)


def what_is(data: bytes) -> tuple[str, str]:
    """What a file is that is no picture which can be read: a sentence, and what to do; both are
    "" where nothing is known.

    Args:
        data: of the file.
    """
    head = data[: formats.HEAD_BYTES]
    for start, what, remedy in _BEGINNINGS:
        if head.startswith(start):
            return f"This is {what}, not a picture that can be read.", f"{remedy}."
    if (kind := _by_mark(head)) is not None:
        return f"This is {kind[0]}, not a picture that can be read.", f"{kind[1]}."
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<svg", b"<?xml")) and b"<svg" in data[:4096].lower():
        return "This is a drawing (SVG), not a picture that can be read.", "Save it as PNG."
    if text.startswith((b"<!doctype", b"<html", b"<head", b"<?xml", b"<body")):
        why = "This is a page of the web that was saved in place of the picture."
        return why, f"{_TWICE}."
    if text.startswith((b"{", b"[")):
        return "This is text (JSON) that was saved in place of the picture.", f"{_TWICE}."
    if not data.strip(b"\0"):
        why = "The file holds nothing but zeros, as a copy leaves that was broken off."
        return why, "Copy it again."
    found = formats.format_of(head)
    if found == "TIFF" and (layout := _tiff(data)) is not None:
        return layout
    if found in formats.FORMATS:
        return "The image is damaged and can't be read.", "Copy it again."
    return "", ""


def _by_mark(head: bytes) -> tuple[str, str] | None:
    """What files are that say so after their first bytes."""
    if head[4:8] == b"ftyp":
        if formats.format_of(head) == "HEIF":
            return "a HEIC photo", (
                "Save it as JPEG, or install the package pi-heif beside Lightbox"
            )
        if head[8:11] == b"crx":
            return "a raw photo, as it came from a camera's sensor", "Export it as JPEG or PNG"
        if formats.format_of(head) != "AVIF":
            return "a video", "Save some of its pictures as JPEG"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "a video", "Save some of its pictures as JPEG"
    if head[128:132] == b"DICM":
        return "a DICOM picture", "Install pydicom beside Lightbox: pip install pydicom"
    return None


def _tiff(data: bytes) -> tuple[str, str] | None:
    """What pixels a TIFF has that Pillow can't read, as a sentence, and what to do; ``None`` if it
    doesn't say."""
    try:
        tags: Mapping[int, Any] = TiffImagePlugin.ImageFileDirectory_v2(data[:8])
        file = io.BytesIO(data)
        file.seek(tags.next)  # type: ignore[attr-defined]
        tags.load(file)  # type: ignore[attr-defined]
        bits, channels = tags.get(258, (1,)), int(tags.get(277, 1))
        number = next(iter(tags.get(339, (1,))))
    except Exception:  # whatever damaged tags make the parser raise
        return None
    kind = {2: "signed", 3: "fractions", 5: "complex", 6: "complex"}.get(number, "")
    depth = bits[0] if isinstance(bits, tuple) else bits
    many = f"{channels} channels" if channels > 1 else "one channel"
    remedy = "Save it as greys or colours of 8 or 16 bits, or as greys of 32-bit fractions."
    if kind == "complex":
        remedy = "Save its magnitude as greys of 32-bit fractions."
    elif channels > 1:
        remedy = (
            "Save the three that show what matters as colours of 8 or 16 bits, or one as greys."
        )
    elif kind == "fractions":
        remedy = "Save it as greys of 32-bit fractions."
    return (
        f"This is a TIFF of {many} of {depth} bits{f' ({kind})' if kind else ''}, which can't be "
        "read here.",
        remedy,
    )
