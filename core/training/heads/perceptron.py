"""A perceptron with one hidden layer, trained step by step with dropout (Adam; Kingma & Ba, 2015).

The only head here without a closed form, and so the slowest; on many images it needs no anchors.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.training.heads.head import Again, Head, Judged, Problem, Step, Steps, answer, fold_by_fold

_HIDDEN = 256
_DROPOUT = 0.5
_RATE = 2e-3
_DECAY = 1e-4
_SMOOTHING = 0.1
_BATCH = 64
# Images seen in all, but at least so many rounds and at most so many.
_PASSES, _FEWEST, _MOST = 120_000, 8, 60


def judge(problem: Problem) -> Judged:
    """See :class:`core.training.heads.Head`."""
    length = float(np.sqrt(np.square(problem.rows).mean()))
    rows = problem.rows / np.float32(max(length, 1e-12))
    out = fold_by_fold(
        problem, lambda fold: answer(_train(problem, rows, problem.without(fold)), rows[fold])
    )

    def fit() -> Steps:
        first, last = _train(problem, rows, np.arange(len(rows)))
        kernel = np.asarray(first.kernel / max(length, 1e-12), np.float32)
        return Step(kernel, first.bias, "relu"), last

    return Judged(out, {"hidden": _HIDDEN}, fit)


def _train(problem: Problem, rows: NDArray[np.float32], some: NDArray[np.int64]) -> Steps:
    rng = np.random.default_rng(problem.seed)
    inputs, classes = rows.shape[1], problem.classes
    values = [
        rng.normal(0, np.sqrt(2 / inputs), (inputs, _HIDDEN)).astype(np.float32),
        np.zeros(_HIDDEN, np.float32),
        np.zeros((_HIDDEN, classes), np.float32),
        np.zeros(classes, np.float32),
    ]
    first = [np.zeros_like(value) for value in values]
    second = [np.zeros_like(value) for value in values]
    targets = (1 - _SMOOTHING) * problem.targets.astype(np.float32) + _SMOOTHING / classes
    rounds = int(np.clip(_PASSES // max(1, len(some)), _FEWEST, _MOST))
    steps = rounds * -(-len(some) // _BATCH)
    step = 0
    for _ in range(rounds):
        problem.check()
        order = some[rng.permutation(len(some))]
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            slopes = _slopes(values, rows[batch], targets[batch], problem.weights[batch], rng)
            step += 1
            rate = _RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
            for value, slope, one, two in zip(values, slopes, first, second, strict=True):
                one += 0.1 * (slope - one)
                two += 0.001 * (slope * slope - two)
                mean = one / (1 - 0.9**step)
                spread = np.sqrt(two / (1 - 0.999**step)) + 1e-8
                value -= np.float32(rate) * (mean / spread + _DECAY * value)
    return Step(values[0], values[1], "relu"), Step(values[2], values[3])


def _slopes(
    values: list[NDArray[np.float32]],
    rows: NDArray[np.float32],
    targets: NDArray[np.float32],
    weights: NDArray[np.float64],
    rng: np.random.Generator,
) -> list[NDArray[np.float32]]:
    """Of the mean weighted cross-entropy of a batch, by each of the four arrays."""
    kernel, bias, last, offset = values
    kept = (rng.random(rows.shape, np.float32) > _DROPOUT / 2) / np.float32(1 - _DROPOUT / 2)
    seen = rows * kept
    hidden = np.maximum(seen @ kernel + bias, 0)
    dropped = (rng.random(hidden.shape, np.float32) > _DROPOUT) / np.float32(1 - _DROPOUT)
    through = hidden * dropped
    scores = through @ last + offset
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    wrong = scores / scores.sum(axis=1, keepdims=True) - targets
    wrong *= (weights / len(rows)).astype(np.float32)[:, None]
    back = (wrong @ last.T) * dropped * (hidden > 0)
    return [seen.T @ back, back.sum(axis=0), through.T @ wrong, wrong.sum(axis=0)]


def again(settings: Mapping[str, float], images: int) -> Again:
    """See :class:`core.training.heads.head.Head`."""
    return Again(
        ("_train",),
        (
            "scale = float(np.sqrt(np.square(problem.rows).mean()))",
            "first, last = _train(problem, problem.rows / np.float32(scale), every)",
            'steps = (Step(first.kernel / np.float32(scale), first.bias, "relu"), last)',
        ),
    )


HEAD = Head("perceptron", "a small network of its own", 10, judge, again, fewest=5_000)
