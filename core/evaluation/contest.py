"""Ten test photos that a person names too: who is right more often, they or the model?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.evaluation.predictions import load_predictions
from core.workspace import Workspace

ROUNDS = 10


@dataclass(frozen=True)
class Round:
    """One photo: ``path``, the class that it is (``label``), and what the model said."""

    path: str
    label: str
    answer: str


def contest(workspace: Workspace, run_id: str, seed: int) -> list[Round]:
    """Ten photos of a run's test, drawn by chance; fewer where there are fewer.

    None of them was trained on, and none is chosen for being hard or easy.

    Raises:
        NotFound: the run was not tested.
    """
    table = load_predictions(workspace, run_id).table
    rows = np.random.default_rng(seed).permutation(len(table))[:ROUNDS]
    some = table.iloc[rows]
    return [
        Round(str(path), str(label), str(answer))
        for path, label, answer in zip(some["path"], some["label"], some["predicted"], strict=True)
    ]


def score(rounds: Sequence[Round], guesses: Sequence[str]) -> tuple[int, int]:
    """How many of the photos that were guessed the person is right on, and how many the model."""
    played = list(zip(rounds, guesses, strict=False))
    person = sum(guess == each.label for each, guess in played)
    return person, sum(each.answer == each.label for each, _ in played)
