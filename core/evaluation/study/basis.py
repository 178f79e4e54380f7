"""What the rest of a study builds on: features of all images, and heat maps of the tested ones.

Phase ``answers`` keeps ``images.parquet`` (``path``, ``label``, ``hash``, ``split``: train,
validation or test) and ``features.npy``, float16 (n, F), row by row the same images. Phase ``heat``
keeps
``heat.npy`` of what was answered, and ``heat_true.npy`` of the true classes where that was wrong;
see :func:`load_heat`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd

from core.evaluation.explain.explainer import Method
from core.evaluation.study.phases import Study, StudyContext, phase
from core.runs.files import RunFiles

# More training images say little more, and take more memory and time.
MOST_TRAINING = 20_000
MOST_HEAT = 20_000
# By covering, each heat map takes more than two hundred answers.
MOST_OCCLUDED = 200
_SEED = 1
_LARGEST = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class Heat:
    """Heat maps of tested images.

    Attributes:
        method: ``gradients`` or ``occlusion``.
        rows: int64 (n,), rising: positions in the answers.
        answered: uint8 (n, h, w), 255 where the evidence for the answer is strongest.
        wrong: int64 (m,), rising: positions of wrong answers.
        true: uint8 (m, h, w): of these, the evidence for the class that it is.
    """

    method: str
    rows: np.ndarray
    answered: np.ndarray
    wrong: np.ndarray
    true: np.ndarray

    def of(self, row: int, *, true: bool = False) -> np.ndarray | None:
        """float32 (h, w), 0 to 1, of the answer about one image, or of its true class where that is
        another; ``None`` if there is none."""
        rows, maps = (self.wrong, self.true) if true else (self.rows, self.answered)
        at = int(np.searchsorted(rows, row))
        if at == len(rows) or rows[at] != row:
            return None
        return maps[at].astype(np.float32) / 255


@phase("answers", "Asking the model again, for what it answers by")
def keep_features(context: StudyContext) -> None:
    """Features of the tested images, and of those that were trained with."""
    split = RunFiles(context.catalog.workspace, context.run.id).split()
    known = split[split["split"].isin(["train", "validation"])]
    known = known[["path", "label", "hash", "split"]]
    training = known[known["split"] == "train"]
    sampled = len(training) > MOST_TRAINING
    if sampled:
        training = training.sample(MOST_TRAINING, random_state=_SEED).sort_index()
        known = pd.concat([training, known[known["split"] != "train"]])
    tested = context.predictions.table[["path", "label", "hash"]].assign(split="test")
    rows = pd.concat([known, tested], ignore_index=True)
    kept, features = [], []
    for positions, found in context.features(rows, "Reading what the model sees in each image"):
        kept.append(positions)
        # What is beyond float16 differs in nothing that distances could tell.
        features.append(found.clip(-_LARGEST, _LARGEST).astype(np.float16))
    context.save_table("images", rows.iloc[np.concatenate(kept)].reset_index(drop=True))
    context.save_array("features", np.concatenate(features))
    context.save_values("answers", {"training_sampled": sampled, "training": len(training)})


@phase("heat", "Looking where in the images the evidence lies")
def keep_heat(context: StudyContext) -> None:
    """Heat maps of the answers, and of the true classes of mistakes."""
    predictions, explainer = context.predictions, context.explainer
    exact = explainer.method == "gradients"
    rows = _worth(predictions.correct, MOST_HEAT if exact else MOST_OCCLUDED)
    answered = np.zeros((len(rows), *explainer.places), np.uint8)
    wrong = rows[~predictions.correct[rows]]
    true = np.zeros((len(wrong), *explainer.places), np.uint8)
    size = 256 if exact else 8
    for positions, images in context.batches(
        predictions.table.iloc[rows], "Looking for evidence", size
    ):
        at = rows[positions]
        answered[positions] = _bytes(explainer.heat(images, predictions.predicted[at]))
        mistaken = ~predictions.correct[at]
        if mistaken.any():
            places = np.searchsorted(wrong, at[mistaken])
            true[places] = _bytes(explainer.heat(images[mistaken], predictions.true[at[mistaken]]))
    context.save_array("heat", answered)
    context.save_array("heat_rows", rows)
    context.save_array("heat_true", true)
    context.save_array("heat_true_rows", wrong)
    context.save_values("heat", {"method": explainer.method, "why_not": explainer.why_not})


def load_features(study: Study) -> tuple[pd.DataFrame, np.ndarray]:
    """The images whose features are known, and these, row by row.

    Returns:
        ``path``, ``label``, ``hash``, ``split``; and float16 (n, F), memory-mapped.

    Raises:
        NotFound: phase ``answers`` isn't done.
    """
    images = study.table("images", ("path", "label", "hash", "split"))
    features = study.array("features")
    if features.ndim != 2 or len(features) != len(images):
        raise study.broken(study.folder / "features.npy")
    return images, features


def load_heat(study: Study) -> Heat:
    """What phase ``heat`` has kept.

    Raises:
        NotFound: it isn't done.
    """
    method = study.values("heat").get("method")
    rows, maps, wrong, true = (
        study.array(name) for name in ("heat_rows", "heat", "heat_true_rows", "heat_true")
    )
    for name, at, heat in (("heat", rows, maps), ("heat_true", wrong, true)):
        if heat.ndim != 3 or at.dtype.kind != "i" or at.shape != heat.shape[:1]:
            raise study.broken(study.folder / f"{name}.npy")
    if method is None or method not in get_args(Method):
        raise study.broken(study.folder / "heat.json")
    return Heat(method, rows, maps, wrong, true)


def _worth(correct: np.ndarray, most: int) -> np.ndarray:
    """Rows to look at, rising: all, or mistakes first and the others by chance."""
    if len(correct) <= most:
        return np.arange(len(correct))
    chance = np.random.default_rng(_SEED).permutation(len(correct))
    first = chance[np.argsort(correct[chance], kind="stable")]
    return np.sort(first[:most])


def _bytes(heat: np.ndarray) -> np.ndarray:
    return (heat * 255).round().astype(np.uint8)
