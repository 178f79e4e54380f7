"""Ridge regression on a radial kernel: like images have a say, the more the more they are alike.

Rows are brought to unit length, so that exp(-w |x - a|²) = exp(2 w x·a - 2 w): a dense layer with
an exponential, whose weights are the images themselves ("anchors"). With many images a part of them
are the anchors (Nyström; Williams & Seeger, "Using the Nyström method to speed up kernel machines",
2001). Width and ridge are chosen by cross-validation, in closed form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.training.heads.head import Again, Head, Judged, Problem, Step, Steps, side_by_side
from core.training.heads.sharp import best_setting

_WIDTHS = (0.25, 0.6, 0.1, 1.5)
_RIDGES = (1e-2, 1e-1, 1e-3)
# Up to so many images every one is an anchor; beyond, so many are drawn.
MOST_EXACT = 3000
ANCHORS = 2000
# Width and ridge are chosen on so many; more change neither.
_ENOUGH_FOR_WIDTH = 6000
_CHUNK = 4096

Pair = tuple[float, ...]
Products = tuple[NDArray[np.float64], NDArray[np.float64]]


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.sqrt(np.square(rows).sum(axis=1, keepdims=True))
    return np.asarray(rows / np.maximum(length, 1e-12), np.float32)


def _like(rows: NDArray[np.float32], anchors: NDArray[np.float32], width: float) -> NDArray:
    """float32 (n, m): 1 for the same direction, towards exp(-4 width) for the opposite one."""
    return np.asarray(np.exp(np.float32(2 * width) * (rows @ anchors.T - 1)), np.float32)


def judge(problem: Problem) -> Judged:
    """See :class:`core.training.heads.Head`."""
    rows = _unit(problem.rows)
    if len(rows) <= MOST_EXACT:
        return _judge_exact(problem, rows)
    return _judge_anchored(problem, rows)


def _judge_exact(problem: Problem, rows: NDArray[np.float32]) -> Judged:
    prior, centred = _centred(problem)
    inner = (rows @ rows.T).astype(np.float64)
    every = np.arange(len(rows))
    scores: dict[Pair, NDArray[np.float64]] = {}
    found: dict[Pair, NDArray[np.float64]] = {}

    def attempt(pair: Pair) -> tuple[Pair, NDArray[np.float64], NDArray[np.float64]]:
        problem.check()
        width, ridge = pair
        inverse = np.exp(2 * width * (inner - 1))
        inverse[np.diag_indices(len(rows))] += ridge / problem.weights
        inverse = _inverse(inverse)
        coefficients = inverse @ centred
        out = np.zeros_like(centred)
        for fold in problem.folds:
            # What is missed where a fold is left out, without fitting anew.
            missed = np.linalg.solve(inverse[np.ix_(fold, fold)], coefficients[fold])
            out[fold] = centred[fold] - missed
        return pair, out + prior, coefficients

    def attempt_all(pairs: list[Pair]) -> None:
        for pair, answers, coefficients in side_by_side(attempt, pairs):
            scores[pair], found[pair] = answers, coefficients
            problem.tell(every, answers)

    if problem.known:
        attempt_all([(problem.known["width"], problem.known["ridge"])])
    else:
        attempt_all([(width, _RIDGES[0]) for width in _WIDTHS])
        width = best_setting(problem.labels, scores)[0]
        attempt_all([(width, ridge) for ridge in _RIDGES[1:]])
    best = best_setting(problem.labels, scores)
    return Judged(
        scores[best],
        {"width": best[0], "ridge": best[1], "anchors": len(rows)},
        lambda: _steps(rows, best[0], found[best], prior),
    )


def _judge_anchored(problem: Problem, rows: NDArray[np.float32]) -> Judged:
    rng = np.random.default_rng(problem.seed)
    anchors = rows[np.sort(rng.permutation(len(rows))[:ANCHORS])]
    some = np.sort(rng.permutation(len(rows))[:_ENOUGH_FOR_WIDTH])
    prior, centred = _centred(problem)
    scores: dict[Pair, NDArray[np.float64]] = {}
    if problem.known:
        best: Pair = (problem.known["width"], problem.known["ridge"])
    else:
        few = problem.some(some, rows[some])
        for width in _WIDTHS:
            ridges = (_RIDGES[0],) if scores else _RIDGES
            # Not kept in a variable: it is large, and the next one should have its place.
            scores |= _Anchored(few, centred[some], anchors, width).tried(ridges)
        best = best_setting(few.labels, scores)
    chosen = _Anchored(replace(problem, rows=rows), centred, anchors, best[0])
    out = chosen.out_of_fold(best[1])
    weights = chosen.fitted(best[1])
    return Judged(
        out + prior,
        {"width": best[0], "ridge": best[1], "anchors": len(anchors)},
        lambda: _steps(anchors, best[0], weights, prior),
    )


class _Anchored:
    """How like images are to anchors at one width, added up so that a ridge is quickly tried.

    Args:
        problem: its rows are of unit length.
        centred: targets less their prior, shape (n, k).
    """

    def __init__(
        self,
        problem: Problem,
        centred: NDArray[np.float64],
        anchors: NDArray[np.float32],
        width: float,
    ) -> None:
        self._problem, self._centred = problem, centred
        self._anchors, self._width = anchors, width
        self._parts = [self._products(fold) for fold in problem.folds]
        self._square, self._cross = (
            np.sum(each, axis=0) for each in zip(*self._parts, strict=True)
        )
        self._shape = _like(anchors, anchors, width).astype(np.float64)

    def fitted(self, ridge: float, without: Products | None = None) -> NDArray[np.float64]:
        """Weights of the anchors, shape (m, k)."""
        square, cross = self._square, self._cross
        if without is not None:
            square, cross = square - without[0], cross - without[1]
        return _ridge(square, cross, self._shape, ridge)

    def tried(self, ridges: Sequence[float]) -> dict[Pair, NDArray[np.float64]]:
        """:meth:`out_of_fold` of each ridge, by width and ridge."""
        return {(self._width, ridge): self.out_of_fold(ridge) for ridge in ridges}

    def out_of_fold(self, ridge: float) -> NDArray[np.float64]:
        """Scores of all images without the prior, each fold's fitted on the others."""
        out = np.zeros_like(self._centred)
        for fold, part in zip(self._problem.folds, self._parts, strict=True):
            self._problem.check()
            weights = self.fitted(ridge, part)
            for chunk, like in self._likenesses(fold):
                out[chunk] = like @ weights
            self._problem.tell(fold, out[fold])
        return out

    def _products(self, fold: NDArray[np.int64]) -> Products:
        """Products of a fold's likenesses (m, m) and with the targets (m, k)."""
        square = np.zeros((len(self._anchors), len(self._anchors)))
        cross = np.zeros((len(self._anchors), self._centred.shape[1]))
        for chunk, like in self._likenesses(fold):
            self._problem.check()
            weighted = like * self._problem.weights[chunk, None].astype(np.float32)
            square += weighted.T @ like
            cross += weighted.T @ self._centred[chunk].astype(np.float32)
        return square, cross

    def _likenesses(
        self, fold: NDArray[np.int64]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        for start in range(0, len(fold), _CHUNK):
            chunk = fold[start : start + _CHUNK]
            yield chunk, _like(self._problem.rows[chunk], self._anchors, self._width)


def _ridge(
    square: NDArray[np.float64],
    cross: NDArray[np.float64],
    shape: NDArray[np.float64],
    ridge: float,
) -> NDArray[np.float64]:
    from scipy.linalg import solve

    system = square + ridge * shape
    # Products are sums of float32, and anchors that are alike have rows that are equal.
    system[np.diag_indices(len(system))] += 1e-5 * np.trace(system) / len(system)
    return np.asarray(solve(system, cross, assume_a="pos", overwrite_a=True))


def _inverse(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of a symmetric positive matrix, which is overwritten."""
    from scipy.linalg.lapack import dpotrf, dpotri

    factor, failed = dpotrf(matrix, lower=1, overwrite_a=1)
    lower, failed_too = dpotri(factor, lower=1, overwrite_c=1)
    if failed or failed_too:
        raise np.linalg.LinAlgError("likenesses that can't be told from each other")
    return np.asarray(np.tril(lower) + np.tril(lower, -1).T)


def _centred(problem: Problem) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The weighted mean of the targets (k,), and the targets less it (n, k)."""
    targets = problem.targets
    prior = np.average(targets, axis=0, weights=problem.weights)
    return prior, targets - prior


def _steps(
    anchors: NDArray[np.float32],
    width: float,
    coefficients: NDArray[np.float64],
    prior: NDArray[np.float64],
) -> Steps:
    inputs = anchors.shape[1]
    likeness = Step(
        np.ascontiguousarray(np.float32(2 * width) * anchors.T),
        np.full(len(anchors), -2 * width, np.float32),
        "exponential",
    )
    same = Step(np.eye(inputs, dtype=np.float32), np.zeros(inputs, np.float32), "unit")
    return same, likeness, Step(coefficients.astype(np.float32), prior.astype(np.float32))


def again(settings: Mapping[str, float], images: int) -> Again:
    """See :class:`core.training.heads.head.Head`."""
    names = ("_unit", "_like", "_centred", "_steps")
    start = (
        f"WIDTH, RIDGE = {settings['width']!r}, {settings['ridge']!r}",
        "rows = _unit(problem.rows)",
        "prior, centred = _centred(problem)",
    )
    if images <= MOST_EXACT:
        exact = """
        # Every image is an anchor: what is like it has a say in its class.
        matrix = _like(rows, rows, WIDTH).astype(np.float64)
        matrix[np.diag_indices(len(rows))] += RIDGE / problem.weights
        steps = _steps(rows, WIDTH, np.linalg.solve(matrix, centred), prior)
        """
        return Again(names, (*start, exact))
    anchored = """
    anchors = rows[np.sort(chosen)]
    like = _like(rows, anchors, WIDTH)
    weighted = like * problem.weights[:, None].astype(np.float32)
    square, cross = (weighted.T @ like).astype(np.float64), weighted.T @ centred
    shape = _like(anchors, anchors, WIDTH).astype(np.float64)
    steps = _steps(anchors, WIDTH, _ridge(square, cross, shape, RIDGE), prior)
    """
    drawn = f"np.random.default_rng(SEED).permutation(len(rows))[: {settings['anchors']:.0f}]"
    return Again((*names, "_ridge"), (*start, f"chosen = {drawn}", anchored))


HEAD = Head("kernel", "a kernel ridge", 3, judge, again)
