"""Figures from answers: pure functions of arrays, through scikit-learn where it has them.

It is imported inside the functions: workers compute, the web process only reads the result.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

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
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    positions = np.arange(count)
    if len(true):
        confusion = confusion_matrix(true, predicted, labels=positions)
        precision, recall, f1, support = precision_recall_fscore_support(
            true, predicted, labels=positions, zero_division=0
        )
    else:
        confusion = np.zeros((count, count), int)
        precision = recall = f1 = np.zeros(count)
        support = np.zeros(count, int)
    report = [
        ClassReport(
            label=label,
            precision=float(precision[n]),
            recall=float(recall[n]),
            f1=float(f1[n]),
            support=int(support[n]),
        )
        for n, label in enumerate(labels)
    ]
    # Classes without an image in the test have no recall; averaging their zeros would mislead.
    tested = support > 0
    correct, images = int((true == predicted).sum()), len(true)
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
        report=report,
        macro=_average("macro average", precision, recall, f1, tested.astype(float), images),
        weighted=_average("weighted average", precision, recall, f1, support, images),
        left_out=list(left_out),
        seconds=seconds,
    )


def _average(
    name: str,
    precision: np.ndarray,
    recall: np.ndarray,
    f1: np.ndarray,
    weights: np.ndarray,
    images: int,
) -> ClassReport:
    total = float(weights.sum())
    share = weights / total if total else weights * 0.0
    return ClassReport(
        label=name,
        precision=float(precision @ share),
        recall=float(recall @ share),
        f1=float(f1 @ share),
        support=images,
    )
