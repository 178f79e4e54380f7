"""Which images may not be torn apart: near-copies, and what a person said belongs together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.quality.copies.groups import components


def belonging(table: pd.DataFrame) -> pd.Series:
    """What each image of a table belongs to: rows of equal value stay together.

    Args:
        table: with ``copy_group`` (else ``hash`` says what are copies), and where it is known
            ``together``; "" there is nothing in common.

    Images are linked by either, over as many steps as it takes: a copy of one patient's image,
    filed under another, links the two.
    """
    copies = table["copy_group"] if "copy_group" in table else table["hash"]
    together = table.get("together")
    if together is None or not (together != "").any():
        return copies
    first, names = pd.factorize(copies)
    said = (together != "").to_numpy()
    second = pd.factorize(together[said])[0] + len(names)
    joined = components(int(second.max()) + 1, np.column_stack([first[said], second]))
    return pd.Series(joined[first], index=table.index)


def with_groups(table: pd.DataFrame) -> pd.DataFrame:
    """A table of usable images with ``group``, as of :func:`belonging`."""
    return table.assign(group=belonging(table))
