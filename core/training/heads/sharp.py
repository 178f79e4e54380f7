"""How sure answers should be: scores scaled so that the true classes become likeliest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.training.heads.head import Floats

# How surely answers may be scaled; a best one at an end is none.
_COLDEST, _HOTTEST = 1e-3, 1e3


def sharpened(scores: Floats, labels: NDArray[np.int64]) -> tuple[float, NDArray[np.float64]]:
    """What scores are multiplied by so that the true classes become likeliest, and the
    probabilities (n, classes) that come of it."""
    sharpness = _sharpness(scores, labels)
    return sharpness, _softmax(scores * sharpness)


def log_loss(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Minus the mean logarithm of the true class's probability."""
    mine = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(mine, 1e-12)).mean())


def best_setting(
    labels: NDArray[np.int64], scores: dict[tuple[float, ...], NDArray[np.float64]]
) -> tuple[float, ...]:
    """Of settings with what they answered out of fold, the one that is surest of the truth.

    Log loss, once each is as sure as it should be, is moved less by chance than how many are right.
    """
    return min(scores, key=lambda key: log_loss(sharpened(scores[key], labels)[1], labels))


def _sharpness(scores: Floats, labels: NDArray[np.int64]) -> float:
    """By which factor the true classes become likeliest (Guo et al., 2017)."""
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    rows = np.arange(len(labels))
    true = scores[rows, labels]

    def loss(power: float) -> float:
        factor = np.exp(power)
        return float((logsumexp(scores * factor, axis=1) - true * factor).mean())

    found = minimize_scalar(loss, bounds=(np.log(_COLDEST), np.log(_HOTTEST)), method="bounded")
    return float(np.exp(found.x))


def _softmax(scores: Floats) -> NDArray[np.float64]:
    from scipy.special import softmax

    return np.asarray(softmax(scores, axis=1))
