"""How far a figure can be trusted: intervals of proportions, and of anything else by resampling.

Wilson's needs no library, since pages ask for it too. What is resampled are the test images: had
other images of the same kind been tested, which figures might have come out?
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import NormalDist

import numpy as np

from core.evaluation.records import Interval

LEVEL = 0.95
# A wider interval of an accuracy (0 to 1) can't tell a good model from a middling one.
WIDE = 0.2
RESAMPLES = 1000
# Work is done in pieces of about so many numbers, so that memory stays small.
_PIECE = 4_000_000
_SEED = 1


def wilson(correct: int, images: int) -> Interval:
    """Wilson's score interval of a proportion at 95 %.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal
    of the American Statistical Association 22 (1927). No images give the interval from 0 to 1:
    nothing is known.
    """
    low, high = wilson_bounds(np.array([correct]), np.array([images]))
    return Interval(low=float(low[0]), high=float(high[0]), level=LEVEL)


def wilson_bounds(
    correct: np.ndarray, images: np.ndarray, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's intervals of many proportions at once.

    Args:
        correct, images: int, shape (n,), ``0 <= correct <= images``.
        level: how often such intervals hold the true proportion.

    Returns:
        lower and upper bounds, float64, shape (n,), in [0, 1]; 0 and 1 where there is no image.
    """
    n = np.maximum(np.asarray(images, np.float64), 1.0)
    share = np.asarray(correct, np.float64) / n
    z = NormalDist().inv_cdf((1 + level) / 2)
    middle = share + z * z / (2 * n)
    reach = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low, high = (middle - reach) / scale, (middle + reach) / scale
    # Rounding must not move the bounds of none and all off 0 and 1.
    low = np.where(np.asarray(correct) == 0, 0.0, low)
    high = np.where(np.asarray(correct) == np.asarray(images), 1.0, high)
    return low, high


def resampled_counts(
    confusion: np.ndarray, figures: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
) -> np.ndarray:
    """Figures of confusion matrices of resampled images.

    To draw n images with replacement is to draw how many fall into each cell from a multinomial
    distribution, so the images themselves need not be touched.

    Args:
        confusion: int, shape (classes, classes), with at least one image.
        figures: of right answers, true images and answers by class, each float64 of shape
            (m, classes), makes float64 of shape (m, k).

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
    for some in _pieces(RESAMPLES, len(rows)):
        drawn = random.multinomial(total, present / total, size=some).astype(np.float64)
        right = np.zeros((some, size))
        right[:, rows[diagonal]] = drawn[:, diagonal]
        found.append(figures(right, (to_rows @ drawn.T).T, (to_columns @ drawn.T).T))
    return np.concatenate(found)


def resamples(images: int, count: int = RESAMPLES, wide: int = 1) -> Iterator[np.ndarray]:
    """Resamples of images, a piece at a time; the same ones each time.

    Args:
        wide: how many numbers the caller keeps for each image of a resample, for the size of
            pieces.

    Yields:
        how often each image was drawn: float32, shape (images, m); columns sum to ``images``.
    """
    random = np.random.default_rng(_SEED)
    for some in _pieces(count, images * wide):
        weights = np.empty((images, some), np.float32)
        for column in range(some):
            drawn = random.integers(0, images, images)
            weights[:, column] = np.bincount(drawn, minlength=images)
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
    return min(float(low), value), max(float(high), value)


def _pieces(count: int, wide: int) -> list[int]:
    """``count`` in parts, each of at most ``_PIECE`` numbers if one is ``wide`` numbers."""
    size = max(1, min(count, _PIECE // max(1, wide)))
    whole, rest = divmod(count, size)
    return [size] * whole + ([rest] if rest else [])
