"""How each class did: the classification report, to sort and to take away, and curves."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core import charts
from core.evaluation.document.parts import Section
from core.evaluation.figures.compute import Figures
from core.evaluation.figures.tables import Format, report_table
from core.evaluation.records import ClassScore
from pages._widgets.results.document import draw_group, draw_parts, title
from pages._widgets.results.figures import curves_of, figures_of
from pages._widgets.results.view import View, about

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
    _downloads(view, figures)
    _curves(view, figures)


def _downloads(view: View, figures: Figures) -> None:
    with st.container(horizontal=True, gap="small"):
        for kind, (name, suffix, mime) in _DOWNLOADS.items():
            st.download_button(
                f"Download as {name}",
                report_table(view.evaluation, figures.classes, kind),
                f"classification-report.{suffix}",
                mime,
                icon=":material/download:",
                on_click="ignore",
            )


def worst_first(classes: list[ClassScore]) -> list[str]:
    """Classes that have curves, those that are told from the others worst first."""
    drawn = [row for row in classes if row.average_precision is not None]
    return [row.label for row in sorted(drawn, key=lambda row: row.average_precision or 0.0)]


def _curves(view: View, figures: Figures) -> None:
    st.header("How well each class is told from all others")
    order = worst_first(figures.classes)
    if not order:
        st.caption("The curves need test images of at least two classes.")
        return
    asked = about("classes").get("label")
    chosen = st.multiselect(
        "Classes",
        order,
        default=[asked] if asked in order else order[:_AT_FIRST],
        max_selections=charts.CURVES_AT_MOST,
        key=f"curves-{view.run.id}-{view.on}",
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
            st.plotly_chart(
                charts.class_curves(curves, chosen, kind, shares),
                key=f"chart-{kind}-{view.run.id}-{view.on}",
                config={"displayModeBar": False},
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
