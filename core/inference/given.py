"""What people give to be tried: image files, and archives of them, opened in memory within
limits."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
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


@dataclass
class Given:
    """What can be asked about.

    Attributes:
        files: name and content of each.
        refused: name and reason, as a sentence, of what was left out.
    """

    files: list[tuple[str, bytes]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def refusal(self, size: int = 0) -> str:
        """Why a file of this size isn't taken any more; "" if it is."""
        if len(self.files) >= MOST_IMAGES:
            return f"Only {MOST_IMAGES} images are tried at once: the section Batch takes all."
        if size > MOST_BYTES_EACH:
            return f"It is larger than {MOST_BYTES_EACH // 1024**2} MB."
        if sum(len(data) for _, data in self.files) + size > MOST_BYTES:
            return (
                f"All together are larger than {MOST_BYTES // 1024**2} MB: use the section Batch."
            )
        return ""

    def take(self, name: str, data: bytes) -> None:
        """Take a file, or say why not."""
        if why := self.refusal(len(data)):
            self.refused.append((name, why))
        else:
            self.files.append((name, data))


def open_given(files: Iterable[tuple[str, bytes]]) -> Given:
    """Unpack .zip files, and leave out what is too much; nothing is written anywhere.

    Args:
        files: name and content. Whatever isn't called ``….zip`` is taken as it is: whether it is an
            image is seen when it is decoded.

    Sizes are counted while unpacking, whatever an archive says of itself.
    """
    given = Given()
    for name, data in files:
        if PurePosixPath(name).suffix.lower() == ".zip":
            _unpack(name, data, given)
        else:
            given.take(name, data)
    return given


def learned_from_boxes(workspace: Workspace, run_id: str) -> bool:
    """Whether most of what a run was trained with was cut out of photos, so that a whole photo is
    not what it knows."""
    paths = RunFiles(workspace, run_id).trained_on()["path"]
    return sum(split_path(path)[1].box is not None for path in paths) > len(paths) / 2


def _unpack(name: str, data: bytes, given: Given) -> None:
    refused = given.refused
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
        if why := given.refusal():
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
        given.take(str(path), content)
    if not found:
        refused.append((name, "There are no images in this archive."))
