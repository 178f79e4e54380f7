"""Test images that resemble training images, and how good a model is without them.

An image that was trained on, or a near-duplicate of one, says little about how a model does on what
it has never seen. Exact copies are found by their content hash and near-duplicates by the
descriptors of the scan: of a run's own test set from the pairs that are known already, of a folder
that was tested on by a search (:func:`find_similar`), kept as ``similar.parquet`` beside its
evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.catalog import Catalog, RunRecord
from core.datasets.places import is_folder
from core.errors import NotFound
from core.evaluation.intervals import wilson_of
from core.evaluation.predictions import Predictions
from core.evaluation.records import Interval
from core.evaluation.trust.slices import facts_of_files
from core.progress import SILENT, Reporter
from core.quality.copies import LOWEST, SAME, find_copies
from core.quality.curation import curated, descriptors, known_alike
from core.quality.descriptor import DESCRIPTOR_BYTES
from core.runs.derived import AsTable, Derived
from core.runs.files import RunFiles
from core.text import images, likely, rate
from core.workspace import Workspace

EXACT = "exact"
THRESHOLDS = (1.0, 0.98, 0.95, LOWEST)
NOT_SEARCHED = "Only exact copies are known: near-duplicates were never looked for here."
_FILE = "similar.parquet"
_COLUMNS = ["path", "train_path", "score", "relation"]


@dataclass(frozen=True)
class Without:
    """A score with and without the test images that resemble training images.

    Attributes:
        threshold: how alike is too alike, 0.9 to 1; 1 is for exact copies and equal descriptors.
        images, correct: of the whole test.
        alike, alike_correct: of those, the images that resemble one that was trained on.
        with_all, without: 95 % intervals (Wilson) of the accuracy on all, and without those.
        searched: whether near-duplicates were looked for, not only exact copies.
    """

    threshold: float
    images: int
    correct: int
    alike: int
    alike_correct: int
    with_all: Interval
    without: Interval
    searched: bool

    @property
    def accuracy(self) -> float:
        return self.correct / max(1, self.images)

    @property
    def accuracy_without(self) -> float:
        """Of the rest; 0 if nothing is left."""
        return (self.correct - self.alike_correct) / max(1, self.images - self.alike)

    @property
    def sentence(self) -> str:
        """What is left of the score."""
        score = rate(self.accuracy, self.images)
        if not self.alike:
            return (
                f"None of {images(self.images)} is that much like a training image, so the "
                f"accuracy of {score} owes nothing to such."
            )
        if self.alike == self.images:
            return "All of these images are like training images: nothing is left to judge by."
        left = self.images - self.alike
        those = (
            f"On that one it is {'right' if self.alike_correct else 'wrong'}."
            if self.alike == 1
            else f"Of those {self.alike:,} it gets {self.alike_correct:,} right."
        )
        return (
            f"{score} on all {images(self.images)}, and {rate(self.accuracy_without, left)} "
            f"without the {self.alike:,} that are like training images "
            f"({self.correct - self.alike_correct:,} of {left:,}, "
            f"{likely(*self.without.bounds, left)}). {those}"
        )


def resembling(
    catalog: Catalog, run: RunRecord, predictions: Predictions
) -> tuple[pd.DataFrame, bool]:
    """The tested images that resemble a training image of the run.

    Returns:
        One row an image, the most alike first: ``path``, ``train_path`` (the most alike training
        image), ``score`` (0.9 to 1, 1 for an exact copy), ``relation`` (``exact``, ``same``,
        ``mirrored`` or ``rotated``); and whether near-duplicates were looked for, not only copies.
    """
    trained = RunFiles(catalog.workspace, run.id).trained_on()
    if trained.empty:
        return pd.DataFrame(columns=_COLUMNS), False
    exact = _exact(predictions.table, trained)
    if predictions.on == "test":
        near, searched = _known(catalog, run, predictions.table, trained)
    else:
        kept = _derived(catalog.workspace, run.id, predictions.on).kept()
        searched = kept is not None
        near = pd.DataFrame(columns=_COLUMNS) if kept is None else kept
        near = near[near["path"].isin(predictions.table["path"])]
    parts = [part for part in (exact, near) if len(part)]
    if not parts:
        return pd.DataFrame(columns=_COLUMNS), searched
    found = pd.concat(parts, ignore_index=True)
    found = found.sort_values("score", ascending=False, kind="stable").drop_duplicates("path")
    return found.reset_index(drop=True), searched


def without(
    predictions: Predictions, resembling: pd.DataFrame, threshold: float, *, searched: bool
) -> Without:
    """The score with and without images that resemble training images at least so much."""
    too_alike = resembling.loc[resembling["score"] >= threshold - 1e-6, "path"]
    alike = predictions.table["path"].isin(too_alike).to_numpy()
    correct, images = int(predictions.correct.sum()), len(predictions)
    left_out, right = int(alike.sum()), int((alike & predictions.correct).sum())
    return Without(
        threshold,
        images,
        correct,
        left_out,
        right,
        wilson_of(predictions.correct, predictions.groups),
        wilson_of(
            predictions.correct[~alike],
            None if predictions.groups is None else predictions.groups[~alike],
        ),
        searched,
    )


def find_similar(
    catalog: Catalog, run: RunRecord, predictions: Predictions, report: Reporter = SILENT
) -> int:
    """Look at a tested folder's images and search for near-duplicates of training images among
    them; returns how many there are.

    Raises:
        NotFound: the folder or the run's dataset is gone.
        Cancelled: the person asked to stop.
    """
    folder = catalog.workspace.load_path(predictions.on)
    if not is_folder(folder):
        raise NotFound(
            "The folder that was tested on is not there any more.",
            file=folder,
            remedy="Put it back, or test on another one.",
        )
    trained = RunFiles(catalog.workspace, run.id).trained_on()
    known = curated(catalog, run.dataset_id, run.dataset_version)
    known = known.assign(descriptor=descriptors(catalog, run.dataset_id, run.dataset_version))
    known = known[known["path"].isin(trained["path"]) & (known["status"] == "ok")]
    known = known[known["descriptor"].map(len) == DESCRIPTOR_BYTES].drop_duplicates("hash")
    doing = ("look", "Looking at the new images")
    new = facts_of_files(folder, list(predictions.table["path"]), report, doing)
    new = new[new["descriptor"].map(len) == DESCRIPTOR_BYTES]
    ours, theirs = (
        np.frombuffer(b"".join(each["descriptor"]), np.uint8).reshape(-1, DESCRIPTOR_BYTES)
        for each in (known, new)
    )

    def step(share: float) -> None:
        report.progress("similar", round(100 * share), 100, "Comparing with training images")
        report.check()

    found = find_copies(np.concatenate([ours, theirs]), step)
    # One of ours and one of theirs. Equal pictures are all paired with their first only, which is
    # one of ours if there is one.
    at = np.flatnonzero((found.pairs[:, 0] < len(ours)) & (found.pairs[:, 1] >= len(ours)))
    pairs = found.pairs[at]
    near = pd.DataFrame(
        {
            "path": new["path"].to_numpy(object)[pairs[:, 1] - len(ours)],
            "train_path": known["path"].to_numpy(object)[pairs[:, 0]],
            "score": found.scores[at],
            "relation": found.relations[at].astype(object),
        },
        columns=_COLUMNS,
    )
    near = near.sort_values("score", ascending=False, kind="stable").drop_duplicates("path")
    return len(_derived(catalog.workspace, run.id, predictions.on).keep(near))


def _derived(workspace: Workspace, run_id: str, on: str) -> Derived[pd.DataFrame]:
    test = RunFiles(workspace, run_id).test(on)
    return Derived(test.folder / _FILE, AsTable(tuple(_COLUMNS)), 1, (test.evaluation,))


def _exact(tested: pd.DataFrame, trained: pd.DataFrame) -> pd.DataFrame:
    first = trained.drop_duplicates("hash").set_index("hash")["path"]
    same = tested[(tested["hash"] != "") & tested["hash"].isin(first.index)]
    return pd.DataFrame(
        {
            "path": same["path"].to_numpy(object),
            "train_path": first.reindex(same["hash"]).to_numpy(object),
            "score": np.ones(len(same), np.float32),
            "relation": EXACT,
        }
    )


def _known(
    catalog: Catalog, run: RunRecord, tested: pd.DataFrame, trained: pd.DataFrame
) -> tuple[pd.DataFrame, bool]:
    """From the pairs of the dataset's scan, laid between test and training images."""
    try:
        searched = any(each.action == "copies" for each in catalog.changes.of(run.dataset_id))
        table = curated(catalog, run.dataset_id)
        alike = known_alike(catalog, run.dataset_id)
    except NotFound:
        return pd.DataFrame(columns=_COLUMNS), False
    copies = alike.copies
    names = np.full(copies.n, "", object)
    names[alike.contents] = table["hash"].to_numpy(object)
    ends = names[copies.pairs]
    about = {"score": copies.scores, "relation": copies.relations.astype(object)}
    both = pd.concat(
        pd.DataFrame({"hash": one, "train_hash": other, **about})
        for one, other in (ends.T, ends.T[::-1])
    )
    first = trained[["path", "hash"]].drop_duplicates("hash").add_prefix("train_")
    near = tested[["path", "hash"]].merge(both, on="hash").merge(first, on="train_hash")
    # An unreadable image is like none; the empty hash is no content.
    return near.loc[near["hash"] != "", _COLUMNS], searched


def relation_in_words(relation: str) -> str:
    """``exact copy``, ``near-duplicate``, ``mirrored`` or ``turned``."""
    return {EXACT: "exact copy", SAME: "near-duplicate", "rotated": "turned"}.get(
        relation, relation
    )
