"""Ten test photos that a person names too: who is right more often, they or the model?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.evaluation.comparison.paired import mcnemar
from core.text import plural

ROUNDS = 10
# As wherever two are compared: a difference that two equally good ones show one time in 20.
_UNLIKELY = 0.05


@dataclass(frozen=True)
class Round:
    """One photo: ``path``, the class that it is (``label``), and what the model said."""

    path: str
    label: str
    answer: str


def draw(table: pd.DataFrame, seed: int) -> list[Round]:
    """Ten photos of a test's table, fewer where there are fewer: by chance, but as many of each
    class as there can be.

    None of them was trained on, and none is chosen for being hard or easy.
    """
    chance = np.random.default_rng(seed)
    mixed = table.iloc[chance.permutation(len(table))]
    # The first photo of each class, then the second of each; which classes come first is by chance.
    turn = mixed.groupby("label").cumcount().to_numpy()
    some = mixed.iloc[turn.argsort(kind="stable")[:ROUNDS]]
    some = some.iloc[chance.permutation(len(some))]
    return [
        Round(str(path), str(label), str(answer))
        for path, label, answer in zip(some["path"], some["label"], some["predicted"], strict=True)
    ]


def score(rounds: Sequence[Round], guesses: Sequence[str]) -> tuple[int, int]:
    """How many of the photos that were guessed the person is right on, and how many the model."""
    played = list(zip(rounds, guesses, strict=False))
    person = sum(guess == each.label for each, guess in played)
    return person, sum(each.answer == each.label for each, _ in played)


def told(rounds: Sequence[Round], guesses: Sequence[str]) -> str:
    """Who won, and whether so few photos can say so: by McNemar's exact test of those that only
    one of the two is right on."""
    person, model = score(rounds, guesses)
    if person == model:
        return "A draw."
    won = "You won" if person > model else "The model won"
    played = list(zip(rounds, guesses, strict=False))
    both = sum(guess == each.label == each.answer for each, guess in played)
    if mcnemar(person - both, model - both) < _UNLIKELY:
        return f"{won}: a difference that chance alone seldom makes."
    return f"{won}. With {plural(len(played), 'photo')}, such a difference may be chance."
