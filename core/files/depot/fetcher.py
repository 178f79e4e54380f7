"""Brings a folder from a store, beside what of it is here."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Callable

from core.errors import disk_errors
from core.files.depot.contents import Contents
from core.files.depot.disk import Disk
from core.files.depot.manifest import Entry, Manifest, hash_file
from core.files.depot.sending import Arriving
from core.keeper import IN_PIECES
from core.progress import Reporter
from core.workspace import ensure_space

# What is read in pieces is fetched as a whole where it is small: some two thousand thumbnails.
_SMALL = 8 * 1024**2


class Fetcher:
    """Of folders that lie on a disk."""

    def __init__(self, disk: Disk, contents: Contents) -> None:
        self._disk, self._contents = disk, contents

    def merge(
        self,
        unit: str,
        base: Manifest,
        wanted: Manifest,
        report: Reporter,
        make_room: Callable[[int], None],
        *,
        whole: bool,
    ) -> frozenset[str]:
        """Make a folder what a manifest says, but for what was changed here and not there; returns
        which files were left in the store.

        Args:
            base: what it was when it was last as the store's.
            report: hears how far it is, in bytes.
            make_room: sees to room for so many bytes.
            whole: see :meth:`core.files.depot.depot.Depot.bring`.

        Raises:
            Gone: the store hasn't a file any more.
            Cancelled, LightboxError: as :meth:`core.files.depot.depot.Depot.bring`.
        """
        folder = self._disk.folder(unit)
        here = self._disk.look(unit)
        fetched, gone, away = [], [], set[str]()
        for path, entry in wanted.files.items():
            known, there = base.files.get(path), here.get(path)
            was_away = path in base.away and there is None
            if known is not None and known.hash == entry.hash and not was_away:
                continue  # whatever became of it here is newer
            if there and there[0] == entry.bytes and hash_file(folder / path) == entry.hash:
                continue
            if whole or not _stays(unit, path, entry):
                fetched.append(path)
                continue
            away.add(path)
            if there is not None:
                gone.append(path)
        for path, seen in here.items():
            if path in wanted.files:
                continue
            known = base.files.get(path)
            if known is not None and seen == (known.bytes, known.changed):
                gone.append(path)
        coming = self._disk.aside / f"in-{uuid.uuid4().hex[:12]}"
        total = sum(wanted.files[path].bytes for path in fetched)
        with disk_errors("fetching files"):
            make_room(total)
            ensure_space(self._disk.home, total, "fetching files from the store")
            try:
                coming.mkdir(parents=True, mode=0o700)
                arriving = Arriving(report, total)

                def fetch(path: str) -> None:
                    self._contents.fetch(wanted.files[path], coming, path)
                    arriving.came(wanted.files[path].bytes)

                self._contents.each(fetch, fetched, arriving.tell)
                if not here and not folder.exists():
                    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                    coming.rename(folder)
                    return frozenset(away)
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
        return frozenset(away)


def _stays(unit: str, path: str, entry: Entry) -> bool:
    """Whether a file is read where it lies."""
    return path == IN_PIECES.get(unit.partition("/")[0]) and entry.bytes > _SMALL
