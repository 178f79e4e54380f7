"""What a search has found to be best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.training.auto.looks import Look
from core.training.heads.head import Step, Steps


@dataclass(frozen=True)
class Found:
    """What was best.

    Attributes:
        look: how it looks at images.
        steps: from the network's features to the softmax's inputs, fitted on all rows.
        head: key.
        rows: positions in the data's table of the images that it was fitted on.
        probabilities: of these, from folds without them, shape (len(rows), classes).
        accuracy: of these answers.
        before: from features to the head's coordinates; ``settings``: the head's.
        sharpness: what the head's scores were multiplied by.
    """

    look: Look
    steps: Steps
    head: str
    rows: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    accuracy: float
    before: Step
    settings: dict[str, float]
    sharpness: float
