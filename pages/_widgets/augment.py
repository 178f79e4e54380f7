"""How training images are varied, with a look at what that makes of the person's own."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pandas as pd
import streamlit as st

from core.datasets.images import Fit
from core.text import escape
from core.training.augmentation.meaning import flip_warning
from core.training.augmentation.options import PRESETS, Augmentation
from core.training.augmentation.vary import preview
from core.training.spec import TrainSpec
from pages._widgets.form import AUGMENTATION, Form
from pages._widgets.job import act
from pages._widgets.network import small
from pages._widgets.pictures import picture_grid
from pages._widgets.session import put, thumbnails

_OWN = "augmentation-own"
_IMAGES, _WAYS = 4, 5
_LARGEST = 224


def choose_augmentation(form: Form, spec: TrainSpec, good: pd.DataFrame) -> None:
    """Draw the presets, the preview, and a slider for each kind."""
    chosen, whole = spec.augmentation, form.settings["augmentation"]
    key = form.key("augmentation")
    shown = "own" if st.session_state.get(_OWN) == key else chosen.preset
    if st.session_state.get(key) != shown:
        st.session_state[key] = shown
    st.segmented_control(
        "How strongly",
        list(whole.named),
        format_func=whole.named.__getitem__,
        required=True,
        key=key,
        on_change=_take_preset,
        args=(form, key),
        help=whole.sentence,
    )
    if warning := flip_warning(chosen, sorted(good["label"].unique())):
        st.warning(escape(warning), icon=":material/warning:")
    left, right = st.columns([11, 13], gap="large")
    with left:
        _preview(form.base.dataset_id, spec, good)
    with right:
        kinds = [each for each in form.settings.values() if each.within == "augmentation"]
        for group, settings in groupby(kinds, key=lambda each: each.section):
            st.markdown(f"**{group}**")
            columns = st.columns(2, gap="medium")
            for number, setting in enumerate(settings):
                with columns[number % 2]:
                    form.field(setting.key)


def _take_preset(form: Form, key: str) -> None:
    name = st.session_state[key]
    st.session_state[_OWN] = key if name == "own" else ""
    if name in PRESETS:
        values = Augmentation(**PRESETS[name])
        for setting in AUGMENTATION:
            form.put(setting, getattr(values, setting.partition(".")[2]))


@st.fragment
def _preview(dataset_id: str, spec: TrainSpec, good: pd.DataFrame) -> None:
    """A few images as they are, and as training will see them. Only this part runs for others."""
    seed = st.session_state.get("preview-seed", 0)
    # Of different classes as far as possible.
    mixed = (
        good.sample(frac=1, random_state=seed)
        if len(good) < 5000
        else good.sample(2000, random_state=seed)
    )
    order = mixed.groupby("label").cumcount().sort_values(kind="stable").index
    rows = mixed.loc[order].head(3 * _IMAGES)
    found = [data for data in thumbnails(dataset_id, rows) if data][:_IMAGES]
    if not found:
        st.caption("There are no small pictures of your images to show this with.")
        return
    size, grey = min(_LARGEST, spec.image_size), spec.color == "gray"
    st.html(_pictures(tuple(found), size, spec.resize, grey, spec.augmentation, seed))
    with st.container(horizontal=True, vertical_alignment="center"):
        act(
            "Others",
            (put, "preview-seed", seed + 1),
            icon="shuffle",
            help="Other images, changed otherwise.",
        )
        st.caption(f"Your own images, {size} × {size} pixels, as training will see them.")


@st.cache_data(
    show_spinner=False, max_entries=32, hash_funcs={Augmentation: lambda one: one.model_dump_json()}
)
def _pictures(
    found: tuple[bytes, ...], size: int, fit: Fit, grey: bool, options: Augmentation, seed: int
) -> str:
    images = np.stack([small(data, size, fit, grey) for data in found])
    varied = preview(images, options, seed, _WAYS)
    heads = ["As it is", *[f"Look {number}" for number in range(1, _WAYS)]]
    return picture_grid(list(varied), heads, "One of your images")
