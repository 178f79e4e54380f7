"""How good fine-tuned networks are, alone and together with those that stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.training.architectures import pretrained
from core.training.heads.head import Floats, Step, Steps
from core.training.heads.sharp import sharpened

# Standard errors by which it must be ahead of what there was, to be kept: of how many more are
# right (McNemar), or of how much surer of the truth it is.
AHEAD = 2.0
# How much those beside a fine-tuned network count, each in parts of it: as much, which is safer, or
# not at all.
_SHARES = (1.0, 0.0)


@dataclass(frozen=True)
class Tuned:
    """What fine-tuning has brought.

    Attributes:
        body: a ``keras.Model`` from pixels to features of all networks.
        steps: from these to the softmax's inputs.
        rows: positions in the data's table of the images that it was judged on, in order.
        probabilities: of these, by what was not fitted on them.
        accuracy: of these answers.
    """

    body: Any
    steps: Steps
    rows: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    accuracy: float


@dataclass(frozen=True)
class Member:
    """Networks side by side with a linear head; what is kept is the mean of one or several.

    Attributes:
        bodies: makes them, each from pixels to features; called for what is kept in the end.
        step: from the features of all of these to scores.
    """

    bodies: Callable[[], list[Any]]
    step: Step


@dataclass(frozen=True)
class Judged:
    """Networks of which the answers are averaged, and how good that is.

    Attributes:
        members: what takes part, the last fine-tuned one first; together their scores add up to the
            softmax's inputs.
        probabilities: shape (all rows, classes); 0 where not judged.
        held_out: the folds; ``None`` where any will do, since all rows were judged.
        rows: that were judged, in order.
    """

    members: list[Member]
    probabilities: NDArray[np.float64]
    held_out: list[NDArray[np.int64]] | None
    rows: NDArray[np.int64]

    def whole(self, at: NDArray[np.int64], labels: NDArray[np.int64]) -> Tuned:
        """All of it as one network and one dense layer.

        Args:
            at: positions of all rows in the data's table.
            labels: of all rows.
        """
        kernel = np.concatenate([each.step.kernel for each in self.members])
        bias = np.sum([each.step.bias for each in self.members], axis=0)
        said = self.probabilities[self.rows]
        return Tuned(
            pretrained.side_by_side([body for each in self.members for body in each.bodies()]),
            (Step(np.asarray(kernel, np.float32), np.asarray(bias, np.float32)),),
            at[self.rows],
            said,
            float((said.argmax(axis=1) == labels[self.rows]).mean()),
        )


def is_ahead(
    labels: NDArray[np.int64],
    rows: NDArray[np.int64],
    now: Floats,
    then: Floats,
    by: float = AHEAD,
) -> bool:
    """Whether of two answers about the same images one is right more often, by more than chance
    would do, and no less sure of the truth; or surer by more than that, and right no less often.

    Args:
        by: so many standard errors; with 0, being surer of the truth is enough.
    """
    mine = labels[rows]
    right, was = (each[rows].argmax(axis=1) == mine for each in (now, then))
    gained = int(right.sum()) - int(was.sum())
    surer = _surer(labels, rows, now, then)
    if gained > by * np.sqrt((right != was).sum()) and surer >= 0:
        return True
    return surer > by and (gained >= 0 or not by)


def _surer(labels: NDArray[np.int64], rows: NDArray[np.int64], now: Floats, then: Floats) -> float:
    """How much surer of the truth one answer is than another, in standard errors."""
    mine = labels[rows]
    sure, before = (np.log(np.maximum(each[rows, mine], 1e-12)) for each in (now, then))
    surer = sure - before
    return float(surer.sum() / max(1e-12, np.sqrt(np.square(surer - surer.mean()).sum())))


def mixed(
    own: Floats, beside: Judged, labels: NDArray[np.int64], rows: NDArray[np.int64]
) -> tuple[float, float, NDArray[np.float64]]:
    """How much the scores of a network and of those beside it count: in a mean of all, or it alone
    where that is surer of the truth by more than chance would do.

    Args:
        own: scores of all rows.
        rows: those that were judged.

    Returns:
        The factors of both, and what comes of it for all rows; 0 where not judged.
    """
    sharp = sharpened(own[rows], labels[rows])[0]
    theirs = np.log(np.maximum(beside.probabilities[rows], 1e-12))
    factors = 0.0, 0.0
    said = np.zeros(own.shape)
    for number, share in enumerate(_SHARES):
        of_beside = share * len(beside.members)
        scores = own[rows] * sharp + theirs * of_beside
        factor, probabilities = sharpened(scores, labels[rows])
        now = np.zeros(own.shape)
        now[rows] = probabilities
        if not number or _surer(labels, rows, now, said) > AHEAD:
            factors, said = (sharp * factor, of_beside * factor), now
    return *factors, said
