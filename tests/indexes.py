"""What scans have kept of a dataset, as it lies on the disk."""

from __future__ import annotations

import contextlib

import pandas as pd

from core.catalog import Catalog
from core.errors import NotFound
from core.quality.index import read_index


def latest_index(catalog: Catalog, dataset_id: str) -> pd.DataFrame | None:
    """The facts of the last scan, or ``None`` before the first or if its file is damaged."""
    scans = [each for each in catalog.changes.of(dataset_id) if each.action == "index"]
    with contextlib.suppress(NotFound, IndexError):
        return read_index(catalog.workspace, dataset_id, scans[-1].payload["file"])
    return None
