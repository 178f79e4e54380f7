"""Which head answers best on given features, by images that it was not fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.training.heads import get
from core.training.heads.head import Judged, Problem, Step, Steps
from core.training.heads.sharp import log_loss, sharpened

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
        return joined(before, (*rest, last.times(self.sharpness)))


def joined(before: Step, steps: Sequence[Step]) -> Steps:
    """A linear step and those that follow, with the first two made one."""
    first, *rest = steps
    kernel = before.kernel @ first.kernel
    return (Step(kernel, before.bias @ first.kernel + first.bias, first.activation), *rest)


def judge(problem: Problem, key: str) -> Candidate:
    """Try one head; its settings and how sure its answers are come from out-of-fold answers."""
    judged = get(key).judge(problem)
    sharpness, probabilities = sharpened(judged.scores, problem.labels)
    return Candidate(
        key,
        judged.settings,
        float((judged.scores.argmax(axis=1) == problem.labels).mean()),
        log_loss(probabilities, problem.labels),
        len(problem.labels),
        probabilities,
        sharpness,
        judged,
    )


def surely_better(one: Score, other: Score) -> bool:
    """Whether ``one`` is right more often by more than a standard error."""
    return one.accuracy - other.accuracy > _chance(other)


def better(one: Score, other: Score) -> bool:
    """Whether ``one`` is to be preferred: surely right more often, or, where that can't be told,
    surer of the truth (the lower log loss), which chance moves less."""
    if abs(one.accuracy - other.accuracy) > _chance(other):
        return one.accuracy > other.accuracy
    return one.log_loss < other.log_loss


def _chance(score: Score) -> float:
    """A standard error of its accuracy."""
    share = np.clip(score.accuracy, 0.01, 0.99)
    return float(np.sqrt(share * (1 - share) / max(1, score.images)))


def settled(wrong: float) -> bool:
    """Whether so few answers are wrong that nothing could be shown to be better."""
    return round(wrong) < FEWEST_WRONG
