"""The search for doubtful labels and outliers in a dataset: what the job does.

Features come from the network that comes with Lightbox; where its package is missing, from simple
descriptions of edges and colour, which find fewer. What comes of it is kept as facts beside the
index: for an image under the label that was judged, until another search.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.catalog import Catalog
from core.datasets.pixels import Pixels, load_pixels
from core.errors import InvalidInput, WeightsMissing
from core.features import backbones, simple
from core.features.backbones.convert import load
from core.features.cache import Extractor, FeatureViews
from core.features.hardware import resolve
from core.progress import SILENT, Reporter
from core.quality.belonging import belonging
from core.quality.curation import count_again, curated, usable
from core.quality.suspects.by_hand import said_by_hand
from core.quality.suspects.label_issues import find_issues
from core.who import author
from core.workspace import atomic_path

_SIZE = 160
# Of a class with fewer images, nobody can say what is usual.
_FEWEST = 5
_BATCH = 1024


@dataclass(frozen=True)
class SuspectsResult:
    """What a search did.

    Attributes:
        version: the dataset's version with these facts.
        judged: images that were judged; those of tiny classes are not.
        doubtful: labels at or above the default threshold.
        outliers: images at or above theirs.
        source: the key of the network, or ``simple``.
    """

    version: int
    judged: int
    doubtful: int
    outliers: int
    source: str


def find_suspects(catalog: Catalog, dataset_id: str, report: Reporter = SILENT) -> SuspectsResult:
    """Judge every usable image's label, but where a person has said what it is, and how usual it is
    for its class.

    Raises:
        InvalidInput: fewer than two classes with five images.
        Cancelled, NoSpace: as for training; features that were computed are kept.
    """
    version = catalog.datasets.get(dataset_id).version
    everything = curated(catalog, dataset_id, version)
    by_hand = said_by_hand(catalog, dataset_id, version, everything)
    table = usable(everything.assign(by_hand=by_hand))
    table = table[_enough(table["label"])].reset_index(drop=True)
    try:
        model = load(catalog.workspace, backbones.INCLUDED, _SIZE, report)
    except WeightsMissing:
        table, features = _described(catalog, dataset_id, table, report)
        source = "simple"
    else:
        pixels = _pixels(catalog, dataset_id, table, _SIZE, report)
        good = pixels.slots >= 0
        views = FeatureViews(
            catalog.workspace,
            dataset_id,
            Extractor(
                model=model,
                backbone=backbones.get(backbones.INCLUDED),
                size=_SIZE,
                precision=resolve("auto"),
            ),
            pixels,
            list(table["hash"]),
            report=report,
        )
        views.compute(0)
        store, slots = views.view(0)
        features = store[slots[good]]
        table, source = table[good].reset_index(drop=True), backbones.INCLUDED

    # Files may have gone since they were scanned.
    enough = _enough(table["label"])
    table, features = table[enough].reset_index(drop=True), features[enough]

    def step(done: int, folds: int) -> None:
        report.progress("suspects", done, folds, "Comparing labels with what images look like")
        report.check()

    labels, names = pd.factorize(table["label"], sort=True)
    doubts = find_issues(
        features,
        labels.astype(np.int64),
        pd.factorize(belonging(table))[0].astype(np.int64),
        cautious=source == "simple",
        step=step,
    )
    # Whoever has put an image where it is knows better.
    doubtful = np.where(table["by_hand"], 0.0, doubts.label).astype(np.float32)
    facts = pd.DataFrame(
        {
            "path": table["path"],
            "hash": table["hash"],
            "label": table["label"],
            "label_doubt": doubtful,
            "suggested": np.asarray(names)[doubts.suggested],
            "outlier": doubts.outlier,
        }
    )
    number = 1 + sum(c.action == "suspects" for c in catalog.changes.of(dataset_id))
    name = f"suspects-{number}.parquet"
    with atomic_path(catalog.workspace.dataset(dataset_id) / name) as part:
        facts.to_parquet(part, index=False, compression="zstd")
    catalog.changes.append(
        dataset_id,
        "suspects",
        {"file": name, "images": len(facts), "source": source},
        author=author(),
    )
    return SuspectsResult(
        count_again(catalog, dataset_id),
        len(facts),
        int((doubtful >= 0.5).sum()),
        int((doubts.outlier >= 0.5).sum()),
        source,
    )


def _enough(labels: pd.Series) -> NDArray[np.bool_]:
    """Which images are of a class with enough images to judge them.

    Raises:
        InvalidInput: there are fewer than two such classes.
    """
    enough = labels.map(labels.value_counts()).to_numpy(np.int64) >= _FEWEST
    if labels[enough].nunique() < 2:
        raise InvalidInput(
            "Wrong labels can be found only among two classes or more, with five images each that "
            "can be read.",
            remedy="Add images, or scan again if files have moved.",
        )
    return enough


def _pixels(
    catalog: Catalog, dataset_id: str, table: pd.DataFrame, size: int, report: Reporter
) -> Pixels:
    root = catalog.workspace.load_path(catalog.datasets.get(dataset_id).root)
    return load_pixels(catalog.workspace, dataset_id, root, table, size, report=report)


def _described(
    catalog: Catalog, dataset_id: str, table: pd.DataFrame, report: Reporter
) -> tuple[pd.DataFrame, NDArray[np.float32]]:
    pixels = _pixels(catalog, dataset_id, table, simple.SIZE, report)
    rows = np.flatnonzero(pixels.slots >= 0)
    described = [np.zeros((0, simple.FEATURES), np.float32)]
    for start in range(0, len(rows), _BATCH):
        report.progress("features", start, len(rows), "Looking at images")
        report.check()
        described.append(simple.describe(pixels.take(rows[start : start + _BATCH])))
    return table.iloc[rows].reset_index(drop=True), np.concatenate(described)
