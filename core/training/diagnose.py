"""What the curves of a training say, in words and with what to do about it.

Rules of thumb on finished epochs; each looks at enough of them to be past chance ups and downs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.runs.values import EpochRecord
from core.text import percent

KEYS = frozenset(["diverging", "dead", "overfitting", "underfitting", "plateau"])


@dataclass(frozen=True)
class Diagnosis:
    """One thing worth saying.

    Attributes:
        key: of :data:`KEYS`.
        text: what is seen, with its numbers.
        remedy: what to try.
    """

    key: str
    text: str
    remedy: str


def diagnose(history: Sequence[EpochRecord], classes: int, epochs: int) -> list[Diagnosis]:
    """What is to be said after these epochs; the most serious first, at most one of a kind.

    Args:
        history: finished epochs of one part of a training.
        classes: how many there are.
        epochs: planned in all.
    """
    if len(history) < 2:
        return []
    if serious := [*_diverging(history, classes), *_dead(history, classes)]:
        # The others would only say the same in a milder way.
        return serious[:1]
    return [*_overfitting(history), *_plateau(history, epochs), *_underfitting(history, epochs)]


def _diverging(history: Sequence[EpochRecord], classes: int) -> Iterator[Diagnosis]:
    losses = [entry.measured("loss") for entry in history]
    lowest, last = min(losses[:-1]), losses[-1]
    guessing = math.log(classes)
    if last > 2 * max(lowest, 0.1 * guessing) and last > 1.5 * guessing:
        rate = history[-1].measured("learning_rate")
        yield Diagnosis(
            "diverging",
            f"The training loss has gone up from {lowest:.2g} to {last:.2g}, above what guessing "
            f"would have ({guessing:.2g}): the steps are too big.",
            f"Lower the learning rate, for example to {rate / 10:.1g}.",
        )


def _dead(history: Sequence[EpochRecord], classes: int) -> Iterator[Diagnosis]:
    if len(history) < 4:
        return
    last = history[-4:]
    losses = [entry.measured("loss") for entry in last]
    flat = max(losses) - min(losses) < 0.01 * max(losses)
    guessing = max(entry.measured("accuracy") for entry in last) < 1.3 / classes + 0.02
    if flat and guessing:
        right = percent(last[-1].measured("accuracy"), 0)
        yield Diagnosis(
            "dead",
            f"Nothing has been learned in four epochs: {right} right, "
            f"about what guessing among {classes} classes gives, and the loss stays where it is.",
            "Change the learning rate (ten times lower first), or choose another network or "
            "optimizer.",
        )


def _overfitting(history: Sequence[EpochRecord]) -> Iterator[Diagnosis]:
    known = [entry for entry in history if entry.val_loss is not None]
    if len(known) < 5:
        return
    best = min(range(len(known)), key=lambda n: known[n].measured("val_loss"))
    since = len(known) - 1 - best
    low, last = known[best], known[-1]
    risen = last.measured("val_loss") / max(low.measured("val_loss"), 1e-6) - 1
    gap = last.measured("accuracy") - last.measured("val_accuracy")
    learning = last.measured("loss") < low.measured("loss")
    if since >= 3 and risen > 0.1 and learning and gap > 0.03:
        yield Diagnosis(
            "overfitting",
            f"It has begun to learn the training images by heart: since epoch "
            f"{low.epoch} the validation loss has risen by {percent(risen, 0)}, while "
            "the training loss still falls. The best epoch so far is kept.",
            "Stop here, or train with stronger augmentation, more dropout, or more images.",
        )


def _plateau(history: Sequence[EpochRecord], epochs: int) -> Iterator[Diagnosis]:
    wait = max(5, epochs // 5)
    scores = [
        entry.measured("accuracy") if entry.val_accuracy is None else entry.val_accuracy
        for entry in history
    ]
    if len(scores) <= wait or epochs - len(scores) < 2:
        return
    before, since = max(scores[:-wait]), max(scores[-wait:])
    losses = [e.measured("loss") if e.val_loss is None else e.val_loss for e in history]
    still_falling = min(losses[-wait:]) < 0.97 * min(losses[:-wait])
    if since <= before + 0.002 and not still_falling:
        yield Diagnosis(
            "plateau",
            f"It has not got better in the last {wait} epochs (best: {percent(before)}).",
            "Stop and keep the best; or lower the learning rate now.",
        )


def _underfitting(history: Sequence[EpochRecord], epochs: int) -> Iterator[Diagnosis]:
    last = history[-1]
    if len(history) < epochs or last.measured("accuracy") > 0.85:
        return
    before = history[-max(2, len(history) // 5)]
    if last.measured("accuracy") > before.measured("accuracy") + 0.01:
        yield Diagnosis(
            "underfitting",
            f"It was still getting better when the last epoch ended ("
            f"{percent(last.measured('accuracy'), 0)} right on the training images).",
            "Train for more epochs.",
        )
