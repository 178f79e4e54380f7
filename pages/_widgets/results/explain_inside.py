"""Inside a network: what each convolution looks for, and what it makes of an image."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.evaluation.explain.inside import (
    Convolution,
    as_pictures,
    convolutions,
    feature_maps,
    filters,
    strongest,
)
from core.evaluation.explain.overlay import colours
from pages._widgets.one_of import choose
from pages._widgets.remembered import remembered
from pages._widgets.results.explained import answer_pixels, png, shown
from pages._widgets.results.view import View
from pages._widgets.session import catalog

_MOST = 64
_COLUMNS = 8
_CELL = 72


def draw(view: View) -> None:
    layers = _layers(view)
    if not layers:
        st.caption("This network has no convolutions to look into.")
        return
    names = {layer.number: layer.title for layer in layers}
    number = choose("Convolution", names, key=f"explain-layer-{view.run.id}")
    layer = layers[number - 1]
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**What it makes of the chosen image**")
        _maps(view, layer)
    with right:
        st.markdown("**Its filters**")
        _filters(view, layer)


def _maps(view: View, layer: Convolution) -> None:
    path = st.session_state.get(view.key("explain-path"))
    if path is None:
        wrong = view.predictions.table[~view.predictions.table["correct"]]
        path = (view.predictions.table if wrong.empty else wrong)["path"].iloc[0]
    pixels, picture = answer_pixels(view, path), shown(view, path)
    if pixels is None or picture is None:
        st.caption("The image is no longer there, or can’t be read.")
        return
    maps = feature_maps(catalog().workspace, view.run.id, layer.number, pixels[None])[0]
    best = strongest(maps, _MOST)
    chosen = maps[best]
    low, high = (function(chosen, axis=(1, 2), keepdims=True) for function in (np.min, np.max))
    scaled = (chosen - low) / np.maximum(high - low, 1e-9)
    st.image(picture, width=96, alt=path)
    st.image(png(_mosaic(list(colours(scaled)))), width="stretch", alt="What the layer makes of it")
    st.caption(
        f"{_of(len(best), layer.filters, 'map')}, the liveliest first. Light is where a filter "
        "answers most. Early layers find edges and colours, late ones parts of things. The image "
        "is the one that is chosen under “One image”."
    )


def _filters(view: View, layer: Convolution) -> None:
    if layer.kernel == (1, 1):
        st.caption(
            "This layer’s filters are 1 × 1: at each place they only mix the maps before it, so "
            "they have no form that could be shown."
        )
        return
    weights = filters(catalog().workspace, view.run.id, layer.number)
    st.image(png(_mosaic(list(as_pictures(weights[:_MOST])))), width="stretch", alt="Its filters")
    seen = {
        3: "in the colours that each answers to",
        1: "light is what each answers to, dark what it answers against",
    }.get(
        layer.inputs,
        f"of the {layer.inputs:,} maps that each looks at, the one that it weighs most; light is "
        "what it answers to, dark what it answers against",
    )
    st.caption(f"{_of(min(_MOST, layer.filters), layer.filters, 'filter')}: {seen}.")


def _of(shown: int, there: int, noun: str) -> str:
    if shown == there:
        return f"All {there:,} {noun}s" if there > 1 else f"The one {noun}"
    return f"{shown:,} of {there:,} {noun}s"


def _mosaic(pictures: list[np.ndarray]) -> np.ndarray:
    """Pictures of one size side by side with gaps to look through: uint8 RGBA."""
    gap = 3
    scale = max(1, _CELL // pictures[0].shape[0])
    cells = [np.repeat(np.repeat(each, scale, axis=0), scale, axis=1) for each in pictures]
    height, width = cells[0].shape[:2]
    columns = min(_COLUMNS, len(cells))
    rows = -(-len(cells) // columns)
    sheet = np.zeros((rows * (height + gap) - gap, columns * (width + gap) - gap, 4), np.uint8)
    for place, cell in enumerate(cells):
        top, left = place // columns * (height + gap), place % columns * (width + gap)
        sheet[top : top + height, left : left + width, :3] = cell
        sheet[top : top + height, left : left + width, 3] = 255
    return sheet


@remembered(lambda view: (view.run.id, view.run.created_at), max_entries=16)
def _layers(view: View) -> list[Convolution]:
    return convolutions(catalog().workspace, view.run.id)
