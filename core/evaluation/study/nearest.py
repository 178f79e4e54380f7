"""What a model learned an answer from: for each tested image, the training images most like it.

Alike is what the model itself takes for alike: the angle between two images' features, which are
what its last layer decides by. Every feature is standardised first, so that none counts for more
because its numbers are larger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from core.evaluation.study.basis import load_features
from core.evaluation.study.phases import Study, StudyContext, phase

NEAREST = 5
# Of either side so many bytes are worked on at once, whatever the number of features.
_BLOCK_BYTES = 16 * 1024**2
_BLOCK_ROWS = 2048

Step = Callable[[int, int], None]
COLUMNS = ("path", "rank", "near", "label", "similarity")


@dataclass(frozen=True)
class Nearest:
    """The most similar of some known images for each of some others.

    Attributes:
        rows: int64, shape (n, k): positions among the known, the most similar first.
        similarity: float32, shape (n, k), -1 to 1: the cosine of the angle between standardised
            features; 1 is the same direction, 0 nothing in common.
    """

    rows: np.ndarray
    similarity: np.ndarray


def nearest(
    features: np.ndarray, known: np.ndarray, count: int = NEAREST, step: Step | None = None
) -> Nearest:
    """Search all pairs, exactly, a block at a time: memory stays the same however many there are.

    Args:
        features: any float type, shape (n, f); may be memory-mapped.
        known: shape (m, f), the images to be found; by their mean and spread all are standardised.
        count: how many are wanted of each; at most m are given. Of equally similar ones the
            earlier come first.
        step: told (blocks done, blocks) after each.

    A feature that is the same in all known images says nothing and is left out. An image whose
    features are all at the mean has no direction: its similarities are 0.
    """
    count = min(count, len(known))
    best = np.full((len(features), count), -np.inf, np.float32)
    rows = np.zeros((len(features), count), np.int64)
    if not count or not len(features):
        return Nearest(rows, np.zeros_like(best))
    standardise = partial(_directions, *_usual(known))
    size = _block_rows(known.shape[1])
    blocks = range(0, len(known), size)
    for number, start in enumerate(blocks, 1):
        there = standardise(known[start : start + size])
        for at in range(0, len(features), size):
            some = slice(at, at + size)
            similarity = standardise(features[some]) @ there.T
            best[some], rows[some] = _merge(best[some], rows[some], similarity, start, count)
        if step is not None:
            step(number, len(blocks))
    return Nearest(rows, best.clip(-1, 1))


def nearest_table(paths: pd.Series, known: pd.DataFrame, found: Nearest) -> pd.DataFrame:
    """What :func:`nearest` found, by path.

    Args:
        paths: of the images that were asked about.
        known: ``path`` and ``label`` of the known images, as they were learned.

    Returns:
        One row a pair: ``path``, ``rank`` (int, from 1), ``near`` (path), ``label`` (of ``near``),
        ``similarity`` (-1 to 1).
    """
    n, count = found.rows.shape
    flat = found.rows.ravel()
    return pd.DataFrame(
        {
            "path": np.repeat(paths.to_numpy(dtype=object), count),
            "rank": np.tile(np.arange(1, count + 1), n),
            "near": known["path"].to_numpy(dtype=object)[flat],
            "label": known["label"].to_numpy(dtype=object)[flat],
            "similarity": found.similarity.ravel(),
        }
    ).astype({"path": "str", "near": "str", "label": "str"})


@phase("nearest", "Looking for the training images most alike", needs=("answers",))
def keep_nearest(context: StudyContext) -> None:
    """Keep ``nearest.parquet``, the table of :func:`nearest_table`, for all tested images."""
    images, features = load_features(context.study)
    split = images["split"].to_numpy(dtype=object)
    tested, known = np.flatnonzero(split == "test"), np.flatnonzero(split == "train")
    note = "Looking for the training images most alike"

    def step(done: int, blocks: int) -> None:
        context.report.progress(context.phase, done, blocks, note)
        context.report.check()

    found = nearest(features[tested], features[known], step=step)
    paths = images["path"].iloc[tested]
    context.save_table("nearest", nearest_table(paths, images.iloc[known], found))


def nearest_of(study: Study, path: str) -> pd.DataFrame:
    """The nearest training images of one tested image, the most similar first; see
    :func:`nearest_table`.

    Raises:
        NotFound: it has not been worked out.
    """
    table = study.table("nearest", COLUMNS)
    return table[table["path"] == path].reset_index(drop=True)


def verdict_of(near: pd.DataFrame, true: str, predicted: str) -> str:
    """What the labels of an image's nearest training images say about its answer, in a sentence.

    Args:
        near: of one image, with at least one row.
    """
    count, labels = len(near), near["label"]
    like, right = int((labels == predicted).sum()), int((labels == true).sum())
    if true == predicted:
        if like == count:
            return f"All {count} are “{true}” too: it has seen images like this one."
        return f"{_are(like, count)} “{true}” too."
    if like == count:
        return (
            f"All {count} are “{predicted}”: by what it was shown, that was the likeliest answer. "
            f"More “{true}” that look like this would help, or the label is wrong."
        )
    if right == count:
        return (
            f"All {count} are “{true}”, as this one is: it had seen such images, and still mixed "
            "them up."
        )
    return f"{_are(like, count)} “{predicted}”, {right or 'none'} “{true}”."


def _are(some: int, count: int) -> str:
    return f"{some or 'None'} of these {count} {'is' if some == 1 else 'are'}"


def _usual(known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of each feature, and what to multiply by for a spread of 1; 0 where there is
    none."""
    size = _block_rows(known.shape[1])
    total = np.zeros(known.shape[1])
    squares = np.zeros(known.shape[1])
    # Around the first image rather than around 0: what is the same in all then sums to exactly 0.
    origin = _finite(known[:1])[0]
    for start in range(0, len(known), size):
        block = _finite(known[start : start + size]) - origin
        total += block.sum(axis=0, dtype=np.float64)
        squares += np.einsum("nf,nf->f", block, block, dtype=np.float64)
    mean = total / len(known)
    spread = np.sqrt(np.maximum(squares / len(known) - mean**2, 0))
    scale = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 1e-6)
    return (origin + mean).astype(np.float32), scale.astype(np.float32)


def _directions(mean: np.ndarray, scale: np.ndarray, block: np.ndarray) -> np.ndarray:
    """Standardised features of length 1; of length 0 where there is nothing but the mean."""
    scaled = _finite(block)
    scaled -= mean
    scaled *= scale
    length = np.linalg.norm(scaled, axis=1, keepdims=True)
    scaled /= np.where(length > 1e-6, length, np.inf)
    return scaled


def _finite(block: np.ndarray) -> np.ndarray:
    """A copy as float32; what was too large for float16 counts as its largest number."""
    largest = float(np.finfo(np.float16).max)
    return np.nan_to_num(np.array(block, np.float32), copy=False, posinf=largest, neginf=-largest)


def _merge(
    best: np.ndarray, rows: np.ndarray, similarity: np.ndarray, start: int, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The most similar of those known so far and of a block that begins at ``start``."""
    few = min(count, similarity.shape[1])
    # By value rather than by place: an array of places would be twice as large as all else.
    least = np.partition(similarity, -few, axis=1)[:, -few, None]
    taken = similarity >= least
    extra = np.count_nonzero(taken, axis=1) - few
    for row in np.flatnonzero(extra):
        taken[row, np.flatnonzero(similarity[row] == least[row])[-extra[row] :]] = False
    columns = np.nonzero(taken)[1].reshape(len(similarity), few)
    values = np.concatenate([best, np.take_along_axis(similarity, columns, axis=1)], axis=1)
    places = np.concatenate([rows, columns + start], axis=1)
    order = np.argsort(-values, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(values, order, 1), np.take_along_axis(places, order, 1)


def _block_rows(features: int) -> int:
    return int(np.clip(_BLOCK_BYTES // (4 * max(1, features)), 64, _BLOCK_ROWS))
