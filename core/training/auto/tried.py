"""One look at some images, with what heads are fitted on and what they have shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.folds import folds
from core.quality.belonging import belonging
from core.training.auto.looks import Look
from core.training.context import Data, TrainingContext
from core.training.heads.choose import Candidate, Score
from core.training.heads.head import Problem, Step, Steps

FOLDS = 5


@dataclass
class Tried:
    """One look at some images, and what its heads have shown.

    Attributes:
        rows: positions of these in the data's table.
        load: gives what turns its features to coordinates, and these with their labels and folds;
            called when first needed, since a search that goes on may need neither.
    """

    look: Look
    rows: NDArray[np.int64]
    load: Callable[[], tuple[Step, Problem]]
    heads: dict[str, Score] = field(default_factory=dict)

    @cached_property
    def _loaded(self) -> tuple[Step, Problem]:
        return self.load()

    @property
    def before(self) -> Step:
        return self._loaded[0]

    @property
    def problem(self) -> Problem:
        return self._loaded[1]

    def fitted(self, candidate: Candidate) -> Found:
        """With a head that was judged on it, fitted on all of its rows."""
        return Found(self.look, self.rows, self.before, candidate, candidate.steps(self.before))


@dataclass(frozen=True)
class Found:
    """What a search has found to be best.

    Attributes:
        rows: positions in the data's table of the images that it was fitted on.
        before: from the network's features to the head's coordinates.
        judged: its head, with what that answered about these images from folds without them.
        steps: from the features to the softmax's inputs, fitted on all rows.
    """

    look: Look
    rows: NDArray[np.int64]
    before: Step
    judged: Candidate
    steps: Steps


def problem_of(
    context: TrainingContext, data: Data, rows: NDArray[np.float32], at: NDArray[np.int64]
) -> Problem:
    """What heads are fitted on.

    Args:
        rows: coordinates of each image.
        at: positions of these in the data's table.
    """
    labels = data.labels[at]
    table = data.table
    groups = pd.factorize(belonging(table).to_numpy()[at])[0].astype(np.int64)
    classes = len(context.classes)
    weights = np.ones(len(labels))
    if context.spec.balance != "none":
        weights = 1 / np.bincount(labels, minlength=classes)[labels]
    seed = context.spec.seed
    return Problem(
        rows,
        labels,
        classes,
        folds(labels, groups, FOLDS, seed),
        weights / weights.mean(),
        seed,
        check=context.report.check,
    )
