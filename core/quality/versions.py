"""What changed in a dataset between two of its versions, whoever or whatever changed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from core.catalog import Catalog
from core.errors import InvalidInput
from core.quality.curation import curated, is_usable


@dataclass(frozen=True)
class Moved:
    """An image that is in another class now."""

    path: str
    before: str
    after: str


@dataclass(frozen=True)
class Diff:
    """Two versions of a dataset, compared image by image.

    Attributes:
        old, new: the versions.
        added, removed: images that are in one of them only.
        changed: images whose file has other content now.
        excluded, restored: images that were taken out of training, or back into it.
        moved: images that are in another class.
        before, after: usable images in each class, by its name.

    Every list is in the order of paths. An image can be in several, say moved and excluded.
    """

    old: int
    new: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    excluded: tuple[str, ...]
    restored: tuple[str, ...]
    moved: tuple[Moved, ...]
    before: Mapping[str, int]
    after: Mapping[str, int]

    @property
    def empty(self) -> bool:
        """Whether the images and what is decided about them are the same."""
        lists = (self.added, self.removed, self.changed, self.excluded, self.restored, self.moved)
        return not any(lists)

    @property
    def classes(self) -> list[str]:
        """All classes of either version, in the order of their names."""
        return sorted({*self.before, *self.after})


def diff(catalog: Catalog, dataset_id: str, old: int, new: int) -> Diff:
    """Compare two versions of a dataset.

    Args:
        old, new: version numbers, from 1; ``new`` may be the earlier one, for the way back.

    Raises:
        InvalidInput: there is no such version.
        NotFound: there is no such dataset, or the facts of a version are lost.
    """
    latest = catalog.datasets.get(dataset_id).version
    for version in (old, new):
        if not 1 <= version <= latest:
            raise InvalidInput(
                f"There is no version {version} of this dataset.",
                remedy=f"Use a number from 1 to {latest}."
                if latest
                else "Wait for its import to end.",
            )
    was = curated(catalog, dataset_id, old).set_index("path")
    now = curated(catalog, dataset_id, new).set_index("path")
    both = was.index.intersection(now.index).sort_values()
    was_both, now_both = was.loc[both], now.loc[both]
    out_before, out_now = was_both["excluded"], now_both["excluded"]
    # A file that could not be read has no hash: whether it can now is a change as well.
    other = (was_both["hash"] != now_both["hash"]) | (was_both["status"] != now_both["status"])
    moved = was_both["label"] != now_both["label"]
    return Diff(
        old,
        new,
        added=tuple(sorted(now.index.difference(was.index))),
        removed=tuple(sorted(was.index.difference(now.index))),
        changed=tuple(both[other]),
        excluded=tuple(both[out_now & ~out_before]),
        restored=tuple(both[out_before & ~out_now]),
        moved=tuple(map(Moved, both[moved], was_both["label"][moved], now_both["label"][moved])),
        before=_counts(was),
        after=_counts(now),
    )


def _counts(table: pd.DataFrame) -> dict[str, int]:
    counts = table.loc[is_usable(table), "label"].value_counts().sort_index()
    return {str(label): int(count) for label, count in counts.items()}
