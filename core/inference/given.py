"""What people give to be tried: image files, and archives of them, opened in memory within
limits."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.datasets.content import split_path
from core.datasets.formats import SUFFIXES
from core.datasets.layout import is_litter
from core.datasets.zip_names import method_name
from core.runs.files import RunFiles
from core.text import as_text
from core.workspace import Workspace

FROM_BOXES = (
    "It learned from things that were cut out of photos by their boxes: give it a picture of the "
    "thing alone."
)
# More than can be looked at; the rest is for a batch.
MOST_IMAGES = 500
MOST_BYTES = 512 * 1024**2
MOST_BYTES_EACH = 64 * 1024**2
# Of a .zip's table of contents, each of whose entries is read ahead.
_ENTRY, _MOST_ENTRIES = b"PK\x01\x02", 20_000
_BRIEF = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class Given:
    """What can be asked about.

    Attributes:
        files: name and content of each.
        refused: name and reason, as a sentence, of what was left out.
    """

    files: list[tuple[str, bytes]]
    refused: list[tuple[str, str]]


def open_given(files: Iterable[tuple[str, bytes]]) -> Given:
    """Unpack .zip files, and leave out what is too much; nothing is written anywhere.

    Args:
        files: name and content. Whatever isn't called ``….zip`` is taken as it is: whether it is an
            image is seen when it is decoded.

    Sizes are counted while unpacking, whatever an archive says of itself.
    """
    taken: list[tuple[str, bytes]] = []
    refused: list[tuple[str, str]] = []
    room = _Room()
    for name, data in files:
        if PurePosixPath(name).suffix.lower() == ".zip":
            _unpack(name, data, taken, refused, room)
        elif why := room.refusal(len(data)):
            refused.append((name, why))
        else:
            room.take(len(data))
            taken.append((name, data))
    return Given(taken, refused)


def learned_from_boxes(workspace: Workspace, run_id: str) -> bool:
    """Whether most of what a run was trained with was cut out of photos, so that a whole photo is
    not what it knows."""
    paths = RunFiles(workspace, run_id).trained_on()["path"]
    return sum(split_path(path)[1].box is not None for path in paths) > len(paths) / 2


@dataclass
class _Room:
    """How much has been taken."""

    images: int = 0
    bytes: int = 0

    def refusal(self, size: int) -> str:
        """Why a file of this size isn't taken any more; "" if it is."""
        if self.images >= MOST_IMAGES:
            return f"Only {MOST_IMAGES} images are tried at once: the section Batch takes all."
        if size > MOST_BYTES_EACH:
            return f"It is larger than {MOST_BYTES_EACH // 1024**2} MB."
        if self.bytes + size > MOST_BYTES:
            return (
                f"All together are larger than {MOST_BYTES // 1024**2} MB: use the section Batch."
            )
        return ""

    def take(self, size: int) -> None:
        self.images += 1
        self.bytes += size


def _unpack(
    name: str,
    data: bytes,
    taken: list[tuple[str, bytes]],
    refused: list[tuple[str, str]],
    room: _Room,
) -> None:
    try:
        if data.count(_ENTRY) > _MOST_ENTRIES:
            refused.append((name, "It holds too many files to be tried: the section Batch can."))
            return
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = [member for member in archive.infolist() if not member.is_dir()]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        refused.append((name, "This archive is damaged, or is no .zip file."))
        return
    found = 0
    for member in members:
        path = PurePosixPath(as_text(member.filename))
        if path.suffix.lower() not in SUFFIXES or any(is_litter(part) for part in path.parts):
            continue
        found += 1
        why = room.refusal(0)
        if why:
            refused.append((name, why))
            return
        try:
            if member.flag_bits & 1:
                refused.append((str(path), "It is protected by a password."))
                continue
            if member.compress_type not in _BRIEF:
                # The others may ask for as much memory as they like.
                how = method_name(member.compress_type)
                refused.append((str(path), f"It is packed with {how}: the section Batch can."))
                continue
            with archive.open(member) as source:
                content = source.read(MOST_BYTES_EACH + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            ValueError,
            OSError,
            EOFError,
            RuntimeError,
            NotImplementedError,
        ):
            refused.append((str(path), "It is damaged inside the archive."))
            continue
        why = room.refusal(len(content))
        if why:
            refused.append((str(path), why))
            continue
        room.take(len(content))
        taken.append((str(path), content))
    if not found:
        refused.append((name, "There are no images in this archive."))
