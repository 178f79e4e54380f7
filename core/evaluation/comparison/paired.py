"""Two models on the same images: who is right more often, and whether that is more than chance.

Pure functions of counts, through ``scipy.special`` (which, unlike ``scipy.stats``, is imported in
milliseconds, so that a page can ask while it opens).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.evaluation.intervals import LEVEL, wilson
from core.text import images, plural

# Below this a difference is said to be more than chance.
ALPHA = 1 - LEVEL


@dataclass(frozen=True)
class Paired:
    """How two models did on the same images.

    Attributes:
        both, only_first, only_second, neither: images that both, one or none is right on.
        difference: accuracy of the second minus that of the first, -1 to 1; 0 without images.
        low, high: its 95 % interval, by Newcombe's method 10.
        p: of McNemar's exact test, two-sided, 0 to 1: how often two equally good models would
            differ by that much or more.
    """

    both: int
    only_first: int
    only_second: int
    neither: int
    difference: float
    low: float
    high: float
    p: float

    @property
    def images(self) -> int:
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def first(self) -> float:
        """Accuracy of the first; 0 without images."""
        return (self.both + self.only_first) / max(1, self.images)

    @property
    def second(self) -> float:
        """Accuracy of the second; 0 without images."""
        return (self.both + self.only_second) / max(1, self.images)

    @property
    def net(self) -> int:
        """How many more images the second is right on; negative if the first is ahead."""
        return self.only_second - self.only_first

    @property
    def beyond_chance(self) -> bool:
        """Whether equally good models would rarely (in fewer than 1 of 20 cases) differ so much."""
        return self.images > 0 and self.p < ALPHA


def paired(first: np.ndarray, second: np.ndarray, worth: float = 1.0) -> Paired:
    """Two models' answers beside each other.

    Args:
        first, second: bool, shape (n,): whether each is right on the n-th image.
        worth: of one image, where some belong together: interval and test count as many images as
            they are worth.

    Raises:
        ValueError: the arrays are of different shapes.
    """
    first, second = np.asarray(first, bool), np.asarray(second, bool)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"need two arrays of one shape (n,): {first.shape}, {second.shape}")
    both, neither = int((first & second).sum()), int((~first & ~second).sum())
    only_first, only_second = int((first & ~second).sum()), int((~first & second).sum())
    # Newcombe's table is that of the first minus the second.
    low, high = newcombe(*(worth * n for n in (both, only_second, only_first, neither)))
    images = max(1, len(first))
    return Paired(
        both,
        only_first,
        only_second,
        neither,
        (only_second - only_first) / images,
        low,
        high,
        mcnemar(round(worth * only_first), round(worth * only_second)),
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """The two-sided p-value of McNemar's exact (conditional) test: the binomial test that images on
    which just one of two is right fall to either as a coin does.

    Q. McNemar, "Note on the sampling error of the difference between correlated proportions or
    percentages", Psychometrika 12 (1947); the exact form as in A. Agresti, "Categorical Data
    Analysis", section 11.1. Equals ``scipy.stats.binomtest(only_first, both sorts).pvalue``.
    """
    from scipy.special import bdtr

    sorts = only_first + only_second
    if sorts == 0:
        return 1.0
    return float(min(1.0, 2 * bdtr(min(only_first, only_second), sorts, 0.5)))


def newcombe(
    both: float, only_first: float, only_second: float, neither: float
) -> tuple[float, float]:
    """The 95 % interval of (accuracy of the first minus that of the second) on the same images.

    Method 10 of R. G. Newcombe, "Improved confidence intervals for the difference between binomial
    proportions based on paired data", Statistics in Medicine 17 (1998): Wilson's intervals of both,
    squared and added, with their correlation corrected for continuity. Without images it is -1 to
    1.
    """
    e, f, g, h = both, only_first, only_second, neither
    n = e + f + g + h
    if n == 0:
        return -1.0, 1.0
    first, second = (e + f) / n, (e + g) / n
    one, two = wilson(e + f, n), wilson(e + g, n)
    product = math.sqrt((e + f) * (g + h) * (e + g) * (f + h))
    together = float(e * h - f * g)
    if together > 0:
        together = max(together - n / 2, 0)
    phi = together / product if product else 0.0
    down, up = first - one.low, two.high - second
    below = math.sqrt(max(0.0, down**2 - 2 * phi * down * up + up**2))
    up, down = one.high - first, second - two.low
    above = math.sqrt(max(0.0, up**2 - 2 * phi * up * down + down**2))
    return max(-1.0, first - second - below), min(1.0, first - second + above)


def in_words(found: Paired, first: str, second: str) -> str:
    """``“B” is right on 9 more images of 206 than “A”; that is within chance (p = 0.12).``"""
    if found.images == 0:
        return f"“{first}” and “{second}” were tested on no image in common."
    of = images(found.images)
    if found.only_first + found.only_second == 0:
        return f"“{first}” and “{second}” are right on exactly the same of {of}."
    if found.net == 0:
        return (
            f"“{first}” and “{second}” are right on equally many of {of}, though not on the same: "
            f"each on {found.only_first:,} that the other gets wrong."
        )
    ahead, behind = (second, first) if found.net > 0 else (first, second)
    more = plural(abs(found.net), "more image")
    judged = "more than chance" if found.beyond_chance else "within chance"
    return (
        f"“{ahead}” is right on {more} of {found.images:,} than “{behind}”; that is {judged} "
        f"(p {p_text(found.p)})."
    )


def p_text(p: float) -> str:
    """``= 0.12``, ``= 0.004`` or ``< 0.001``."""
    if p < 0.001:
        return "< 0.001"
    return f"= {p:.3f}" if p < 0.01 else f"= {p:.2f}"
