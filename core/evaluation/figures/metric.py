"""What a metric is, and the register of all: asked for by key, shown in the order of registration.

A metric is a function with a decorator, in a file of its own or beside its like in
:mod:`core.evaluation.figures.catalogue`, where it is imported. What it is called, what it means,
how it is written and how its interval is found stand there and nowhere else: pages, report, model
card and command line draw from the scores that come of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar

import numpy as np

Of = Literal["images", "costs", "counts", "areas"]
F = TypeVar("F", bound=Callable[..., np.ndarray])


@dataclass(frozen=True)
class Counts:
    """What many confusion matrices hold, counted by class; each float64, shape (m, classes).

    Attributes:
        right: images called right.
        true: images of each class.
        called: answers of each class.
    """

    right: np.ndarray
    true: np.ndarray
    called: np.ndarray

    @cached_property
    def recall(self) -> np.ndarray:
        """0 for classes without images."""
        return _shares(self.right, self.true)

    @cached_property
    def precision(self) -> np.ndarray:
        """0 for classes that were never answered."""
        return _shares(self.right, self.called)

    @cached_property
    def f1(self) -> np.ndarray:
        return _shares(2 * self.right, self.true + self.called)

    @cached_property
    def total(self) -> np.ndarray:
        """Images, shape (m,)."""
        return self.true.sum(axis=1)

    @cached_property
    def by_chance(self) -> np.ndarray:
        """Sums of images times answers of a class, shape (m,)."""
        return (self.true * self.called).sum(axis=1)

    def macro(self, values: np.ndarray) -> np.ndarray:
        """The mean over the classes that have images, shape (m,)."""
        tested = self.true > 0
        return (values * tested).sum(axis=1) / tested.sum(axis=1)

    def weighted(self, values: np.ndarray) -> np.ndarray:
        """The mean over the images' classes, shape (m,)."""
        return (values * self.true).sum(axis=1) / self.total


def _shares(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)


@dataclass(frozen=True)
class Areas:
    """Means over classes of the areas under two curves; each float64, shape (m,).

    Attributes:
        roc, precision: of the ROC and the precision-recall curve.
    """

    roc: np.ndarray
    precision: np.ndarray


@dataclass(frozen=True)
class Metric:
    """A figure about all test images.

    Attributes:
        key, title: for programs, and for people.
        meaning: what it is, in a sentence for everybody.
        of: what ``compute`` makes it of, and so how its interval is found. ``images``: of an
            :class:`~core.evaluation.predictions.Predictions`, which images count, bool, shape (n,);
            their share has Wilson's interval. ``costs``: of the same, what each image costs,
            shape (n,); their mean is resampled. ``counts``: of :class:`Counts`, shape (m,);
            ``areas``: of :class:`Areas`, shape (m,); both resampled.
        better: whether more or less of it is better.
        form: ``share`` of 1, to be written in per cent, or a ``number``.
        headline: whether it is one of the few that most people ask for.
        above: offered only of models that know more classes than this.
        apart: undefined where all test images are of one class.
        bounds: of ``counts``: an interval that is given where it reaches further than resampling,
            which says too little of a few images; from right answers, images (each float64, shape
            (classes,)) and what an image is worth, to the lower and upper bound.
    """

    key: str
    title: str
    meaning: str
    of: Of
    compute: Callable[[Any], np.ndarray]
    better: Literal["higher", "lower"] = "higher"
    form: Literal["share", "number"] = "share"
    headline: bool = False
    above: int = 0
    apart: bool = False
    bounds: Callable[[np.ndarray, np.ndarray, float], tuple[float, float]] | None = None


METRICS: dict[str, Metric] = {}


def metric(key: str, title: str, meaning: str, of: Of, **more: Any) -> Callable[[F], F]:
    """Register a function as a metric; the rest as in :class:`Metric`.

    >>> @metric("found", "Found", "The part of the images that were found.", "images")
    ... def found(predictions):
    ...     return predictions.correct
    >>> METRICS.pop("found").title
    'Found'
    """

    def register(compute: F) -> F:
        METRICS[key] = Metric(key, title, meaning, of, compute, **more)
        return compute

    return register
