"""Which class is taken for which: the matrix, the pictures behind each of its cells, the worst
pairs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import charts
from core.evaluation.document.parts import Matrix, Pictures, Section
from core.evaluation.figures.confusions import most_confused
from core.evaluation.records import worst_confusions
from core.text import escape, images, plural, rate, shorten
from pages._widgets.one_of import choose, one_of
from pages._widgets.pictures import plot
from pages._widgets.results.document import draw_group, draw_parts, draw_pictures, title
from pages._widgets.results.tiles import answers_gallery
from pages._widgets.results.view import View, another_test, figures_of, say_if_gone, turn_to
from pages._widgets.session import next_turn, turn

# With more classes than this, only the most confused are shown until one asks for more.
_MANY = 25
_CHOICES = (10, 15, 25, 50)
_COUNTS, _RATES = "Counts", "Per cent"
# The chosen cell, in the address under these names.
_TRUE, _PREDICTED = "cell_true", "cell_predicted"
_BY_NAME, _SIMILAR = "As listed", "Similar side by side"


def draw(view: View) -> None:
    if not view.evaluation.images:
        st.caption("There are no test images.")
        return
    say_if_gone(view)
    draw_group(view, "confusion", {"confusion": _confusion, "pairs": _pairs})


def _confusion(view: View, section: Section) -> None:
    def matrix(part: Matrix) -> None:
        _start(view)
        above = st.container()
        # Before the matrix, which marks what they say: the address may say it.
        _boxes(view)
        with above:
            _matrix(view)
        _cell(view)
        st.expander("As a table").dataframe(
            pd.DataFrame(part.counts, part.labels, part.labels).rename_axis("true ↓ predicted →")
        )

    title(section)
    draw_parts(view, section.parts, {"matrix": matrix})


def _start(view: View) -> None:
    """The cell to begin with: the worst. What the address says comes before."""
    labels = view.evaluation.labels
    # Of another model, which knows other classes.
    unknown = any(st.session_state.get(key) not in labels for key in (_TRUE, _PREDICTED))
    if not another_test(view, "confusion") and not unknown:
        return
    worst = worst_confusions(view.evaluation, 1)
    true, predicted = (worst[0].true, worst[0].predicted) if worst else (labels[0], labels[0])
    st.session_state[_TRUE], st.session_state[_PREDICTED] = true, predicted


def _chosen(view: View) -> tuple[int, int]:
    labels = view.evaluation.labels
    return labels.index(st.session_state[_TRUE]), labels.index(st.session_state[_PREDICTED])


def _matrix(view: View) -> None:
    evaluation = view.evaluation
    labels, counts = evaluation.labels, np.array(evaluation.confusion)
    with st.container(horizontal=True, vertical_alignment="top"):
        names = {each: each for each in (_COUNTS, _RATES)}
        rates = one_of("Show", names, key=view.key("confusion-show"), visible=True)
        order = one_of(
            "Order of classes",
            {each: each for each in (_BY_NAME, _SIMILAR)},
            key=view.key("confusion-order"),
            visible=True,
            help="Similar: classes that are mixed up with each other lie side by side.",
        )
        many = len(labels)
        if len(labels) > _MANY:
            sizes = {n: f"The {n} most confused" for n in _CHOICES if n < many}
            sizes[many] = f"All {many:,}"
            key = view.key("confusion-many")
            many = choose("Classes shown", sizes, now=_CHOICES[1], width=220, key=key)
    shown = set(most_confused(counts, many))
    positions = figures_of(view).order if order == _SIMILAR else range(len(labels))
    chart_key = view.key(f"confusion-chart-{turn(view.key('confusion-round'))}")
    plot(
        charts.confusion(
            labels,
            evaluation.confusion,
            rates=rates == _RATES,
            shown=[n for n in positions if n in shown],
            chosen=_chosen(view),
            click=True,
        ),
        key=chart_key,
        on_select=lambda: _clicked(view, chart_key),
        selection_mode="points",
    )
    said = "Click a cell to see its images."
    if rates == _RATES:
        said = f"Per cent of each row. {said}"
    if many < len(labels):
        left_out = plural(len(labels) - many, "class", "classes")
        said = f"The other {left_out} are left out here. {said}"
    st.caption(said)


def _clicked(view: View, chart_key: str) -> None:
    """Take a click on a cell over into the boxes, which say what is chosen."""
    cell = charts.confusion_cell(st.session_state.get(chart_key) or {})
    if cell is None:
        return
    labels = view.evaluation.labels
    for key, position in zip((_TRUE, _PREDICTED), cell, strict=True):
        if 0 <= position < len(labels):
            st.session_state[key] = labels[position]
    # Another key is another chart: one in which nothing is selected, and so nothing is faded.
    next_turn(view.key("confusion-round"))


def _boxes(view: View) -> None:
    labels = view.evaluation.labels
    left, right = st.columns(2)
    left.selectbox("True class", labels, key=_TRUE, bind="query-params")
    right.selectbox("Predicted as", labels, key=_PREDICTED, bind="query-params")


def _cell(view: View) -> None:
    labels = view.evaluation.labels
    true, predicted = _chosen(view)
    predictions = view.predictions
    of_class = predictions.true == true
    rows = predictions.table[of_class & (predictions.predicted == predicted)]
    name, other = (f"“{escape(shorten(labels[n]))}”" for n in (true, predicted))
    what = "called right" if true == predicted else f"taken for {other}"
    total = int(of_class.sum())
    if rows.empty:
        st.caption(
            f"No image of {name} was {what}." if total else f"There are no test images of {name}."
        )
        return
    st.markdown(
        f"**{len(rows):,} of {images(total)} of {name} {what}** ({rate(len(rows) / total, total)})"
    )
    rows = rows.sort_values("confidence", ascending=true == predicted, kind="stable")
    answers_gallery(
        view,
        rows,
        key=view.key(f"confusion-cell-{true}-{predicted}"),
        label=(
            f"Images of {labels[true]} "
            f"{'called right' if true == predicted else 'taken for ' + labels[predicted]}"
        ),
    )


def _pairs(view: View, section: Section) -> None:
    title(section)
    pairs = [part for part in section.parts if isinstance(part, Pictures)]
    columns: list[DeltaGenerator] = []
    for number, part in enumerate(pairs):
        # Rows of two, so that the order is the same read across, and on a phone.
        columns = columns or list(st.columns(2))
        with columns.pop(0).container(border=True):
            _pair(view, part, number)
    draw_parts(view, [part for part in section.parts if part not in pairs])


def _pair(view: View, part: Pictures, number: int) -> None:
    draw_pictures(view, part, key=view.key(f"confusion-pair-{number}"))
    one = view.predictions.table.iloc[part.items[0].row]
    st.button(
        "Look at them closely" if len(part.items) > 1 else "Look at it closely",
        key=view.key(f"confusion-pair-button-{number}"),
        icon=":material/image_search:",
        type="tertiary",
        on_click=turn_to,
        args=("mistakes",),
        kwargs={"true": one["label"], "predicted": one["predicted"]},
    )
