"""Which network is trained: its family, and what it sees of an image."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.datasets.images import Fit, decode
from core.training import architectures
from core.training.architectures import ARCHITECTURES
from core.training.architectures.facts import facts
from core.training.blocks import diagram
from core.training.setting import NETWORK, leaf
from core.training.spec import SETTINGS, TrainSpec
from core.training.templates import TEMPLATES
from pages._widgets.builder import build
from pages._widgets.form import Form
from pages._widgets.pictures import draw_svg, many, picture_grid
from pages._widgets.session import thumbnails
from pages._widgets.weights import not_here

FITS = SETTINGS["resize"].named
_FIRST_TEMPLATE = "Classic CNN"
_SHOWN = 112
# Settings that have their own places here.
_DRAWN = ("architecture", "stack", "image_size", "dropout", "resize", "color")


def choose_network(form: Form, spec: TrainSpec, good: pd.DataFrame) -> None:
    """Draw the fields of the network and of its input."""
    left, right = st.columns([3, 2], gap="large")
    classes = good["label"].nunique()
    with left:
        form.field("architecture", then=lambda: _follow(form))
        key = form.value("architecture")
        st.caption(ARCHITECTURES[key].sentence)
        if key != "custom":
            _say_facts(key, classes)
    if key == "custom":
        form.complain("architecture")
        build(form, classes)
        left, right = st.columns([3, 2], gap="large")
    else:
        side = facts(key).size
        with right, st.expander(f"Diagram, at {side} × {side} pixels", expanded=True):
            draw_svg(diagram(facts(key, classes).blocks, ARCHITECTURES[key].title), "diagram")
    with left:
        _input(form, spec, good)


def _follow(form: Form) -> None:
    """Another family has another usual size, and weights of its own or none."""
    network = architectures.get(form.value("architecture"))
    names = ("image_size", "weights", "frozen", "tuning.epochs", "stack")
    form.reset(*names)
    if network.key == leaf(form.base, "architecture"):
        return
    form.put("image_size", network.usual)
    form.put("stack", TEMPLATES[_FIRST_TEMPLATE][1] if network.key == "custom" else ())
    form.put("weights", "none" if network.backbone is None else "imagenet")
    if network.backbone is None:
        form.put("frozen", 0.0)
        form.put("tuning.epochs", 0)


def _say_facts(key: str, classes: int) -> None:
    known, network = facts(key, classes), ARCHITECTURES[key]
    st.markdown(
        f"**{many(known.parameters)}** weights · **{many(known.flops)}** operations for one image "
        f"· {known.layers} layers · made for **{network.usual} px**",
        help=f"Weights are the numbers that training adjusts. Operations are counted at "
        f"{known.size} × {known.size} pixels; twice the side takes four times as many.",
    )
    if network.backbone is None:
        st.caption(":material/shuffle: Learns from your images alone.")
        return
    if missing := not_here(network.backbone):
        st.caption(f":material/download: {missing}")
    else:
        st.caption(":material/check: Its ImageNet weights are on this computer.")


def _input(form: Form, spec: TrainSpec, good: pd.DataFrame) -> None:
    first, second = st.columns(2)
    for column, names in ((first, ("image_size", "dropout")), (second, ("resize", "color"))):
        with column:
            for name in names:
                form.field(name)
    form.rest(spec, NETWORK, _DRAWN)
    _show_fits(form, good)


def _show_fits(form: Form, good: pd.DataFrame) -> None:
    """What each way to resize makes of one of the person's own images."""
    ratio = np.log(good["width"].clip(lower=1) / good["height"].clip(lower=1)).abs()
    if ratio.empty or ratio.max() < 0.02:
        st.caption("All your images are square, so it makes no difference how they become so.")
        return
    (data,) = thumbnails(form.base.dataset_id, good.loc[[ratio.idxmax()]])
    if data:
        grey = form.value("color") == "gray"
        st.html(_fits(data, grey, list(FITS).index(form.value("resize"))))


@st.cache_data(show_spinner=False, max_entries=32)
def _fits(data: bytes, grey: bool, chosen: int) -> str:
    row = [small(data, _SHOWN, fit, grey) for fit in FITS]
    return picture_grid([row], list(FITS.values()), "Your least square image", chosen)


def small(data: bytes, side: int, fit: Fit, grey: bool) -> np.ndarray:
    """A thumbnail as the network would see it: uint8, shape (side, side, 3)."""
    pixels = decode(data, side, fit=fit)
    if grey:
        # As Pillow and the network's own layer have it.
        light = (pixels @ np.array([0.299, 0.587, 0.114])).round().astype(np.uint8)
        pixels = np.repeat(light[..., None], 3, axis=-1)
    return pixels
