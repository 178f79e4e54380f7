"""Two models on the same images: intervals and tests as published, and in words."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from core.evaluation.comparison.paired import in_words, mcnemar, newcombe, p_text, paired


@pytest.mark.parametrize(
    ("table", "published"),
    [
        # Fagerland, Lydersen and Laake, "Recommended tests and confidence intervals for paired
        # binomial proportions", Statistics in Medicine 33 (2014): airway hyper-responsiveness.
        ((1, 1, 7, 12), (-0.507, -0.026)),
        # Newcombe (1998), table II, method 10.
        ((36, 12, 2, 0), (0.0569, 0.3404)),
    ],
)
def test_the_interval_is_as_published(
    table: tuple[int, int, int, int], published: tuple[float, float]
) -> None:
    digits = 3 if published[0] == -0.507 else 4
    assert tuple(round(each, digits) for each in newcombe(*table)) == published


def test_the_interval_turns_round_with_the_models() -> None:
    low, high = newcombe(30, 9, 2, 4)
    assert newcombe(30, 2, 9, 4) == pytest.approx((-high, -low))


@pytest.mark.parametrize(
    "table", [(0, 0, 0, 0), (5, 0, 0, 0), (0, 0, 0, 5), (0, 7, 0, 0), (0, 0, 7, 0)]
)
def test_the_interval_holds_the_difference_at_the_ends_too(
    table: tuple[int, int, int, int],
) -> None:
    low, high = newcombe(*table)
    images = max(1, sum(table))
    assert -1 <= low <= (table[1] - table[2]) / images <= high <= 1


def test_mcnemar_is_as_published() -> None:
    # Fagerland, Lydersen and Laake, "The McNemar test for binary matched-pairs data", BMC Medical
    # Research Methodology 13:91 (2013): exact conditional, 1 and 7 discordant pairs.
    assert round(mcnemar(1, 7), 3) == 0.070
    # Agresti, "Categorical Data Analysis", table 11.1: approval ratings, 86 and 150.
    assert mcnemar(86, 150) < 0.0001


@pytest.mark.parametrize(("b", "c"), [(0, 0), (0, 1), (3, 3), (4, 3), (12, 40), (86, 150)])
def test_mcnemar_is_the_binomial_test(b: int, c: int) -> None:
    expected = binomtest(b, b + c).pvalue if b + c else 1.0
    assert mcnemar(b, c) == pytest.approx(expected, rel=1e-9)
    assert mcnemar(c, b) == mcnemar(b, c)


def test_counts_and_differences_are_of_the_same_images() -> None:
    first = np.array([True, True, True, False, False, False])
    second = np.array([True, True, False, True, True, False])
    found = paired(first, second)
    assert (found.both, found.only_first, found.only_second, found.neither) == (2, 1, 2, 1)
    assert (found.images, found.net) == (6, 1)
    assert found.difference == pytest.approx(found.second - found.first) == pytest.approx(1 / 6)
    assert found.low < found.difference < found.high
    with pytest.raises(ValueError, match="one shape"):
        paired(first, second[:3])


def predictions(
    both: int, first: int, second: int, neither: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    rows = [(1, 1)] * both + [(1, 0)] * first + [(0, 1)] * second + [(0, 0)] * neither
    table = np.array(rows, bool).reshape(-1, 2)
    return table[:, 0], table[:, 1]


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        (
            (180, 8, 17, 1),
            "“B” is right on 9 more images of 206 than “A”; that is within chance (p = 0.11).",
        ),
        (
            (180, 20, 2),
            "“A” is right on 18 more images of 202 than “B”; that is more than chance (p < 0.001).",
        ),
        (
            (5, 1, 0),
            "“A” is right on 1 more image of 6 than “B”; that is within chance (p = 1.00).",
        ),
        ((5, 2, 2), "equally many of 9 images, though not on the same: each on 2"),
        ((5, 0, 0, 1), "right on exactly the same of 6 images."),
        ((0, 0, 0), "tested on no image in common."),
    ],
)
def test_it_is_said_in_words(counts: tuple[int, ...], sentence: str) -> None:
    assert sentence in in_words(paired(*predictions(*counts)), "A", "B")


def test_small_p_values_keep_a_digit() -> None:
    assert [p_text(p) for p in (0.5, 0.0312, 0.0042, 0.0000001)] == [
        "= 0.50",
        "= 0.03",
        "= 0.004",
        "< 0.001",
    ]
