"""Where a model looks for a class as a whole: the mean of its heat maps, and single ones."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.evaluation.explain.overlay import colours, enlarge
from core.evaluation.study.basis import Heat, load_heat
from core.runs.pictures import Picture
from core.text import certainty, escape, images, shorten
from pages._widgets.gallery import gallery, page_of
from pages._widgets.one_of import choose
from pages._widgets.results.explain_image import look_at
from pages._widgets.results.explained import (
    choose_opacity,
    explainer_of,
    png,
    say_method,
    thumbnails_with_heat,
)
from pages._widgets.results.studying import studied, study_of
from pages._widgets.results.tiles import answer_tile
from pages._widgets.results.view import View

# Set where one of the images was clicked, to be looked at by itself.
LOOK = "explain-look"
_PAGE = 24
_SIDE = 320


def draw(view: View) -> None:
    if not studied(view, "heat"):
        return
    heat = load_heat(study_of(view))
    predictions = view.predictions
    names = {label: shorten(label) for label in predictions.labels}
    label = choose("Answer", names, key=view.key("explain-answer"))
    number = predictions.labels.index(label)
    rows = heat.rows[predictions.predicted[heat.rows] == number]
    if not len(rows):
        st.caption("The model never gave this answer.")
        return
    left, right = st.columns([1, 2], gap="medium")
    left.image(
        png(colours(enlarge(_mean(heat, rows), _SIDE, _SIDE))),
        width="stretch",
        alt=f"Where it looks when it answers {label}",
    )
    with right:
        wrong = int((~predictions.correct[rows]).sum())
        st.markdown(
            f"The mean of {images(len(rows))} answered with “{escape(shorten(label))}”"
            + (f", {wrong:,} of them wrongly" if wrong else "")
            + ". Light is where the evidence mostly lies, at whatever place each picture has it."
        )
        st.caption(
            "If the light lies where nothing of the class can be, such as along an edge or in a "
            "corner, the model may have learned the surroundings instead of the thing."
        )
        say_method(explainer_of(view))
    opacity = choose_opacity()
    # Mistakes first: they are what one looks for.
    rows = rows[np.lexsort((-predictions.confidence[rows], predictions.correct[rows]))]
    rows = rows[
        page_of(len(rows), key=f"explain-class-{view.run.id}-{view.on}-{number}", size=_PAGE)
    ]
    table = predictions.table.iloc[rows]
    maps = [found for row in rows if (found := heat.of(int(row))) is not None]
    laid = thumbnails_with_heat(view, list(table["path"]), maps, opacity)
    clicked = gallery(
        [
            answer_tile(row, Picture(data), badge=certainty(row.confidence))
            for row, data in zip(table.itertuples(), laid, strict=True)
        ],
        key=f"explain-class-gallery-{view.run.id}-{number}",
        label=f"Images answered with {label}, with heat maps",
        opens=True,
    )
    st.caption("Click on one to see it large.")
    if clicked and look_at(view, clicked[0]):
        st.session_state[LOOK] = True
        st.rerun()


def _mean(heat: Heat, rows: np.ndarray) -> np.ndarray:
    """float32 (h, w), 0 to 1: the mean heat map, its strongest place at 1."""
    mean = heat.answered[np.searchsorted(heat.rows, rows)].mean(axis=0)
    return (mean / max(float(mean.max()), 1e-9)).astype(np.float32)
