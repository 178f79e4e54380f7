"""Thumbnails of a whole dataset in one file, so a gallery page is one read and no decoding.

``thumbs.pack`` is thumbnails one after the other; the index says where each begins and how long
it is. Nothing in it is ever overwritten, so an index and a gallery that were made earlier stay
right while a new scan appends. Galleries go on working when the person's folder has gone.
Where files lie in a store, so does a large pack: what is looked at is read from there.
"""

from __future__ import annotations

import base64
import contextlib
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from core.errors import Damaged, LightboxError
from core.keeper import IN_PIECES, Keeper

if TYPE_CHECKING:  # helper processes of a scan start sooner without
    from core.datasets.images import OpenedImage
    from core.workspace import Workspace

_PACK = IN_PIECES["datasets"]
SIDE = 160
# A small upright JPEG or PNG is its own best thumbnail: shown as it is, nothing is encoded.
_OWN_BYTES = 16 * 1024
_BROWSERS_SHOW = {"JPEG", "PNG"}
_BEGIN = (b"\xff\xd8", b"\x89PNG")


def pack_path(workspace: Workspace, dataset_id: str, *, whole: bool = False) -> Path:
    """Where a dataset's thumbnails are.

    Args:
        whole: fetched first, where they lie in a store; to be asked by who writes there.
    """
    return workspace.dataset(dataset_id, whole=whole) / _PACK


def shrink(image: Image.Image) -> Image.Image:
    """The image itself if it is at most 160×160 pixels, else a copy that just fits."""
    width, height = image.size
    if max(width, height) <= SIDE:
        return image
    scale = SIDE / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def make(small: Image.Image, opened: OpenedImage, data: bytes) -> bytes:
    """A thumbnail: the file itself if that will do, else a JPEG.

    Args:
        small: from :func:`shrink`, of ``opened``.
        data: the file's bytes; ``b""`` where the image is a part of it.
    """
    fits = max(opened.width, opened.height) <= SIDE and 0 < len(data) <= _OWN_BYTES
    if fits and opened.orientation == 1 and opened.format in _BROWSERS_SHOW:
        return data
    return jpeg(small)


def preview(image: Image.Image, side: int) -> bytes:
    """An RGB picture as a JPEG of at most ``side`` pixels; one that is smaller keeps its size."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return jpeg(small)


def jpeg(image: Image.Image) -> bytes:
    """An RGB picture as a JPEG, good enough to be looked at."""
    # Pillow would write the comment of a JPEG, of up to 64 KB, into its thumbnail.
    image.info.pop("comment", None)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def unless_damaged(error: LightboxError) -> None:
    """Raise it, but for what is damaged: that is no picture, as on this disk."""
    if not isinstance(error, Damaged):
        raise error


def read(
    workspace: Workspace,
    dataset_id: str,
    places: Iterable[tuple[int, int]],
    wrong: Callable[[LightboxError], object] = unless_damaged,
) -> list[bytes]:
    """Thumbnails at these (offset, length) pairs; ``b""`` for length 0 or a missing file.

    Args:
        wrong: hears why some, or all, can't be read from the store that they lie in; those are
            ``b""`` then. Without it that is raised, :func:`unless_damaged`.
    """
    places = [(int(at), int(length)) for at, length in places]
    # It may come here between the two.
    for _ in range(2):
        with contextlib.suppress(OSError), pack_path(workspace, dataset_id).open("rb") as pack:
            found = []
            for at, length in places:
                pack.seek(at)
                found.append(pack.read(length) if length else b"")
            return found
        if workspace.keeper is None:
            break
        try:
            there = _from_store(workspace.keeper, f"datasets/{dataset_id}", places, wrong)
        except LightboxError as error:
            wrong(error)
            break
        if there is not None:
            return there
    return [b""] * len(places)


def _from_store(
    keeper: Keeper,
    unit: str,
    places: Sequence[tuple[int, int]],
    wrong: Callable[[LightboxError], object],
) -> list[bytes] | None:
    """``None`` where the pack wasn't left there."""
    found = keeper.pieces(unit, _PACK, places)
    if found is None or (broken := _broken(found)) == []:
        return found
    again = keeper.pieces(unit, _PACK, [places[n] for n in broken], anew=True)
    if again is None:
        return None
    for n, data in zip(broken, again, strict=True):
        found[n] = data
    for n in _broken(found):
        found[n] = b""
    if not all(found[n] for n in broken):
        wrong(
            Damaged(
                "Small pictures in the store of files are not what was put there.",
                file=f"{unit}/{_PACK}",
                remedy="Put a backup back.",
            )
        )
    return found


def _broken(thumbnails: Sequence[bytes]) -> list[int]:
    return [n for n, data in enumerate(thumbnails) if data and not data.startswith(_BEGIN)]


def media_type(thumbnail: bytes) -> str:
    """The MIME type of a thumbnail, from its first bytes."""
    return "image/png" if thumbnail.startswith(b"\x89PNG") else "image/jpeg"


def data_uri(thumbnail: bytes) -> str:
    """A thumbnail as an address that holds it; "" for none."""
    if not thumbnail:
        return ""
    return f"data:{media_type(thumbnail)};base64,{base64.b64encode(thumbnail).decode()}"
