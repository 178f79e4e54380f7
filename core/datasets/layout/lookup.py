"""Finds pictures by what a table, a list or an annotation calls them."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable
from functools import cached_property

from core.datasets.layout.names import split_of
from core.datasets.layout.values import Entry, Split
from core.text import numbered


class Index:
    """Finds pictures by what a table or an annotation calls them."""

    def __init__(self, entries: list[Entry]) -> None:
        self._by_path = {"/".join(entry.parts): entry for entry in entries}
        names = [entry.parts[-1] for entry in entries]
        self._by_name = _of_one(names, entries)
        self._by_stem = _of_one(map(stem_of, names), entries)
        self._stems = set(map(stem_of, names))
        self._entries = entries
        self._folder = ""
        self._split: Index | None = None
        self._splits: dict[str, Index] = {}

    def near(self, name: str) -> Index:
        """The same for what a file says: pictures beside it come first.

        Args:
            name: the file, relative to the root.
        """
        # A picture's own file asks, too: what is looked up in is made once, and not for each.
        _ = self._by_full, self._by_whole_stem, self._by_end, self._in_small
        found = copy.copy(self)
        found._folder, _, last = name.rpartition("/")
        found._split = self._of_split(split_of(stem_of(last)))
        return found

    def _of_split(self, split: Split) -> Index | None:
        """Those in folders of a split, which a file of its name is about: ``00001.jpg`` of
        ``train.csv`` lies in ``train``."""
        if split and split not in self._splits:
            mine = [e for e in self._entries if any(split_of(p) == split for p in e.parts[:-1])]
            self._splits[split] = Index(mine)
        return self._splits.get(split)

    def find(self, value: object) -> Entry | None:
        """The picture of this path, name, or name without its ending."""
        text = str(value).strip().replace("\\", "/").removeprefix("./")
        name = text.rpartition("/")[2]
        in_split = self._split._by_name if self._split is not None else {}
        for known, key in (
            (self._by_full if self._folder else {}, f"{self._folder}/{text}"),
            (self._by_path, text),
            (self._by_whole_stem, text),
            (in_split, name),
            (self._by_name, name),
            (self._by_stem, name),
            (self._by_stem, name.rpartition(".")[0]),
        ):
            if key and (entry := known.get(key)) is not None:
                return entry
        # A list that was made elsewhere: ``/home/somebody/data/cat/1.jpg``.
        parts = text.split("/")
        if len(parts) > 1 and (entry := self._by_end.get("/".join(parts[-2:]))) is not None:
            return entry
        # Or on a computer to which ``IMG_1.JPG`` and ``img_1.jpg`` are the same.
        small = name.lower()
        return self._in_small.get(small) or self._in_small.get(small.rpartition(".")[0])

    @cached_property
    def width(self) -> int:
        """Of how many digits all pictures' names are made; 0 where they aren't, or of several."""
        wide = {len(stem) if stem.isdecimal() and stem.isascii() else 0 for stem in self._stems}
        return wide.pop() if len(wide) == 1 else 0

    def is_here(self, value: object) -> bool:
        """Whether there is such a picture."""
        return self.find(value) is not None

    def is_beside(self, name: str) -> bool:
        """Whether a file is called as a picture is, and so is about that one."""
        return stem_of(name.rpartition("/")[2]) in self._stems

    @property
    def in_order(self) -> list[Entry]:
        """The pictures in the order of their names: 9 before 10."""
        return sorted(self._entries, key=lambda entry: numbered(stem_of(entry.parts[-1])))

    @cached_property
    def _by_full(self) -> dict[str, Entry]:
        stems = {stem_of(entry.path): entry for entry in self._entries}
        return stems | {entry.path: entry for entry in self._entries}

    @cached_property
    def _by_whole_stem(self) -> dict[str, Entry]:
        found = {stem_of("/".join(entry.parts)): entry for entry in self._entries}
        return found if len(found) == len(self._entries) else {}

    @cached_property
    def _in_small(self) -> dict[str, Entry]:
        """By names in small letters, with and without their endings, where they are one's only."""
        names = [entry.parts[-1].lower() for entry in self._entries]
        return _of_one(map(stem_of, names), self._entries) | _of_one(names, self._entries)

    @cached_property
    def _by_end(self) -> dict[str, Entry]:
        found = _of_one(["/".join(entry.parts[-2:]) for entry in self._entries], self._entries)
        return {end: entry for end, entry in found.items() if len(entry.parts) > 1}


def _of_one(names: Iterable[str], entries: list[Entry]) -> dict[str, Entry]:
    """Pictures by those of their names that are one's only."""
    pairs = list(zip(names, entries, strict=True))
    counts = Counter(name for name, _ in pairs)
    return {name: entry for name, entry in pairs if counts[name] == 1}


def stem_of(name: str) -> str:
    return name.rpartition(".")[0] or name
