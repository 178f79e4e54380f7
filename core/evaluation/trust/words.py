"""What is known of a model's reliability, in sentences: computed from its numbers, for pages,
reports
and terminals alike. Names from outside stand in them as they are."""

from __future__ import annotations

from typing import Literal

from core.evaluation.trust.calibration import FEWEST_TO_JUDGE, Calibration, said_and_right
from core.evaluation.trust.coverage import Point, Suggestion
from core.evaluation.trust.disturbances import KINDS
from core.evaluation.trust.reliability import Reliability
from core.evaluation.trust.robustness import Robustness, harms_most
from core.evaluation.trust.slices import FALSE_DISCOVERIES, FEWEST, Slice
from core.text import images, percent

Answer = Literal["yes", "sometimes", "no", "unknown"]
# An accuracy at which people let a model work alone.
_GOOD = 0.95
# What to aim at where more can be had only by leaving much more to people.
_ENOUGH = 0.99
# Answering fewer than these is not worth it.
_WORTH = 0.5
WITHOUT_VALIDATION = (
    "This run has no validation images, and a threshold must not be chosen on the images that it "
    "is judged by. Train again with a validation share above 0 for a suggestion."
)
# Temperatures this near to 1 change nothing that anybody would see.
_HARDLY = 0.05


def can_i_rely_on_it(found: Reliability) -> tuple[Answer, str]:
    """One sentence that answers the question, and how it answers."""
    right = found.right
    if not right.images:
        return "unknown", "There are no test images, so nothing can be said about it."
    if right.images < FEWEST_TO_JUDGE:
        return "unknown", (
            f"Too early to say: {images(right.images)} to test on "
            f"{'is' if right.images == 1 else 'are'} too few, so the true accuracy may be anything "
            f"from {percent(right.low, 0)} to {percent(right.high, 0)}."
        )
    best = _best(found.suggestions)
    if best is not None and best.tested is not None:
        tested = best.tested
        share = percent(tested.answered.share, 0)
        if tested.threshold == 0 or tested.coverage == 1:
            return "yes" if best.wanted >= _GOOD else "sometimes", (
                f"{'Yes' if best.wanted >= _GOOD else 'Mostly'}: however sure it is, it is right "
                f"on {share} of the test images, likely between {percent(right.low, 0)} and "
                f"{percent(right.high, 0)}."
            )
        return "yes" if best.wanted >= _GOOD else "sometimes", (
            f"{'Yes' if best.wanted >= _GOOD else 'Mostly'}, when it is at least "
            f"{percent(tested.threshold, 0)} sure: of the {percent(tested.coverage, 0)} of test "
            f"images that it answers then, it is right on {share}, likely between "
            f"{percent(tested.answered.low, 0)} and {percent(tested.answered.high, 0)}. Look at "
            "the others yourself."
        )
    if not found.suggestions:
        return "sometimes" if right.share >= _GOOD else "no", (
            f"It is right on {percent(right.share, 0)} of the test images. Without validation "
            "images, nobody can say from which confidence on it may be left alone."
        )
    return "no", (
        f"Not on its own: it is right on {percent(right.share, 0)} of the test images, and even "
        "where it is sure, it is wrong too often. Let somebody look at its answers."
    )


def cautions(found: Reliability) -> list[str]:
    """What to take care of, most telling first; a short sentence each."""
    said = []
    said += [sentence_of_slice(each) for each in found.slices if each.worse][:1]
    if found.robustness is not None and harms_most(found.robustness) is not None:
        said.append(sentence_of_robustness(found.robustness))
    if found.before.verdict == "over":
        said.append(
            "Its percentages are too high: on average it says "
            f"{percent(found.before.confidence, 0)} and is right "
            f"{percent(found.before.right.share, 0)} of the time."
        )
    return said


def sentence_of_calibration(calibration: Calibration) -> str:
    """Whether its percentages can be taken at their word."""
    right = calibration.right
    if calibration.verdict == "unknown":
        return (
            f"{images(right.images)} {'is' if right.images == 1 else 'are'} too few to say whether "
            "its percentages can be taken at their word."
        )
    average = (
        f"on average it says {percent(calibration.confidence, 0)} and is right "
        f"{percent(right.share, 0)} of the time"
    )
    start = {
        "fair": f"Its percentages can be taken at their word: {average}.",
        "over": f"Over-confident, its percentages are too high: {average}.",
        "under": f"Under-confident, its percentages are too low: {average}.",
        "uneven": f"Right on average, but not at every confidence: {average}.",
    }[calibration.verdict]
    told = said_and_right(calibration)
    if told is None:
        return start
    return (
        f"{start} When it says about {percent(told.confidence, 0)}, it is right "
        f"{percent(told.right.share, 0)} of the time ({told.right.correct:,} of "
        f"{told.right.images:,})."
    )


def sentence_of_temperature(found: Reliability) -> str:
    """What temperature scaling finds and does, or why it can't be done."""
    temperature = found.temperature
    if temperature is None or found.after is None:
        return found.no_temperature
    fitted = (
        f"Temperature {temperature.value:.2f}, fitted on {temperature.images:,} validation images"
    )
    if abs(temperature.value - 1) < _HARDLY:
        return f"{fitted}: as sure as it may be; there is next to nothing to correct."
    meaning = (
        "over-confident; dividing its logits by this makes its percentages lower"
        if temperature.value > 1
        else "under-confident; dividing its logits by this makes its percentages higher"
    )
    return (
        f"{fitted}: {meaning}, and never changes an answer. On the test, the expected calibration "
        f"error goes from {percent(found.before.ece, 1)} to {percent(found.after.ece, 1)}."
    )


def sentence_of_point(point: Point) -> str:
    """What answering from one confidence on gives."""
    answered = point.answered
    if not answered.images:
        return f"It is never {percent(point.threshold, 0)} sure, so it would answer nothing."
    if point.threshold == 0:
        return (
            f"Answering always, it is right on {percent(answered.share, 0)} ({answered.correct:,} "
            f"of {answered.images:,}), likely between {percent(answered.low, 0)} and "
            f"{percent(answered.high, 0)}."
        )
    left = point.images - answered.images
    rest = f"{images(left)} {'is' if left == 1 else 'are'} left to you" if left else "none is left"
    return (
        f"At least {percent(point.threshold, 0)} sure, it answers {percent(point.coverage, 0)} of "
        f"images and is right on {percent(answered.share, 0)} of these ({answered.correct:,} of "
        f"{answered.images:,}), likely between {percent(answered.low, 0)} and "
        f"{percent(answered.high, 0)}; {rest}."
    )


def sentence_of_suggestion(suggestion: Suggestion) -> str:
    """The threshold that reaches a wanted accuracy, and whether it does on the test."""
    chosen, tested = suggestion.chosen, suggestion.tested
    wanted = percent(suggestion.wanted, 0)
    if chosen is None or tested is None:
        return f"No threshold makes it right {wanted} of the time on the validation images."
    share = percent(chosen.answered.share, 0)
    on = (
        f"Answering from {percent(chosen.threshold, 0)} on, it is right on {share} of the "
        "validation images that it answers"
        if chosen.threshold
        else f"Answering always is enough: it is right on {share} of the validation images"
    )
    if suggestion.holds is None:
        return f"{on}; on the test it is never that sure, so that can't be checked."
    answered = tested.answered
    check = (
        f"on the test images, which had no say in this, on {percent(answered.share, 0)} "
        f"({answered.correct:,} of {answered.images:,})"
    )
    if chosen.threshold:
        check += f", and it answers {percent(tested.coverage, 0)}"
    if not suggestion.holds:
        return f"{on}, but {check}: less than wanted, and by more than chance."
    if answered.share < suggestion.wanted:
        return f"{on}; {check}: a little less than wanted, but within chance."
    return f"{on}; {check}."


def sentence_of_robustness(found: Robustness) -> str:
    """What harms most, and what helps against it."""
    if not found.images:
        return "There are no test images to try this on."
    worst = harms_most(found)
    before = percent(found.plain.share, 0)
    if worst is None:
        return (
            f"None of {len(found.tests)} disturbances lowers its accuracy of {before} by more than "
            f"chance, on {images(found.images)}."
        )
    said = worst.said[0].upper() + worst.said[1:]
    return (
        f"{said}, it falls from {before} to {percent(worst.right.share, 0)}, which is more than "
        f"chance: {KINDS[worst.kind].advice}."
    )


def sentence_of_slice(each: Slice) -> str:
    """``On the darkest fifth of the images … it is right on 71 % (22 of 31), against …``."""
    inside, rest = each.inside, each.rest
    chance = "more than chance" if each.q < FALSE_DISCOVERIES else "within chance"
    digits = 1 if percent(inside.share, 0) == percent(rest.share, 0) else 0
    return (
        f"On {each.said} it is right on {percent(inside.share, digits)} ({inside.correct:,} of "
        f"{inside.images:,}), against {percent(rest.share, digits)} on the others; that is "
        f"{chance}."
    )


def sentence_of_slices(found: Reliability) -> str:
    """What comparing kinds of images found, in general."""
    if not found.slices:
        return (
            f"There are not enough test images to compare kinds of images: it takes {FEWEST} of a "
            "kind, and some others."
        )
    worse = sum(each.worse for each in found.slices)
    compared = f"{len(found.slices):,} kinds of images were compared with all others"
    if not worse:
        return f"{compared}: on none is it worse by more than chance."
    return f"{compared}: it is worse on {worse:,}, by more than chance."


def _best(suggestions: list[Suggestion]) -> Suggestion | None:
    """The most accurate that holds on the test and leaves something to do for the model."""
    good = [
        each
        for each in suggestions
        if each.holds
        and each.wanted <= _ENOUGH
        and each.tested is not None
        and each.tested.coverage >= _WORTH
    ]
    return max(good, key=lambda each: each.wanted, default=None)
