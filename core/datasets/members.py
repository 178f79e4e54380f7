"""What is in an archive, member after member, .zip and .tar alike; damage is one kind of error."""

from __future__ import annotations

import errno
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from core.datasets.formats import SUFFIXES
from core.datasets.layout import is_litter

_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    RuntimeError,
    ValueError,
    OverflowError,
)


class Damaged(Exception):
    """What is read of an archive makes no sense."""


@contextmanager
def damage() -> Iterator[None]:
    """Whatever Python's modules raise for damaged archives, as one error."""
    try:
        yield
    except _DAMAGED as error:
        raise Damaged from error
    except OSError as error:
        # gzip and bz2 say "invalid data" with an OSError that no call to the system is behind.
        if error.errno not in (None, errno.EINVAL):
            raise
        raise Damaged from error


@dataclass(frozen=True)
class Member:
    """One file, folder, link or device. ``is_file`` is true of all but folders."""

    name: str
    size: int
    is_file: bool
    is_link: bool
    locked: bool
    open: Callable[[], IO[bytes]]

    @property
    def is_image(self) -> bool:
        path = PurePosixPath(self.name)
        return (
            self.is_file
            and path.suffix.lower() in SUFFIXES
            and not any(is_litter(part) for part in path.parts if part not in ("..", "."))
        )


@contextmanager
def opened(path: Path) -> Iterator[tuple[int | None, Iterator[Member]]]:
    """The archive's members, read one after the other, and their number if it is known."""
    if zipfile.is_zipfile(path):
        with damage():
            archive = zipfile.ZipFile(path)
        with archive:
            infos = archive.infolist()
            yield len(infos), (_zip_member(archive, info) for info in infos)
        return
    with damage():
        tar = tarfile.open(path, "r:*")  # noqa: SIM115
    with tar:
        yield None, _tar_members(tar)


def _tar_members(tar: tarfile.TarFile) -> Iterator[Member]:
    infos = iter(tar)
    while True:
        with damage():
            info = next(infos, None)
        if info is None:
            break
        yield _tar_member(tar, info)
    # tarfile takes a damaged header for the end; the real end is a block of zeros.
    with damage():
        stream: IO[bytes] = tar.fileobj  # type: ignore[assignment]
        stream.seek(tar.offset)
        block = stream.read(tarfile.BLOCKSIZE)
    if not block or any(block):
        raise Damaged


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    mode = info.external_attr >> 16
    return Member(
        name=info.filename.replace("\\", "/"),
        size=info.file_size,
        is_file=not info.is_dir(),
        is_link=stat.S_ISLNK(mode),
        locked=bool(info.flag_bits & 0x1),
        open=lambda: archive.open(info),
    )


def _tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    return Member(
        name=info.name.replace("\\", "/"),
        size=info.size,
        is_file=info.isreg() or info.issym() or info.islnk() or info.isdev(),
        is_link=not info.isreg() and not info.isdir(),
        locked=False,
        open=lambda: archive.extractfile(info),  # type: ignore[arg-type, return-value]
    )
