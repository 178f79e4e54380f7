"""A closer look at one tested image: what was answered and why, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd
import streamlit as st

from core.evaluation.correction import LabelState, correct, label_state
from core.evaluation.explain.overlay import overlay
from core.evaluation.mistakes import row_of, top
from core.evaluation.study.nearest import nearest_of, verdict_of
from core.evaluation.study.phases import Study
from core.quality import curation
from core.text import apart, escape, percent, shorten
from pages._widgets.classes import ask_for_images
from pages._widgets.errors import sentences
from pages._widgets.gallery import Tile, gallery
from pages._widgets.job import act
from pages._widgets.one_of import choose
from pages._widgets.remembered import remembered
from pages._widgets.results.explained import heat_of, shown
from pages._widgets.results.studying import study_of
from pages._widgets.results.view import View, pictures, turn_to
from pages._widgets.session import catalog, choose_dataset, forget, pictures_of_run
from pages._widgets.steps import go

_NOW = "detail-now"
_NAMED = 5


@dataclass(frozen=True)
class _Opened:
    """What is looked at: from where it was opened, with which image first, and which it is now."""

    key: str
    first: str
    path: str


def detail(view: View, key: str, opened: str, paths: Callable[[str], Sequence[str]]) -> None:
    """Open the image that was just clicked on, and keep it open until it is closed.

    Call it in every run, since a page is drawn again for many reasons.

    Args:
        key: of what was clicked on; each has another.
        opened: the image's path, or "" if nothing was clicked on in this run.
        paths: from the image that was opened first to those that "Previous" and "Next" lead
            through, in their order.
    """
    if opened and row_of(view.predictions, opened) is not None:
        st.session_state[_NOW] = _Opened(key, opened, opened)
    now: _Opened | None = st.session_state.get(_NOW)
    if now is not None and now.key == key and row_of(view.predictions, now.path) is not None:
        _dialog(view, list(paths(now.first)))


def _go_to(path: str) -> None:
    now: _Opened = st.session_state[_NOW]
    st.session_state[_NOW] = replace(now, path=path)


@st.dialog("A closer look", width="large", on_dismiss=partial(forget, _NOW))
def _dialog(view: View, paths: list[str]) -> None:
    with sentences():
        path = st.session_state[_NOW].path
        _steps(paths, path)
        _draw(view, path)


def _steps(paths: list[str], path: str) -> None:
    """From one image to the next, with the arrow keys too."""
    if path not in paths or len(paths) < 2:
        return
    at = paths.index(path)
    with st.container(horizontal=True, vertical_alignment="center"):
        for name, to, keys in (("Previous", at - 1, "Left"), ("Next", at + 1, "Right")):
            act(
                name,
                (_go_to, paths[max(0, min(to, len(paths) - 1))]),
                key=f"detail-{name}",
                disabled=not 0 <= to < len(paths),
                shortcut=keys,
            )
        st.caption(f"{at + 1:,} of {len(paths):,}")


def _draw(view: View, path: str) -> None:
    row = row_of(view.predictions, path)
    assert row is not None, "it was opened"
    digest = str(view.predictions.table["hash"].iloc[row])
    now = label_state(catalog(), view.run, path, digest, view.on)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _picture(view, path, row)
    with right:
        _answer(view, row)
        if not view.read_only:
            _corrected(now, view.predictions.labels[view.predictions.true[row]])
        _shares(view, row)
        _near(view, path, row)
        _actions(view, path, row, now)


def _picture(view: View, path: str, row: int) -> None:
    image = shown(view, path)
    if image is None:
        (small,) = pictures(view, [path])
        if small.data:
            st.image(small.data, width="stretch", alt=path)
        st.caption("The file is no longer there, or has changed: this is what was kept of it.")
        return
    place = st.empty()
    strength = st.slider(
        "Heat map: what spoke for the answer",
        0,
        100,
        50,
        5,
        format="%d %%",
        key="detail-heat",
        help="0 % shows the picture alone. Bright is where the evidence for the answer lies.",
    )
    if strength:
        heat = heat_of(view, path, int(view.predictions.predicted[row]))
        if heat is not None:
            image = overlay(image, heat, strength / 100)
    place.image(image, width="stretch", alt=path)


def _labels(view: View, row: int) -> tuple[str, str]:
    """What an image is, and what it was called."""
    found = view.predictions
    return found.labels[found.true[row]], found.labels[found.predicted[row]]


def _answer(view: View, row: int) -> None:
    true, predicted = _labels(view, row)
    right = true == predicted
    icon = ":green[:material/check_circle:]" if right else ":red[:material/cancel:]"
    said = f"### {icon} Answered “{escape(shorten(predicted))}”"
    st.markdown(f"{said}\n\nThat is right." if right else f"{said}\n\nIt is **“{escape(true)}”**.")


def _shares(view: View, row: int) -> None:
    """The likeliest classes, as bars with numbers."""
    predictions = view.predictions
    true = predictions.labels[predictions.true[row]]
    for label, share in top(predictions, row, _NAMED):
        name = escape(apart(shorten(label, 30)))
        name = f"**{name}**" if label == true else name
        note = " · what it is" if label == true and not predictions.correct[row] else ""
        st.progress(min(1.0, max(0.0, share)), text=f"{name} · {percent(share)}{note}")
    st.caption(
        f"Loss {predictions.loss[row]:.3g}",
        help="Minus the natural logarithm of the true class's probability: 0 is sure and right, "
        "0.7 is half and half, above 3 the model all but ruled out what it is.",
    )
    st.caption(escape(str(predictions.table["path"].iloc[row])))


def _near(view: View, path: str, row: int) -> None:
    """What it learned this from."""
    study = study_of(view)
    st.markdown("**What it learned this from:** the training images most like it, for the model")
    if not study.has("nearest"):
        st.caption("They have not been looked for yet; that is begun from the page behind this.")
        return
    near = _nearest(study, path)
    if near.empty:
        st.caption("None: this image could not be compared.")
        return
    gallery(
        [
            Tile(
                each.near,
                picture.data,
                shorten(each.label, 14),
                badge=f"{each.similarity:.2f}",
                title=f"{each.near}\ntrained as: {each.label}\nalike: {each.similarity:.2f}",
                tiny=picture.tiny,
            )
            for each, picture in zip(
                near.itertuples(),
                pictures_of_run(view.run, near["near"]),
                strict=True,
            )
        ],
        key="detail-near",
        label="Nearest training images",
        strip=True,
    )
    true, predicted = _labels(view, row)
    st.caption(
        escape(verdict_of(near, true, predicted)),
        help="The number on each is how alike the model finds the two, by the features that its "
        "last layer decides by: 1 is the same, 0 nothing in common.",
    )


@remembered(lambda study, path: (str(study.folder), study.seconds["nearest"], path), max_entries=64)
def _nearest(study: Study, path: str) -> pd.DataFrame:
    return nearest_of(study, path)


def _actions(view: View, path: str, row: int, now: LabelState) -> None:
    true, predicted = _labels(view, row)
    with st.container(horizontal=True, vertical_alignment="center"):
        if not view.read_only:
            _label_is_wrong(
                view, path, str(view.predictions.table["hash"].iloc[row]), now, predicted
            )
            _add_more(now, true)
        # A callback can't leave the dialog, so the run after it does.
        if st.button(
            "Where it looks",
            icon=":material/visibility:",
            key="detail-explain",
            on_click=_look_inside,
            args=(path,),
        ):
            st.rerun()
    if not view.read_only and now.why_not:
        st.caption(f":material/info: {escape(now.why_not)}")


def _look_inside(path: str) -> None:
    forget(_NOW)
    turn_to("explain", path=path)


def _corrected(now: LabelState, tested: str) -> None:
    """How the image stands in the dataset, where that is not what was tested on."""
    if now.dataset is None or not now.label:
        return
    name = f"“{escape(shorten(now.dataset.name))}”"
    if now.label != tested and not now.why_not:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(
                f":material/check: In the dataset {name} it is **“{escape(now.label)}”** now. "
                "These results stay as they are, since they are of the old label; the next "
                "training goes by the new one. Your files are as they were."
            )
            if now.undoable is not None:
                act(
                    "Undo",
                    (curation.undo, catalog(), now.dataset.id, [now.undoable]),
                    icon="undo",
                    key="detail-undo",
                )
    if now.excluded:
        st.caption(f":material/info: It is left out of {name}, so no training will see it.")
    elif now.moved_on and now.label == tested:
        st.caption(
            f":material/info: {name} has changed since this model was trained: the next one may "
            "answer differently."
        )


def _label_is_wrong(view: View, path: str, digest: str, now: LabelState, predicted: str) -> None:
    if now.why_not or now.dataset is None:
        return
    with st.popover("The label is wrong", icon=":material/label_off:"):
        others = [label for label in now.classes if label != now.label]
        if not others:
            st.markdown("The dataset has no other class.")
            return
        names = {label: shorten(label, 60) for label in others}
        right = choose("What it is", names, now=predicted, key=f"detail-right-{path}")
        act(
            f"Move it to “{escape(shorten(right, 30))}”",
            (correct, catalog(), view.run, path, digest, right),
            key="detail-move",
            type="primary",
        )
        st.caption("In the dataset only: no file is touched, and it can be undone.")


def _add_more(now: LabelState, tested: str) -> None:
    """On to the Data page, where images are added to this class."""
    if now.dataset is None:
        return
    label = now.label if now.label in now.classes else tested
    if st.button(
        "Add more like this",
        icon=":material/add_photo_alternate:",
        key="detail-add",
        help=f"More images of “{escape(shorten(label))}” for the next training, from files or the "
        "webcam.",
    ):
        choose_dataset(now.dataset.id)
        ask_for_images(now.dataset.id, label)
        forget(_NOW)
        go("data")
