"""What was corrected while trying: look it through, leave some out, and take the rest into the
dataset."""

from __future__ import annotations

import streamlit as st

from core.catalog import RunRecord
from core.datasets.images import open_image
from core.errors import LightboxError
from core.evaluation.comparison.learned import learned
from core.inference.corrections import (
    Correction,
    add_corrections,
    correction_id,
    corrections,
    drop_correction,
    read_correction,
)
from core.jobs import kinds
from core.quality.curation import undo
from core.quality.thumbs import preview
from core.text import escape, plural, shorten
from core.who import acting
from pages._widgets.gallery import PAGE, Tile, gallery, page_of
from pages._widgets.gone import dataset_gone
from pages._widgets.job import act, attempt, watch, watched
from pages._widgets.relearning import (
    Lesson,
    begin_lesson,
    draw_learned,
    go_back,
    learner,
    lesson_of,
    once_more,
    stage_of,
)
from pages._widgets.session import catalog, choose_run
from pages._widgets.steps import lead

_SMALL = 240
_LAST = "corrections-dropped"
_LEARNING = (
    "Puts it into the dataset, with all that waits, and a new model learns its last step again."
)


def panel(run: RunRecord) -> None:
    """Draw it if there is anything; nothing in a dataset changes before its button is pressed."""
    if dataset_gone(run):
        return  # they wait until it is brought back
    store = catalog()
    items = corrections(store.workspace, run.dataset_id)
    left_out = _undoable(run.dataset_id)
    added = st.session_state.get(f"corrections-added-{run.dataset_id}")
    watched(store.jobs.get(added) if added is not None else None)
    _learning(run)
    _went_back(run)
    if not items and not left_out:
        return
    record = store.datasets.get(run.dataset_id)
    learns = " and learn from" if _may_learn(run) else ""
    title = f"{plural(len(items), 'correction')} to look through{learns}"
    with st.expander(title, icon=":material/rule:", expanded=False, key="corrections"):
        st.caption(
            f"Images that were answered wrongly, with the class that they are. They are kept apart "
            f"from the dataset “{escape(record.name)}” until you add them."
        )
        chosen = _gallery(run, items) if items else []
        with st.container(horizontal=True, vertical_alignment="center"):
            act(
                f"Leave out {plural(len(chosen), 'image')}" if chosen else "Leave out",
                (_drop, run.dataset_id, chosen),
                icon="delete",
                key="corrections-drop",
                disabled=not chosen,
            )
            if left_out:
                act(
                    f"Undo: bring back {plural(len(left_out), 'image')}",
                    (_restore, run.dataset_id, left_out),
                    icon="undo",
                    key="corrections-undo",
                )
        if items:
            with st.container(horizontal=True, vertical_alignment="center"):
                _ways_in(run, plural(len(items), "image"))


def _may_learn(run: RunRecord) -> bool:
    return not run.imported and acting().may("trainer")


def learn_now(run: RunRecord, key: str) -> None:
    """Beside an answer that was just put right: have the model learn from it, and from whatever
    else waits. Part of a fragment."""
    if not _may_learn(run):
        return
    waiting = len(corrections(catalog().workspace, run.dataset_id))
    what = "it" if waiting == 1 else f"all {waiting:,} corrections"
    # No callback: what it brings stands outside of this fragment.
    if st.button(
        f"Add {what} to the dataset and learn",
        icon=":material/model_training:",
        key=f"learn-now-{key}",
        help=_LEARNING,
    ):
        attempt(_add, run.dataset_id, run.id)
        st.rerun(scope="app")


def taught_as(run: RunRecord, data: bytes) -> str:
    """What became of an image that was put right in this session and went into the dataset, as
    Markdown; "" where it is none of those."""
    lesson: Lesson | None = st.session_state.get(_lesson(run.dataset_id))
    if lesson is None or run.id not in (lesson.before, lesson.seen):
        return ""
    label = lesson.labels.get(correction_id(data))
    if label is None:
        return ""
    stage, _, _ = stage_of(lesson)
    after = "It is in the dataset, and being learned from."
    if stage == "done":
        after = "You said so, and it was learned from."
    elif stage in ("failed", "cancelled"):
        after = "It is in the dataset."
    return f"**It is “{escape(shorten(label, 40))}”.** {after}"


def _ways_in(run: RunRecord, many: str) -> None:
    """Into the dataset; what it takes a training for is done at once, or left for later."""
    if _may_learn(run):
        act(
            f"Add {many} to the dataset and learn",
            (_add, run.dataset_id, run.id),
            icon="model_training",
            key="corrections-learn",
            type="primary",
            help=_LEARNING,
        )
    act(
        f"Add {many} only",
        (_add, run.dataset_id),
        icon="add_photo_alternate",
        key="corrections-add",
        help="They become images of the dataset, for the next training.",
    )


def _learning(run: RunRecord) -> None:
    """How far the model is that learns from what was corrected in this session; then what that
    changed, and the way back."""
    lesson: Lesson | None = st.session_state.get(_lesson(run.dataset_id)) or lesson_of(run)
    if lesson is None:
        return
    st.session_state[_lesson(run.dataset_id)] = lesson
    stage, again, why = stage_of(lesson)
    if again is not None and stage == "done" and not lesson.seen:
        # It answers from now on.
        lesson.seen = again.id
        choose_run(again.id)
        st.rerun()
    if run.id not in (lesson.before, lesson.seen):
        return
    with st.container(border=True, key="corrections-learning"):
        many = plural(len(lesson.labels), "image")
        if stage == "failed":
            st.error(escape(why), icon=":material/error:")
        elif stage == "cancelled":
            st.markdown(f"Added {many} to the dataset; the learning was cancelled.")
        elif again is not None and stage == "done":
            _learned(lesson, again)
        elif again is not None:
            st.markdown(f":material/model_training: A new model learns from {many}.")
            watch(again.job_id)
        if stage in ("failed", "cancelled"):
            with st.container(horizontal=True):
                act("Try again", (_once_more, lesson), icon="refresh", key="corrections-again")
                _way_back(lesson, "Leave them out again")


def _learned(lesson: Lesson, again: RunRecord) -> None:
    st.markdown(
        f":material/check_circle: **“{escape(shorten(again.name, 40))}” has learned from them, and "
        "answers here now.**"
    )
    if found := learned(catalog(), again):
        draw_learned(found)
    with st.container(horizontal=True, vertical_alignment="center"):
        _way_back(lesson, "Go back")
        lead("Its results", "results", again, icon="insights", key="corrections-see")


def _way_back(lesson: Lesson, label: str) -> None:
    act(
        label,
        (_go_back, lesson),
        icon="undo",
        key="corrections-back",
        help="Leaves the images out of the dataset again, and goes back to the model of before.",
    )


def _once_more(lesson: Lesson) -> None:
    st.session_state[_lesson(lesson.dataset_id)] = once_more(lesson)


def _go_back(lesson: Lesson) -> None:
    again = learner(lesson)
    versions = go_back(lesson)
    st.session_state.pop(_lesson(lesson.dataset_id), None)
    if again is not None and again.state == "done":
        st.session_state[_back(lesson.dataset_id)] = (lesson, again, versions)


def _went_back(run: RunRecord) -> None:
    """Where somebody has gone back to, what that undid, and the way forward again."""
    lesson, again, versions = st.session_state.get(_back(run.dataset_id), (None, None, []))
    if lesson is None or run.id != lesson.before:
        return
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key="corrections-went-back"
    ):
        st.markdown(
            f":material/undo: **Back at “{escape(shorten(run.name, 40))}”.** {lesson.photos} left "
            f"out of the dataset again; “{escape(shorten(again.name, 40))}” is in the bin.",
            width="stretch",
        )
        act(
            "Bring it back",
            (_forward, lesson, again, versions),
            icon="redo",
            key="corrections-forward",
        )


def _forward(lesson: Lesson, again: RunRecord, versions: list[int]) -> None:
    store = catalog()
    store.runs.restore(again.id)
    undo(store, lesson.dataset_id, versions)
    st.session_state.pop(_back(lesson.dataset_id), None)
    st.session_state[_lesson(lesson.dataset_id)] = lesson
    choose_run(again.id)


def _back(dataset_id: str) -> str:
    return f"corrections-back-{dataset_id}"


def _lesson(dataset_id: str) -> str:
    return f"corrections-lesson-{dataset_id}"


def _gallery(run: RunRecord, items: list[Correction]) -> list[str]:
    page = items[page_of(len(items), key=f"corrections-page-{run.dataset_id}", size=PAGE)]
    tiles = [
        Tile(
            item.id,
            _preview(run.dataset_id, item.id),
            item.label,
            badge=f"not {item.predicted}" if item.predicted else "",
            tone="bad",
            title=f"{item.name}\nis: {item.label}\nanswer: {item.predicted}\nby: {item.by}",
        )
        for item in page
    ]
    return gallery(tiles, key=f"corrections-{run.dataset_id}", label="Corrections", pick=True)


@st.cache_data(show_spinner=False, max_entries=256)
def _preview(dataset_id: str, correction_id: str) -> bytes:
    try:
        data = read_correction(catalog().workspace, dataset_id, correction_id)
        image = open_image(data, draft=(_SMALL, _SMALL)).image
    except LightboxError:
        return b""
    return preview(image.convert("RGB"), _SMALL)


def _undoable(dataset_id: str) -> list[str]:
    """What this session left out last, as long as it can be brought back."""
    last = set(st.session_state.get(f"{_LAST}-{dataset_id}", []))
    dropped = corrections(catalog().workspace, dataset_id, dropped=True)
    return [item.id for item in dropped if item.id in last]


def _drop(dataset_id: str, ids: list[str]) -> None:
    for each in ids:
        drop_correction(catalog().workspace, dataset_id, each)
    st.session_state[f"{_LAST}-{dataset_id}"] = list(ids)


def _restore(dataset_id: str, ids: list[str]) -> None:
    for each in ids:
        drop_correction(catalog().workspace, dataset_id, each, dropped=False)
    st.session_state.pop(f"{_LAST}-{dataset_id}", None)


def _add(dataset_id: str, then_learn: str = "") -> None:
    store = catalog()
    made = corrections(store.workspace, dataset_id)
    count = add_corrections(store, dataset_id)
    if then_learn:
        lesson = begin_lesson(dataset_id, then_learn, made)
        st.session_state.pop(_back(dataset_id), None)
        st.session_state[_lesson(dataset_id)] = lesson
        job_id = lesson.job
    else:
        job_id = kinds.submit_scan(store, dataset_id).id
    st.session_state[f"corrections-added-{dataset_id}"] = job_id
    st.toast(f"Added {plural(count, 'image')} to the dataset.", icon=":material/check:")
