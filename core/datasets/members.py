"""What is in an archive, member after member, .zip and .tar alike: which members are taken, and why
others are not; each is judged by itself. Damage is one kind of error."""

from __future__ import annotations

import errno
import lzma
import os
import re
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

from core.datasets import formats
from core.datasets.layout import is_litter, is_text
from core.datasets.zip_names import encoding_of, method_name

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

SUFFIXES_ARCHIVE = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_NESTED = (".gz", ".bz2", ".xz", ".7z", ".rar")
# Windows forbids some names, and most file systems names above 255 bytes.
_MAX_NAME_BYTES = 255
_MAX_PATH_BYTES = 2048
# A flag of each name in a .zip; and the ways of packing that Python undoes.
_SAYS_UTF8 = 0x800
_KNOWN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_HEADERS = (
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
)
_MAX_HEADER = 1024**2
# What marks a tar's first header, and where.
_USTAR, _USTAR_AT = b"ustar", 257


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
    """One file, folder, link or device. ``is_file`` is true of all but folders; ``method`` is how
    it is packed where that can't be undone here, else ""."""

    name: str
    size: int
    is_file: bool
    is_link: bool
    locked: bool
    open: Callable[[], IO[bytes]]
    method: str = ""

    @property
    def is_image(self) -> bool:
        path = PurePosixPath(self.name)
        return (
            self.is_file
            and formats.has_image_name(path.name)
            and not any(is_litter(part) for part in path.parts if part not in ("..", "."))
        )


@contextmanager
def opened(
    path: Path, encoding: str | None = None
) -> Iterator[tuple[int | None, Iterator[Member]]]:
    """The archive's members, read one after the other, and their number if it is known.

    Args:
        encoding: of names in a .zip that doesn't say; guessed by :func:`zip_encoding` if ``None``.
    """
    if _is_zip(path):
        with damage():
            archive = zipfile.ZipFile(path)
        with archive:
            infos = archive.infolist()
            how = encoding or encoding_of(_unsaid(infos))
            yield len(infos), (_zip_member(archive, info, how) for info in infos)
        return
    with damage():
        tar = tarfile.open(path, "r:*", tarinfo=_Brief)  # noqa: SIM115
    with tar:
        yield None, _tar_members(tar)


def _is_zip(path: Path) -> bool:
    """Whether a file is a .zip, and no tar that ends with one."""
    with path.open("rb") as file:
        head = file.read(_USTAR_AT + len(_USTAR))
    return not head.endswith(_USTAR) and zipfile.is_zipfile(path)


class _Brief(tarfile.TarInfo):
    """A member of a tar whose name and other facts have the size of such: all of a header is held
    in memory, and on some versions of Python long ones keep it busy for seconds."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _HEADERS and self.size > _MAX_HEADER:
            raise tarfile.HeaderError("longer than any name")
        return super()._proc_member(archive)  # type: ignore[misc]


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


def zip_encoding(path: Path) -> str:
    """How names are written in a .zip, by our guess; "" where there is nothing to guess."""
    if not _is_zip(path):
        return ""
    with damage(), zipfile.ZipFile(path) as archive:
        unsaid = _unsaid(archive.infolist())
    return encoding_of(unsaid) if unsaid else ""


def _unsaid(infos: list[zipfile.ZipInfo]) -> list[bytes]:
    """Names that aren't ASCII and don't say how they are written, as their bytes."""
    return [
        info.orig_filename.encode("cp437", "replace")
        for info in infos
        if not info.flag_bits & _SAYS_UTF8 and not info.orig_filename.isascii()
    ]


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, encoding: str) -> Member:
    mode = info.external_attr >> 16
    name = info.filename
    if not info.flag_bits & _SAYS_UTF8 and not name.isascii():
        name = name.encode("cp437", "replace").decode(encoding, "replace")
    known = info.compress_type in _KNOWN_METHODS
    return Member(
        name=name.replace("\\", "/"),
        size=info.file_size,
        is_file=not info.is_dir(),
        is_link=stat.S_ISLNK(mode),
        locked=bool(info.flag_bits & 0x1),
        open=lambda: archive.open(info),
        method="" if known else method_name(info.compress_type),
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


def is_archive_name(name: str) -> bool:
    """Whether a file of this name is one that can be unpacked."""
    return bool(suffix_of(name))


def suffix_of(name: str) -> str:
    """The suffix of an archive's name, ``.tar.gz`` for example, or ""."""
    found = [suffix for suffix in SUFFIXES_ARCHIVE if name.lower().endswith(suffix)]
    return max(found, key=len, default="")


def refusal(member: Member) -> str | None:
    """Why a member is left out; "" for what isn't worth a line, ``None`` to keep it."""
    path = PurePosixPath(member.name)
    if not member.is_file:
        return ""
    if path.is_absolute() or _has_drive(member.name):
        return "Its path is absolute, which could write outside Lightbox's folder."
    if ".." in path.parts:
        return "Its path leads out of the archive's folder."
    if member.is_link:
        return "It is a link or a device, not a file."
    if any(is_litter(part) for part in path.parts):
        return ""
    if not is_text(member.name):
        return "Its name is not valid text (UTF-8)."
    if member.locked:
        return "It is protected by a password."
    if member.method:
        return f"It is packed with {member.method}, which can't be unpacked here."
    if is_archive_name(path.name):
        return None
    if path.name.lower().endswith(_NESTED):
        return "It is an archive inside the archive; unpack it and add it by itself."
    is_named = formats.has_image_name(path.name) or formats.is_table(path.name)
    if not is_named and not is_image_inside(member):
        return formats.why_not(path.name)
    return None


def can_be_called(name: str) -> bool:
    """Whether a file can have this path below a folder."""
    return (
        "\0" not in name
        and len(name.encode()) <= _MAX_PATH_BYTES
        and all(len(part.encode()) <= _MAX_NAME_BYTES for part in PurePosixPath(name).parts)
    )


def _has_drive(name: str) -> bool:
    """Whether a name begins with a drive: ``C:/``, and on Windows ``a:b``, too."""
    return bool(re.match(r"[A-Za-z]:/" if os.name != "nt" else r"[^/]*:", name))


def is_image_inside(member: Member) -> bool:
    """Whether a member without a picture's name begins like one."""
    if not member.is_file or member.is_link or member.locked or member.method or not member.size:
        return False
    if not formats.may_be_image(PurePosixPath(member.name).name):
        return False
    try:
        with damage(), member.open() as source:
            return formats.begins_like_image(source.read(formats.HEAD_BYTES))
    except Damaged:
        return False
