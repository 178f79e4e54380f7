"""Folders between this computer and a store: brought when they are used, published when they have
changed, and left to the store when the disk is full."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout

from core.errors import Cancelled, Damaged, disk_errors
from core.files.depot.contents import Contents
from core.files.depot.disk import Disk
from core.files.depot.ledger import Claim, Ledger
from core.files.depot.manifest import NOTHING, Manifest, hash_file
from core.files.depot.places import Gone, Place
from core.files.depot.publisher import Publisher
from core.files.depot.sending import WORDS, Arriving, Sending, Whole
from core.files.depot.tending import Tending
from core.progress import PUBLISH, Reporter
from core.workspace import ensure_space

# A folder that was used so recently may be read just now.
_IN_USE_S = 900.0
_ALONE_S = 0.5
_SIZES_FOR_S = 1.0
_CLEARED_TO = 0.9
_TRIES = 20


class Depot(Tending):
    """The folders of one workspace.

    Args:
        home: the workspace's.
        place: opens the store; asked when something is first needed.
        limit_bytes: that folders may take on this disk.
        records: where what is known of them is kept, if not in the home's ``.depot``.
    """

    def __init__(
        self,
        home: Path,
        place: Callable[[], Place],
        ledger: Ledger,
        limit_bytes: int,
        records: Path | None = None,
    ) -> None:
        self.ledger, self._limit = ledger, limit_bytes
        self._disk, self._contents = Disk(home, records), Contents(place, ledger)
        self._publisher = Publisher(self._disk, self._contents, ledger)
        self._touched: dict[str, float] = {}
        # Of the job that a thread does, or sees to.
        self._thread = threading.local()
        super().__init__()
        self._sizes: dict[str, int] = {}
        self._sized_at = float("-inf")

    # ---- reading

    def bring(self, unit: str, *, anew: bool = False, endless: bool = False) -> None:
        """See to it that a folder is here as it is everywhere.

        Args:
            anew: whatever is known of it: each file is read, and is the store's afterwards.
            endless: no other folder makes room for it.

        Raises:
            Unreachable, NotAllowed: the store can't be asked.
            Damaged: what lies there isn't what was put there.
            NoSpace: there is no room for it.
        """
        self._touched[unit] = time.monotonic()
        name = self.ledger.find(unit)
        if name is None or (not anew and self._disk.is_as(unit, name)):
            return
        with self._disk.only_one(unit):
            for _ in range(_TRIES):
                if self._take(unit, name, anew=anew, endless=endless):
                    return
                name = self.ledger.find(unit)
                if name is None:
                    return
        raise Damaged("A folder changes faster than it can be read.", file=unit)

    def bring_again(self) -> None:
        """Bring what others have changed of all that this process uses; errors as :meth:`bring`."""
        for unit in self.touched:
            self.bring(unit)

    def _take(self, unit: str, name: str, *, anew: bool = False, endless: bool = False) -> bool:
        """Make a folder what a manifest says, but for what was changed here and not there; false
        if it was replaced meanwhile."""
        record = self._disk.read(unit)
        if record is not None and not self._disk.folder(unit).is_dir():
            record = None
        if record is None or record.name != name or anew:
            try:
                wanted = self._contents.manifest(name)
                self._merge(unit, None if anew else record, wanted, endless=endless)
            except Gone:
                if self.ledger.find(unit) != name:
                    return False
                raise Damaged(
                    "A file is missing in the store of files.",
                    file=f"{self._contents.place.shown}/{unit}",
                    remedy="Put a backup back, or make again what it belongs to.",
                ) from None
            self._disk.write(unit, wanted)
        else:
            self._disk.remember(unit, name)
        return True

    def _merge(
        self, unit: str, record: Manifest | None, wanted: Manifest, *, endless: bool
    ) -> None:
        folder, base = self._disk.folder(unit), record or NOTHING
        here = self._disk.look(unit)
        fetched, gone = [], []
        for path, entry in wanted.files.items():
            known = base.files.get(path)
            if known is not None and known.hash == entry.hash:
                continue  # whatever became of it here is newer
            there = here.get(path)
            if there is None or there[0] != entry.bytes or hash_file(folder / path) != entry.hash:
                fetched.append(path)
        for path, seen in here.items():
            if path in wanted.files:
                continue
            known = base.files.get(path)
            if known is not None and seen == (known.bytes, known.changed):
                gone.append(path)
        coming = self._disk.aside / f"in-{uuid.uuid4().hex[:12]}"
        total = sum(wanted.files[path].bytes for path in fetched)
        with disk_errors("fetching files"):
            if not endless:
                self._make_room(total, unit)
            ensure_space(self._disk.home, total, "fetching files from the store")
            try:
                coming.mkdir(parents=True, mode=0o700)
                arriving = Arriving(self._report, total)

                def fetch(path: str) -> None:
                    self._contents.fetch(wanted.files[path], coming, path)
                    arriving.came(wanted.files[path].bytes)

                self._contents.each(fetch, fetched, arriving.tell)
                if not here and not folder.exists():
                    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                    coming.rename(folder)
                    return
                for path in fetched:
                    target = folder / path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    (coming / path).replace(target)
                for path in gone:
                    (folder / path).unlink(missing_ok=True)
                    # A store knows no folders: one that is empty now is gone, too.
                    with contextlib.suppress(OSError):
                        for above in (folder / path).relative_to(folder).parents[:-1]:
                            (folder / above).rmdir()
            finally:
                shutil.rmtree(coming, ignore_errors=True)

    # ---- writing

    @contextmanager
    def working(self, job_id: str, claims: int, report: Reporter | None = None) -> Iterator[None]:
        """A job is done in this thread: what the process uses is its own to publish, as long as the
        job is this process's.

        Args:
            report: hears how far what it needs is on its way here, and may stop that.
        """
        before = self._claim, self._report
        self._thread.claim, self._thread.report = Claim(job_id, claims), report or Reporter()
        try:
            with self._disk.doing(job_id, claims):
                yield
        finally:
            self._thread.claim, self._thread.report = before

    @property
    def _report(self) -> Reporter:
        found: Reporter = getattr(self._thread, "report", None) or Reporter()
        return found

    @property
    def _claim(self) -> Claim | None:
        found: Claim | None = getattr(self._thread, "claim", None)
        return found

    def settle(self, report: Reporter | None = None) -> None:
        """Publish what this process has used and changed; not what a job of another one is busy
        with, which publishes it itself.

        Raises:
            Cancelled: the job of this process is another's by now, or ``report`` asked to stop.
            LightboxError: as :meth:`bring`.
        """
        changed = [unit for unit in self.touched if self._disk.has_changed(unit)]
        if changed and self._claim is None:
            busy = self.ledger.busy()
            changed = [unit for unit in changed if unit.partition("/")[2] not in busy]
        if changed:
            whole = Whole(report or Reporter(), map(self._disk.bytes_changed, changed))
        for unit in changed:
            self.publish(unit, whole)
            whole.next()
        now = time.monotonic()
        # Whoever was given a folder may still be writing to it.
        for unit, at in list(self._touched.items()):
            if now - at > _IN_USE_S and unit not in changed:
                self._touched.pop(unit, None)

    def settle_all(self, report: Reporter | None = None) -> None:
        """As :meth:`settle`, also of what no process has seen to that made it."""
        for unit in self._disk.here():
            self._touched.setdefault(unit, time.monotonic())
        self.settle(report)

    def close(self) -> None:
        """Publish nothing more of what this process has used."""
        self._touched.clear()

    def bring_all(self) -> None:
        """Have all folders on this disk, for somebody who copies them; none makes room."""
        for unit in sorted(self.ledger.all()):
            self.bring(unit, endless=True)

    def publish_of(self, names: Collection[str], claim: tuple[str, int]) -> None:
        """Publish the folders of a job that a process of this computer has left unfinished.

        Args:
            names: ids of runs and datasets.
            claim: the job's id and claims; nothing happens where it was claimed anew.
        """
        with self.working(*claim), contextlib.suppress(Cancelled):
            for unit in self._disk.changed_of(names):
                self.publish(unit)

    def publish(self, unit: str, report: Reporter | None = None) -> bool:
        """Have a folder be everywhere as it is here; whether there was anything to do.

        All its files are in the store before its name is, so nobody ever sees a part; what others
        have published meanwhile is kept. What has arrived before it is broken off isn't sent again.

        Raises:
            Cancelled, LightboxError: as :meth:`settle`.
        """
        folder, report = self._disk.folder(unit), report or Reporter()
        with self._alone(unit, report):
            sending = Sending(self._disk.noted(unit), report)
            for _ in range(_TRIES):
                if not folder.is_dir():
                    return False
                name = self.ledger.find(unit)
                record = self._disk.read(unit)
                if name is None and record is not None and record.name:
                    return False  # it was removed elsewhere
                if name is not None and (record is None or record.name != name):
                    if not self._take(unit, name):
                        continue
                    record = self._disk.read(unit)
                if record is None:
                    # From now on what is here is known to be newer than what is nowhere.
                    self._disk.write(unit, NOTHING)
                    record = NOTHING
                done = self._publisher.send(unit, record, name, sending, self._claim)
                if done is not None:
                    return done
        raise Damaged("A folder changes faster than it can be published.", file=unit)

    @contextmanager
    def _alone(self, unit: str, report: Reporter) -> Iterator[None]:
        """With nobody else at a folder; while somebody is, that can be seen, and ended."""
        with contextlib.ExitStack() as stack:
            while True:
                try:
                    stack.enter_context(self._disk.only_one(unit, timeout_s=_ALONE_S))
                    break
                except Timeout:
                    report.check()
                    report.progress(PUBLISH, 0, None, WORDS)
            yield

    # ---- what is here, and what is not

    @property
    def place(self) -> Place:
        """The store."""
        return self._contents.place

    def forget(self, unit: str) -> None:
        """End a folder, here and in the store.

        Raises:
            LightboxError: as :meth:`bring`; it is gone all the same, but for what takes room.
        """
        published = self.ledger.find(unit) is not None or self._disk.noted(unit).exists()
        self.ledger.forget(unit)
        self._touched.pop(unit, None)
        self._disk.leave(unit)
        if published:
            self._disk.doom(unit)
            # What may be made anew under the same name goes at once; the rest needs no waiting for.
            if not self._tended or unit.startswith("corrections/"):
                self._clear(unit)

    def _clear(self, unit: str) -> None:
        """Remove from the store what lies there of a folder that is none any more."""
        if self.ledger.find(unit) is None:
            names = self._contents.place.names(f"{unit}/")
            self._contents.each(self._contents.place.remove, names)
        self._disk.spare(unit)

    def _drop_passed_on(self) -> None:
        """Forget what was done here to the folders of jobs that others have claimed since: where a
        computer was switched off, another has gone on."""
        for job_id, claims in self._disk.begun():
            ours, names = self.ledger.whose(Claim(job_id, claims))
            changed = self._disk.changed_of(names)
            if not ours:
                self.drop(changed)
            if not ours or not changed:
                self._disk.ended(job_id)

    def drop(self, units: Iterable[str]) -> None:
        """Forget what was done here to folders, and is another's to do by now."""
        for unit in units:
            self._touched.pop(unit, None)
            if self.ledger.find(unit) is not None:
                with self._disk.only_one(unit):
                    self._disk.leave(unit)

    @property
    def touched(self) -> list[str]:
        """Folders that this process has used."""
        return list(self._touched)

    def bytes_of(self, unit: str) -> int | None:
        """What a folder takes in the store; ``None`` for one that isn't there."""
        if time.monotonic() - self._sized_at > _SIZES_FOR_S:
            self._sizes = {unit: size for unit, (_, size) in self.ledger.all().items()}
            self._sized_at = time.monotonic()
        return self._sizes.get(unit)

    def _make_room(self, more: int, coming: str = "") -> None:
        """Leave to the store what was used longest ago, where the limit would be passed."""
        units = self._disk.here()
        total = sum(units.values()) + more
        if total <= self._limit:
            return
        busy, published = self.ledger.busy(), self.ledger.all()
        now = time.time()
        for used, unit in sorted((self._disk.used(unit), unit) for unit in units):
            if total <= self._limit * _CLEARED_TO:
                return
            recent = now - used < _IN_USE_S
            if recent or unit == coming or unit.partition("/")[2] in busy:
                continue
            # Whoever has it now may be waiting for the folder that this is done for.
            with contextlib.suppress(Timeout), self._disk.only_one(unit, timeout_s=0):
                record = self._disk.read(unit)
                forgotten = record is not None and record.name and unit not in published
                if forgotten or (unit in published and not self._disk.has_changed(unit)):
                    self._disk.leave(unit)
                    total -= units[unit]
