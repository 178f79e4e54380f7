"""A few pictures that nobody learns from, and what is answered about them by now: something to
watch while Auto works.

Answers are real ones. While a network looks at the images for the first time, they are those of the
nearest mean of each class, of the training images that were looked at until then. Afterwards they
are the out-of-fold answers of the head that is being tried. Nothing here chooses anything.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.progress import Throttle
from core.training.context import Data, TrainingContext

_EVERY_S = 0.3
# Validation images that are answered while a network looks for the first time; more say no more.
_HELD = 600
# Moments of a search that are kept, for its curve and for whoever wants to see it again.
_REMEMBERED = 240


class Wall:
    """Reports snapshots a few times a second at most: ``samples`` as :class:`SampleAnswers` does
    (``answer`` is the best so far, ``trying`` that of what is being tried), ``what`` is tried now,
    ``best`` what the best so far is ("" before there is one), how many of ``of`` images the former
    is ``right`` on; and in ``history`` of each moment until now the seconds since the start, that
    share, and a ``1`` or ``0`` for each sample.

    Args:
        rows: positions in the data's table of the images that Auto works with, in order.
    """

    def __init__(self, context: TrainingContext, data: Data, rows: NDArray[np.int64]) -> None:
        self._context, self._data, self._rows = context, data, rows
        chosen = data.samples()
        self._at = np.searchsorted(rows, chosen)
        known = self._at < len(rows)
        known[known] = rows[self._at[known]] == chosen[known]
        self._at = self._at[known]
        self._learning = np.isin(rows, data.train)
        self._last = [""] * len(self._at)
        self._best = [""] * len(self._at)
        self._best_is = ""
        self._history: list[list[Any]] = []
        self._began = time.monotonic()
        self.due = Throttle(_EVERY_S)

    def order(self) -> NDArray[np.int64]:
        """In which order the rows are to be looked at: those on the wall first, and then others of
        all classes by chance."""
        rng = np.random.default_rng(self._context.spec.seed)
        others = np.setdiff1d(np.arange(len(self._rows)), self._at)
        return np.concatenate([self._at, rng.permutation(others)])

    def looking(self, what: str) -> Glimpses:
        """What is told while a network looks at the images for the first time."""
        return Glimpses(self, what)

    def answered(
        self,
        what: str,
        rows: NDArray[np.int64],
        scores: NDArray[np.floating],
        *,
        best: bool = False,
    ) -> None:
        """Tell what some images were answered by what had not seen them.

        Args:
            rows: which of the rows, shape (m,); what was said of others before stays.
            scores: shape (m, classes); the largest is the answer.
            best: these answers are the best so far, and stay until there are better ones.
        """
        labels, classes = self._data.labels[self._rows], self._context.classes
        found = scores.argmax(axis=1)
        place = np.full(len(self._rows), -1)
        place[rows] = np.arange(len(rows))
        self._last = [
            classes[found[place[at]]] if place[at] >= 0 else last
            for at, last in zip(self._at, self._last, strict=True)
        ]
        if best:
            self._best, self._best_is = list(self._last), what
        paths = self._data.table["path"].to_numpy()[self._rows[self._at]]
        samples = [
            {
                "path": str(path),
                "label": classes[labels[at]],
                "answer": kept or answer,
                "trying": answer,
            }
            for path, at, answer, kept in zip(paths, self._at, self._last, self._best, strict=True)
        ]
        right = int((found == labels[rows]).sum())
        marks = "".join("1" if one["answer"] == one["label"] else "0" for one in samples)
        seconds = round(time.monotonic() - self._began, 1)
        self._history.append([seconds, round(right / max(1, len(rows)), 4), marks])
        if len(self._history) > _REMEMBERED:
            # Every other moment: what comes later is dense again, and the whole stays short.
            self._history = [*self._history[::2], self._history[-1]]
        self._context.report.snapshot(
            "snapshot",
            labels=list(classes),
            samples=samples,
            what=what,
            best=self._best_is,
            right=right,
            of=len(rows),
            history=self._history,
        )


class Glimpses:
    """What could be said of images by those that were looked at before, by the nearest class mean.

    Validation images are answered and training images are learned from, so that no answer is about
    an image, or a copy of one, that it was made of.
    """

    def __init__(self, wall: Wall, what: str) -> None:
        self._wall, self._what = wall, what
        self._sums: NDArray[np.float64] | None = None
        self._counts = np.zeros(len(wall._context.classes))
        self._held: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []

    def __call__(self, rows: NDArray[np.int64], features: NDArray[np.floating]) -> None:
        """Features of some rows are known now, shape (len(rows), f)."""
        wall = self._wall
        some = features.astype(np.float32)
        some /= np.maximum(np.linalg.norm(some, axis=1, keepdims=True), 1e-6)
        learn = wall._learning[rows]
        if sum(len(rows) for rows, _ in self._held) < _HELD:
            self._held.append((rows[~learn], some[~learn]))
        if self._sums is None:
            self._sums = np.zeros((len(self._counts), some.shape[1]))
        labels = wall._data.labels[wall._rows[rows[learn]]]
        np.add.at(self._sums, labels, some[learn])
        np.add.at(self._counts, labels, 1)
        if (self._counts > 0).sum() > 1 and wall.due():
            self._tell(self._sums)

    def _tell(self, sums: NDArray[np.float64]) -> None:
        # What all classes share is left out, or the differences between them would drown in it.
        mean = sums.sum(axis=0) / self._counts.sum()
        means = sums / np.maximum(self._counts, 1)[:, None] - mean
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-6)
        means[self._counts == 0] = 0
        rows = np.concatenate([rows for rows, _ in self._held])
        held = np.concatenate([some for _, some in self._held])
        scores = (held - mean.astype(np.float32)) @ means.T.astype(np.float32)
        scores[:, self._counts == 0] = -np.inf
        self._wall.answered(self._what, rows, scores)
