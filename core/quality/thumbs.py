"""Thumbnails of a whole dataset in one file, so a gallery page is one read and no decoding.

``thumbs.pack`` is thumbnails one after the other; the index says where each begins and how long
it is. Nothing in it is ever overwritten, so an index and a gallery that were made earlier stay
right while a new scan appends. Galleries go on working when the person's folder has gone.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:  # helper processes of a scan start sooner without
    from core.workspace import Workspace

SIDE = 160
# A small upright JPEG or PNG is its own best thumbnail: shown as it is, nothing is encoded.
_OWN_BYTES = 16 * 1024
_BROWSERS_SHOW = {"JPEG", "PNG"}


def pack_path(workspace: Workspace, dataset_id: str) -> Path:
    """Where a dataset's thumbnails are."""
    return workspace.dataset(dataset_id) / "thumbs.pack"


def shrink(image: Image.Image) -> Image.Image:
    """The image itself if it is at most 160×160 pixels, else a copy that just fits."""
    width, height = image.size
    if max(width, height) <= SIDE:
        return image
    scale = SIDE / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def make(
    small: Image.Image, *, data: bytes, kind: str, size: tuple[int, int], orientation: int
) -> bytes:
    """A thumbnail: the file itself if that will do, else a JPEG.

    Args:
        small: upright, RGB, from :func:`shrink`.
        data, kind, size, orientation: the file's bytes, format, width and height in pixels, and
            EXIF orientation.
    """
    fits = max(size) <= SIDE and len(data) <= _OWN_BYTES
    if fits and orientation == 1 and kind in _BROWSERS_SHOW:
        return data
    return _jpeg(small)


def preview(image: Image.Image, side: int) -> bytes:
    """An RGB picture as a JPEG of at most ``side`` pixels; one that is smaller keeps its size."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return _jpeg(small)


def _jpeg(image: Image.Image) -> bytes:
    # Pillow would write the comment of a JPEG, of up to 64 KB, into its thumbnail.
    image.info.pop("comment", None)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def read(workspace: Workspace, dataset_id: str, places: Iterable[tuple[int, int]]) -> list[bytes]:
    """Thumbnails at these (offset, length) pairs; ``b""`` for length 0 or a missing file."""
    places = list(places)
    try:
        with pack_path(workspace, dataset_id).open("rb") as pack:
            found = []
            for at, length in places:
                pack.seek(int(at))
                found.append(pack.read(int(length)) if length else b"")
            return found
    except OSError:
        return [b""] * len(places)


def media_type(thumbnail: bytes) -> str:
    """The MIME type of a thumbnail, from its first bytes."""
    return "image/png" if thumbnail.startswith(b"\x89PNG") else "image/jpeg"


def data_uri(thumbnail: bytes) -> str:
    """A thumbnail as an address that holds it; "" for none."""
    if not thumbnail:
        return ""
    return f"data:{media_type(thumbnail)};base64,{base64.b64encode(thumbnail).decode()}"
