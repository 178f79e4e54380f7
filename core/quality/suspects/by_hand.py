"""Images of which a person has said what they are: their labels aren't doubted."""

from __future__ import annotations

from pathlib import PurePosixPath

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.catalog import Catalog
from core.datasets.places import all_as_kept
from core.quality.curation import in_force
from core.quality.facts import Classes
from core.quality.same_part import Rows

# Whoever moves more of a class than this at once renames or merges it, and looks at no image.
_MUCH = 0.5


def said_by_hand(
    catalog: Catalog, dataset_id: str, version: int, table: pd.DataFrame
) -> NDArray[np.bool_]:
    """Which images were moved to their class one by one or a few at a time, or came by correcting a
    model's answer; bool of shape (rows,).

    Args:
        version: the dataset's, of which the table is.
        table: from :func:`core.quality.curation.curated`, all of it.
    """
    by_hand = np.fromiter(map(_by_correction, table["path"], table["hash"]), bool, len(table))
    rows, now = Rows(table["path"]), Classes(table["label_found"])
    for change in in_force(catalog.changes.of(dataset_id, up_to=version)):
        if change.action != "relabel":
            continue
        at = rows.find(all_as_kept(change.payload["paths"]), any_page=True)
        before = now.column()
        sizes = before.iloc[at].map(before.value_counts())
        moved = before.iloc[at].map(before.iloc[at].value_counts())
        few = (moved <= 1) | (moved <= _MUCH * sizes)
        by_hand[at] = few.to_numpy(bool)
        now.put(at, change.payload["label"])
    return by_hand


def _by_correction(path: str, digest: str) -> bool:
    """Whether a file is called as corrections are (:func:`core.inference.corrections.file_name`):
    by its own contents in the end."""
    return bool(digest) and PurePosixPath(path).stem.endswith(f" {str(digest)[:8]}")
