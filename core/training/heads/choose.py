"""Which head answers best on given features, by images that it was not fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.training.heads import get
from core.training.heads.head import Floats, Judged, Problem, Step, Steps

# How surely answers may be scaled; a best one at an end is none.
_COLDEST, _HOTTEST = 1e-3, 1e3


# Where fewer are wrong, nothing can be shown to be better.
FEWEST_WRONG = 2


@dataclass(frozen=True)
class Score:
    """How good a head is on given features, by answers about images that it was not fitted on.

    Attributes:
        head: its key.
        settings: what was chosen for it.
        accuracy: the share of these answers that is right.
        log_loss: minus the mean logarithm of the true class's probability.
        images: how many these were.
    """

    head: str
    settings: dict[str, float]
    accuracy: float
    log_loss: float
    images: int


@dataclass(frozen=True)
class Candidate(Score):
    """A head with its answers, ready to be fitted on all images.

    Attributes:
        probabilities: shape (n, classes), of each image from folds without it.
        sharpness: scores are multiplied by it before the softmax.
        judged: what fits it.
    """

    probabilities: NDArray[np.float64]
    sharpness: float
    judged: Judged

    def steps(self, before: Step) -> Steps:
        """Fitted on all images: dense layers from features to the softmax's inputs.

        Args:
            before: from features to the coordinates that it was judged on.
        """
        *rest, last = self.judged.fit()
        sharp = np.float32(self.sharpness)
        return joined(before, (*rest, Step(last.kernel * sharp, last.bias * sharp)))


def joined(before: Step, steps: Sequence[Step]) -> Steps:
    """A linear step and those that follow, with the first two made one."""
    first, *rest = steps
    kernel = before.kernel @ first.kernel
    return (Step(kernel, before.bias @ first.kernel + first.bias, first.activation), *rest)


def judge(problem: Problem, key: str) -> Candidate:
    """Try one head; its settings and how sure its answers are come from out-of-fold answers."""
    judged = get(key).judge(problem)
    sharpness, probabilities = sharpened(judged.scores, problem.labels)
    mine = probabilities[np.arange(len(problem.labels)), problem.labels]
    return Candidate(
        key,
        judged.settings,
        float((judged.scores.argmax(axis=1) == problem.labels).mean()),
        float(-np.log(np.maximum(mine, 1e-12)).mean()),
        len(problem.labels),
        probabilities,
        sharpness,
        judged,
    )


def sharpened(scores: Floats, labels: NDArray[np.int64]) -> tuple[float, NDArray[np.float64]]:
    """What scores are multiplied by so that the true classes become likeliest, and the
    probabilities (n, classes) that come of it."""
    sharpness = _sharpness(scores, labels)
    return sharpness, _softmax(scores * sharpness)


def better(one: Score, other: Score) -> bool:
    """Whether ``one`` is to be preferred: right more often, beyond what a fair coin would do.

    Where the two differ by less than a quarter of a standard error, the surer one on the truth
    counts (the lower log loss), which chance moves less.
    """
    share = np.clip(other.accuracy, 0.01, 0.99)
    chance = 0.25 * np.sqrt(share * (1 - share) / max(1, other.images))
    if abs(one.accuracy - other.accuracy) > chance:
        return one.accuracy > other.accuracy
    return one.log_loss < other.log_loss


def settled(wrong: float) -> bool:
    """Whether so few answers are wrong that nothing could be shown to be better."""
    return round(wrong) < FEWEST_WRONG


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
