"""Finds pictures by what a table, a list or an annotation calls them."""

from __future__ import annotations

import copy
from collections import Counter
from functools import cached_property

from core.datasets.layout.names import split_of
from core.datasets.layout.values import Entry, Split
from core.text import numbered


class Index:
    """Finds pictures by what a table or an annotation calls them."""

    def __init__(self, entries: list[Entry]) -> None:
        self._by_path = {"/".join(entry.parts): entry for entry in entries}
        self._by_name = self._unique(entries, stem=False)
        self._by_stem = self._unique(entries, stem=True)
        self._stems = {stem_of(entry.parts[-1]) for entry in entries}
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

    @staticmethod
    def _unique(entries: list[Entry], *, stem: bool) -> dict[str, Entry]:
        def name(entry: Entry) -> str:
            last = entry.parts[-1]
            return stem_of(last) if stem else last

        counts = Counter(map(name, entries))
        return {name(entry): entry for entry in entries if counts[name(entry)] == 1}

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
        found: dict[str, Entry] = {}
        for stem in (True, False):
            names = [(stem_of(e.parts[-1]) if stem else e.parts[-1]).lower() for e in self._entries]
            counts = Counter(names)
            pairs = zip(names, self._entries, strict=True)
            found |= {name: entry for name, entry in pairs if counts[name] == 1}
        return found

    @cached_property
    def _by_end(self) -> dict[str, Entry]:
        ends = Counter("/".join(entry.parts[-2:]) for entry in self._entries)
        return {
            end: entry
            for entry in self._entries
            if ends[end := "/".join(entry.parts[-2:])] == 1 and len(entry.parts) > 1
        }


def stem_of(name: str) -> str:
    return name.rpartition(".")[0] or name
