"""Puts a folder into a store: first its files, then the list of them, then the list's name into the
database."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterable, Mapping

from core.errors import LightboxError
from core.files.depot.contents import Contents
from core.files.depot.disk import Disk
from core.files.depot.manifest import Claim, Entry, Ledger, Manifest, hash_file
from core.files.depot.sending import Sending


class Publisher:
    """Of folders that lie on a disk."""

    def __init__(self, disk: Disk, contents: Contents, ledger: Ledger) -> None:
        self._disk, self._contents, self._ledger = disk, contents, ledger

    def send(
        self,
        unit: str,
        record: Manifest,
        was: str | None,
        sending: Sending,
        claim: Claim | None,
    ) -> bool | None:
        """Publish a folder once; whether there was anything to do, ``None`` if it has changed
        meanwhile, here or there.

        Args:
            record: what it was when it was last as the store's.
            was: the name of its manifest; ``None`` if it has none.
            claim: see :meth:`Ledger.move`.

        Raises:
            Cancelled, LightboxError: as :meth:`core.files.depot.depot.Depot.publish`.
        """
        folder = self._disk.folder(unit)
        here = self._disk.look(unit)
        token = uuid.uuid4().hex[:12]
        same = {
            path: known
            for path, known in record.files.items()
            if here.get(path) == (known.bytes, known.changed)
        }
        sending.begin({path: seen[0] for path, seen in here.items() if path not in same})

        def send(path: str) -> Entry | None:
            if path in same:
                return same[path]
            seen, known, file = here[path], record.files.get(path), folder / path
            tell = sending.telling(path)
            try:
                digest = hash_file(file)
                if known is not None and digest == known.hash:
                    return known._replace(changed=seen[1])
                entry = sending.found(path, digest)
                if entry is None:
                    entry = Entry(digest, *seen, f"{unit}/content/{digest}.{token}")
                    self._contents.place.send(file, entry.name, tell)
                    sending.arrived(path, entry)
                tell(seen[0])
                facts = file.stat()
            except FileNotFoundError:
                return None
            unchanged = (facts.st_size, facts.st_mtime_ns) == seen
            return entry._replace(changed=seen[1]) if unchanged else None

        entries = dict(zip(here, self._contents.each(send, here, sending.tell), strict=True))
        if any(entry is None for entry in entries.values()):
            return None
        away = frozenset(path for path in record.away if path not in here)
        files = {path: record.files[path] for path in away}
        files |= {path: entry for path, entry in entries.items() if entry is not None}
        if was is not None and {path: entry.name for path, entry in files.items()} == {
            path: entry.name for path, entry in record.files.items()
        }:
            self._disk.write(unit, Manifest(record.name, files, away))
            sending.end(record)
            return False
        at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        manifest = Manifest(f"{unit}/manifests/{at}-{token}.json", files, away)
        self._contents.place.write(manifest.name, manifest.as_bytes())
        size = len(files), sum(entry.bytes for entry in files.values())
        if not self._ledger.move(unit, was, manifest.name, size, claim):
            return None
        self._disk.write(unit, manifest)
        old = _names(record.files) - _names(files)
        self._sweep([*old, *sending.end(manifest), *([was] if was else [])])
        return True

    def _sweep(self, names: Iterable[str]) -> None:
        """Remove from the store what no folder is any more; what can't be now stays until the
        folder goes."""
        with contextlib.suppress(LightboxError, OSError):
            self._contents.each(self._contents.place.remove, names)


def _names(files: Mapping[str, Entry]) -> set[str]:
    return {entry.name for entry in files.values()}
