"""Folders between this computer and a store: brought when they are used, published when they have
changed, and left to the store when the disk is full."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import Timeout

from core.errors import Cancelled, Damaged
from core.files.depot.contents import Contents
from core.files.depot.disk import Disk
from core.files.depot.fetcher import Fetcher
from core.files.depot.manifest import NOTHING, Claim, Ledger
from core.files.depot.pieces import Pieces
from core.files.depot.places import Gone, Place
from core.files.depot.publisher import Publisher
from core.files.depot.sending import WORDS, Sending, Whole
from core.files.kept import Kept
from core.keeper import IN_PIECES
from core.progress import PUBLISH, Reporter

# A folder that was used so recently may be read just now.
_IN_USE_S = 900.0
_ALONE_S = 0.5
_SIZES_FOR_S = 1.0
_CLEARED_TO = 0.9
_TRIES = 20


class Depot:
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
        self._fetcher = Fetcher(self._disk, self._contents)
        self._publisher = Publisher(self._disk, self._contents, ledger)
        kept = Kept(home / "cache" / "objects", limit_bytes)
        self._pieces = Pieces(self._contents, kept)
        self._touched: dict[str, float] = {}
        # Of the job that a thread does, or sees to.
        self._thread = threading.local()
        # Whether somebody sees to what is left over (:mod:`core.files.depot.tending`).
        self._tended = False
        self._sizes: dict[str, int] = {}
        self._sized_at = float("-inf")

    # ---- reading

    def bring(
        self, unit: str, *, whole: bool = False, anew: bool = False, endless: bool = False
    ) -> None:
        """See to it that a folder is here as it is everywhere.

        Args:
            whole: also what is large and read where it lies (:data:`core.keeper.IN_PIECES`).
            anew: whatever is known of it: each file is read, and is the store's afterwards.
            endless: no other folder makes room for it.

        Raises:
            Unreachable, NotAllowed: the store can't be asked.
            Damaged: what lies there isn't what was put there.
            NoSpace: there is no room for it.
        """
        self._touched[unit] = time.monotonic()
        name = self.ledger.find(unit)
        if name is None:
            return
        if not anew and not self._lacks(unit, whole) and self._disk.is_as(unit, name):
            return
        with self._disk.only_one(unit):
            for _ in range(_TRIES):
                if self._take(unit, name, whole=whole, anew=anew, endless=endless):
                    return
                name = self.ledger.find(unit)
                if name is None:
                    return
        raise Damaged("A folder changes faster than it can be read.", file=unit)

    def _lacks(self, unit: str, whole: bool) -> bool:
        """Whether what has been left in the store is asked for."""
        kind = unit.partition("/")[0]
        return whole and self._disk.away(unit, IN_PIECES.get(kind, "")) is not None

    def pieces(
        self, unit: str, path: str, places: Sequence[tuple[int, int]], *, anew: bool = False
    ) -> list[bytes] | None:
        """What lies at (offset, length) pairs of a file that was left in the store; ``None`` for
        one that wasn't, or isn't any more.

        Args:
            anew: whatever is kept of it here.

        Raises:
            LightboxError: as :meth:`bring`.
        """
        for _ in range(_TRIES):
            entry = self._disk.away(unit, path)
            if entry is None:
                return None
            try:
                return self._pieces.read(entry, path, places, anew=anew)
            except Gone:
                record, name = self._disk.read(unit), self.ledger.find(unit)
                if name is None:
                    return None
                if record is not None and record.name == name:
                    raise self._contents.missing(unit) from None
                self.bring(unit)  # replaced meanwhile
        raise Damaged("A folder changes faster than it can be read.", file=unit)

    def bring_again(self) -> None:
        """Bring what others have changed of all that this process uses; errors as :meth:`bring`."""
        for unit in self.touched:
            self.bring(unit)

    def _take(
        self,
        unit: str,
        name: str,
        *,
        whole: bool = False,
        anew: bool = False,
        endless: bool = False,
    ) -> bool:
        """Make a folder what a manifest says, but for what was changed here and not there; false
        if it was replaced meanwhile."""
        record = self._disk.read(unit)
        if record is not None and not self._disk.folder(unit).is_dir():
            record = None
        if record is None or record.name != name or anew or (whole and record.away):
            try:
                wanted = self._contents.manifest(name)
                base = NOTHING if record is None or anew else record
                away = self._fetcher.merge(
                    unit,
                    base,
                    wanted,
                    self._report,
                    lambda size: None if endless else self._make_room(size, unit),
                    whole=whole,
                )
            except Gone:
                if self.ledger.find(unit) != name:
                    return False
                raise self._contents.missing(unit) from None
            self._disk.write(unit, replace(wanted, away=away))
        else:
            self._disk.remember(unit, name)
        return True

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
        return getattr(self._thread, "report", None) or Reporter()

    @property
    def _claim(self) -> Claim | None:
        return getattr(self._thread, "claim", None)

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
            self.bring(unit, whole=True, endless=True)

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
                    report.step(PUBLISH, 0, None, WORDS)
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
