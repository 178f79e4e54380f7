"""Unpacking .zip and .tar files that somebody else packed, trusting nothing in them.

An archive may name paths outside its folder, hold links and devices, claim small sizes and unpack
to terabytes, or be cut off. Every member is checked by itself; one bad member never stops the
good ones. Limits are kept while unpacking, whatever the archive's own table says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from core import settings
from core.contained import Limits, contained
from core.datasets.formats import is_archive, is_table
from core.datasets.layout import Skipped
from core.datasets.members import SUFFIXES_ARCHIVE as SUFFIXES_ARCHIVE
from core.datasets.members import (
    Damaged,
    Member,
    can_be_called,
    damage,
    is_image_inside,
    opened,
    refusal,
    zip_encoding,
)
from core.datasets.members import is_archive_name as is_archive_name
from core.datasets.members import suffix_of as suffix_of
from core.errors import InvalidInput, disk_errors
from core.progress import SILENT, Reporter, Throttle
from core.text import as_text
from core.workspace import ensure_space, new_token

_CHUNK = 1024 * 1024


class Most(NamedTuple):
    """What an archive may unpack to: bytes, and files (images, and as many tables)."""

    bytes: int
    files: int

    @classmethod
    def as_set(cls) -> Most:
        """As the settings say."""
        loaded = settings.load()
        return cls(loaded.max_unpacked_bytes, loaded.max_files)

    def passed(self, path: Path) -> InvalidInput:
        """What is said of an archive that unpacks to more."""
        return InvalidInput(
            f"This archive unpacks to more than {self.bytes / 1024**3:,.3g} GB or {self.files:,} "
            "images.",
            file=path.name,
            remedy="Use a smaller one, or raise LIGHTBOX_MAX_UNPACKED_GB.",
        )


@dataclass
class Unpacked:
    """What came out: numbers of images and of tables and texts beside them, and what was left
    out."""

    kept: int = 0
    tables: int = 0
    bytes: int = 0
    skipped: list[Skipped] = field(default_factory=list)


def inspect(path: Path, encoding: str | None = None, most: Most | None = None) -> None:
    """Refuse at once what can be seen to be unusable without unpacking.

    Raises:
        InvalidInput: not an archive, damaged, protected by a password, holding no images, or
            too much by its own account.
    """
    limits = Limits(processor_s=30, still_s=300)
    known = most or Most.as_set()
    contained(inspect_here, path, encoding, known, limits=limits, otherwise=_strange(path))


def inspect_here(path: Path, encoding: str | None, most: Most) -> None:
    """:func:`inspect`, in this process."""
    images = total = 0
    locked = False
    inside = ""
    opens = False
    methods: set[str] = set()
    try:
        with opened(path, encoding) as (count, members):
            for member in members:
                total += member.size
                locked |= member.locked
                is_image = member.is_image or (not images and is_image_inside(member))
                images += is_image and not member.method
                opens |= refusal(member) is None and is_archive_name(member.name)
                if not inside and is_archive(PurePosixPath(member.name).name):
                    inside = member.name
                if member.method:
                    methods.add(member.method)
                if total > most.bytes or images > most.files:
                    raise most.passed(path)
                if count is None and images:
                    # A tar has no table of contents: reading on would be unpacking it.
                    return
    except Damaged as error:
        raise _damaged(path) from error
    remedy = "Pack the images again without one."
    if locked:
        what = "This archive is protected by a password."
    elif images or opens:
        return  # what is in an archive inside is seen when it is unpacked
    elif methods:
        how = " and ".join(sorted(methods))
        what = f"This archive is packed with {how}, which can't be unpacked here."
        remedy = "Pack the folder again as an ordinary .zip, or unpack it and add the folder."
    elif inside:
        what = f"There are no images in this archive, but another archive: {inside}."
        remedy = "Unpack it, and add the archive that is inside."
    else:
        what = "There are no images in this archive."
        remedy = "Pack one folder a class, with that class's images inside."
    raise InvalidInput(what, file=path.name, remedy=remedy)


def unpack(
    path: Path,
    target: Path,
    encoding: str | None = None,
    report: Reporter = SILENT,
    most: Most | None = None,
) -> Unpacked:
    """Write the archive's images, and tables beside them, below ``target``, which must exist.

    Args:
        encoding: of names in a .zip that doesn't say; guessed if ``None``, which is told.
        most: what it may unpack to; by default as the settings say.

    Raises:
        InvalidInput: it is damaged so that nothing could be read, or unpacks to more than
            that. What had been unpacked stays in ``target``.
        NoSpace: the disk is full.
    """
    known = most or Most.as_set()
    return contained(
        unpack_here,
        path,
        target,
        encoding,
        known,
        report=report,
        # Every file that is unpacked may be told of, so silence is something else than work.
        limits=Limits(
            processor_s=600 + known.bytes // 1024**3 * 120,
            file_mb=known.bytes // 1024**2 + 1,
        ),
        otherwise=_strange(path),
    )


def unpack_here(
    path: Path, target: Path, encoding: str | None, most: Most, report: Reporter
) -> Unpacked:
    """:func:`unpack`, in this process."""
    ensure_space(target, min(path.stat().st_size, most.bytes), "unpacking the archive")
    work = _Work(path, target, most, report)
    with disk_errors("unpacking the archive"):
        work.through(path, encoding)
    return work.result


@dataclass
class _Work:
    """What is being unpacked where, and how much has been.

    Attributes:
        passed: bytes that were read through and not kept.
    """

    path: Path
    target: Path
    most: Most
    report: Reporter
    result: Unpacked = field(default_factory=Unpacked)
    passed: int = 0
    due: Throttle = field(default_factory=lambda: Throttle(0.2))

    def through(self, archive: Path, encoding: str | None, inner: str = "") -> None:
        """Unpack an archive member by member.

        Args:
            inner: name of one that lies in another; what it holds goes into a folder of that name.
        """
        said = as_text(inner or self.path.name)
        result = self.result
        kept, told = result.kept, len(result.skipped)
        try:
            with opened(archive, encoding) as (size, members):
                for member in members:
                    if self.due():
                        self.report.step("unpack", result.kept, size, "Unpacking")
                    self._take(member, size is None, inner)
            if inner and (result.kept, len(result.skipped)) == (kept, told):
                result.skipped.append(Skipped(said, "There are no images in this archive."))
            guessed = "" if encoding else zip_encoding(archive)
            if guessed not in ("", "utf-8"):
                result.skipped.append(
                    Skipped(
                        said,
                        f"It doesn't say how names in it are written; they were read as {guessed}. "
                        "If they look wrong, add it by command with --encoding.",
                    )
                )
        except Damaged as error:
            if result.kept == kept and not inner:
                raise _damaged(self.path) from error
            why = "The archive ends in the middle; what came before was kept."
            if result.kept == kept:
                why = "It is an archive that is damaged, or none."
            result.skipped.append(Skipped(said, why))

    def _take(self, member: Member, is_tar: bool, inner: str) -> None:
        why = refusal(member)
        name = _below(inner, member.name) if inner else member.name
        if why is None and is_archive_name(member.name):
            why = "It is an archive in an archive in another; unpack it and add it by itself."
            if not inner:
                self._open(member)
                return
        if why is None and not can_be_called(name):
            why = "Its name is too long or not valid."
        if why is not None:
            if why:
                self.result.skipped.append(Skipped(as_text(name), why))
            if is_tar:
                # In a tar, even what is left out has to be read through.
                self._pass(member.size)
            else:
                self._pass(0)
            return
        if max(self.result.kept, self.result.tables) >= self.most.files:
            raise self.most.passed(self.path)
        self._write(member, name)

    def _pass(self, size: int) -> None:
        self.passed += size
        if self.passed + self.result.bytes > self.most.bytes:
            raise self.most.passed(self.path)

    def _keep(self, size: int) -> None:
        self.result.bytes += size
        if self.result.bytes > self.most.bytes:
            raise self.most.passed(self.path)

    def _open(self, member: Member) -> None:
        """An archive inside: mail and cloud drives hand these out. One level, by the same limits;
        whatever it says of itself, what is written of it counts."""
        place = self.target / f".inside-{new_token()}{suffix_of(member.name)}"
        if not self._copied(member, place, as_text(member.name), self._pass):
            return
        try:
            self.through(place, None, member.name)
        finally:
            place.unlink(missing_ok=True)

    def _write(self, member: Member, name: str) -> None:
        place = self.target.joinpath(*PurePosixPath(name).parts)
        if place.exists():
            self.result.skipped.append(Skipped(name, "The archive holds this name twice."))
            return
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            self.result.skipped.append(Skipped(name, "Its folder has the name of an image."))
            return
        if self._copied(member, place, name, self._keep):
            self.result.tables += is_table(place.name)
            self.result.kept += not is_table(place.name)

    def _copied(self, member: Member, place: Path, name: str, count: Callable[[int], None]) -> bool:
        """Whether a member could be copied; of one that couldn't, nothing is left.

        Args:
            name: what to call it where it is damaged.
            count: told of the bytes of each part; may raise.
        """
        try:
            with damage():
                source = member.open()
            with source, place.open("xb") as out:
                while chunk := _read(source):
                    count(len(chunk))
                    out.write(chunk)
        except Damaged:
            place.unlink(missing_ok=True)
            self.result.skipped.append(Skipped(name, "It is damaged inside the archive."))
            return False
        except BaseException:
            place.unlink(missing_ok=True)
            raise
        return True


def _below(inner: str, name: str) -> str:
    """Where something of an archive inside another goes: a folder called like that one, unless all
    of it is in such a folder already."""
    place = PurePosixPath(inner)
    stem = place.name[: -len(suffix_of(place.name))]
    inside = PurePosixPath(name)
    folder = place.parent if inside.parts[0] == stem and inside.parts[1:] else place.parent / stem
    return str(folder / inside)


def _read(source: IO[bytes]) -> bytes:
    with damage():
        return source.read(_CHUNK)


def _strange(path: Path) -> InvalidInput:
    return InvalidInput(
        "This archive takes more memory to be read than images need, or is damaged in a way "
        "that Lightbox doesn’t know.",
        file=path.name,
        remedy="Pack the images again as an ordinary .zip.",
    )


def _damaged(path: Path) -> InvalidInput:
    return InvalidInput(
        "This file is not a .zip or .tar archive, or it is damaged.",
        file=path.name,
        remedy="Pack it again, or copy it again in case the copy was cut off.",
    )
