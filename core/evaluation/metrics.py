"""What a test has found, from answers: a pure function of arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.evaluation.figures.metric import Counts
from core.evaluation.intervals import wilson_of
from core.evaluation.records import ClassReport, Evaluation


def evaluate(
    run_id: str,
    on: str,
    labels: Sequence[str],
    true: np.ndarray,
    predicted: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    left_out: Sequence[tuple[str, str]] = (),
    seconds: float = 0.0,
) -> Evaluation:
    """Everything about a set of answers.

    Args:
        labels: all classes of the model, in its order.
        true, predicted: int, shape (n,): positions in ``labels``.
        groups: shape (n,): images of equal value belong together; ``None`` where nothing says so.

    Raises:
        ValueError: the arrays differ in length, or hold other positions.
    """
    true, predicted = np.asarray(true, np.int64), np.asarray(predicted, np.int64)
    if true.shape != predicted.shape or true.ndim != 1:
        raise ValueError(f"true and predicted must be of one shape (n,): {true.shape}")
    count = len(labels)
    if len(true) and not (
        min(true.min(), predicted.min()) >= 0 and max(true.max(), predicted.max()) < count
    ):
        raise ValueError("a position is outside the labels")
    confusion = np.bincount(true * count + predicted, minlength=count**2).reshape(count, count)
    support = confusion.sum(axis=1)
    correct, images = int((true == predicted).sum()), len(true)
    counts = Counts(*np.stack([confusion.diagonal(), support, confusion.sum(axis=0)])[:, None])
    shares = np.concatenate([counts.precision, counts.recall, counts.f1])

    def row(label: str, found: np.ndarray, support: int) -> ClassReport:
        precision, recall, f1 = map(float, found)
        return ClassReport(label=label, precision=precision, recall=recall, f1=f1, support=support)

    def average(name: str, weights: np.ndarray) -> ClassReport:
        parts = weights / max(1, weights.sum())
        return row(name, np.array([each @ parts for each in shares]), images)

    largest = int(np.argmax(support)) if images else 0
    return Evaluation(
        run_id=run_id,
        on=on,
        labels=list(labels),
        images=images,
        correct=correct,
        accuracy=correct / images if images else 0.0,
        interval=wilson_of(true == predicted, groups),
        baseline=float(support[largest] / images) if images else 0.0,
        baseline_label=labels[largest] if count else "",
        confusion=confusion.tolist(),
        report=list(map(row, labels, shares.T, support.tolist())),
        # Classes without an image in the test have no recall; averaging their zeros would mislead.
        macro=average("macro average", support > 0),
        weighted=average("weighted average", support),
        left_out=list(left_out),
        seconds=seconds,
    )
