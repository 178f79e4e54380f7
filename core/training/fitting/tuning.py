"""Fine-tuning in Auto: the networks that were found, their upper parts trained on the images, and
the same kind of head on what they give then; kept only where folds say that it is better."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import Cancelled
from core.features.backbones.build import build
from core.features.backbones.closer import looking_closely
from core.features.weights import weights
from core.training.augmentation.options import PRESETS, Augmentation
from core.training.auto import seen
from core.training.auto.clock import Clock
from core.training.auto.looks import Look
from core.training.auto.search import Search
from core.training.auto.seen import backbones_of
from core.training.auto.tried import Found, problem_of
from core.training.context import Data, TrainingContext
from core.training.fitting.judged import AHEAD, Judged, Member, Tuned, is_ahead, mixed
from core.training.fitting.upper import BATCH, SLOWER, Images, Upper
from core.training.heads.choose import judge, settled
from core.training.heads.head import Problem, Step
from core.training.heads.reduce import reducing
from core.training.spec import TrainSpec

_HEAD = "discriminant"
# With less time than this, nothing can be learned and judged.
_LEAST_S = 30.0
# How it is judged, the best first, each with how many times as much must be learned for it as is
# needed at the least: by all folds, by so many of them, or by the validation images only.
_SOME = 2
_PLANS = (("folds", 2.0), ("some folds", 1.25), ("validation", 1.0))
# Fewer validation images alone can't show it: 90 found a tuned network ahead, by more than chance,
# that was behind on the test.
_FEWEST_ALONE = 200
# What is needed: so many images seen, and each of them so many times; and what is enough.
_SEEN, _EACH_SEEN, _ENOUGH = 4_800, 3, 16
# Once judged, what was learned without the last part goes on with all images, for so many of the
# rounds that it had.
_REST = 0.3
# What comes before anything is learned, about: seconds to build and to trace, and then so many of
# the times in which an image is looked at, for each image.
_ONCE_S, _LOOKS = 14.0, 4.0
# Of the time that is left, what may be planned for.
_SHARE = 0.8
# Where frozen networks leave a smaller share wrong, there is little to mend, and fine-tuning bends
# features to the images that are here: it costs accuracy on images that are unlike them, which no
# fold can see (Kumar et al., "Fine-Tuning can Distort Pretrained Features", ICLR 2022).
_LITTLE_WRONG = 0.03
# Varied as little as leaves every kind of thing what it is.
_VARIED = Augmentation.model_validate({**PRESETS["light"], "flip_horizontal": False})


class Tuning:
    """Tries the networks of a look one after the other, as long as there is time.

    Attributes:
        untried: what was left untried for want of time, for people.
    """

    def __init__(
        self, context: TrainingContext, data: Data, search: Search, found: Found, clock: Clock
    ) -> None:
        self.context, self.data, self.found, self.clock = context, data, found, clock
        # What is learned anew needs no more than means and one closer look, and takes longer with
        # more.
        self.look = dataclasses.replace(found.look, peaks="none", closer=found.look.closer[:1])
        self.untried: list[str] = []
        self._search = search
        self._rows = search.rows
        # Which rows are answered wrongly until now; of those judged last, after something was kept.
        self._wrong = np.zeros(len(self._rows), bool)

    def run(self) -> tuple[Tuned | None, bool]:
        """What came of it, ``None`` where nothing was better than what had been found; and whether
        the person has ended it.

        Raises:
            Cancelled: the person wants nothing kept.
        """
        stopped, best = False, None
        empty = np.zeros((len(self._rows), 0), np.float32)
        problem = problem_of(self.context, self.data, empty, self._rows)
        try:
            for each in self._tries(problem):
                best = each
        except Cancelled:
            if self.context.report.wishes().stop != "keep":
                raise
            stopped = True
        return (None if best is None else best.whole(self._rows, problem.labels)), stopped

    def _tries(self, problem: Problem) -> Iterator[Judged]:
        """Each that is better than all before."""
        look = self.look
        if len(self._rows) < BATCH:
            return
        before = self._said_by(self.found)
        self._wrong = before.argmax(axis=1) != problem.labels
        if settled(self._wrong.sum() / 2) or self._wrong.mean() < _LITTLE_WRONG:
            return  # no plan would do, however much time there were
        if self.clock.left < _LEAST_S or self._depth(look.alone[0], None) is None:
            # Nothing is prepared that can't end.
            self.untried.append(f"fine-tuning {look.alone[0]}")
            return
        # In the end there may be both.
        self.clock.keep_for(len(self.found.look.views) + len(look.alone[0].views))
        frozen = self._search.linear(self.found)
        beside = Judged(
            [self._frozen(frozen)], self._said_by(frozen), None, np.arange(len(self._rows))
        )
        for alone in look.alone:
            if settled(self._wrong.sum() / 2):
                return
            tried = None
            if self.clock.left > _LEAST_S:
                tried = self._try(alone, problem, before, beside)
            if tried is None:
                self.untried.append(f"fine-tuning {alone}")
                return
            if self._told(alone, tried, problem.labels, before):
                before, beside = tried.probabilities, tried
                self._wrong = before.argmax(axis=1) != problem.labels
                yield tried

    def _said_by(self, found: Found) -> NDArray[np.float64]:
        """Of each of the rows, from folds without it."""
        return found.judged.probabilities[np.searchsorted(found.rows, self._rows)]

    def _frozen(self, found: Found) -> Member:
        (step,) = found.steps
        return Member(lambda: bodies_of(self.context.spec, found.look), step)

    def _try(
        self, look: Look, problem: Problem, before: NDArray[np.float64], beside: Judged
    ) -> Judged | None:
        """One network more fine-tuned; ``None`` where the time is too short for it.

        Args:
            before: what there is until now says of each image, shape (n, classes).
            beside: what its answers may be averaged with; its folds are kept to.
        """
        deep = self._depth(look, beside.held_out)
        if deep is None:
            return None
        # As it looked before, of which means come first.
        as_found = dataclasses.replace(look, peaks=self.found.look.peaks)
        those = seen.Seen(self.context, self.data, self._rows)
        features = those.features(as_found)
        features = features[:, : sum(seen.parts(look))].copy()
        pixels = those.pixels(look)
        digests = self.context.spec.as_decoded.names(self.data.table["hash"].to_numpy()[self._rows])
        images = Images(pixels.take, digests, problem.labels, problem.weights)
        upper = Upper(self.context, look, images, _VARIED, self._say, deep=deep)
        every = np.arange(len(self._rows))
        start = self._head(features, seen.parts(look), problem, every)
        plan = self._plan(upper.speed(start), beside.held_out)
        if plan is None:
            return None
        folds, epochs = plan
        own = np.zeros((len(every), problem.classes))
        for number, fold in enumerate(folds, 1):
            learned = np.setdiff1d(every, fold)
            note = f"Fine-tuning {look}: part {number} of {len(folds)}"
            head = self._head(features, seen.parts(look), problem, learned)
            upper.fit(learned, head, epochs, note)
            own[fold] = upper.scores(fold)
            rows = np.sort(np.concatenate(folds[:number]))
            said = mixed(own, beside, problem.labels, rows)[2]
            if not is_ahead(problem.labels, rows, said, before, by=AHEAD * (number == len(folds))):
                # What other folds may say can hardly bring it beyond chance any more.
                folds = folds[:number]
                break
        else:
            note = f"Fine-tuning {look} on all images"
            upper.go_on(every, max(1, round(_REST * epochs)), note)
        rows = np.sort(np.concatenate(folds))
        of_own, of_beside, said = mixed(own, beside, problem.labels, rows)
        network = upper.network
        mine = Member(lambda: [network], upper.head.times(of_own))
        others = [
            dataclasses.replace(each, step=each.step.times(of_beside))
            for each in beside.members
            if of_beside
        ]
        return Judged([mine, *others], said, folds, rows)

    def _depth(self, look: Look, held_out: list[NDArray[np.int64]] | None) -> bool | None:
        """Whether more than the last stages can be learned in the time that is left; ``None`` where
        not even these can. By how long looking takes, before anything is prepared."""
        each = self._search.each * dataclasses.replace(look, closer=()).work
        prepared = _ONCE_S + _LOOKS * len(self._rows) * each
        for deep, slower in SLOWER.items():
            if self._plan(1 / (each * slower), held_out, prepared):
                return deep
        return None

    def _plan(
        self, speed: float, held_out: list[NDArray[np.int64]] | None, before: float = 0.0
    ) -> tuple[list[NDArray[np.int64]], int] | None:
        """Which images are held out in turn, and how many epochs; by images a second.

        Args:
            before: seconds that pass until then.
        """
        count = len(self._rows)
        validation = np.flatnonzero(np.isin(self._rows, self.data.validation))
        least = max(_EACH_SEEN, math.ceil(_SEEN / count))
        for how, more in _PLANS:
            if how == "validation" and len(validation) < _FEWEST_ALONE:
                continue
            folds = [validation] if how == "validation" else self._search.folds
            folds = folds[:_SOME] if how == "some folds" else folds
            if held_out is not None:
                folds = held_out
            # Were every other mistake in them mended, it would have to show.
            wrong = self._wrong[np.concatenate(folds)].sum() / 2
            if settled(wrong) or not all(0 < len(fold) < count for fold in folds):
                continue
            once = _REST * count + sum(count - len(fold) for fold in folds)
            epochs = int(_SHARE * (self.clock.left - before) * speed / once)
            if epochs >= more * least:
                return folds, min(epochs, max(_ENOUGH, 2 * least))
        return None

    def _told(
        self, look: Look, tried: Judged, labels: NDArray[np.int64], before: NDArray[np.float64]
    ) -> bool:
        """Whether it is kept, for being ahead of what there was on the same images."""
        rows = tried.rows
        kept = is_ahead(labels, rows, tried.probabilities, before)
        what = f"{look}, its upper part fine-tuned"
        if len(tried.members) > 1:
            what += ", averaged with what was best before"
        if len(rows) < len(labels):
            what += f", judged on {len(rows):,} images"
        right = tried.probabilities[rows].argmax(axis=1) == labels[rows]
        self._search.tell(self._search.rung(float(right.mean()), what, kept=kept))
        return kept

    def _head(
        self,
        features: NDArray[np.float16],
        parts: tuple[int, ...],
        problem: Problem,
        rows: NDArray[np.int64],
    ) -> Step:
        """A discriminant of some of the rows, as one dense layer on the features; how sure it is
        comes from folds of these rows."""
        before = reducing(features[rows], parts, problem.seed)
        some = problem.some(rows, before(features[rows]))
        weights = some.weights / some.weights.mean()
        (step,) = judge(dataclasses.replace(some, weights=weights), _HEAD).steps(before)
        return step

    def _say(self, note: str) -> None:
        self.context.report.progress("search", 0, None, note)


def bodies_of(spec: TrainSpec, look: Look) -> list[Any]:
    """From pixels to features, float32: each network of a look, in its order."""
    gray = spec.color == "gray"
    bodies = [build(each, look.size, weights(each.key), gray=gray) for each in backbones_of(look)]
    return [looking_closely(body, look.closer) if look.closer else body for body in bodies]
