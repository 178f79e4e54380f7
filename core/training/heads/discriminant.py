"""Linear discriminant analysis with shrinkage: classes as clouds of one shape.

All classes share a covariance, drawn towards a ball by a share that cross-validation chooses
(Friedman, "Regularized Discriminant Analysis", 1989). In closed form, and in moments.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.training.heads.head import Again, Head, Judged, Problem, Step, Steps, side_by_side
from core.training.heads.sharp import best_setting

_CHUNK = 4096
_SHRINKAGES = (0.3, 0.1, 0.03, 0.01, 0.6)
_Sums = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def _sums(problem: Problem, rows: NDArray[np.int64]) -> _Sums:
    """Of some rows: weights by class (k,), sums by class (k, r), and products (r, r)."""
    size = problem.rows.shape[1]
    weights, sums = np.zeros(problem.classes), np.zeros((problem.classes, size))
    products = np.zeros((size, size))
    for start in range(0, len(rows), _CHUNK):
        at = rows[start : start + _CHUNK]
        some = problem.rows[at].astype(np.float64)
        weighted = some * problem.weights[at, None]
        member = np.zeros((problem.classes, len(at)))
        member[problem.labels[at], np.arange(len(at))] = 1
        weights += member @ problem.weights[at]
        sums += member @ weighted
        products += some.T @ weighted
    return weights, sums, products


def _solve(sums: _Sums, shrinkage: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Kernel (r, k) and bias (k,) of the scores: log-densities but for what classes share."""
    weights, rows, products = sums
    means = rows / np.maximum(weights, 1e-9)[:, None]
    total = weights.sum()
    within = (products - (means * weights[:, None]).T @ means) / total
    size = len(within)
    ball = max(float(np.trace(within)) / size, 1e-9)
    within *= 1 - shrinkage
    within[np.diag_indices(size)] += shrinkage * ball
    kernel = np.linalg.solve(within, means.T)
    # A class without an image here is never the answer.
    prior = np.log(np.maximum(weights / total, 1e-12))
    return kernel, prior - 0.5 * (means * kernel.T).sum(axis=1)


def judge(problem: Problem) -> Judged:
    """See :class:`core.training.heads.Head`."""
    parts = list(side_by_side(lambda fold: _sums(problem, fold), problem.folds))
    weights, sums, products = (np.sum(each, axis=0) for each in zip(*parts, strict=True))
    every = weights, sums, products
    shares = (problem.known["shrinkage"],) if problem.known else _SHRINKAGES

    def answered(number: int) -> list[NDArray[np.float64]]:
        problem.check()
        rows = problem.rows[problem.folds[number]]
        mine = parts[number] if len(parts) > 1 else (0, 0, 0)
        rest = weights - mine[0], sums - mine[1], products - mine[2]
        solved = [_solve(rest, share) for share in shares]
        return [rows @ kernel + bias for kernel, bias in solved]

    scores: dict[tuple[float, ...], NDArray[np.float64]] = {
        (share,): np.zeros((len(problem.labels), problem.classes)) for share in shares
    }
    found = side_by_side(answered, range(len(parts)))
    for fold, some in zip(problem.folds, found, strict=True):
        for (share,), mine in zip(scores, some, strict=True):
            scores[(share,)][fold] = mine
        problem.tell(fold, some[0])
    best = best_setting(problem.labels, scores)

    def fit() -> Steps:
        kernel, bias = _solve(every, best[0])
        return (Step(kernel.astype(np.float32), bias.astype(np.float32)),)

    return Judged(scores[best], {"shrinkage": best[0]}, fit)


def again(settings: Mapping[str, float], images: int) -> Again:
    """See :class:`core.training.heads.head.Head`."""
    return Again(
        ("_sums", "_solve"),
        (
            f"kernel, bias = _solve(_sums(problem, every), {settings['shrinkage']!r})",
            "steps = (Step(kernel.astype(np.float32), bias.astype(np.float32)),)",
        ),
    )


HEAD = Head("discriminant", "a linear discriminant", 1, judge, again)
