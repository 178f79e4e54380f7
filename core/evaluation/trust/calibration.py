"""Whether a model is as sure as it may be: of answers given at 90 %, are 90 % right?

Pure functions of arrays; SciPy is imported inside, since workers compute and pages read.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import BaseModel

from core.evaluation.intervals import share_of, shares
from core.evaluation.records import Share

BINS = 15
RESAMPLES = 1000
_SEED = 0
# Fewer validation images say little about how sure a model may be.
FEWEST_TO_FIT = 20
_FEWEST_IN_BIN = 30
# Fewer test images say little about how sure it is.
FEWEST_TO_JUDGE = 30
# The temperatures that are looked through; a best one at an end is none.
_COLDEST, _HOTTEST = 0.05, 20.0
# What is below can't be told from nothing in float32.
_TINY = float(np.finfo(np.float32).tiny)
# A gap that nobody would notice in use is not called one, however many images prove it.
_NOTICEABLE = 0.01
# Of an error that comes from no single direction, what is called uneven.
_UNEVEN = 0.03

# Only where the error is likely no larger are its percentages said to hold. By simulation, of
# models that are exactly as sure as they may be 1 in 8 is called so with 125 images, and 9 in 10
# with 1,000.
_HOLDS = 0.05

Verdict = Literal["fair", "over", "under", "uneven", "average", "unknown"]


class Bin(BaseModel, frozen=True, extra="forbid"):
    """Answers of about the same confidence.

    Attributes:
        low, high: confidences that belong to it, without ``low`` and with ``high``.
        confidence: the mean of its answers.
        right: how many of its answers are right.
    """

    low: float
    high: float
    confidence: float
    right: Share


class Calibration(BaseModel, frozen=True, extra="forbid"):
    """How confidence and accuracy go together on a set of images.

    Attributes:
        equal_width: bins of the same width in confidence; empty ones are left out. The errors are
            computed from these.
        equal_count: bins of about as many images each; equal confidences stay together.
        ece: expected calibration error, 0 to 1: the gap between mean confidence and accuracy of a
            bin, averaged over the bins by their images.
        ece_low, ece_high: bootstrap interval of it at 95 %.
        mce: maximum calibration error: the largest such gap.
        confidence: mean over all answers.
        right: all answers.
        log_loss: mean of minus the natural logarithm of the true class's probability.
        verdict: ``over`` or ``under`` where the mean confidence is outside the accuracy's interval;
            ``uneven`` where it is inside, but the gaps of the bins are more than chance;
            ``average`` where they may be chance, but may as well be more than a few percent;
            ``unknown`` for too few images; else ``fair``.
    """

    equal_width: list[Bin]
    equal_count: list[Bin]
    ece: float
    ece_low: float
    ece_high: float
    mce: float
    confidence: float
    right: Share
    log_loss: float
    verdict: Verdict


class Temperature(BaseModel, frozen=True, extra="forbid"):
    """A temperature that was fitted.

    Attributes:
        value: logits are divided by it; above 1 makes answers less sure, below 1 surer.
        images: how many validation images it was fitted on.
        loss_before, loss_after: mean log loss on those.
    """

    value: float
    images: int
    loss_before: float
    loss_after: float


def calibrate(true: np.ndarray, probabilities: np.ndarray, *, worth: float = 1.0) -> Calibration:
    """How sure a model is, against how often it is right.

    Args:
        true: int, shape (n,): positions of the true classes.
        probabilities: shape (n, classes), rows sum to 1.
        worth: of one image in intervals of shares, where some belong together.
    """
    confidence = probabilities.max(axis=1, initial=0).astype(np.float64)
    correct = probabilities.argmax(axis=1) == true if len(true) else np.zeros(0, bool)
    edges = np.linspace(0, 1, BINS + 1)
    ece, mce = calibration_errors(confidence, correct)
    low, high = ece_interval(confidence, correct)
    right = share_of(int(correct.sum()), len(correct), worth)
    mean = float(confidence.mean()) if len(confidence) else 0.0
    return Calibration(
        equal_width=_bins(confidence, correct, edges, worth),
        equal_count=_bins(confidence, correct, equal_count_edges(confidence), worth),
        ece=ece,
        ece_low=low,
        ece_high=high,
        mce=mce,
        confidence=mean,
        right=right,
        log_loss=_log_loss(np.log(np.maximum(probabilities, _TINY)), true, 1.0),
        verdict=_judge(mean, right, low, max(ece, high)),
    )


def calibration_errors(
    confidence: np.ndarray, correct: np.ndarray, bins: int = BINS
) -> tuple[float, float]:
    """Expected and maximum calibration error.

    Answers are put into ``bins`` bins of equal width by their confidence, ((m - 1) / M, m / M].
    With acc(B) the part of a bin's answers that is right, and conf(B) its mean confidence, ECE = Σ
    |B| / n · |acc(B) - conf(B)| and MCE = max |acc(B) - conf(B)|, over bins that are not empty.

    Naeini, Cooper & Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning"
    (AAAI 2015); in this form, with the confidence of the answer and 15 bins, Guo, Pleiss, Sun &
    Weinberger, "On calibration of modern neural networks" (ICML 2017), equations 3 and 5.

    Args:
        confidence: shape (n,), 0 to 1, of the answer.
        correct: bool, shape (n,).

    Returns:
        Both between 0 and 1; 0 for no answers.
    """
    if not len(confidence):
        return 0.0, 0.0
    number = _bin_of(confidence, np.linspace(0, 1, bins + 1))
    gap = np.bincount(number, correct - np.asarray(confidence, np.float64), minlength=bins)
    images = np.bincount(number, minlength=bins)
    each = np.abs(gap) / np.maximum(images, 1)
    return float(np.abs(gap).sum() / len(confidence)), float(each.max())


def ece_interval(confidence: np.ndarray, correct: np.ndarray) -> tuple[float, float]:
    """Bootstrap interval of the expected calibration error at 95 %.

    1,000 resamples of images, basic (also called pivotal) interval through ``scipy.stats``, cut off
    at 0 and 1. Basic and not percentile: chance alone makes gaps, and resampling makes them once
    more, so percentiles lie too high (Kumar, Liang & Ma, "Verified uncertainty calibration",
    NeurIPS 2019, whose library does the same).

    Returns:
        0 and 1 for fewer than two answers.
    """
    images = len(confidence)
    if images < 2:
        return 0.0, 1.0
    from scipy.stats import bootstrap

    number = _bin_of(confidence, np.linspace(0, 1, BINS + 1))
    gap = correct - np.asarray(confidence, np.float64)

    def error(rows: np.ndarray, axis: int) -> np.ndarray:
        drawn = np.moveaxis(rows, axis, -1)
        flat = drawn.reshape(-1, drawn.shape[-1]).astype(np.int64)
        cells = number[flat] + BINS * np.arange(len(flat))[:, None]
        sums = np.bincount(cells.ravel(), gap[flat].ravel(), minlength=BINS * len(flat))
        errors = np.abs(sums.reshape(-1, BINS)).sum(axis=1) / images
        return errors.reshape(drawn.shape[:-1])

    found = bootstrap(
        (np.arange(images),),
        error,
        n_resamples=RESAMPLES,
        batch=100,
        vectorized=True,
        method="basic",
        rng=np.random.default_rng(_SEED),
    ).confidence_interval
    return float(np.clip(found.low, 0, 1)), float(np.clip(found.high, 0, 1))


def equal_count_edges(confidence: np.ndarray) -> np.ndarray:
    """Edges of bins of about equally many images: at least 30 each, at most 15 bins.

    Answers of the same confidence stay in one bin, so that there may be fewer.
    """
    if not len(confidence):
        return np.array([0.0, 1.0])
    count = int(np.clip(len(confidence) // _FEWEST_IN_BIN, 1, BINS))
    inner = np.quantile(np.asarray(confidence, np.float64), np.arange(1, count) / count)
    edges = np.unique(np.concatenate([[0.0], inner, [1.0]]))
    # Nothing is surer than the last answer: a bin above it would be empty.
    top = float(np.max(confidence))
    return np.append(edges[edges < top], 1.0)


def fit_temperature(true: np.ndarray, probabilities: np.ndarray) -> tuple[Temperature | None, str]:
    """The temperature that makes validation answers as sure as they may be.

    One number T by which all logits are divided before softmax, which changes how sure the answers
    are but never which they are: the T of the least log loss (Guo et al., ICML 2017, section 4.2).
    Logits are the logarithms of the probabilities, which softmax makes the same probabilities of.

    Args:
        true: int, shape (n,), of validation images; never of those that are scored.
        probabilities: shape (n, classes).

    Returns:
        The temperature and "", or ``None`` and a sentence that says why there is none.
    """
    images = len(true)
    if not images:
        return None, "This run has no validation images to set its confidence right on."
    if images < FEWEST_TO_FIT:
        return None, (
            f"There are only {images:,} validation images: too few to set its confidence right on "
            f"(it takes {FEWEST_TO_FIT})."
        )
    correct = probabilities.argmax(axis=1) == true
    if correct.all():
        return None, (
            f"It is right on all {images:,} validation images, so they can't say where its "
            "confidence should end."
        )
    from scipy.optimize import minimize_scalar

    logits = np.log(np.maximum(probabilities.astype(np.float64), _TINY))
    limits = np.log([_COLDEST, _HOTTEST])
    found = minimize_scalar(
        lambda warmth: _log_loss(logits, true, float(np.exp(warmth))),
        bounds=tuple(limits),
        method="bounded",
        options={"xatol": 1e-5},
    )
    if np.abs(found.x - limits).min() < 0.01:
        return None, "No temperature makes its confidence fit the validation images."
    return Temperature(
        value=float(np.exp(found.x)),
        images=images,
        loss_before=_log_loss(logits, true, 1.0),
        loss_after=float(found.fun),
    ), ""


def warm(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities with their logits divided by ``temperature``; float64, the same shape."""
    from scipy.special import softmax

    scaled = np.log(np.maximum(probabilities.astype(np.float64), _TINY)) / temperature
    return np.asarray(softmax(scaled, axis=1))


def said_and_right(calibration: Calibration) -> Bin | None:
    """The bin to tell about in one sentence: where what it says and how often it is right differ
    most, by images; of those where they differ beyond chance, if there are any."""

    def gap(each: Bin) -> float:
        return abs(each.confidence - each.right.share) * each.right.images

    bins = calibration.equal_count
    off = [each for each in bins if not each.right.low <= each.confidence <= each.right.high]
    return max(off or bins, key=gap, default=None)


def _judge(mean: float, right: Share, ece_low: float, ece_high: float) -> Verdict:
    if right.images < FEWEST_TO_JUDGE:
        return "unknown"
    if mean > max(right.high, right.share + _NOTICEABLE):
        return "over"
    if mean < min(right.low, right.share - _NOTICEABLE):
        return "under"
    if ece_low > _UNEVEN:
        return "uneven"
    return "fair" if ece_high <= _HOLDS else "average"


def _bin_of(confidence: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Which bin each is in; a bin has its upper edge, and the first its lower one too."""
    return np.searchsorted(edges[1:-1], np.asarray(confidence, np.float64), side="left")


def _bins(
    confidence: np.ndarray, correct: np.ndarray, edges: np.ndarray, worth: float
) -> list[Bin]:
    number = _bin_of(confidence, edges)
    images = np.bincount(number, minlength=len(edges) - 1)
    sure = np.bincount(number, confidence, minlength=len(edges) - 1)
    right = np.bincount(number, correct, minlength=len(edges) - 1)
    return [
        Bin(
            low=float(edges[n]),
            high=float(edges[n + 1]),
            confidence=float(sure[n] / images[n]),
            right=share,
        )
        for n, share in enumerate(shares(right, images, worth))
        if share.images
    ]


def _log_loss(logits: np.ndarray, true: np.ndarray, temperature: float) -> float:
    """Mean log loss of softmax(logits / temperature); 0 for no answers."""
    if not len(true):
        return 0.0
    scaled = logits / temperature
    scaled = scaled - scaled.max(axis=1, keepdims=True)
    given = scaled[np.arange(len(true)), true] - np.log(np.exp(scaled).sum(axis=1))
    return float(-given.mean())
