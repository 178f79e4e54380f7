"""The search: looks and heads in the order of what they bring a second, each kept only if better.

The images of the test have no part in it. Every candidate answers about each training and
validation image from folds without it and without its copies; once all is chosen, the winner is
fitted on all of these together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from core.errors import Cancelled
from core.training.auto import few, looks, seen
from core.training.auto.clock import Clock
from core.training.auto.kept import Chosen, Kept
from core.training.auto.ladder import Rung
from core.training.auto.looks import Look
from core.training.auto.tried import Found, Tried, problem_of
from core.training.auto.wall import Wall
from core.training.context import Data, TrainingContext
from core.training.heads import HEADS, get
from core.training.heads.choose import Candidate, Score, better, judge, settled, surely_better
from core.training.heads.head import Floats, Problem, Step
from core.training.heads.reduce import reducing

# Looks and heads are compared on so many images at most; the winner is fitted on all.
ENOUGH = 6000
# Of the time that is left, the most that a look may take that was never tried.
_SHARE = 0.8
# Networks side by side; and of the time that is left, the most that a third one may take, or a
# third look.
_PAIR, _SHARE_OF_MORE = 2, 0.15
# Where fewer are wrong, what makes each answer take longer has little to mend.
_HARDLY_WRONG = 0.01
# Of the time that a head takes which chooses its settings, what it takes with these known.
_KNOWN = 1 / 3
# How long a network takes to be prepared at a new size, or for a closer look, and an image of
# :attr:`Look.work` 1, before anything was measured here.
_ONCE_S, _CLOSER_S, _EACH_S = 4.0, 1.0, 0.004
_FIRST = "discriminant"


def _later() -> list[str]:
    """Heads that are tried on the best look alone, the quicker ones first."""
    return sorted(HEADS.keys() - {_FIRST}, key=lambda key: HEADS[key].cost)


class Search:
    """One search.

    Attributes:
        rungs: all that was tried so far, in order.
        rows: positions in the data's table of the images that candidates are judged on.
        stopped: whether the person has ended it.
        untried: what was left untried for want of time, for people.

    Args:
        kept: what it had found before it was killed.
    """

    def __init__(self, context: TrainingContext, data: Data, clock: Clock, kept: Kept) -> None:
        self.context, self.data, self.clock, self._kept = context, data, clock, kept
        self.rungs: list[Rung] = []
        self.untried: list[str] = []
        self.stopped = False
        self._all = np.sort(data.learned)
        self.rows = self._all
        if len(self._all) > ENOUGH:
            self.rows = self._all[few.spread(data.labels[self._all], ENOUGH, context.spec.seed)]
        self._tried: list[Tried] = []
        self._best: tuple[Tried, Score] | None = None
        self._took: dict[Look, float] = {}  # seconds an image
        self._wall = Wall(context, data, self.rows)
        self._seen = partial(seen.Seen, context, data)

    @property
    def images(self) -> int:
        """On how many images what is best so far was judged."""
        return len(self.rows if self._best is None else self._best[0].rows)

    @property
    def each(self) -> float:
        """About the seconds that an image takes of :attr:`Look.work` 1."""
        known = [seconds / look.work for look, seconds in self._took.items()]
        return float(np.median(known)) if known else _EACH_S

    @property
    def folds(self) -> list[NDArray[np.int64]]:
        """Which of :attr:`rows` were left out together."""
        return self._tried[0].problem.folds

    def run(self) -> Found:
        """Try what there is time for, and fit the best on all images.

        Raises:
            Cancelled: the person ended it before there was anything to keep, or wants nothing kept.
        """
        try:
            self._run()
        except Cancelled:
            if self._best is None or self.context.report.wishes().stop != "keep":
                raise
            self.stopped = True
        return self._fitted()

    def again(self, chosen: Chosen) -> Found:
        """Fit what was chosen before on all images, and try nothing else.

        Raises:
            Cancelled: the person ended it.
        """
        self.rows = self._all
        self._wall = Wall(self.context, self.data, self.rows)
        self._say(f"Looking with {chosen.look}")
        before = chosen.before
        if before is None:
            features = self._seen(self.rows, self._wall).features(chosen.look)
            before = reducing(features, seen.parts(chosen.look), self.context.spec.seed)
        tried = self._with(chosen.look, before, self._wall, chosen.settings)
        self._try_head(tried, chosen.head, force=True)
        return self._fitted()

    def look_ahead(self, most: int) -> None:
        """Look at the images as the search will at first, so that it finds that done.

        Args:
            most: beyond so many images, only the first answer is prepared.

        Raises:
            Cancelled: what was computed is kept.
        """
        if not (networks := looks.networks(self.context.spec.architecture)):
            return
        size = looks.sizes(self.data.table.iloc[self.rows])[0]
        look = Look(networks[0], size, peaks="upper")
        first = self._few()
        for rows in (first, self.rows if len(self._all) <= most else first):
            if len(rows):
                self._seen(rows).features(look)

    def _run(self) -> None:
        first, *others = looks.networks(self.context.spec.architecture)
        table = self.data.table.iloc[self.rows]
        begin, *larger = (Look(first, size, peaks="upper") for size in looks.sizes(table))
        self._glance(begin)
        if begin.size > looks.QUICKER and not self._in_time(begin):
            begin, larger = replace(begin, size=looks.QUICKER), [begin, *larger]
        self._try(begin, force=True)
        # No more to look at, only to weigh: told from means what lies in one place and is small.
        fine = replace(begin, peaks="all")
        if seen.parts(fine) != seen.parts(begin):
            self._try(fine)
        # A closer look brings as much as a second network, and takes less time.
        if self.context.spec.test_views == 1:  # or else whoever asked for several looks has them
            self._try(replace(self._winner.look, closer=(looks.CLOSER,)))
        for look in larger:
            best = self._winner.look
            self._try(replace(look, peaks=best.peaks, closer=best.closer))
        # Two networks that make different mistakes are nearly always ahead of the better one, so
        # the others are not tried alone, and which of several pairs is best is chance.
        best = self._winner.look
        for network in others:
            pair = replace(best, beside=(network,))
            if not self._in_time(pair):
                pair = replace(pair, closer=())
            if self._try(pair):
                # By now it may be known to take less time than was thought.
                self._try(replace(pair, closer=best.closer))
                break
        for fit in looks.squares(table):
            self._try(replace(self._winner.look, resize=fit))
        self._try_closer()
        self._try_third(others)
        for head in () if self.settled else _later():
            if len(self.rows) >= get(head).fewest:
                self._try_head(self._winner, head)

    def _try_closer(self) -> None:
        """More looks at the middle, where that takes little of the time."""
        for share in looks.MORE if self._winner.look.closer else ():
            best = self._winner.look
            self._try_if_little(replace(best, closer=(*best.closer, share)))

    def _try_if_little(self, look: Look) -> None:
        """Try what takes little of the time that is left, or is known from before."""
        little = self._expected(look) < _SHARE_OF_MORE * self.clock.left
        if len(look.views) <= looks.MOST_VIEWS and (little or self._kept.has(look)):
            self._try(look)

    def _try_third(self, others: Sequence[str]) -> None:
        """One network more beside two, where that takes little of the time: it brings less than the
        second did, and makes each answer take longer."""
        best = self._winner.look
        left = [network for network in others if network not in best.networks]
        if len(best.networks) == _PAIR and left:
            self._try_if_little(replace(best, beside=(*best.beside, left[0])))

    @property
    def settled(self) -> bool:
        """Whether nothing could be shown to be better than what was found."""
        return self._best is not None and settled((1 - self._best[1].accuracy) * self.images)

    def _glance(self, look: Look) -> None:
        """A first answer that could be taken, of some of the images where there are many. On one
        core: so little to compute is not worth several cores' waiting for one another."""
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        rows = self._few()
        if not len(rows) or self._kept.has(look):
            return
        self._say(f"Looking with {look}")
        features = self._seen(rows).features(look)
        with threadpool_limits(1):
            before = reducing(features, seen.parts(look), self.context.spec.seed)
            loaded = before, problem_of(self.context, self.data, before(features), rows)
            self._try_head(Tried(look, rows, lambda: loaded), _FIRST, force=True)

    def _few(self) -> NDArray[np.int64]:
        """Rows of the first answer; none where all are not many more."""
        table, labels = self.data.table.iloc[self.rows], self.data.labels[self.rows]
        context = self.context
        return self.rows[few.first(table, labels, len(context.classes), context.spec.seed)]

    @property
    def _winner(self) -> Tried:
        assert self._best is not None
        return self._best[0]

    def _try(self, look: Look, *, force: bool = False) -> bool:
        """Whether a look was tried and became the best."""
        if (self.settled and not force) or any(tried.look == look for tried in self._tried):
            return False
        if not (force or self._in_time(look)):
            self.untried.append(str(look))
            return False
        self.context.report.check()
        tried = Tried(look, self.rows, lambda: self._look(look))
        won = self._try_head(tried, _FIRST, force=True)
        self._tried.append(tried)
        return won

    def _look(self, look: Look) -> tuple[Step, Problem]:
        self._say(f"Looking with {look}")
        features = self._seen(self.rows, self._wall, self._took).features(look)
        before = reducing(features, seen.parts(look), self.context.spec.seed)
        return before, problem_of(self.context, self.data, before(features), self.rows)

    def _new(self, look: Look) -> list[Look]:
        """What of it was not looked at yet."""
        before = {view for each in self._tried for view in each.look.views}
        return [view for view in look.views if view not in before]

    def _in_time(self, look: Look) -> bool:
        """Whether there is time for a look, or what it shows is known from before. Where hardly any
        answer is wrong, only for what takes little of it."""
        hardly = self._best is not None and self._best[1].accuracy > 1 - _HARDLY_WRONG
        share = _SHARE_OF_MORE if hardly else _SHARE
        return self._kept.has(look) or self._expected(look) < share * self.clock.left

    def _expected(self, look: Look) -> float:
        """About the seconds that a look would take."""
        new = self._new(look)
        expected = sum(
            (_CLOSER_S if view.closer else _ONCE_S)
            + self.each * replace(view, closer=()).work * len(self.rows)
            for view in new
        )
        if len(self._all) > len(self.rows):
            # It would have to look at all of them in the end.
            expected += self.each * look.work * len(self._all)
        return expected

    def _try_head(self, tried: Tried, head: str, *, force: bool = False) -> bool:
        """Whether a head was tried and became the best."""
        known = self._kept.take(tried.look, head)
        if known is not None:
            score = Score(head, known.settings, known.rung.accuracy, known.log_loss, len(self.rows))
            won = self._compared(tried, score)
            # Whoever watches has let go of what was told before the training went on.
            self.tell(known.rung.model_copy(update={"kept": won}))
            return won
        expected = len(self.rows) / 2000 * get(head).cost / get(_FIRST).cost
        if len(self._all) > len(self.rows):
            # In the end it would be fitted on all.
            expected *= 1 + _KNOWN * len(self._all) / len(self.rows)
        if not force and expected > self.clock.left:
            self.untried.append(get(head).title)
            return False
        problem = tried.problem
        self._say(f"Fitting {get(head).title} on {tried.look}")
        what = f"{tried.look} with {get(head).title}"
        begins = len(tried.rows) < len(self.rows)
        if begins:
            what += f" and {len(tried.rows):,} images to begin with"

        def tell(rows: NDArray[np.int64], scores: Floats) -> None:
            if self._wall.due():
                self._wall.answered(what, self._place(tried)[rows], scores)

        candidate = judge(replace(problem, tell=tell), head)
        won = self._compared(tried, candidate)
        rung = self.rung(candidate.accuracy, what, kept=won)
        if not begins:
            self._kept.add(tried.look, candidate, rung, self.clock.spent)
            self.context.report.kept(f"runs/{self.context.folder.name}")
        self.tell(rung)
        best, shown = self._best or (tried, candidate)
        if isinstance(shown, Candidate):
            # What is best so far stays until something else has answered.
            self._wall.answered(
                f"{best.look} with {get(shown.head).title}",
                self._place(best),
                shown.probabilities,
                best=True,
            )
        return won

    def rung(self, accuracy: float, what: str, *, kept: bool) -> Rung:
        """One thing that was tried until now."""
        seconds = round(self.clock.spent, 2)
        return Rung(seconds=seconds, accuracy=round(accuracy, 6), what=what, kept=kept)

    def tell(self, rung: Rung) -> None:
        """Add it to the ladder, for whoever watches."""
        self.rungs.append(rung)
        self.context.report.event("rung", **rung.model_dump(mode="json"))

    def _compared(self, tried: Tried, score: Score) -> bool:
        """Note what a head has shown; whether it is the best."""
        tried.heads[score.head] = score
        if self._best is None or len(self._best[0].rows) < len(tried.rows):
            # What was fitted on more images is better, whatever chance made of fewer.
            won = True
        elif score.head in (_FIRST, self._best[1].head) and len(tried.look.networks) <= _PAIR:
            won = better(score, self._best[1])
        else:
            # The quickest head is ahead nearly everywhere, on images unlike these most of all; and
            # a third network is worth its time in use only where it is clearly better.
            won = surely_better(score, self._best[1])
        if won:
            self._best = tried, score
            self.clock.keep_for(len(tried.look.views))
        return won

    def _place(self, tried: Tried) -> NDArray[np.int64]:
        """Which of :attr:`rows` it was tried on."""
        return np.searchsorted(self.rows, tried.rows)

    def linear(self, found: Found) -> Found:
        """What was found, with the quickest head, which is a single layer, in place of another."""
        if found.judged.head == _FIRST:
            return found
        tried = self._winner
        return self._fit(tried, tried.heads[_FIRST])

    def _fitted(self) -> Found:
        assert self._best is not None
        return self._fit(*self._best)

    def _fit(self, tried: Tried, score: Score) -> Found:
        """A head that was judged, fitted on all images."""
        # Whoever ends it wants it now, and not when all of very many images have been looked at.
        if len(self._all) > len(tried.rows) and not self.stopped:
            self._say("Fitting the best on all images")
            tried = self._with(tried.look, tried.before)
        elif isinstance(score, Candidate):
            return tried.fitted(score)
        return tried.fitted(judge(replace(tried.problem, known=score.settings), score.head))

    def _with(
        self,
        look: Look,
        before: Step,
        wall: Wall | None = None,
        settings: Mapping[str, float] | None = None,
    ) -> Tried:
        """All images, in coordinates that are known."""
        parts = self._seen(self._all, wall).in_parts(look)
        rows = np.concatenate([before(some) for some in parts])
        problem = problem_of(self.context, self.data, rows, self._all)
        loaded = before, replace(problem, known=settings or {})
        return Tried(look, self._all, lambda: loaded)

    def _say(self, note: str) -> None:
        self.context.report.progress("search", 0, None, note)
