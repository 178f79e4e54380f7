"""What a folder holds at one moment: its files with their hashes, as the store has them listed and
as this computer last had them; and which such list is whose, for all computers at once."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from core.errors import LightboxError
from core.workspace import read_json, write_json


class Entry(NamedTuple):
    """A file of a folder.

    Attributes:
        hash: of its content (BLAKE2b with 128 bits, 32 hex digits).
        bytes: its size.
        changed: when it was written, in nanoseconds since 1970.
        name: where its content lies in the store; no other content ever lies there.
    """

    hash: str
    bytes: int
    changed: int
    name: str


@dataclass(frozen=True)
class Manifest:
    """A folder at one moment.

    Attributes:
        name: the manifest's in the store; "" for a folder that was never there.
        files: by path, relative to the folder, with slashes.
        away: those of them that this computer has left in the store; only in its own record.
    """

    name: str
    files: Mapping[str, Entry]
    away: frozenset[str] = frozenset()

    @property
    def here(self) -> dict[str, tuple[int, int]]:
        """Size and time of change of what this computer had, as :func:`look` has them."""
        return {path: entry[1:3] for path, entry in self.files.items() if path not in self.away}

    def as_bytes(self) -> bytes:
        files = {path: list(entry) for path, entry in self.files.items()}
        return json.dumps({"version": 1, "files": files}, ensure_ascii=False).encode()

    @classmethod
    def read(cls, name: str, data: bytes) -> Manifest:
        """The inverse of :meth:`as_bytes`.

        Raises:
            ValueError, KeyError, TypeError: it is something else.
        """
        files = json.loads(data)["files"]
        return cls(name, {path: Entry(*entry) for path, entry in files.items() if _is_safe(path)})


NOTHING = Manifest("", {})


class Claim(NamedTuple):
    """Who may publish: whoever has this job still."""

    job_id: str
    claims: int


class Ledger(Protocol):
    """Which manifest is whose, for all computers at once: in the database."""

    def find(self, unit: str) -> str | None:
        """Name of a folder's manifest; ``None`` if it was never published."""

    def move(
        self, unit: str, was: str | None, now: str, size: tuple[int, int], claim: Claim | None
    ) -> bool:
        """Make another manifest a folder's; false, and nothing happens, unless it is ``was`` still
        and the claim holds.

        Args:
            size: files, and bytes of them all.

        Raises:
            Cancelled: the claim holds no longer.
        """

    def forget(self, unit: str) -> None:
        """A folder isn't there any more."""

    def busy(self) -> Collection[str]:
        """Names that running jobs say."""

    def whose(self, claim: Claim) -> tuple[bool, Collection[str]]:
        """Whether a job was claimed by nobody else since, and the names that it says; none where
        there is no such job."""

    def all(self) -> dict[str, tuple[str, int]]:
        """Each folder's manifest and bytes."""

    def place(self) -> tuple[str, str] | None:
        """Mark and name of the store that they lie in; ``None`` before there was one."""

    def settle_in(self, mark: str, shown: str) -> None:
        """Say which store they lie in, once."""


# Where what a manifest lists lies here in part only, a record calls it so; versions before those
# that can have it like that find none then, and bring the rest.
_WHOLE, _IN_PART = "manifest", "in_part"


def read_record(file: Path) -> Manifest | None:
    """What a folder was when it was last as the store's; ``None`` if it never was."""
    if not file.exists():
        return None
    try:
        kept = read_json(file)
        files = {path: Entry(*entry) for path, entry in kept["files"].items()}
        if _IN_PART in kept:
            return Manifest(kept[_IN_PART], files, frozenset(kept["away"]))
        return Manifest(kept[_WHOLE], files)
    except (LightboxError, LookupError, TypeError, AttributeError):
        return None


def write_record(file: Path, manifest: Manifest) -> None:
    """Note that a folder is now what a manifest says."""
    kept: dict[str, object] = {
        _IN_PART if manifest.away else _WHOLE: manifest.name,
        "files": {path: list(entry) for path, entry in manifest.files.items()},
    }
    if manifest.away:
        kept["away"] = sorted(manifest.away)
    write_json(file, kept)


def look(folder: Path, without: str = "") -> dict[str, tuple[int, int]]:
    """Size and time of change of each file of a folder, by path; not of links, and of nothing that
    is being written.

    Args:
        without: a folder directly inside that is none of it.
    """
    found = {}
    for file in _files(folder, without):
        try:
            facts = file.stat()
        except OSError:
            continue
        found[file.relative_to(folder).as_posix()] = (facts.st_size, facts.st_mtime_ns)
    return found


def hash_file(file: Path) -> str:
    """The content hash of a file, read a piece at a time."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _files(folder: Path, without: str) -> Iterator[Path]:
    for place, names, files in os.walk(folder):
        here = Path(place)
        if here == folder and without in names:
            names.remove(without)
        for name in files:
            unfinished = name.startswith(".") and ".part" in name
            if not unfinished and not (here / name).is_symlink():
                yield here / name


def _is_safe(path: str) -> bool:
    """Whether a path leads to a file inside the folder, whatever somebody has put into a store."""
    parts = path.split("/")
    return bool(path) and not any(part in ("", ".", "..") or "\\" in part for part in parts)
