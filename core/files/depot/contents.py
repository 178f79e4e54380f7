"""What a store holds: read, and checked against what was put there."""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from core.errors import Damaged, InvalidInput
from core.files.depot.manifest import Entry, Ledger, Manifest, hash_file
from core.files.depot.places import Gone, Place
from core.progress import Throttle
from core.workspace import keep_private

REMEDY = "Put a backup back, or make again what it belongs to."
_ABOUT = "lightbox.json"
_AT_ONCE = 16
_LOOK_S = 0.2

T = TypeVar("T")
R = TypeVar("R")


class Contents:
    """The store that a database speaks of.

    Args:
        opened: opens the store; asked when something is first needed.
    """

    def __init__(self, opened: Callable[[], Place], ledger: Ledger) -> None:
        self._open, self._ledger = opened, ledger
        self._lock = threading.Lock()
        self._place: Place | None = None

    @property
    def place(self) -> Place:
        """The store, once it is known to be the one that the database speaks of.

        Raises:
            InvalidInput: it is another one.
            LightboxError: as :meth:`bring`.
        """
        with self._lock:
            if self._place is None:
                place = self._open()
                self._recognise(place)
                self._place = place
            return self._place

    def _recognise(self, place: Place) -> None:
        noted = self._ledger.place()
        try:
            mark = str(json.loads(place.read(_ABOUT))["mark"])
        except Gone:
            mark = ""
        except (ValueError, KeyError, TypeError):
            mark = "?"
        if noted is None and not mark:
            mark = uuid.uuid4().hex
            place.write(_ABOUT, json.dumps({"mark": mark}).encode())
        if noted is None and mark != "?":
            self._ledger.settle_in(mark, place.shown)
            noted = self._ledger.place()
        if noted is None or noted[0] != mark:
            there = f" They lie in {noted[1]}." if noted else ""
            raise InvalidInput(
                f"This place has not the files that the lists speak of.{there}",
                file=place.shown,
                remedy="Set LIGHTBOX_FILES to the right one, or move them: move-files ADDRESS",
            )

    def fetch(self, entry: Entry, folder: Path, path: str) -> None:
        """One file; one that isn't what it should be is fetched once more.

        Raises:
            Gone: it isn't there.
            Damaged: it isn't what it should be.
        """
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(2):
            self.place.fetch(entry.name, target)
            if target.stat().st_size == entry.bytes and hash_file(target) == entry.hash:
                os.utime(target, ns=(entry.changed, entry.changed))
                keep_private(target)
                return
        raise self._not_that(entry, path)

    def part(self, entry: Entry, path: str, start: int, end: int) -> bytes:
        """A part of a file, from byte ``start`` to before ``end``, which it has; of what comes only
        the length can be checked. Errors as :meth:`fetch`."""
        for _ in range(2):
            data = self.place.read_range(entry.name, start, end)
            if len(data) == end - start:
                return data
        raise self._not_that(entry, path)

    def _not_that(self, entry: Entry, path: str) -> Damaged:
        return Damaged(
            "A file in the store of files is not what was put there.",
            file=f"{path} ({self.place.shown}/{entry.name})",
            remedy=REMEDY,
        )

    def missing(self, unit: str) -> Damaged:
        """What is said where the store has not what a folder's manifest lists."""
        return Damaged(
            "A file is missing in the store of files.",
            file=f"{self.place.shown}/{unit}",
            remedy=REMEDY,
        )

    def manifest(self, name: str) -> Manifest:
        try:
            return Manifest.read(name, self.place.read(name))
        except (ValueError, KeyError, TypeError) as error:
            raise Damaged(
                "A list of files in the store of files is damaged.",
                file=f"{self.place.shown}/{name}",
                remedy="Put a backup back.",
            ) from error

    def each(
        self, do: Callable[[T], R], items: Iterable[T], meanwhile: Callable[[], None] | None = None
    ) -> list[R]:
        """Do something to many things, several at once; the first error ends it.

        Args:
            meanwhile: called now and then, and at the end; what it raises ends it, too.
        """
        items = list(items)
        if not items or (len(items) == 1 and meanwhile is None):
            return [do(item) for item in items]
        _ = self.place
        pool = ThreadPoolExecutor(min(_AT_ONCE, len(items)))
        try:
            found, due = [], Throttle(_LOOK_S)
            for each in [pool.submit(do, item) for item in items]:
                while meanwhile is not None and not each.done():
                    wait([each], _LOOK_S)
                    if due():
                        meanwhile()
                found.append(each.result())
            if meanwhile is not None:
                meanwhile()
            return found
        finally:
            pool.shutdown(cancel_futures=True)
