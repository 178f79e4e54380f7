"""Figures from answers: pure functions of arrays, through scikit-learn and SciPy where they have it.

Both are imported inside the functions: workers compute, the web process only reads the result.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.evaluation.records import ClassReport, Evaluation, Interval

LEVEL = 0.95


def wilson(correct: int, images: int) -> Interval:
    """Wilson's score interval of a proportion at 95 %.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927),
    through ``scipy.stats``. No images give the interval from 0 to 1: nothing is known.
    """
    if images == 0:
        return Interval(low=0.0, high=1.0, level=LEVEL)
    from scipy.stats import binomtest

    interval = binomtest(correct, images).proportion_ci(LEVEL, method="wilson")
    return Interval(low=float(interval.low), high=float(interval.high), level=LEVEL)


def evaluate(
    run_id: str,
    on: str,
    labels: Sequence[str],
    true: np.ndarray,
    predicted: np.ndarray,
    *,
    left_out: Sequence[tuple[str, str]] = (),
    seconds: float = 0.0,
) -> Evaluation:
    """Everything about a set of answers.

    Args:
        labels: all classes of the model, in its order.
        true, predicted: int, shape (n,): positions in ``labels``.

    Raises:
        ValueError: the arrays differ in length, or hold other positions.
    """
    true, predicted = np.asarray(true, np.int64), np.asarray(predicted, np.int64)
    if true.shape != predicted.shape or true.ndim != 1:
        raise ValueError(f"true and predicted must be of one shape (n,): {true.shape}")
    count = len(labels)
    if len(true) and not (min(true.min(), predicted.min()) >= 0
                          and max(true.max(), predicted.max()) < count):  # fmt: skip
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
            label=label, precision=float(precision[n]), recall=float(recall[n]),
            f1=float(f1[n]), support=int(support[n]),
        )
        for n, label in enumerate(labels)
    ]  # fmt: skip
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
        interval=wilson(correct, images),
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
