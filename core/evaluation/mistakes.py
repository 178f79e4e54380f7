"""Which answers to look at, and in which order: what the mistakes gallery and its command show."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from core.errors import InvalidInput
from core.evaluation.answers import Answers

Which = Literal["wrong", "right", "all"]
Order = Literal["confidence", "doubt", "loss"]
ORDERS: dict[Order, str] = {
    "confidence": "Most confident first",
    "doubt": "Most doubtful first",
    "loss": "Highest loss first",
}
WHICH: tuple[Which, ...] = get_args(Which)


def select(
    answers: Answers,
    which: Which = "wrong",
    *,
    true: str | None = None,
    predicted: str | None = None,
    order: Order | None = None,
) -> np.ndarray:
    """Rows of ``answers`` in the order to be looked at.

    Args:
        true, predicted: only images of this class, or answered with it.
        order: ``confidence``: the surest answers first; among mistakes those are where the model
            has learned something wrong, or the label is. ``doubt``: the least sure first.
            ``loss``: by minus the logarithm of the true class's probability, the highest first.
            Default: ``doubt`` for right answers, else ``confidence``.

    Returns:
        int64, shape (m,); equals are in the order of ``answers``.

    Raises:
        InvalidInput: the model knows no such class.
        ValueError: there is no such choice or order.
    """
    if which not in WHICH:
        raise ValueError(f"which is {which!r}, not one of {', '.join(WHICH)}")
    order = order or ("doubt" if which == "right" else "confidence")
    if order not in ORDERS:
        raise ValueError(f"order is {order!r}, not one of {', '.join(ORDERS)}")
    wanted = (
        np.ones(len(answers), bool) if which == "all" else answers.correct == (which == "right")
    )
    for label, positions in ((true, answers.true), (predicted, answers.predicted)):
        if label is not None:
            wanted = wanted & (positions == position_of(answers, label))
    rows = np.flatnonzero(wanted)
    first = {"confidence": -answers.confidence, "doubt": answers.confidence, "loss": -answers.loss}
    return rows[np.argsort(first[order][rows], kind="stable")]


def position_of(answers: Answers, label: str) -> int:
    """A class's position among those that the model knows.

    Raises:
        InvalidInput: it knows no such class.
    """
    try:
        return answers.labels.index(label)
    except ValueError:
        raise InvalidInput(
            f"The model knows no class “{label}”.",
            remedy="It knows " + ", ".join(f"“{each}”" for each in answers.labels[:20]) + ".",
        ) from None


def row_of(answers: Answers, path: str) -> int | None:
    """Where an image is in ``answers``; ``None`` if it was not tested."""
    (found,) = np.nonzero((answers.table["path"] == path).to_numpy())
    return int(found[0]) if len(found) else None


def top(answers: Answers, row: int, count: int = 5) -> list[tuple[str, float]]:
    """The likeliest classes of an image with their probabilities (0 to 1), likeliest first; the
    true class comes last if it is not among them."""
    given = answers.probabilities[row]
    best = list(np.argsort(-given, kind="stable")[:count])
    true = int(answers.true[row])
    if true not in best:
        best.append(true)
    return [(answers.labels[n], float(given[n])) for n in best]
