"""Unpacking .zip and .tar files that somebody else packed, trusting nothing in them.

An archive may name paths outside its folder, hold links and devices, claim small sizes and unpack
to terabytes, or be cut off. Every member is checked by itself; one bad member never stops the
good ones. Limits are kept while unpacking, whatever the archive's own table says.
"""

from __future__ import annotations

import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from core.datasets.images import SUFFIXES
from core.datasets.layout import Skipped, is_litter
from core.errors import InvalidInput, disk_errors
from core.progress import Reporter, Throttle
from core.workspace import ensure_space

SUFFIXES_ARCHIVE = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_NESTED = (*SUFFIXES_ARCHIVE, ".gz", ".bz2", ".xz", ".7z", ".rar")
_CHUNK = 1024 * 1024
# Windows forbids some names, and most file systems names above 255 bytes.
_MAX_NAME_BYTES = 255
_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    NotImplementedError,
)


@dataclass
class Unpacked:
    """What came out: number of images kept, and what was left out."""

    kept: int = 0
    bytes: int = 0
    skipped: list[Skipped] = field(default_factory=list)


def is_archive_name(name: str) -> bool:
    """Whether a file of this name is one that :func:`unpack` takes."""
    return name.lower().endswith(SUFFIXES_ARCHIVE)


def inspect(path: Path, *, max_bytes: int, max_files: int) -> None:
    """Refuse at once what can be seen to be unusable without unpacking.

    Raises:
        InvalidInput: not an archive, damaged, protected by a password, holding no images, or
            too much by its own account.
    """
    images = total = 0
    locked = False
    with _opened(path) as (_, members):
        for member in members:
            total += member.size
            locked |= member.locked
            images += member.is_image
            if path.name.lower().endswith(".zip") or zipfile.is_zipfile(path):
                continue
            # A compressed tar has no table of contents: reading on would be unpacking it.
            if images:
                return
    if locked:
        raise InvalidInput(
            "This archive is protected by a password.",
            file=path.name,
            remedy="Pack the images again without one.",
        )
    if total > max_bytes or images > max_files:
        raise _too_much(path, max_bytes, max_files)
    if not images:
        raise InvalidInput(
            "There are no images in this archive.",
            file=path.name,
            remedy="Pack one folder a class, with that class's images inside.",
        )


def unpack(
    path: Path,
    target: Path,
    *,
    max_bytes: int,
    max_files: int,
    report: Reporter | None = None,
) -> Unpacked:
    """Write the archive's images below ``target``, which must exist.

    Raises:
        InvalidInput: it is damaged so that nothing could be read, or unpacks to more than
            ``max_bytes`` or ``max_files``. What had been unpacked stays in ``target``.
        NoSpace: the disk is full.
    """
    report = report or Reporter()
    result = Unpacked()
    now_and_then = Throttle(0.2)
    ensure_space(target, min(path.stat().st_size, max_bytes), "unpacking the archive")
    try:
        with disk_errors("unpacking the archive"), _opened(path) as (size, members):
            for member in members:
                if now_and_then():
                    report.check()
                    report.progress("unpack", result.kept, size, f"Unpacking {path.name}")
                why = _refusal(member)
                if why is not None:
                    if why:
                        result.skipped.append(Skipped(member.name, why))
                    continue
                if result.kept >= max_files:
                    raise _too_much(path, max_bytes, max_files)
                _write(member, target, result, max_bytes, path, max_files)
    except _DAMAGED as error:
        if not result.kept:
            raise _damaged(path) from error
        result.skipped.append(
            Skipped(path.name, "The archive ends in the middle; what came before was kept.")
        )
    return result


@dataclass(frozen=True)
class _Member:
    name: str
    size: int
    is_file: bool
    is_link: bool
    locked: bool
    open: object

    @property
    def is_image(self) -> bool:
        path = PurePosixPath(self.name)
        return (
            self.is_file
            and path.suffix.lower() in SUFFIXES
            and not any(is_litter(part) for part in path.parts if part not in ("..", "."))
        )


@contextmanager
def _opened(path: Path) -> Iterator[tuple[int | None, Iterator[_Member]]]:
    """The archive's members, read one after the other, and their number if it is known."""
    if zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                infos = archive.infolist()
                yield len(infos), (_zip_member(archive, info) for info in infos)
        except zipfile.BadZipFile as error:
            raise _damaged(path) from error
        return
    try:
        tar = tarfile.open(path, "r:*")  # noqa: SIM115
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise _damaged(path) from error
    with tar:
        yield None, (_tar_member(tar, info) for info in tar)


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Member:
    mode = info.external_attr >> 16
    return _Member(
        name=info.filename.replace("\\", "/"),
        size=info.file_size,
        is_file=not info.is_dir(),
        is_link=stat.S_ISLNK(mode),
        locked=bool(info.flag_bits & 0x1),
        open=lambda: archive.open(info),
    )


def _tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> _Member:
    return _Member(
        name=info.name,
        size=info.size,
        is_file=info.isreg() or info.issym() or info.islnk() or info.isdev(),
        is_link=not info.isreg() and not info.isdir(),
        locked=False,
        open=lambda: archive.extractfile(info),
    )


def _refusal(member: _Member) -> str | None:
    """Why a member is left out; "" for what isn't worth a line, ``None`` to keep it."""
    path = PurePosixPath(member.name)
    if not member.is_file:
        return ""
    if path.is_absolute() or (path.parts and ":" in path.parts[0]):
        return "Its path is absolute, which could write outside Lightbox's folder."
    if ".." in path.parts:
        return "Its path leads out of the archive's folder."
    if member.is_link:
        return "It is a link or a device, not a file."
    if any(is_litter(part) for part in path.parts):
        return ""
    if member.locked:
        return "It is protected by a password."
    if path.name.lower().endswith(_NESTED):
        return "It is an archive inside the archive; unpack it and add it by itself."
    if path.suffix.lower() not in SUFFIXES:
        return "It is not an image."
    if "\0" in member.name or any(len(p.encode()) > _MAX_NAME_BYTES for p in path.parts):
        return "Its name is too long or not valid."
    return None


def _write(
    member: _Member, target: Path, result: Unpacked, max_bytes: int, path: Path, max_files: int
) -> None:
    place = target.joinpath(*PurePosixPath(member.name).parts)
    if place.exists():
        result.skipped.append(Skipped(member.name, "The archive holds this name twice."))
        return
    try:
        source: IO[bytes] = member.open()  # type: ignore[operator]
        place.parent.mkdir(parents=True, exist_ok=True)
        with source, place.open("xb") as out:
            while chunk := source.read(_CHUNK):
                result.bytes += len(chunk)
                if result.bytes > max_bytes:
                    raise _too_much(path, max_bytes, max_files)
                out.write(chunk)
    except (InvalidInput, EOFError):
        place.unlink(missing_ok=True)
        raise
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, tarfile.ReadError):
        place.unlink(missing_ok=True)
        result.skipped.append(Skipped(member.name, "It is damaged inside the archive."))
        return
    except OSError:
        place.unlink(missing_ok=True)
        raise
    result.kept += 1


def _too_much(path: Path, max_bytes: int, max_files: int) -> InvalidInput:
    return InvalidInput(
        f"This archive unpacks to more than {max_bytes / 1024**3:,.3g} GB or {max_files:,} images.",
        file=path.name,
        remedy="Use a smaller one, or raise LIGHTBOX_MAX_UNPACKED_GB.",
    )


def _damaged(path: Path) -> InvalidInput:
    return InvalidInput(
        "This file is not a .zip or .tar archive, or it is damaged.",
        file=path.name,
        remedy="Pack it again, or copy it again in case the copy was cut off.",
    )
