"""Parts of a file that lies in a store, read without fetching the file: in blocks, which this disk
keeps, and those beside each other in one request."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence

from core.errors import LightboxError, NotAllowed, Unreachable
from core.files.depot.contents import Contents
from core.files.depot.manifest import Entry
from core.files.kept import Kept

# A dozen thumbnails: a page of a class is a few blocks beside each other, a page of what is
# scattered a block for each picture.
_BLOCK = 64 * 1024
# What lies between two blocks comes with them where that is sooner than asking twice.
_BETWEEN = 2
_IN_ONE_REQUEST = 64
# More blocks than that are never held at once.
_HELD = 512
# Pages ask again and again; a store that has just been found to be gone isn't.
_GONE_FOR_S = 30.0

Place = tuple[int, int]


class Pieces:
    """Of files that a store holds.

    Args:
        kept: where blocks are kept, by the name of their file's content, which never changes.
    """

    def __init__(self, contents: Contents, kept: Kept) -> None:
        self._contents, self._kept = contents, kept
        self._lock = threading.Lock()
        self._gone: tuple[float, LightboxError] | None = None

    def read(
        self, entry: Entry, path: str, places: Sequence[Place], *, anew: bool = False
    ) -> list[bytes]:
        """What lies at these (offset, length) pairs, each cut off where the file ends.

        Args:
            path: what the file is called where it belongs.
            anew: whatever is kept of it.

        Raises:
            Gone: it isn't there.
            Damaged: it has not the length that it should have.
            Unreachable, NotAllowed: the store can't be asked, or couldn't a moment ago.
        """
        found = [b""] * len(places)
        for some in _in_turn(entry, places):
            numbers = sorted({number for n in some for number in _blocks(entry, places[n])})
            blocks = self._read(entry, path, numbers, anew=anew)
            for n in some:
                at, length = places[n]
                inside = _blocks(entry, places[n])
                data = b"".join(blocks[number] for number in inside)
                start = at - inside.start * _BLOCK
                found[n] = data[start : start + length]
        return found

    def _read(
        self, entry: Entry, path: str, numbers: Sequence[int], *, anew: bool
    ) -> dict[int, bytes]:
        blocks: dict[int, bytes] = {}
        for number in numbers:
            held = None if anew else self._kept.find(_called(entry, number))
            if held is not None:
                blocks[number] = held.data
        if len(blocks) == len(numbers):
            return blocks

        def ask(some: range) -> list[tuple[int, bytes]]:
            start, end = some.start * _BLOCK, min(some.stop * _BLOCK, entry.bytes)
            data = self._contents.part(entry, path, start, end)
            cut = [(n, data[n * _BLOCK - start : (n + 1) * _BLOCK - start]) for n in some]
            for number, block in cut:
                self._kept.keep(_called(entry, number), "", block)
            return cut

        with self._lock:
            gone = self._gone
        if gone is not None and time.monotonic() - gone[0] < _GONE_FOR_S:
            raise gone[1]
        missing = [number for number in numbers if number not in blocks]
        try:
            for some in self._contents.each(ask, _joined(missing)):
                blocks.update(some)
        except (Unreachable, NotAllowed) as error:
            with self._lock:
                self._gone = time.monotonic(), error
            raise
        with self._lock:
            self._gone = None
        return blocks


def _called(entry: Entry, number: int) -> str:
    return f"{entry.name} {entry.hash} {number} of {_BLOCK}"


def _blocks(entry: Entry, place: Place) -> range:
    at, end = max(0, place[0]), min(place[0] + place[1], entry.bytes)
    return range(at // _BLOCK, -(-end // _BLOCK)) if at < end else range(0)


def _in_turn(entry: Entry, places: Sequence[Place]) -> Iterator[list[int]]:
    """Numbers of places in the order of the file, as many as may be read at once."""
    some, held, last = list[int](), 0, -1
    for n in sorted(range(len(places)), key=lambda n: places[n]):
        inside = _blocks(entry, places[n])
        if not inside:
            continue
        if some and held + len(inside) > _HELD:
            yield some
            some, held, last = [], 0, -1
        held += len(range(max(inside.start, last + 1), inside.stop))
        last = max(last, inside.stop - 1)
        some.append(n)
    if some:
        yield some


def _joined(numbers: Sequence[int]) -> list[range]:
    """Few requests for these blocks, which ascend."""
    found: list[range] = []
    for number in numbers:
        before = found[-1] if found else range(0)
        near = found and number - before.stop <= _BETWEEN
        if near and number + 1 - before.start <= _IN_ONE_REQUEST:
            found[-1] = range(before.start, number + 1)
        else:
            found.append(range(number, number + 1))
    return found
