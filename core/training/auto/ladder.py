"""What was tried, when, and how good it was: the ladder that Auto climbs, and its story."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from core.text import percent, plural


class Rung(BaseModel, frozen=True, extra="ignore"):
    """One thing that was tried.

    Attributes:
        seconds: since the start, when it was known.
        accuracy: of answers about images that it was not fitted on.
        what: for people: the network, the size, the head.
        kept: whether it was better than all before.
    """

    seconds: float
    accuracy: float
    what: str
    kept: bool


def story(rungs: Sequence[Rung], images: int, why_ended: str) -> str:
    """What was tried and why it kept what it kept, in two or three sentences.

    Args:
        rungs: in the order of trying; at least one was kept.
        images: on which they were judged; 0 where there were too few to hold any back.
        why_ended: a sentence.
    """
    kept = [rung for rung in rungs if rung.kept]
    last, first = kept[-1], kept[0]
    tried = f"{plural(len(rungs), 'way')} tried in {rungs[-1].seconds:.0f} s. "
    if not images:
        return (
            f"{tried}{last.what} was kept. There were too few images to judge it by any that it "
            "was not fitted on."
        )
    text = (
        f"{tried}{last.what} was kept: right on {percent(last.accuracy)} of {images:,} images "
        "that it was not fitted on"
    )
    if len(kept) > 1:
        text += f", after {percent(first.accuracy)} at first ({first.what})"
        if last.accuracy < first.accuracy:
            text += (
                ". So few more are chance; it was kept because it is surer of what is true, which "
                "chance moves less"
            )
    others = [rung for rung in rungs if not rung.kept]
    if others:
        best = max(others, key=lambda rung: rung.accuracy)
        chance = ", ahead by no more than chance" if best.accuracy > last.accuracy else ""
        text += (
            f". The best of what was left out was {best.what} ({percent(best.accuracy)}{chance})"
        )
    return f"{text}. {why_ended}"


def left_out(untried: Sequence[str]) -> str:
    """What there was no time for, as a sentence.

    Args:
        untried: at least one, the next to be tried first.
    """
    # There are commas in what they are called, and more than one network.
    more = "; and more" if len(untried) > 2 else ""
    return f"With more time it would have tried {'; '.join(untried[:2])}{more}."
