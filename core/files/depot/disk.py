"""The folders of this computer: where each lies, what it is like, what it was like when it was last
as the store's."""

from __future__ import annotations

import contextlib
import shutil
import socket
import time
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from filelock import FileLock, Timeout

from core.errors import LightboxError
from core.files.depot.manifest import NOTHING, Entry, Manifest, look, read_record, write_record
from core.keeper import PLACES, folder_of
from core.workspace import read_json, write_json

_NOTED_EVERY_S = 60.0


class Disk:
    """The folders below one workspace's home.

    Args:
        aside: where records of them lie, ``.depot`` if nowhere else.
    """

    def __init__(self, home: Path, aside: Path | None = None) -> None:
        self.home, self.aside = home, aside or home / ".depot"
        # What this process knows each folder to be: its record's inode and manifest.
        self._known: dict[str, tuple[int, str]] = {}
        self._noted: dict[str, float] = {}
        # Files that are left in the store, as a record of that inode and time says.
        self._away: dict[str, tuple[tuple[int, int], dict[str, Entry]]] = {}

    @cached_property
    def name(self) -> str:
        """This computer's, with a few letters that tell this disk from others."""
        kept = self.aside / "name"
        self.aside.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(kept.with_suffix(".lock"), thread_local=False):
            if not kept.exists():
                host = socket.gethostname().encode("ascii", "replace").decode()
                write_json(kept, f"{host[:40]}-{uuid.uuid4().hex[:8]}")
            return str(read_json(kept))

    def folder(self, unit: str) -> Path:
        """Where a folder lies, or would."""
        return folder_of(self.home, unit)

    def look(self, unit: str) -> dict[str, tuple[int, int]]:
        """Its files, as :func:`core.files.depot.manifest.look` has them."""
        return look(self.folder(unit), _inner(unit))

    def read(self, unit: str) -> Manifest | None:
        """What it was when it was last as the store's; ``None`` if it never was."""
        return read_record(self._record(unit))

    def write(self, unit: str, manifest: Manifest) -> None:
        """Note that it is now as a manifest says."""
        write_record(self._record(unit), manifest)
        self.remember(unit, manifest.name)

    def remember(self, unit: str, name: str) -> None:
        """It is known to be as the manifest of this name says."""
        with contextlib.suppress(OSError):
            self._known[unit] = (self._record(unit).stat().st_ino, name)
        self._note_use(unit, at_once=True)

    def is_as(self, unit: str, name: str) -> bool:
        """Whether that is known, without looking into it."""
        try:
            inode = self._record(unit).stat().st_ino
        except OSError:
            return False
        if self._known.get(unit) != (inode, name) or not self.folder(unit).is_dir():
            return False
        self._note_use(unit)
        return True

    def away(self, unit: str, path: str) -> Entry | None:
        """A file of it that was left in the store; ``None`` for one that wasn't."""
        try:
            facts = self._record(unit).stat()
        except OSError:
            return None
        stamp = facts.st_ino, facts.st_mtime_ns
        known = self._away.get(unit)
        if known is None or known[0] != stamp:
            record = self.read(unit) or NOTHING
            known = stamp, {each: record.files[each] for each in record.away}
            self._away[unit] = known
        return known[1].get(path)

    def has_changed(self, unit: str) -> bool:
        """Whether it is here, and not as it was when it was last as the store's."""
        if not self.folder(unit).is_dir():
            return False
        return self.look(unit) != (self.read(unit) or NOTHING).here

    def bytes_changed(self, unit: str) -> int:
        """What its files take that aren't as they were then."""
        was = (self.read(unit) or NOTHING).here
        return sum(seen[0] for path, seen in self.look(unit).items() if was.get(path) != seen)

    def leave(self, unit: str) -> None:
        """Have it here no longer."""
        folder, inside = self.folder(unit), _inner(unit)
        self._known.pop(unit, None)
        self._record(unit).unlink(missing_ok=True)
        self.noted(unit).unlink(missing_ok=True)
        if inside and (folder / inside).exists():
            for each in folder.iterdir():
                if each.name != inside:
                    shutil.rmtree(each) if each.is_dir() else each.unlink()
            return
        with contextlib.suppress(FileNotFoundError):
            # Gone in one instant, for whoever looks.
            aside = self.aside / f"out-{uuid.uuid4().hex[:12]}"
            aside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)

    def doom(self, unit: str) -> None:
        """Note that what a store has of it is to go."""
        note = self._doomed(unit)
        note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        note.touch()

    def spare(self, unit: str) -> None:
        """It has gone."""
        self._doomed(unit).unlink(missing_ok=True)

    def doomed(self) -> list[str]:
        """What is to go still."""
        return [note.name.replace("--", "/", 1) for note in (self.aside / "gone").glob("*--*")]

    def _doomed(self, unit: str) -> Path:
        return self.aside / "gone" / unit.replace("/", "--", 1)

    def here(self) -> dict[str, int]:
        """Folders that lie on this disk, in a store or not, with what they take in bytes; none that
        is only there while a job is done by several computers."""
        looked = {unit: self.look(unit) for unit in self._units()}
        return {
            unit: sum(size for size, _ in seen.values()) for unit, seen in looked.items() if seen
        }

    def changed_of(self, names: Collection[str]) -> list[str]:
        """Folders of these names that are here, and not as the store's."""
        return [
            unit
            for unit in self._units()
            if unit.partition("/")[2] in names and self.has_changed(unit)
        ]

    def _units(self) -> Iterator[str]:
        for kind, place in PLACES.items():
            if kind == "parts":
                continue
            before, _, after = place.partition("{}")
            for entry in (self.home / before).glob("*"):
                if (self.home / f"{before}{entry.name}{after}").is_dir():
                    yield f"{kind}/{entry.name}"

    def used(self, unit: str) -> float:
        """When it was last used, in seconds since 1970."""
        try:
            return self._record(unit).with_suffix(".used").stat().st_mtime
        except OSError:
            return 0.0

    @contextmanager
    def only_one(self, unit: str, timeout_s: float = -1) -> Iterator[None]:
        """One thread of one process of this computer at a time.

        Raises:
            filelock.Timeout: another one has it for longer than this.
        """
        self.aside.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(self._record(unit).with_suffix(".lock"), timeout_s, thread_local=False)
        with lock:
            yield

    @contextmanager
    def doing(self, job_id: str, claims: int) -> Iterator[None]:
        """A job is done here; where it isn't to its end, that is noted for whoever begins after."""
        note = self._begun(job_id)
        note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(note.with_suffix(".lock"), thread_local=False):
            write_json(note, claims)
            yield
            self.ended(job_id)

    def begun(self) -> Iterator[tuple[str, int]]:
        """Jobs that were begun here and that nobody here does any more, each with its claims."""
        for note in (self.aside / "begun").glob("*.json"):
            with (
                contextlib.suppress(Timeout, LightboxError, OSError, TypeError),
                FileLock(note.with_suffix(".lock"), 0, thread_local=False),
            ):
                yield note.stem, int(read_json(note))

    def ended(self, job_id: str) -> None:
        """Of a job nothing is here any more that isn't published or given up."""
        note = self._begun(job_id)
        note.unlink(missing_ok=True)
        # Windows keeps what is held, and removes it itself.
        with contextlib.suppress(OSError):
            note.with_suffix(".lock").unlink()

    def _begun(self, job_id: str) -> Path:
        return self.aside / "begun" / f"{job_id}.json"

    def noted(self, unit: str) -> Path:
        """Where it is noted what of it has arrived in the store, while it is on its way."""
        return self._record(unit).with_suffix(".sent")

    def _record(self, unit: str) -> Path:
        return self.aside / f"{unit.replace('/', '--')}.json"

    def _note_use(self, unit: str, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if at_once or now - self._noted.get(unit, -_NOTED_EVERY_S) >= _NOTED_EVERY_S:
            self._noted[unit] = now
            with contextlib.suppress(OSError):
                self._record(unit).with_suffix(".used").touch()


def _inner(unit: str) -> str:
    """The folder inside that is a folder of its own."""
    return "originals" if unit.startswith("datasets/") else ""
