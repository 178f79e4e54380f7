"""The search for doubtful labels and outliers in a dataset: what the job does.

Features come from the network that comes with Lightbox; where its package is missing, from simple
descriptions of edges and colour, which find fewer. What comes of it is kept as facts beside the
index: for an image under the label that was judged, until another search.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.catalog import Catalog
from core.datasets.pixels import Files, Pixels, load_pixels
from core.errors import InvalidInput, WeightsMissing
from core.features import backbones, simple
from core.features.backbones.convert import load
from core.features.cache import Extractor, FeatureViews
from core.features.hardware import resolve
from core.progress import SILENT, Reporter
from core.quality.belonging import belonging
from core.quality.curation import count_again, curated, in_force, usable
from core.quality.facts import Classes
from core.quality.index import keep_found
from core.quality.same_part import Rows
from core.quality.suspects.label_issues import find_issues

_SIZE = 160
# Of a class with fewer images, nobody can say what is usual.
_FEWEST = 5
_BATCH = 1024
_COMPARING = "Comparing labels with what images look like"
# Whoever moves more of a class than this at once renames or merges it, and looks at no image.
_MUCH = 0.5


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
    by_hand = _said_by_hand(catalog, dataset_id, version, everything)
    table = usable(everything.assign(by_hand=by_hand))
    table = table[_enough(table["label"])].reset_index(drop=True)
    source, size = backbones.INCLUDED, _SIZE
    try:
        model = load(catalog.workspace, source, size, report)
    except WeightsMissing:
        model, source, size = None, "simple", simple.SIZE
    root = catalog.workspace.load_path(catalog.datasets.get(dataset_id).root)
    pixels = load_pixels(catalog.workspace, dataset_id, Files(root, table, size), report)
    rows = np.flatnonzero(pixels.slots >= 0)
    if model is None:
        features = _described(pixels, rows, report)
    else:
        backbone, precision = backbones.get(source), resolve("auto")
        extractor = Extractor(model=model, backbone=backbone, size=size, precision=precision)
        given = (catalog.workspace, dataset_id, extractor, pixels, list(table["hash"]))
        views = FeatureViews(*given, report=report)
        views.compute(0)
        store, slots = views.view(0)
        features = store[slots[rows]]
    table = table.iloc[rows].reset_index(drop=True)
    # Files may have gone since they were scanned.
    enough = _enough(table["label"])
    table, features = table[enough].reset_index(drop=True), features[enough]

    labels, names = pd.factorize(table["label"], sort=True)
    doubts = find_issues(
        features,
        labels.astype(np.int64),
        pd.factorize(belonging(table))[0].astype(np.int64),
        cautious=source == "simple",
        step=partial(report.step, "suspects", note=_COMPARING),
    )
    # Whoever has put an image where it is knows better.
    doubtful = np.where(table["by_hand"], 0.0, doubts.label).astype(np.float32)
    facts = table[["path", "hash", "label"]].assign(
        label_doubt=doubtful,
        suggested=np.asarray(names)[doubts.suggested],
        outlier=doubts.outlier,
    )
    about = {"images": len(facts), "source": source}
    keep_found(catalog, dataset_id, "suspects", facts, about)
    return SuspectsResult(
        count_again(catalog, dataset_id),
        len(facts),
        int((doubtful >= 0.5).sum()),
        int((doubts.outlier >= 0.5).sum()),
        source,
    )


def _said_by_hand(
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
        at = rows.find(change.payload["paths"], any_page=True)
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


def _described(pixels: Pixels, rows: NDArray[np.int64], report: Reporter) -> NDArray[np.float32]:
    described = [np.zeros((0, simple.FEATURES), np.float32)]
    for start in range(0, len(rows), _BATCH):
        report.step("features", start, len(rows), "Looking at images")
        described.append(simple.describe(pixels.take(rows[start : start + _BATCH])))
    return np.concatenate(described)
