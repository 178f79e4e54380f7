"""One image that was tried: the picture, the answer in large, how sure it is, and what lies
behind."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.catalog import RunRecord
from core.errors import LightboxError, UnreadableImage
from core.evaluation.explain.explainer import open_explainer
from core.evaluation.explain.overlay import framed, overlay
from core.evaluation.study.basis import load_features
from core.evaluation.study.nearest import nearest
from core.evaluation.study.phases import load_study
from core.inference.corrections import Correction, correct, correction_of, drop_correction
from core.inference.predictor import Prediction
from core.jobs import kinds
from core.quality.curation import curated
from core.text import escape, percent, shorten
from core.who import acting
from pages._widgets.gallery import Tile, gallery
from pages._widgets.job import attempt
from pages._widgets.predict.corrections import learn_now, taught_as
from pages._widgets.said import refuse, refused, said
from pages._widgets.session import catalog, thumbnails

_SIDE = 640
_OPACITY = 0.6
_BARS = 3
_BARS_LARGE = 5
_NEAREST = 5


@dataclass(frozen=True)
class Tried:
    """One image with its answer.

    Attributes:
        data: the file.
        out_of_distribution: it lies far from the training images; ``None`` where that can't be
            told.
    """

    prediction: Prediction
    data: bytes
    out_of_distribution: bool | None

    @property
    def key(self) -> str:
        return hashlib.blake2b(self.data, digest_size=8).hexdigest()


@st.fragment
def draw_answer(
    run: RunRecord,
    tried: Tried,
    threshold: float,
    place: str,
    *,
    guest: bool = False,
    large: bool = False,
    timed: bool = True,
) -> None:
    """A card.

    Args:
        place: tells cards on a page apart.
        guest: nothing can be corrected.
        large: in large type.
        timed: say how long it took.
    """
    answer, key = tried.prediction, f"{run.id}-{place}-{tried.key}"
    with st.container(border=True):
        st.caption(escape(shorten(answer.name, 44)))
        if answer.error:
            st.error(escape(answer.error), icon=":material/broken_image:")
            return
        hot = bool(st.session_state.get(f"heat-{key}"))
        picture, words = st.columns([2, 3], vertical_alignment="center", gap="medium")
        with picture:
            shown = picture_of(run.id, answer, tried.data, hot)
            st.image(shown, width="stretch", alt=f"{shorten(answer.name)}: {answer.label}")
        item = None if guest else correction_of(catalog().workspace, run.dataset_id, tried.data)
        known = "" if guest or item is not None else taught_as(run, tried.data)
        changes = not guest and bool(run.dataset_id) and acting().may("labeller") and not known
        with words:
            corrected = said(
                answer,
                threshold=threshold,
                unlike=bool(tried.out_of_distribution),
                key=f"said-{key}",
                bars=_BARS_LARGE if large else _BARS,
                big=large,
                timed=timed,
                classes=[label for label, _ in answer.top] if changes and item is None else (),
                refused=refused(run.id, tried.key),
            )
            if item is not None:
                _corrected(run, item, key)
            elif known:
                st.markdown(f":material/check_circle: {known}")
        if corrected is not None:
            _correct(run, tried, corrected.label)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.toggle("Heat map", key=f"heat-{key}")
            if not guest:
                alike = st.toggle("Nearest", key=f"near-{key}")
        if hot:
            st.caption("The warmer a place, the more it speaks for the answer.")
        if not guest and alike:
            _nearest(run, tried, key)


@st.cache_data(show_spinner=False, max_entries=128)
def picture_of(run_id: str, answer: Prediction, data: bytes, hot: bool) -> np.ndarray:
    """The picture for people, with its heat map if ``hot``: uint8 (height, width, 3)."""
    explainer = open_explainer(catalog().workspace, run_id)
    image = framed(explainer.info.open(data, draft=(_SIDE, _SIDE)).image, explainer.info.fit, _SIDE)
    if not hot:
        return image
    pixels = explainer.info.decode(data)
    which = np.array([explainer.info.classes.index(answer.label)])
    return overlay(image, explainer.heat(pixels[None], which)[0], _OPACITY)


def _correct(run: RunRecord, tried: Tried, label: str) -> None:
    """Keep an image under the class that somebody says it is; runs the page anew."""
    answer = tried.prediction
    try:
        correct(
            catalog(),
            run.id,
            answer.name,
            tried.data,
            label,
            predicted=answer.label,
            confidence=answer.confidence,
        )
    except LightboxError as error:
        refuse(run.id, tried.key, str(error))
    else:
        refuse("", "", "")
    st.rerun(scope="app")


def _corrected(run: RunRecord, item: Correction, key: str) -> None:
    """What was said of this image, and the way back."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"corrected-{key}"):
        label = escape(shorten(item.label, 40))
        st.markdown(f":material/check_circle: **It is “{label}”.** Kept for the model to learn.")
        # No callback: what waits to be looked through stands outside of this fragment.
        if st.button("Undo", icon=":material/undo:", type="tertiary", key=f"uncorrect-{key}"):
            attempt(drop_correction, catalog().workspace, run.dataset_id, item.id)
            st.rerun(scope="app")
        learn_now(run, key)


def _nearest(run: RunRecord, tried: Tried, key: str) -> None:
    try:
        study = load_study(catalog().workspace, run.id)
    except LightboxError as error:
        st.caption(escape(str(error)))
        return
    if not study.has("answers"):
        if "answers" in study.failed:
            st.caption(escape(study.failed["answers"]))
            return
        job = catalog().jobs.latest("study", run.id)
        if job is not None and not job.finished:
            st.caption("This is being worked out: try again in a moment.")
            return
        st.caption("The training images have not been compared yet.")
        if st.button("Compare them", icon=":material/search:", key=f"study-{key}"):
            kinds.submit_study(catalog(), run.id)
            st.rerun(scope="fragment")
        return
    tiles = _alike(run.id, run.dataset_id, run.dataset_version, tried.data)
    if not tiles:
        st.caption("Nothing was found to compare with.")
        return
    st.caption("The training images most like this one, by what the model sees in them:")
    gallery(tiles, key=f"alike-{key}", label="The training images most like this one", strip=True)


@st.cache_data(show_spinner="Comparing …", max_entries=64)
def _alike(run_id: str, dataset_id: str, version: int, data: bytes) -> list[Tile]:
    store = catalog()
    explainer = open_explainer(store.workspace, run_id)
    try:
        pixels = explainer.info.decode(data)
    except UnreadableImage:
        return []
    _, features = explainer.answer(pixels[None])
    if features is None:
        return []
    images, known = load_features(load_study(store.workspace, run_id))
    rows = np.flatnonzero((images["split"] == "train").to_numpy())
    found = nearest(features, known[rows], _NEAREST)
    near = images.iloc[rows[found.rows[0]]]
    table = curated(store, dataset_id, version).set_index("path")
    pictures = thumbnails(dataset_id, table.reindex(near["path"]).fillna(0))
    return [
        Tile(path, picture, label, title=f"{path}\nalike: {percent(alike, 0)}")
        for path, label, picture, alike in zip(
            near["path"], near["label"], pictures, found.similarity[0], strict=True
        )
    ]
