"""Images found again that are another part of the same file than when something was decided.

Another page, or another margin around annotated boxes, gives images other paths. What somebody
decided goes on holding for the box that lies where the other one lay. Another page shows something
else: only what was said of the file as a whole, its class, holds for the one that is read now.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.content import Part, split_path
from core.datasets.places import as_kept

# So much of the smaller of two boxes must lie in the other for both to be around one thing.
_SAME = 0.9
# Of so many rows for each that is wanted, it is sooner to look each up than to go through all.
_SPARSE = 500


class Rows:
    """Where images are in a table.

    Args:
        paths: of its rows, in their order.
    """

    def __init__(self, paths: pd.Series) -> None:
        self._paths = paths

    def find(self, wanted: Sequence[str], *, any_page: bool) -> NDArray[np.int64]:
        """The rows of these images, in any order; those that have gone are left out.

        Args:
            wanted: their paths, as any version has kept them.
            any_page: another page of the same file will do.
        """
        unique = list(dict.fromkeys(map(as_kept, wanted)))
        if len(unique) * _SPARSE < len(self._paths):
            at = np.array([self._row(path) for path in unique], np.int64)
            rows = at[at >= 0]
        else:
            rows = np.flatnonzero(self._paths.isin(unique))
        if len(rows) == len(unique):
            return rows
        there = set(self._paths.iloc[rows])
        others = [self._other_part(path, any_page) for path in unique if path not in there]
        return np.concatenate([rows, [row for row in others if row is not None]]).astype(np.int64)

    def _row(self, path: str) -> int:
        """The row of a path, or -1."""
        at = bisect_left(self._values, path)
        return at if at < len(self._paths) and self._values[at] == path else -1

    @cached_property
    def _values(self) -> Sequence[str]:
        return self._paths.array

    def _other_part(self, path: str, any_page: bool) -> int | None:
        file, part = split_path(path)
        inside = self._parts.get(file, [])
        if part.box is None and not any_page:
            return None
        if part.box is None:
            pages = [row for each, row in inside if each.box is None]
            if not inside and part.page is not None and (row := self._row(file)) >= 0:
                return row
            return pages[0] if len(pages) == 1 else None
        shares = [(_overlap(part, each), row) for each, row in inside if each.box is not None]
        best = max(shares, default=(0.0, -1))
        alike = [row for share, row in shares if share == best[0]]
        return best[1] if best[0] >= _SAME and len(alike) == 1 else None

    @cached_property
    def _parts(self) -> dict[str, list[tuple[Part, int]]]:
        """Of each file, parts of which are images, those parts and their rows."""
        found: dict[str, list[tuple[Part, int]]] = defaultdict(list)
        for row in np.flatnonzero(self._paths.str.contains("#", regex=False)):
            file, part = split_path(self._paths.iloc[row])
            found[file].append((part, int(row)))
        return found


def _overlap(one: Part, other: Part) -> float:
    """How much of the smaller box lies in the other, and a little more the nearer their middles
    are; 0 where they can't be compared."""
    if one.box is None or other.box is None or one.percent != other.percent:
        return 0.0
    (left, top, width, height), (x, y, w, h) = one.box, other.box
    across = min(left + width, x + w) - max(left, x)
    down = min(top + height, y + h) - max(top, y)
    if across <= 0 or down <= 0:
        return 0.0
    share = across * down / min(width * height, w * h)
    off = abs(left + width / 2 - x - w / 2) + abs(top + height / 2 - y - h / 2)
    return share / (1 + 0.01 * off / max(width + height, w + h))
