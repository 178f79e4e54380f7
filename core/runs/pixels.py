"""The images of a run's dataset, as the run's model takes them."""

from __future__ import annotations

import pandas as pd

from core.catalog import Catalog, RunRecord
from core.datasets.images import Decoding
from core.datasets.pixels import Pixels, load_pixels
from core.progress import SILENT, Reporter
from core.runs.values import ModelInfo


def run_pixels(
    catalog: Catalog,
    run: RunRecord,
    info: ModelInfo,
    rows: pd.DataFrame,
    report: Reporter = SILENT,
) -> Pixels:
    """Some of them, decoded or out of the cache.

    Args:
        info: of the run's model.
        rows: as :func:`core.datasets.pixels.load_pixels` takes them.

    Raises:
        NotFound: the dataset was removed.
        Cancelled: by the person.
    """
    dataset = catalog.datasets.get(run.dataset_id)
    return load_pixels(
        catalog.workspace,
        dataset.id,
        catalog.workspace.load_path(dataset.root),
        rows,
        info.image_size,
        fit=info.fit,
        decoding=Decoding.parse(info.decoding),
        report=report,
    )
