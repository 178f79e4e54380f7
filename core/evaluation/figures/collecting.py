"""What to collect next: of which class more images would help most, how many, and of what kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.evaluation.intervals import LEVEL, wilson_bounds
from core.evaluation.predictions import Predictions
from core.evaluation.records import Evaluation
from core.text import images, listed, quoted

# For what the mistakes have in common: so many mistakes and right answers of the class at least,
_FEWEST_TO_COMPARE = 5
# so sure that the two differ (for all traits together),
_CHANCE = 0.05
# and so much (the chance, less a half, that a mistake has more of it than a right answer).
_CLEARLY = 0.25


@dataclass(frozen=True)
class Trait:
    """Something measured of images, and how to say that mistakes have less or more of it."""

    less: str
    more: str
    is_less: str
    is_more: str


TRAITS: dict[str, Trait] = {
    "brightness": Trait("in dim light", "in bright light", "darker", "brighter"),
    "sharpness": Trait("that are blurred", "full of fine detail", "less sharp", "sharper"),
    "contrast": Trait("of little contrast", "of strong contrast", "flatter", "richer in contrast"),
    "colour": Trait("with little colour", "with strong colours", "paler", "more colourful"),
    "pixels": Trait("that are small", "that are large", "smaller", "larger"),
}


@dataclass(frozen=True)
class Weakest:
    """The class that does worst.

    Attributes:
        at: its position among the labels.
        telling: it is found less often than the others beyond chance.
    """

    at: int
    telling: bool


def weakest_class(confusion: np.ndarray, worth: float = 1.0) -> Weakest:
    """The class that does worst: of those that are found less often than all others beyond
    chance, else of all that were tested, the one with the lowest upper bound of its recall.

    Beyond chance is by Fisher's exact test at 5 %, through ``scipy.stats``. The worst of many
    classes is bad by chance easily, so the 5 % are shared among all that were tested (Bonferroni).

    Args:
        confusion: counts, shape (classes, classes), true by predicted; of at least one image.
        worth: of one image, where some belong together.
    """
    from scipy.stats import fisher_exact

    support, right = confusion.sum(axis=1), confusion.diagonal()
    tested = np.flatnonzero(support > 0)
    missed = support - right
    _, highs = wilson_bounds(right, support, worth=worth)
    worst_first = tested[np.lexsort((right[tested] / support[tested], highs[tested]))]
    for each in worst_first:
        others = [missed.sum() - missed[each], right.sum() - right[each]]
        counts = np.rint(worth * np.array([[missed[each], right[each]], others]))
        found = fisher_exact(counts, alternative="greater")
        if found.pvalue < (1 - LEVEL) / len(tested):
            return Weakest(int(each), telling=True)
    return Weakest(int(worst_first[0]), telling=False)


def what_to_collect(
    evaluation: Evaluation,
    predictions: Predictions,
    weakest: Weakest,
    trained: Mapping[str, int] | None,
    traits: pd.DataFrame | None,
) -> tuple[str, str]:
    """A sentence or two of advice, about the class that was found to be the weakest and no other;
    and the advice alone, without its reasons.

    Arguments as in :func:`core.evaluation.figures.verdict.verdict`.
    """
    mistakes = ~predictions.correct
    if not mistakes.any():
        brief = "Test images from another time or place would show its limits."
        return f"It made no mistake here. {brief}", brief
    missed = np.bincount(predictions.true[mistakes], minlength=len(evaluation.labels))
    support = np.bincount(predictions.true, minlength=len(evaluation.labels))
    worst = weakest.at
    label = evaluation.labels[worst]
    mine = predictions.true == worst
    if not weakest.telling:
        return _no_class(evaluation.labels, missed, support)
    if trained and not trained.get(label):
        return (
            f"{quoted(label)} has no training image, so nothing could be learned of it: its first "
            "ones would help most.",
            f"First images of {quoted(label)} would help most.",
        )
    # The others' mistakes, and one more, so that the best of classes leave an aim above 0.
    others = (missed.sum() - missed[worst] + 1) / (len(predictions) - mine.sum() + 1)
    error = float(missed[worst] / support[worst])
    number = more_images(int((trained or {}).get(label, 0)), error, float(others))
    what = f"About {number:,} more images" if trained else "More images"
    kind = common_trait(traits[mine], mistakes[mine]) if traits is not None else None
    count, all_of_it = int(missed[worst]), images(int(support[worst]))
    if kind is None:
        advice = f"{what} of {quoted(label)} would help most"
        were = "was" if count == 1 else "were"
        why = f"{count:,} of {all_of_it} of it {were} taken for something else"
        return f"{advice}: {why}.", f"{advice}."
    name, less = kind
    trait = TRAITS[name]
    advice = f"{what} of {quoted(label)} {trait.less if less else trait.more} would help most"
    are = trait.is_less if less else trait.is_more
    return (
        f"{advice}: the {count:,} of {all_of_it} of it that went wrong are {are} than those that "
        "were called right.",
        f"{advice}.",
    )


def _no_class(labels: Sequence[str], missed: np.ndarray, support: np.ndarray) -> tuple[str, str]:
    """Why its mistakes say of no class that more images of it would help, and what would tell.

    Args:
        missed, support: mistakes, and test images, of each class; one mistake at least.
    """
    total, most = int(missed.sum()), int(missed.argmax())
    count = int(missed[most])
    if 2 * count <= total:
        brief = "More test images would show where it is weak."
        of, tested = np.flatnonzero(missed).tolist(), np.count_nonzero(support)
        if len(of) == tested or (len(of) > 2 and 2 * len(of) >= tested):
            return f"Its {total:,} mistakes are spread over {len(of)} classes. {brief}", brief
        which = listed([labels[at] for at in of])
        return (
            f"Its {total:,} mistakes are all of {which}: it can't be said which of them needs "
            f"more images. {brief}",
            brief,
        )
    if total == 1:
        who = "Its only mistake is"
    elif count == total:
        who = "Both its mistakes are" if total == 2 else f"All its {total:,} mistakes are"
    else:
        who = f"{count:,} of its {total:,} mistakes are"
    label = quoted(labels[most])
    who = f"{who} {label} taken for something else"
    # Most mistakes by a rate that is no higher than that of all: most images are of this class.
    if count * support.sum() <= total * support[most]:
        part = "all" if support[most] == support.sum() else "most"
        return (
            f"{who}, but {part} test images are of this class: it can't be said to need more "
            "images than others.",
            "More test images of other classes would show where it is weak.",
        )
    return (
        f"{who}: too few to say that it needs more images than others. More test images would "
        "show it.",
        f"More test images would show whether {label} needs more.",
    )


def more_images(trained: int, error: float, others: float) -> int:
    """How many more training images of a class to collect; a rule of thumb.

    Errors tend to fall with the number n of training images like a power of n; half a power is a
    hopeful but common assumption (Hestness and others, "Deep learning scaling is predictable,
    empirically", 2017, measured 0.07 to 0.35 on large tasks, and give 0.5 as what theory
    expects). To come down from ``error`` to what the ``others`` have then takes
    n · ((error / others)² − 1) more. That is too far ahead to believe beyond twice the images,
    so the advice is at most as many again, at least 10, in steps of 10.

    Args:
        trained: images of the class in training.
        error, others: parts (0 to 1) of test images that went wrong, of the class and of all
            others.
    """
    wanted = trained * ((error / others) ** 2 - 1) if others > 0 else trained
    return int(np.ceil(np.clip(wanted, 10, max(10, trained)) / 10) * 10)


def common_trait(traits: pd.DataFrame, wrong: np.ndarray) -> tuple[str, bool] | None:
    """The trait by which mistakes differ most from right answers, if one does beyond chance.

    Each trait is compared by the Mann-Whitney U test (SciPy), corrected for how many there are
    (Bonferroni), and must differ clearly too.

    Args:
        traits: of the images of one class, columns of :data:`TRAITS`.
        wrong: bool, one for each row.

    Returns:
        its name, and whether mistakes have less of it.
    """
    from scipy.stats import mannwhitneyu

    found: tuple[float, str, bool] | None = None
    names = [name for name in TRAITS if name in traits]
    for name in names:
        values = traits[name].to_numpy(np.float64)
        bad, good = (values[side & np.isfinite(values)] for side in (wrong, ~wrong))
        if min(len(bad), len(good)) < _FEWEST_TO_COMPARE:
            continue
        result = mannwhitneyu(bad, good)
        more = float(result.statistic) / (len(bad) * len(good)) - 0.5
        clear = abs(more) >= _CLEARLY and float(result.pvalue) < _CHANCE / len(names)
        if clear and (found is None or abs(more) > found[0]):
            found = (abs(more), name, more < 0)
    return None if found is None else found[1:]
