"""How far a figure can be trusted: intervals of proportions, and of anything else by resampling.

Wilson's needs no library, since pages ask for it too. What is resampled are the test images: had
other images of the same kind been tested, which figures might have come out?

Images that belong together (near-copies, or one patient's) tell less than as many that have nothing
to do with each other. :func:`worth` says how much less, and every interval goes by it; what is
resampled are then whole groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import NormalDist

import numpy as np

from core.evaluation.records import Interval, Share

LEVEL = 0.95
# A wider interval of an accuracy (0 to 1) can't tell a good model from a middling one.
WIDE = 0.2
RESAMPLES = 1000
# Work is done in pieces of about so many numbers, so that memory stays small.
_PIECE = 4_000_000
_SEED = 1
# So many groups that differ from the rest tell as much of how alike images of a group are as does
# the assumption that they are all one. Chosen by simulation: docs/INTERVALS.md.
_DIFFERING = 10


def worth(values: np.ndarray, groups: np.ndarray | None) -> float:
    """What one image is worth beside one of a test without groups, above 0, at most 1: so many
    images are worth ``worth · n`` independent ones.

    The inverse of the design effect of L. Kish, "Survey Sampling" (1965). How alike the images of a
    group are is estimated by the linearised variance between groups (E. L. Korn and B. I. Graubard,
    "Confidence intervals for proportions with small expected number of positive counts estimated
    from survey data", Survey Methodology 24, 1998). But few groups that differ say little of
    that, so it is weighed by their number against the worst, that all images of a group are one
    image over and over; which also holds where all values are the same.

    Args:
        values: shape (n,): what the mean is taken of; whether each image is right, for example.
        groups: shape (n,): images of equal value belong together. ``None`` for no groups.

    >>> worth(np.array([1, 1, 1, 0]), np.array([0, 1, 2, 3]))
    1.0
    >>> worth(np.array([1, 1, 1, 1, 0, 0]), np.array([0, 0, 1, 1, 2, 2]))
    0.5
    """
    n = len(values)
    if groups is None or n == 0:
        return 1.0
    _, number = np.unique(groups, return_inverse=True)
    sizes = np.bincount(number).astype(np.float64)
    if len(sizes) == n:
        return 1.0
    worst = n / float((sizes**2).sum())
    numbers = np.asarray(values, np.float64)
    spread = float(numbers.var())
    if spread < 1e-12:
        return worst
    between = np.bincount(number, numbers - numbers.mean())
    estimated = float((between**2).sum()) / n / spread
    known, counts = np.unique(numbers, return_counts=True)
    differ = len(np.unique(number[numbers != known[counts.argmax()]]))
    trust = differ / (differ + _DIFFERING)
    return min(1.0, 1 / (trust * estimated + (1 - trust) / worst))


def wilson(correct: float, images: float) -> Interval:
    """Wilson's score interval of a proportion at 95 %.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal
    of the American Statistical Association 22 (1927). No images give the interval from 0 to 1:
    nothing is known.
    """
    low, high = wilson_bounds(np.array([correct]), np.array([images]))
    return Interval(low=float(low[0]), high=float(high[0]), level=LEVEL)


def wilson_of(counted: np.ndarray, groups: np.ndarray | None = None) -> Interval:
    """Wilson's interval of the part of images that count, by what they are :func:`worth`.

    Args:
        counted: bool, shape (n,).
        groups: as of :func:`worth`.
    """
    each = worth(counted, groups)
    right, images = float(np.count_nonzero(counted)), len(counted)
    found = wilson(right * each, images * each)
    if each == 1.0 or groups is None:
        return found
    together = len(np.unique(groups))
    return found.model_copy(
        update={
            "method": f"Wilson, of {together:,} groups worth {images * each:,.0f} images",
            "groups": together,
            "independent": images * each,
        }
    )


def wilson_bounds(
    correct: np.ndarray,
    images: np.ndarray,
    level: float = LEVEL,
    worth: np.ndarray | float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's intervals of many proportions at once.

    Args:
        correct, images: shape (n,), ``0 <= correct <= images``.
        level: how often such intervals hold the true proportion.
        worth: of each image, as of :func:`worth`; no proportion counts for less than one image.

    Returns:
        lower and upper bounds, float64, shape (n,), in [0, 1]; 0 and 1 where there is no image.
    """
    some = np.asarray(images, np.float64)
    share = np.asarray(correct, np.float64) / np.where(some > 0, some, 1.0)
    n = np.maximum(some * worth, 1.0)
    z = NormalDist().inv_cdf((1 + level) / 2)
    middle = share + z * z / (2 * n)
    reach = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low, high = (middle - reach) / scale, (middle + reach) / scale
    # Rounding must not move the bounds of none and all off 0 and 1.
    low = np.where(np.asarray(correct) == 0, 0.0, low)
    high = np.where(np.asarray(correct) == np.asarray(images), 1.0, high)
    return low, high


def shares(
    correct: Sequence[int] | np.ndarray, images: Sequence[int] | np.ndarray, worth: float = 1.0
) -> list[Share]:
    """Many shares with their intervals; ``0 <= correct <= images``, both of one length.

    Args:
        worth: of one image, where some belong together (:func:`worth`).
    """
    right, total = np.asarray(correct, np.int64), np.asarray(images, np.int64)
    some = np.maximum(total, 1)
    low, high = wilson_bounds(right, some, worth=worth)
    return [
        Share(correct=k, images=n, share=k / n, low=a, high=b)
        if n
        else Share(correct=0, images=0, share=0.0, low=0.0, high=1.0)
        for k, n, a, b in zip(
            right.tolist(), total.tolist(), low.tolist(), high.tolist(), strict=True
        )
    ]


def share_of(correct: int, images: int, worth: float = 1.0) -> Share:
    """One share with its interval."""
    return shares([correct], [images], worth)[0]


def mean_of_shares(
    correct: np.ndarray, images: np.ndarray, worth: float = 1.0
) -> tuple[float, float]:
    """The interval of the mean of shares of separate parts: of recall over classes.

    Each part's Wilson interval, joined by the square root of sums of squares (MOVER; G. Y. Zou, W.
    Huang and X. Zhang, "A note on confidence interval estimation for a linear function of
    binomial proportions", Computational Statistics & Data Analysis 53, 2009).

    Args:
        correct, images: shape (k,), at least one image in all; parts without images count for
            nothing.
        worth: of each image, as of :func:`worth`.

    Returns:
        lower and upper bound, in [0, 1].
    """
    some = images > 0
    share = correct[some] / images[some]
    lows, highs = wilson_bounds(correct[some], images[some], worth=worth)
    middle, parts = float(share.mean()), int(some.sum())
    low = middle - float(np.sqrt(((share - lows) ** 2).sum())) / parts
    high = middle + float(np.sqrt(((highs - share) ** 2).sum())) / parts
    return max(0.0, low), min(1.0, high)


def resampled_counts(
    confusion: np.ndarray,
    figures: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    answers: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
) -> np.ndarray:
    """Figures of confusion matrices of resampled images.

    To draw n images with replacement is to draw how many fall into each cell from a multinomial
    distribution, so the images themselves need not be touched.

    Args:
        confusion: int, shape (classes, classes), with at least one image.
        figures: of right answers, true images and answers by class, each float64 of shape
            (m, classes), makes float64 of shape (m, k).
        answers: where images belong together, true classes, answers and groups, each int of shape
            (n,): whole groups are drawn then.

    Returns:
        float64, shape (:data:`RESAMPLES`, k); the same in every call.
    """
    from scipy.sparse import csr_array

    counts = np.asarray(confusion, np.int64)
    size = len(counts)
    rows, columns = np.nonzero(counts)
    present = counts[rows, columns]
    total = int(present.sum())
    cells = np.arange(len(rows))
    ones = np.ones(len(rows))
    to_rows = csr_array((ones, (rows, cells)), shape=(size, len(rows)))
    to_columns = csr_array((ones, (columns, cells)), shape=(size, len(rows)))
    diagonal = rows == columns
    random = np.random.default_rng(_SEED)
    found = []

    def draws() -> Iterator[np.ndarray]:
        if answers is None:
            for some in _pieces(RESAMPLES, len(rows)):
                yield random.multinomial(total, present / total, size=some).astype(np.float64)
            return
        true, called, groups = answers
        cell = np.searchsorted(rows * size + columns, true * size + called)
        places = (np.ones(total), (cell, np.arange(total)))
        in_cells = csr_array(places, shape=(len(rows), total))
        for weights in resamples(total, groups=groups):
            yield (in_cells @ weights).T.astype(np.float64)

    for drawn in draws():
        right = np.zeros((len(drawn), size))
        right[:, rows[diagonal]] = drawn[:, diagonal]
        found.append(figures(right, (to_rows @ drawn.T).T, (to_columns @ drawn.T).T))
    return np.concatenate(found)


def resamples(
    images: int, count: int = RESAMPLES, wide: int = 1, groups: np.ndarray | None = None
) -> Iterator[np.ndarray]:
    """Resamples of images, a piece at a time; the same ones each time.

    Args:
        wide: how many numbers the caller keeps for each image of a resample, for the size of
            pieces.
        groups: shape (images,): what is drawn are whole groups, as many as there are (the cluster
            bootstrap; A. C. Davison and D. V. Hinkley, "Bootstrap Methods and their Application",
            1997, section 3.8), scaled to as many images. ``None`` for no groups.

    Yields:
        how often each image was drawn: float32, shape (images, m); columns sum to ``images``.
    """
    number = np.arange(images)
    if groups is not None:
        _, first, number = np.unique(groups, return_index=True, return_inverse=True)
        # In the order in which they come, so that groups of one image each change nothing.
        number = np.argsort(np.argsort(first))[number]
    many = int(number.max()) + 1 if images else 0
    random = np.random.default_rng(_SEED)
    for some in _pieces(count, images * wide):
        weights = np.empty((images, some), np.float32)
        for column in range(some):
            drawn = random.integers(0, many, many)
            weights[:, column] = np.bincount(drawn, minlength=many)[number]
        if many < images:
            weights *= images / weights.sum(axis=0, keepdims=True)
        yield weights


def bootstrap_bounds(value: float, replicates: np.ndarray) -> tuple[float, float] | None:
    """The bias-corrected percentile interval of a figure.

    B. Efron, "Nonparametric standard errors and confidence intervals", Canadian Journal of
    Statistics 9 (1981). The correction matters for averages over classes: a resample repeats some
    images and lacks others, which shifts them; without a shift it is the plain percentile interval.

    Args:
        value: the figure of the images themselves.
        replicates: float64, shape (m,): the figure of each resample, NaN where it has none.

    Returns:
        lower and upper bound, ``value`` between them; none where nothing varied: a perfect result
        is perfect in each resample too, which does not make it certain.
    """
    known = replicates[np.isfinite(replicates)]
    if len(known) < 2 or np.ptp(known) < 1e-12:
        return None
    normal = NormalDist()
    under = float((known < value).mean() + (known == value).mean() / 2)
    edge = 1 / (len(known) + 1)
    shift = 2 * normal.inv_cdf(min(max(under, edge), 1 - edge))
    z = normal.inv_cdf((1 + LEVEL) / 2)
    low, high = np.quantile(known, [normal.cdf(shift - z), normal.cdf(shift + z)])
    # A few odd resamples among equal ones leave no range either.
    if max(high, value) - min(low, value) < 1e-12:
        return None
    return min(float(low), value), max(float(high), value)


def _pieces(count: int, wide: int) -> list[int]:
    """``count`` in parts, each of at most ``_PIECE`` numbers if one is ``wide`` numbers."""
    size = max(1, min(count, _PIECE // max(1, wide)))
    whole, rest = divmod(count, size)
    return [size] * whole + ([rest] if rest else [])
