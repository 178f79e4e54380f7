"""Mistakes that may be wrong labels: what a verdict says once wrong labels were looked for.

The verdict is kept; people look for wrong labels, decide and undo as they like. So this is laid
over it whenever it is read.
"""

from __future__ import annotations

import numpy as np

from core.catalog import Catalog, RunRecord
from core.errors import NotFound
from core.evaluation.document.parts import Statement
from core.evaluation.figures.verdict import Verdict
from core.evaluation.predictions import Predictions
from core.quality.curation import curated
from core.quality.detectors import DETECTORS
from core.quality.findings import find_one
from core.text import plural, quoted

_DETECTOR = "mislabelled"


def doubted_images(catalog: Catalog, run: RunRecord, predictions: Predictions) -> np.ndarray:
    """Which of a run's own test images may be in the wrong class, by what is known now; bool, shape
    (n,). None is that was moved to another class since, nor where the dataset has gone."""
    try:
        table = curated(catalog, run.dataset_id)
    except NotFound:
        return np.zeros(len(predictions), bool)
    found = find_one(_DETECTOR, table, DETECTORS[_DETECTOR].threshold).paths
    now = table.set_index("path")["label"].reindex(predictions.table["path"]).to_numpy()
    judged = predictions.table["path"].isin(list(found)).to_numpy()
    return judged & (now == predictions.table["label"].to_numpy())


def with_doubts(said: Verdict, predictions: Predictions, doubted: np.ndarray) -> list[Statement]:
    """What the verdict says, with what is to be looked at before anything is collected.

    Args:
        doubted: as :func:`doubted_images` gives it, of ``predictions``.
    """
    wrong = ~predictions.correct
    count, total = int((wrong & doubted).sum()), int(wrong.sum())
    collect, weakest = said.get("collect"), said.get("weakest")
    statements = list(said.statements)
    if not count or collect is None:
        return statements
    if total == 1:
        text = "Its only mistake may be a wrong label: look at it first."
    else:
        them = "it" if count == 1 else "them"
        may_be = "may be a wrong label" if count == 1 else "may be wrong labels"
        text = f"{count:,} of its {plural(total, 'mistake')} {may_be}: look at {them} first."
    at = statements.index(collect)
    label = weakest.about.get("true") if weakest is not None else None
    mine = wrong & (predictions.table["label"] == label).to_numpy()
    if 2 * int((mine & doubted).sum()) >= int(mine.sum()) > 0 and "help most" in collect.text:
        after = (
            f"Then see whether more images of {quoted(str(label))} are needed: "
            f"{int((mine & doubted).sum()):,} of its {plural(int(mine.sum()), 'mistake')} "
            "may be no mistakes."
        )
        statements[at] = collect.model_copy(update={"text": after})
    statements.insert(at, Statement(key="doubtful", text=text, tone="caution"))
    return statements
