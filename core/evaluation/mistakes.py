"""Which answers to look at, and in which order: what the mistakes gallery and its command show."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd

from core.errors import InvalidInput
from core.evaluation.predictions import Predictions
from core.text import percent, quoted

Which = Literal["wrong", "right", "all"]
Order = Literal["confidence", "doubt", "loss"]
ORDERS: dict[Order, str] = {
    "confidence": "Most confident first",
    "doubt": "Most doubtful first",
    "loss": "Highest loss first",
}
WHICH: tuple[Which, ...] = get_args(Which)


def select(
    predictions: Predictions,
    which: Which = "wrong",
    *,
    true: str | None = None,
    predicted: str | None = None,
    order: Order | None = None,
) -> np.ndarray:
    """Rows of ``predictions`` in the order to be looked at.

    Args:
        true, predicted: only images of this class, or answered with it.
        order: ``confidence``: the surest answers first; among mistakes those are where the model
            has learned something wrong, or the label is. ``doubt``: the least sure first.
            ``loss``: by minus the logarithm of the true class's probability, the highest first.
            Default: ``doubt`` for right answers, else ``confidence``.

    Returns:
        int64, shape (m,); equals are in the order of ``predictions``.

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
        np.ones(len(predictions), bool)
        if which == "all"
        else predictions.correct == (which == "right")
    )
    for label, positions in ((true, predictions.true), (predicted, predictions.predicted)):
        if label is not None:
            wanted = wanted & (positions == position_of(predictions, label))
    rows = np.flatnonzero(wanted)
    first = {
        "confidence": -predictions.confidence,
        "doubt": predictions.confidence,
        "loss": -predictions.loss,
    }
    return rows[np.argsort(first[order][rows], kind="stable")]


def position_of(predictions: Predictions, label: str) -> int:
    """A class's position among those that the model knows.

    Raises:
        InvalidInput: it knows no such class.
    """
    try:
        return predictions.labels.index(label)
    except ValueError:
        raise InvalidInput(
            f"The model knows no class “{label}”.",
            remedy="It knows " + ", ".join(f"“{each}”" for each in predictions.labels[:20]) + ".",
        ) from None


def row_of(predictions: Predictions, path: str) -> int | None:
    """Where an image is in ``predictions``; ``None`` if it was not tested."""
    (found,) = np.nonzero((predictions.table["path"] == path).to_numpy())
    return int(found[0]) if len(found) else None


def top(predictions: Predictions, row: int, count: int = 5) -> list[tuple[str, float]]:
    """The likeliest classes of an image with their probabilities (0 to 1), likeliest first; the
    true class comes last if it is not among them."""
    given = predictions.probabilities[row]
    best = list(np.argsort(-given, kind="stable")[:count])
    true = int(predictions.true[row])
    if true not in best:
        best.append(true)
    return [(predictions.labels[n], float(given[n])) for n in best]


def said_of(predictions: Predictions, row: int) -> tuple[str, str]:
    """What an image is and what it was called, and what came next."""
    (said, sure), *others = top(predictions, row, 3)
    true = predictions.labels[predictions.true[row]]
    then = ", ".join(f"{quoted(label)} {percent(share, 0)}" for label, share in others)
    return f"is {quoted(true)}, said {quoted(said)} ({percent(sure, 0)})", f"then {then}"


def telling(table: pd.DataFrame, most: int, wrong: int) -> pd.DataFrame:
    """Images that show what a model can and can't: right answers from all over the classes, the
    surest of each, then the mistakes that it was surest of.

    Args:
        table: as :func:`core.evaluation.predictions.predictions_table` gives it.
        most: so many rows at the most,
        wrong: and so many of them mistakes.
    """
    surest = table.sort_values("confidence", ascending=False, kind="stable")
    mistakes = surest[~surest["correct"]].head(wrong)
    wanted = most - len(mistakes)
    # The surest of each class first, then the second surest, so that few classes are enough too.
    right = surest[surest["correct"]]
    turn = right.groupby("label", sort=False).cumcount()
    right = right.assign(_turn=turn).sort_values(["_turn", "label"], kind="stable")
    first = right[right["_turn"] == 0]
    step = max(1, len(first) // max(1, wanted))
    chosen = first.iloc[::step].head(wanted)
    if len(chosen) < wanted:
        chosen = pd.concat([chosen, right.drop(chosen.index).head(wanted - len(chosen))])
    return pd.concat([chosen.drop(columns="_turn"), mistakes])
