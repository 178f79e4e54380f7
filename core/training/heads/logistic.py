"""Multinomial logistic regression, with a penalty on the squares of its weights.

The penalty is chosen by cross-validation. scikit-learn stops by the size of the gradient, so rows
are scaled to a mean square of 1 a coordinate first: tiny ones would end it after a few steps.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.training.heads.head import Again, Head, Judged, Problem, Step, Steps, fold_by_fold
from core.training.heads.sharp import best_setting

# The inverse of the penalty, on rows of mean square 1.
_STRENGTHS = (1e-2, 1e-3, 1e-1)
_STEPS = 100


def judge(problem: Problem) -> Judged:
    """See :class:`core.training.heads.Head`."""
    scale = float(np.sqrt(np.square(problem.rows).sum(axis=1).mean())) / np.sqrt(
        problem.rows.shape[1]
    )
    rows = problem.rows / np.float32(max(scale, 1e-12))
    scores: dict[tuple[float, ...], NDArray[np.float64]] = {}
    for strength in (problem.known["strength"],) if problem.known else _STRENGTHS:

        def answered(fold: NDArray[np.int64], strength: float = strength) -> NDArray[np.float64]:
            problem.check()
            kernel, bias = _fit(problem, rows, problem.without(fold), strength)
            return np.asarray(rows[fold] @ kernel + bias)

        scores[(strength,)] = fold_by_fold(problem, answered)
    best = best_setting(problem.labels, scores)

    def fit() -> Steps:
        kernel, bias = _fit(problem, rows, np.arange(len(rows)), best[0])
        return (Step((kernel / max(scale, 1e-12)).astype(np.float32), bias.astype(np.float32)),)

    return Judged(scores[best], {"strength": best[0]}, fit)


def _fit(
    problem: Problem, rows: NDArray[np.float32], some: NDArray[np.int64], strength: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Kernel (r, k) and bias (k,); a class without an image among ``some`` is never the answer."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    kernel = np.zeros((rows.shape[1], problem.classes))
    bias = np.full(problem.classes, -30.0)
    known = np.unique(problem.labels[some])
    if len(known) < 2:
        bias[known] = 0
        return kernel, bias
    with warnings.catch_warnings():
        # Enough steps to be useful, and what follows is judged by the folds anyway.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=strength, max_iter=_STEPS).fit(
            rows[some], problem.labels[some], sample_weight=problem.weights[some]
        )
    if len(known) == 2:
        kernel[:, known[1]], kernel[:, known[0]] = model.coef_[0] / 2, -model.coef_[0] / 2
        bias[known[1]], bias[known[0]] = model.intercept_[0] / 2, -model.intercept_[0] / 2
    else:
        kernel[:, known], bias[known] = model.coef_.T, model.intercept_
    return kernel, bias


def again(settings: Mapping[str, float], images: int) -> Again:
    """See :class:`core.training.heads.head.Head`."""
    return Again(
        ("_fit",),
        (
            "scale = float(np.sqrt(np.square(problem.rows).mean()))",
            f"kernel, bias = _fit(problem, problem.rows / scale, every, {settings['strength']!r})",
            "steps = (Step((kernel / scale).astype(np.float32), bias.astype(np.float32)),)",
        ),
    )


HEAD = Head("logistic", "a logistic regression", 6, judge, again)
