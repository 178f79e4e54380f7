"""How each class did: the classification report, to sort and to take away, and curves."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core import charts
from core.evaluation.document.parts import Section
from core.evaluation.figures.compute import Figures
from core.evaluation.figures.tables import Format, report_table
from pages._widgets.files import download
from pages._widgets.pictures import plot
from pages._widgets.results.document import draw_group, draw_parts, title
from pages._widgets.results.view import View, about, curves_of, figures_of

_DOWNLOADS: dict[Format, tuple[str, str, str]] = {
    "csv": ("CSV", "csv", "text/csv"),
    "markdown": ("Markdown", "md", "text/markdown"),
    "latex": ("LaTeX", "tex", "application/x-latex"),
}
# So many curves are drawn to begin with.
_AT_FIRST = 3


def draw(view: View) -> None:
    draw_group(view, "classes", {"classes": _classes})


def _classes(view: View, section: Section) -> None:
    figures = figures_of(view)
    title(section)
    draw_parts(view, section.parts)
    st.caption("Click the head of a column to sort by it.")
    with st.container(horizontal=True, gap="small"):
        for kind, (name, suffix, mime) in _DOWNLOADS.items():
            table = report_table(view.evaluation, figures.classes, kind)
            download(f"Download as {name}", table, f"classification-report.{suffix}", mime)
    _curves(view, figures)


def _curves(view: View, figures: Figures) -> None:
    st.header("How well each class is told from all others")
    # The classes that have curves, those that are told from the others worst first.
    drawn = [row for row in figures.classes if row.average_precision is not None]
    order = [row.label for row in sorted(drawn, key=lambda row: row.average_precision or 0.0)]
    if not order:
        st.caption("The curves need test images of at least two classes.")
        return
    asked = about("classes").get("label")
    chosen = st.multiselect(
        "Classes",
        order,
        default=[asked] if asked in order else order[:_AT_FIRST],
        max_selections=charts.CURVES_AT_MOST,
        key=view.key("curves"),
        help=f"The worst come first. At most {charts.CURVES_AT_MOST} at once.",
    )
    if not chosen:
        st.caption("Choose a class to see its curves.")
        return
    curves = curves_of(view, chosen)
    shares = {row.label: row.support / view.evaluation.images for row in figures.classes}
    kinds: tuple[tuple[Literal["roc", "pr"], str, str], ...] = (
        (
            "roc",
            "ROC curve",
            "The nearer to the top left corner, the better: all found, no false alarms.",
        ),
        (
            "pr",
            "Precision-recall curve",
            "The nearer to the top right corner, the better. Thin lines: guessing.",
        ),
    )
    for column, (kind, name, said) in zip(st.columns(2), kinds, strict=True):
        with column:
            st.markdown(f"**{name}**")
            plot(
                charts.class_curves(curves, chosen, kind, shares),
                key=view.key(f"chart-{kind}"),
            )
            st.caption(said)
    st.expander("As a table").dataframe(
        curves.replace({"kind": {"roc": "ROC", "pr": "precision-recall"}}).rename(
            columns={
                "label": "class",
                "kind": "curve",
                "threshold": "from a probability of",
                "x": "false alarms, or recall",
                "y": "found, or precision",
            }
        ),
        hide_index=True,
    )
