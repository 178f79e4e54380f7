"""What is known of a model's reliability, in sentences: computed from its numbers, for pages,
reports
and terminals alike. Names from outside stand in them as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from core.evaluation.intervals import WIDE
from core.evaluation.records import ClassReport, Share
from core.evaluation.trust.calibration import FEWEST_TO_JUDGE, Calibration, said_and_right
from core.evaluation.trust.coverage import Point, Suggestion
from core.evaluation.trust.disturbances import KINDS
from core.evaluation.trust.reliability import Reliability
from core.evaluation.trust.robustness import Disturbed, Robustness, harms_first, harms_most
from core.evaluation.trust.slices import FALSE_DISCOVERIES, FEWEST, Slice
from core.text import images, likely, listed, percent, plural, rate

Answer = Literal["yes", "sometimes", "no", "unknown"]
# An accuracy at which people let a model work alone, and one at which they look over its shoulder.
_GOOD, _FAIR = 0.95, 0.9
_BEGINS = {"yes": "Yes", "sometimes": "Mostly"}
WITHOUT_VALIDATION = (
    "This run has no validation images, and a threshold must not be chosen on the images that it "
    "is judged by. Train again with a validation share above 0 for a suggestion."
)
# Temperatures this near to 1 change nothing that anybody would see.
_HARDLY = 0.05


def can_i_rely_on_it(
    found: Reliability,
    point: Point,
    better: bool | None = True,
    rarely_found: Sequence[ClassReport] = (),
) -> tuple[Answer, str]:
    """One sentence that answers the question, and how it answers.

    Args:
        point: what comes of answering from the confidence on that counts as sure for the model.
        better: whether it is better than always answering the largest class, as the verdict says.
        rarely_found: classes of which it misses more than half; then it is never a plain yes.
    """
    answer, said = _rely(found, point, better)
    if not rarely_found or answer not in _BEGINS:
        return answer, said
    named = listed([each.label for each in rarely_found])
    few = f" (right on {rarely_found[0].found})" if len(rarely_found) == 1 else ""
    if answer == "yes":
        said = _BEGINS["sometimes"] + said.removeprefix(_BEGINS["yes"])
    return "sometimes", f"{said} But it misses more than half of {named}{few}."


def _rely(found: Reliability, point: Point, better: bool | None) -> tuple[Answer, str]:
    right = found.right
    if not right.images:
        return "unknown", "There are no test images, so nothing can be said about it."
    if right.images < FEWEST_TO_JUDGE or right.high - right.low > WIDE:
        few = plural(right.images, "image to test on is", "images to test on are")
        low, high = (rate(end, right.images) for end in right.bounds)
        return "unknown", (
            f"Too early to say: {few} too few, so the true accuracy may be anything from {low} to "
            f"{high}."
        )
    share = _right(right)
    if better is None:
        return "unknown", (
            "There is no telling: the test has images of one class only, so it can't be seen "
            "whether the model tells classes apart."
        )
    if not better:
        return "no", (
            f"No: it is right on {share} of the test images, and so may be whoever always answers "
            "the largest class."
        )
    answered = point.answered
    if point.threshold == 0 or answered.images == point.images:
        answer = _by_accuracy(right.low, right.share)
        if answer != "no":
            return answer, (
                f"{_BEGINS[answer]}: however sure it is, it is right on {share} of the test "
                f"images, {_likely(right)}."
            )
    if not found.suggestions:
        return "sometimes" if right.share >= _GOOD else "no", (
            f"It is right on {share} of the test images. Without validation images, nobody can say "
            "from which confidence on it may be left alone."
        )
    answer = _by_accuracy(answered.low, answered.share)
    if answer == "no" or answered.images < FEWEST_TO_JUDGE:
        return "no", (
            f"Not on its own: it is right on {share} of the test images, and "
            + (
                "even where it is sure, it is wrong too often. "
                if answered.images >= FEWEST_TO_JUDGE
                else f"it is at least {percent(point.threshold, 0)} sure of too few. "
            )
            + "Let somebody look at its answers."
        )
    begins = _BEGINS[answer]
    return answer, (
        f"{begins}, when it is at least {percent(point.threshold, 0)} sure: of the "
        f"{_answers(point)} of test images that it answers then, it is right on "
        f"{_right(answered)}, {_likely(answered)}. Look at the others yourself."
    )


def _by_accuracy(low: float, share: float) -> Literal["yes", "sometimes", "no"]:
    """Whether people let work alone what is right so often, likely no less than ``low``."""
    if share >= _GOOD and low >= _FAIR:
        return "yes"
    return "sometimes" if share >= _FAIR else "no"


def cautions(found: Reliability) -> list[str]:
    """What to take care of, most telling first; a short sentence each."""
    said = []
    said += [sentence_of_slice(each) for each in found.slices if each.worse][:1]
    if found.robustness is not None and harms_first(found.robustness) is not None:
        said.append(sentence_of_robustness(found.robustness))
    if found.before.verdict == "over":
        said.append(f"Its percentages are too high: {_on_average(found.before)}.")
    return said


def _on_average(calibration: Calibration) -> str:
    says, right = percent(calibration.confidence, 0), _right(calibration.right)
    return f"on average it says {says} and is right {right} of the time"


def sentence_of_calibration(calibration: Calibration) -> str:
    """Whether its percentages can be taken at their word."""
    right = calibration.right
    if calibration.verdict == "unknown":
        few = plural(right.images, "image is", "images are")
        return f"{few} too few to say whether its percentages can be taken at their word."
    average = _on_average(calibration)
    start = {
        "fair": f"Its percentages can be taken at their word: {average}.",
        "over": f"Over-confident, its percentages are too high: {average}.",
        "under": f"Under-confident, its percentages are too low: {average}.",
        "uneven": f"Right on average, but not at every confidence: {average}.",
        "average": f"Its percentages are right on average: {average}. Whether each can be taken at "
        "its word, so few images can't show.",
    }[calibration.verdict]
    told = said_and_right(calibration)
    if told is None or told.right.images == right.images:
        return start
    return (
        f"{start} They differ most where it says {_about(told.confidence)}: there it is right "
        f"{_right(told.right)} of the time ({_counted(told.right)}), {_likely(told.right)}."
    )


def _about(share: float) -> str:
    said = percent(share, 0)
    return said if said[0].isalpha() else f"about {said}"


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
    how, to = ("over", "lower") if temperature.value > 1 else ("under", "higher")
    return (
        f"{fitted}: {how}-confident; dividing its logits by this makes its percentages {to}, and "
        "never changes an answer. On the test, the expected calibration error goes from "
        f"{percent(found.before.ece, 1)} to {percent(found.after.ece, 1)}."
    )


def sentence_of_point(point: Point) -> str:
    """What answering from one confidence on gives."""
    answered = point.answered
    if not answered.images:
        return f"It is never {percent(point.threshold, 0)} sure, so it would answer nothing."
    if point.threshold == 0:
        return (
            f"Answering always, it is right on {_right(answered)} ({_counted(answered)}), "
            f"{_likely(answered)}."
        )
    left = point.images - answered.images
    rest = plural(left, "image is", "images are") if left else "none is"
    return (
        f"At least {percent(point.threshold, 0)} sure, it answers {_answers(point)} of images and "
        f"is right on {_right(answered)} of these ({_counted(answered)}), {_likely(answered)}; "
        f"{rest} left to you."
    )


def sentence_of_suggestion(suggestion: Suggestion) -> str:
    """The threshold that reaches a wanted accuracy, and whether it does on the test."""
    chosen, tested = suggestion.chosen, suggestion.tested
    wanted = percent(suggestion.wanted, 0)
    if chosen is None or tested is None:
        return f"No threshold makes it right {wanted} of the time on the validation images."
    share = _right(chosen.answered)
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
        f"on the test images, which had no say in this, on {_right(answered)} "
        f"({_counted(answered)})"
    )
    if chosen.threshold:
        check += f", and it answers {_answers(tested)}"
    if not suggestion.holds:
        return f"{on}, but {check}: less than wanted, and by more than chance."
    if answered.share < suggestion.wanted:
        return f"{on}; {check}: a little less than wanted, but within chance."
    return f"{on}; {check}."


def sentence_of_robustness(found: Robustness) -> str:
    """The mildest that harms it and what helps against that, and what harms it most."""
    if not found.images:
        return "There are no test images to try this on."
    first, worst = harms_first(found), harms_most(found)
    before = _right(found.plain)
    if first is None and found.images < FEWEST_TO_JUDGE:
        few = plural(found.images, "image is", "images are")
        return f"{few} too few to say whether worse photos would harm it."
    if first is None or worst is None:
        return (
            f"None of {len(found.tests)} disturbances lowers its accuracy of {before} by more than "
            f"chance, on {images(found.images)}."
        )
    said = _in_words(first)
    said = (
        f"{said[0].upper()}{said[1:]} ({_by_how_much(first)}), it falls from {before} to "
        f"{_right(first.right)}, which is more than chance: {KINDS[first.kind].advice}."
    )
    if worst == first:
        return said
    return (
        f"{said} What harms most: {_in_words(worst)} ({_by_how_much(worst)}), it is right on "
        f"{_right(worst.right)}."
    )


def _in_words(test: Disturbed) -> str:
    return KINDS[test.kind].words[test.level - 1]


def _by_how_much(test: Disturbed) -> str:
    return KINDS[test.kind].said(test.strength)


def sentence_of_slice(each: Slice) -> str:
    """``On the darkest fifth of the images … it is right on 71 % (22 of 31), against …``."""
    inside, rest = each.inside, each.rest
    chance = "more than chance" if each.q < FALSE_DISCOVERIES else "within chance"
    digits = 1 if percent(inside.share, 0) == percent(rest.share, 0) else 0
    return (
        f"On {each.said} it is right on {percent(inside.share, digits)} ({_counted(inside)}), "
        f"against {percent(rest.share, digits)} on the others; that is {chance}."
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


def _right(share: Share) -> str:
    return rate(share.share, share.images)


def _likely(share: Share) -> str:
    return likely(*share.bounds, share.images)


def _counted(share: Share) -> str:
    return f"{share.correct:,} of {share.images:,}"


def _answers(point: Point) -> str:
    return rate(point.coverage, point.images)
