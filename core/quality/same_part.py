"""Images found again that are another part of the same file than when something was decided.

Another page, or another margin around annotated boxes, gives images other paths. What somebody
decided goes on holding for the box that lies where the other one lay. Another page shows something
else: only what was said of the file as a whole, its class, holds for the one that is read now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.content import Part, split_path

# So much of the smaller of two boxes must lie in the other for both to be around one thing.
_SAME = 0.9
# Of so many images, so few questions are answered sooner by going through all of them.
_MANY, _FEW = 20_000, 8


class Rows:
    """Where images are in a table.

    Args:
        paths: of its rows.
    """

    def __init__(self, paths: pd.Series) -> None:
        self._paths = paths
        self._looks = 0
        self._parts: dict[str, list[tuple[Part, int]]] | None = None

    def find(self, wanted: Sequence[str], *, any_page: bool) -> NDArray[np.int64]:
        """The rows of these images, in any order; those that have gone are left out.

        Args:
            any_page: another page of the same file will do.
        """
        self._looks += 1
        if len(self._paths) >= _MANY and self._looks <= _FEW:
            rows = np.flatnonzero(self._paths.isin(wanted))
            if len(rows) == len(set(wanted)):
                return rows
        at = self._at.reindex(wanted)
        found = at.dropna().to_numpy(dtype=np.int64)
        if len(found) == len(wanted):
            return found
        others = [self._other_part(path, any_page) for path in at.index[at.isna()]]
        return np.concatenate([found, [row for row in others if row is not None]]).astype(np.int64)

    @cached_property
    def _at(self) -> pd.Series:
        """The row of each path: made in a second of a million, then asked in a moment."""
        return pd.Series(np.arange(len(self._paths)), index=self._paths)

    def _other_part(self, path: str, any_page: bool) -> int | None:
        file, part = split_path(path)
        inside = self._of_files().get(file, [])
        if part.box is None and not any_page:
            return None
        if part.box is None:
            pages = [row for each, row in inside if each.box is None]
            if not inside and part.page is not None and file in self._at.index:
                return int(self._at[file])
            return pages[0] if len(pages) == 1 else None
        shares = [(_overlap(part, each), row) for each, row in inside if each.box is not None]
        best = max(shares, default=(0.0, -1))
        alike = [row for share, row in shares if share == best[0]]
        return best[1] if best[0] >= _SAME and len(alike) == 1 else None

    def _of_files(self) -> dict[str, list[tuple[Part, int]]]:
        """Of each file, parts of which are images, those parts."""
        if self._parts is None:
            self._parts = defaultdict(list)
            marked = np.flatnonzero(self._paths.str.contains("#", regex=False))
            for row in marked:
                file, part = split_path(self._paths.iloc[row])
                self._parts[file].append((part, int(row)))
        return self._parts


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
