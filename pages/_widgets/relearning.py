"""A model that learns again from photos whose answers were put right: begun, what that changed, and
the way back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import streamlit as st

from core.catalog import RunRecord
from core.catalog.records import ACTIVE
from core.evaluation.comparison.learned import Learned
from core.inference.corrections import Correction, take_back
from core.inference.taught import taught
from core.jobs import kinds
from core.text import escape, plural, shorten
from pages._widgets.gallery import Tile, gallery
from pages._widgets.remembered import remembered
from pages._widgets.session import catalog, choose_run, pictures_of_run
from pages._widgets.sure import threshold_of

Stage = Literal["waiting", "learning", "done", "cancelled", "failed"]
_ACROSS = 3
_CHANGED = 6
# For so long a page that is opened anew shows what was learned.
_LATELY_S = 3600.0


@dataclass
class Lesson:
    """What was put right in this session, and is learned or was.

    Attributes:
        labels: by the id of each correction, what was said that it is.
        before: the run that was wrong.
        job: the look at the dataset that comes first.
        at: when it was begun, in seconds since 1970.
        seen: the run that learns from it, once the page has been drawn with it.
    """

    dataset_id: str
    labels: dict[str, str]
    before: str
    job: str
    at: float = field(default_factory=time.time)
    seen: str = ""

    @property
    def photos(self) -> str:
        """How many it is about: ``1 photo``."""
        return plural(len(self.labels), "photo")


def begin_lesson(dataset_id: str, before: str, made: Sequence[Correction]) -> Lesson:
    """Have a run learn again from its dataset, which has some images more."""
    return _begin(dataset_id, before, {each.id: each.label for each in made})


def once_more(lesson: Lesson) -> Lesson:
    """Have it learn after all, where that had failed or was cancelled: the photos are in the
    dataset."""
    if (again := learner(lesson)) is not None:
        catalog().runs.delete(again.id)
    return _begin(lesson.dataset_id, lesson.before, lesson.labels)


def _begin(dataset_id: str, before: str, labels: dict[str, str]) -> Lesson:
    store = catalog()
    # What an idle worker has begun meanwhile can wait; a person can't.
    for job in store.jobs.all(states=ACTIVE, kind="familiar"):
        store.jobs.request_cancel(job.id)
    at = time.time()
    job = kinds.submit_scan(store, dataset_id, then_learn=before, taught=labels)
    return Lesson(dataset_id, labels, before, job.id, at)


def lesson_of(run: RunRecord) -> Lesson | None:
    """What a run is about to be followed by, or has learned lately, whoever began it: so that a
    page that is opened anew still shows it."""
    job = catalog().jobs.latest("scan", run.dataset_id)
    if job is None or not job.spec.get("taught") or time.time() - job.created_at > _LATELY_S:
        return None
    lesson = Lesson(
        run.dataset_id, job.spec["taught"], job.spec["then_learn"], job.id, job.created_at
    )
    again = learner(lesson)
    if again is None:
        return None if job.finished or run.id != lesson.before else lesson
    if again.state == "done":
        lesson.seen = again.id
    return lesson if run.id == (lesson.seen or lesson.before) else None


def learner(lesson: Lesson) -> RunRecord | None:
    """The run that learns from it, once it is queued."""
    return next(
        (
            run
            for run in catalog().runs.all(lesson.dataset_id)
            if run.spec.get("refits") == lesson.before and run.created_at >= lesson.at - 1
        ),
        None,
    )


def go_back(lesson: Lesson) -> list[int]:
    """Leave the photos out again, and go back to the model of before; the later one is in the bin.

    Returns:
        The dataset's versions to undo for them to be in it again.
    """
    store, again = catalog(), learner(lesson)
    if again is not None and again.state in ("queued", "running"):
        store.jobs.wish(again.job_id, stop="discard")
    elif again is not None:
        store.runs.delete(again.id)
    changes = [take_back(store, lesson.dataset_id, each) for each in lesson.labels]
    choose_run(lesson.before)
    st.toast(
        f"{lesson.photos} left out again, and the model of before is back.", icon=":material/undo:"
    )
    return [change.version for change in changes if change is not None]


def stage_of(lesson: Lesson) -> tuple[Stage, RunRecord | None, str]:
    """How far a lesson is, the run that learns from it once it is queued, and why nothing can come
    of it where it has failed."""
    again = learner(lesson)
    if again is not None and again.state == "done":
        return "done", again, ""
    for each in (catalog().jobs.get(lesson.job), again):
        if each is not None and each.state in ("failed", "interrupted"):
            return "failed", again, each.error
    if again is None:
        return "waiting", None, ""
    return "cancelled" if again.state == "cancelled" else "learning", again, ""


def draw_learned(found: Learned) -> None:
    """What learning again has changed, beside the model that it came from."""
    what, pair = "After learning again", found.paired
    if found.added:
        what = f"After learning {plural(len(found.added), 'more photo')}"
    st.markdown(
        kept_together(
            f"**{what}:** {pair.both + pair.only_first:,} → {pair.both + pair.only_second:,} of "
            f"{pair.images:,} right. {escape(found.sentence)}"
        )
    )
    if now := _taught(found):
        st.markdown(kept_together(escape(now)))
    for rows, what, tone in (
        (found.matched.better, "Right now, wrong before", "good"),
        (found.matched.worse, "Wrong now, right before", "bad"),
    ):
        if rows.empty:
            continue
        some = rows.head(_CHANGED)
        pictures = pictures_of_run(found.after, some["path_second"].to_list())
        st.caption(f"{what}: {len(rows)}")
        gallery(
            [
                Tile(
                    str(row["path_second"]),
                    picture.data,
                    f"is {shorten(str(row['label']), 32)}",
                    badge=f"{'✓' if tone == 'good' else '✗'} "
                    f"{shorten(str(row['predicted_second']), 32)}",
                    tone=tone,
                    title=f"{row['path_second']}: is {row['label']}, before "
                    f"{row['predicted_first']}, now {row['predicted_second']}",
                )
                for (_, row), picture in zip(some.iterrows(), pictures, strict=True)
            ],
            key=f"changed-{tone}-{found.after.id}",
            label=what,
            across=_ACROSS,
        )


@remembered(lambda found: (found.after.id, threshold_of(found.after)), max_entries=64)
def _taught(found: Learned) -> str:
    """What it says of the photos that it was taught with."""
    return taught(catalog(), found).sentence


def kept_together(text: str) -> str:
    """A figure and its sign stay on one line."""
    return text.replace(" %", "\u00a0%")
