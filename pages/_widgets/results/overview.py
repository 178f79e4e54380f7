"""The verdict in words with numbers, and what to read next."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.evaluation.figures.compute import Figures
from core.evaluation.figures.verdict import Statement
from core.evaluation.records import Score
from core.text import escape, escape_html, percent, plural, shorten
from pages._widgets.pictures import draw_svg
from pages._widgets.results.figures import figures_of, say_if_gone
from pages._widgets.results.view import View, turn_to

_ICONS = {
    "good": ":green[:material/check_circle:]",
    "neutral": ":gray[:material/info:]",
    "caution": ":orange[:material/warning:]",
    "bad": ":red[:material/error:]",
}
# The few that most people ask for; of top-k the one that fits the number of classes best.
_HEADLINES = ("balanced_accuracy", "macro_f1", "roc_auc", "log_loss")
_TOP = ("top_5", "top_3", "top_2")
_LEFT_OUT_AT_MOST = 1_000
_HOW_MANY = (
    "How many is a rule of thumb: errors are taken to fall with the square root of the number of "
    "training images, and the class to come down to the others' rate of errors; but no more than "
    "as many images again as it has."
)


def draw(view: View) -> None:
    figures = figures_of(view)
    with st.container(border=True):
        _verdict(view, figures)
    say_if_gone(view)
    if view.evaluation.images:
        _lead_on(view, figures)
        _headlines(figures)
        with st.expander("All figures, and what they mean"):
            _everything(figures)
    _left_out(view)


def _left_out(view: View) -> None:
    """Which files are not among those that were tested, and why."""
    files = view.evaluation.left_out
    if not files:
        return
    with st.expander(f"{plural(len(files), 'file')} could not be tested", icon=":material/block:"):
        st.dataframe(
            pd.DataFrame(files[:_LEFT_OUT_AT_MOST], columns=["file", "why"]), hide_index=True
        )
        if len(files) > _LEFT_OUT_AT_MOST:
            st.caption(f"The first {_LEFT_OUT_AT_MOST:,} are listed.")


def _verdict(view: View, figures: Figures) -> None:
    evaluation = view.evaluation
    first, *others = figures.verdict.statements
    st.markdown(f"### {_whole(first.text)}")
    if evaluation.images:
        draw_svg(_scale(view), key=f"scale-{view.run.id}-{view.on}")
    cautions = figures.verdict.cautions
    for each in others:
        if each not in cautions:
            _say(each)
    if cautions:
        st.markdown("**Before relying on it**")
        for each in cautions:
            _say(each)
    if evaluation.images and view.on == "test" and not view.run.imported:
        st.caption(
            "“Likely” means a 95 % interval by Wilson's method. None of these test images, and no "
            "copy of one, was trained on."
        )
    elif evaluation.images:
        st.caption("“Likely” means a 95 % interval by Wilson's method.")


def _whole(text: str) -> str:
    """A sentence for Markdown, in which no number loses its unit at the end of a line."""
    return escape(text.replace(" %", "\u00a0%"))


def _say(statement: Statement) -> None:
    icon = ":blue[:material/add_a_photo:]" if statement.key == "collect" else _ICONS[statement.tone]
    st.markdown(
        f"{icon}\u2002{_whole(statement.text)}",
        help=_HOW_MANY if statement.text.startswith("About ") else None,
    )


def _scale(view: View) -> str:
    """Accuracy, its interval and the baseline on a line from 0 to 100 %."""
    evaluation = view.evaluation
    low, high = evaluation.interval.low, evaluation.interval.high

    def at(share: float) -> str:
        # In per cent of the width, so that words keep their size on a phone.
        return f"{2 + share * 96:.2f}%"

    base = evaluation.baseline
    # Words beside the mark stay inside the drawing.
    side = "start" if base < 0.25 else "end" if base > 0.75 else "middle"
    said = escape_html(
        f"On a scale from 0 to 100 %: accuracy {percent(evaluation.accuracy)}, likely between "
        f"{percent(low)} and {percent(high)}; always answering {evaluation.baseline_label} gives "
        f"{percent(base)}."
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" width="100%" height="56" '
        'style="max-width:720px;display:block" font-family="inherit" font-size="14" '
        f'fill="currentColor" stroke-linecap="round"><title>{said}</title>'
        f'<line x1="{at(0)}" x2="{at(1)}" y1="18" y2="18" stroke="currentColor" '
        'stroke-opacity="0.2" stroke-width="6"/>'
        f'<line x1="{at(low)}" x2="{at(high)}" y1="18" y2="18" stroke="#56B4E9" '
        'stroke-width="12" stroke-opacity="0.75"/>'
        f'<circle cx="{at(evaluation.accuracy)}" cy="18" r="8" fill="#0072B2"/>'
        f'<line x1="{at(base)}" x2="{at(base)}" y1="7" y2="29" stroke="#E69F00" '
        'stroke-width="3"/>'
        f'<text x="{at(base)}" y="50" text-anchor="{side}" fill-opacity="0.8">always '
        f"“{escape_html(shorten(evaluation.baseline_label, 20))}”: {percent(base, 0)}</text>"
        "</svg>"
    )


def _lead_on(view: View, figures: Figures) -> None:
    """Where to read on."""
    weakest = figures.verdict.get("weakest")
    with st.container(horizontal=True, gap="small"):
        if weakest is not None and weakest.about:
            true, predicted = weakest.about["true"], weakest.about["predicted"]
            st.button(
                f"“{escape(shorten(true, 20))}” taken for “{escape(shorten(predicted, 20))}”",
                icon=":material/image_search:",
                on_click=turn_to,
                args=("mistakes",),
                kwargs={"true": true, "predicted": predicted},
            )
        if view.evaluation.correct < view.evaluation.images:
            st.button(
                "All mistakes",
                icon=":material/error_outline:",
                on_click=turn_to,
                args=("mistakes",),
            )
        st.button("Confusions", icon=":material/grid_on:", on_click=turn_to, args=("confusion",))
        st.button("Class by class", icon=":material/list:", on_click=turn_to, args=("classes",))


def _headlines(figures: Figures) -> None:
    st.subheader("In figures")
    top = next((key for key in _TOP if figures.score(key) is not None), None)
    keys = ["accuracy", *_HEADLINES[:3], *([top] if top else []), *_HEADLINES[3:]]
    chosen = [score for key in keys if (score := figures.score(key)) and score.value is not None]
    with st.container(horizontal=True, gap="small"):
        for score in chosen:
            st.metric(
                score.title,
                score.written,
                score.interval or None,
                delta_color="off",
                delta_arrow="off",
                help=_help(score),
                border=True,
                width=168,
            )
    st.caption("Below each figure: where it likely lies (95 % interval).")


def _help(score: Score) -> str:
    better = "More is better." if score.better == "higher" else "Less is better."
    method = f" Interval: {score.method}." if score.interval else ""
    return f"{score.meaning} {better}{method}"


def _everything(figures: Figures) -> None:
    lines = ["| Figure | Value | 95 % interval | By | What it means |", "|:--|--:|:--|:--|:--|"]
    for score in figures.scores:
        meaning = score.meaning if score.value is not None else f"{score.meaning} {score.why}"
        if score.better == "lower":
            meaning += " Less is better."
        interval = score.interval or "–"
        cells = (score.title, score.written, interval, score.method or "–", meaning)
        lines.append(f"| {' | '.join(escape(cell) for cell in cells)} |")
    st.markdown("\n".join(lines))
    st.caption(
        "Wilson's interval is for parts of all images. Others come from the bootstrap: the test "
        "images are drawn again and again with repetition, and the interval holds the middle 95 % "
        "of what comes out, corrected for bias (Efron, 1981). Averages over classes leave out "
        "classes without test images."
    )
