"""What the parts of Explain have in common: the images as the model sees them, and how it is
asked."""

from __future__ import annotations

import io

import numpy as np
import streamlit as st
from PIL import Image

from core.errors import LightboxError
from core.evaluation.explain.explainer import Explainer, open_explainer
from core.evaluation.explain.originals import read_original
from core.evaluation.explain.overlay import framed, overlay
from pages._widgets.remembered import remembered
from pages._widgets.results.view import View, pictures
from pages._widgets.session import catalog

SIDE = 640
_METHODS = {
    "gradients": "The heat map shows what each place adds to the score of the class, worked out "
    "from the network itself (HiResCAM, the exact kind of Grad-CAM). It is as fine as the "
    "network’s last maps, and says where the evidence is, not what it is.",
    "occlusion": "The heat map shows by how much the model becomes less sure when a place is "
    "covered. It sees nothing finer than the cover, a seventh of the picture’s side, and misses "
    "evidence that is there twice.",
}


def choose_opacity() -> float:
    """How strongly heat maps are drawn, 0 to 1."""
    label = "How strong the colours are"
    return st.slider(label, 0, 100, 60, 5, format="%d %%", key="explain-opacity") / 100


def explainer_of(view: View) -> Explainer:
    return open_explainer(catalog().workspace, view.run.id)


def say_method(explainer: Explainer) -> None:
    """How the heat maps are made, with what they can't show."""
    st.caption(_METHODS[explainer.method])


def answer_pixels(view: View, path: str) -> np.ndarray | None:
    """An image as the model sees it: uint8 (side, side, 3); ``None`` if it can't be read any
    more."""
    loaded = _loaded(view, path)
    return None if loaded is None else loaded[0]


def shown(view: View, path: str) -> np.ndarray | None:
    """The same for people: uint8 (height, width, 3), at most :data:`SIDE` a side."""
    loaded = _loaded(view, path)
    return None if loaded is None else loaded[1]


@remembered(lambda view, path: (view.run.id, view.on, path), max_entries=32)
def _loaded(view: View, path: str) -> tuple[np.ndarray, np.ndarray] | None:
    explainer = explainer_of(view)
    try:
        data = read_original(catalog(), view.run, view.on, path)
        pixels = explainer.info.decode(data, file=path)
        return pixels, framed(explainer.info.open(data, file=path).image, explainer.info.fit, SIDE)
    except LightboxError:
        return None


@remembered(
    lambda view, path, label: (view.run.created_at, view.run.id, view.on, path, label),
    max_entries=256,
)
def heat_of(view: View, path: str, label: int) -> np.ndarray | None:
    """The heat map of one image for one class: float32 (h, w), 0 to 1."""
    pixels = answer_pixels(view, path)
    if pixels is None:
        return None
    return explainer_of(view).heat(pixels[None], np.array([label]))[0]


def thumbnails_with_heat(
    view: View, paths: list[str], maps: list[np.ndarray], opacity: float
) -> list[bytes]:
    """Thumbnails with their heat maps on them, as PNG; empty where there is no thumbnail."""
    fit = explainer_of(view).info.fit
    made = []
    for picture, heat in zip(pictures(view, paths), maps, strict=True):
        if not picture.data:
            made.append(b"")
            continue
        with Image.open(io.BytesIO(picture.data)) as image:
            made.append(png(overlay(framed(image.convert("RGB"), fit, 160), heat, opacity)))
    return made


def png(pixels: np.ndarray) -> bytes:
    """uint8 (height, width, 3 or 4) as a file."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=1)
    return out.getvalue()
