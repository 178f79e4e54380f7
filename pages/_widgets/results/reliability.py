"""Can one rely on it? How sure it is, when it had better not answer, worse photos, kinds of
images: what the sections say, with charts, sliders and pictures."""

from __future__ import annotations

import streamlit as st

from core import charts
from core.evaluation.document.parts import Chart, Headline, Section, Statements, Table
from core.evaluation.document.sections.calibration import bins_table
from core.evaluation.document.sections.coverage import points_table
from core.evaluation.predictions import Predictions, validation_predictions
from core.evaluation.threshold import sentence_of_sure
from core.evaluation.trust import words as words
from core.evaluation.trust.coverage import (
    THRESHOLDS,
    WANTED,
    Point,
    answered_at,
    at_threshold,
    suggest,
)
from core.evaluation.trust.disturbances import KINDS
from core.evaluation.trust.reliability import Reliability, rows_of
from core.evaluation.trust.robustness import Disturbed, Robustness, example_pictures
from core.evaluation.trust.slices import Slice
from core.text import certainty, escape, images, percent, shorten
from core.who import acting
from pages._widgets.gallery import Tile, gallery
from pages._widgets.job import act
from pages._widgets.one_of import one_of
from pages._widgets.pictures import plot
from pages._widgets.remembered import remembered
from pages._widgets.results.document import draw_group, draw_parts, draw_table, frame, title
from pages._widgets.results.studying import studied
from pages._widgets.results.tiles import answers_gallery
from pages._widgets.results.view import View
from pages._widgets.session import catalog
from pages._widgets.sure import move_it

_ICONS = {
    "yes": ":material/verified:",
    "sometimes": ":material/rule:",
    "no": ":material/person_search:",
    "unknown": ":material/help:",
}


def draw(view: View) -> None:
    with st.spinner("Working it out, once"):
        view.result.reliability  # noqa: B018
    own = {
        "reliance": reliance,
        "calibration": _calibration,
        "coverage": _coverage,
        "robustness": _robustness,
        "slices": slices,
    }
    draw_group(view, "reliability", own, divided=True)


def reliance(view: View, section: Section) -> None:
    title(section)

    def answer(part: Headline) -> None:
        st.markdown(f"### {_ICONS[part.statement.key]} {escape(part.statement.text)}")

    with st.container(border=True):
        draw_parts(view, section.parts, {"answer": answer})


def _calibration(view: View, section: Section) -> None:
    title(section)
    found = view.result.reliability
    before, after = found.before, found.after
    widths = frame(bins_table(before.equal_width, None))

    def chart(part: Chart) -> None:
        names = {"count": "Bins of equally many", "width": "Bins of equal width"}
        kind = one_of("Bins", names, key="reliability-bins")
        own, warmed = (
            None if each is None else each.equal_width if kind == "width" else each.equal_count
            for each in (before, after)
        )
        bins = frame(bins_table(own or [], None))
        warm = None if warmed is None else frame(bins_table(warmed, None))
        plot(charts.calibration(bins, warm, widths))
        more = " Answers of the same confidence stay in one bin." if kind == "count" else ""
        st.caption(f"{escape(part.note)} The larger a point, the more images.{more}")
        with table:
            draw_table(bins_table(own or [], warmed))

    said, drawn, *beside = [part for part in section.parts if part.key != "bins"]
    draw_parts(view, [said])
    left, right = st.columns([3, 2], gap="large")
    table = st.container()
    with left:
        draw_parts(view, [drawn], {"calibration": chart})
    with right:
        draw_parts(view, beside)


def choose_point(view: View) -> Point:
    """A slider for the confidence from which on it answers, what that gives, and the offer to let
    it be so."""
    predictions, in_force = view.predictions, view.result.sure.threshold
    slider = slider_key(view)
    st.session_state.setdefault(slider, min(THRESHOLDS, key=lambda each: abs(each - in_force)))
    threshold = float(
        st.select_slider(
            "Answer only when at least this sure",
            THRESHOLDS,
            format_func=lambda share: percent(share, 0),
            key=slider,
            help="Images on which it is less sure are left to you.",
        )
    )
    point = at_threshold(predictions, threshold)
    st.markdown(f"**{escape(words.sentence_of_point(point))}**")
    if not view.read_only and acting().may("trainer"):
        _make_it_so(view, threshold)
    return point


def slider_key(view: View) -> str:
    """Where the session keeps what was chosen."""
    return f"reliability-threshold-{view.run.id}"


@st.fragment
def _coverage(view: View, section: Section) -> None:
    title(section)
    found, predictions = view.result.reliability, view.predictions

    def chart(part: Chart) -> None:
        point = choose_point(view)
        chosen = frame(points_table([point])).iloc[0] if point.answered.images else None
        points = frame(points_table([each for each in found.curve if each.answered.images]))
        left, right = st.columns([3, 2], gap="large")
        with left:
            plot(charts.coverage(points, chosen))
            st.caption(f"{escape(part.note)} The diamond is what is chosen above.")
        with right:
            _suggest(found, predictions, slider_key(view))
        left_to_you(view, point)

    suggested = {key: lambda _: None for key in ("wanted", "suggestions")}
    draw_parts(view, section.parts, {"coverage": chart, **suggested})


def _make_it_so(view: View, threshold: float) -> None:
    """What counts as sure for this model, and the offer to make it what was chosen."""
    in_force = view.result.sure
    with st.container(horizontal=True, vertical_alignment="center"):
        if threshold != in_force.threshold:
            act(
                f"Make it “sure from {percent(threshold, 0)}” everywhere",
                (move_it, view.run, threshold),
                icon="tune",
                key=f"reliability-move-{view.run.id}",
            )
        st.caption(
            f"This model is **sure from {percent(in_force.threshold, 0)}** in use. "
            + escape(sentence_of_sure(in_force))
        )


def left_to_you(view: View, point: Point) -> None:
    """The images on which it is less sure, when somebody wants to see them."""
    sure = answered_at(view.predictions, point.threshold)
    below = view.predictions.table[~sure]
    label = f"Show the {images(len(below))} left to you"
    if len(below) and st.toggle(label, key=f"reliability-below-{view.run.id}"):
        rows = below.sort_values("confidence", kind="stable")
        answers_gallery(
            view, rows, key=f"below-{view.run.id}-{point.threshold}", label="Images left to you"
        )
        st.caption("The least sure first. The label on each picture is the model's answer.")


def _suggest(found: Reliability, predictions: Predictions, slider: str) -> None:
    validation = _validation(found)
    if not len(validation):
        st.markdown(words.WITHOUT_VALIDATION)
        return
    wanted = one_of(
        "What accuracy do you want?",
        {share: percent(share, 0) for share in WANTED},
        key="reliability-wanted",
        default=0.99,
        visible=True,
    )
    suggestion = suggest(wanted, validation, predictions)
    st.markdown(escape(words.sentence_of_suggestion(suggestion)))
    if suggestion.chosen is not None:
        lowest = suggestion.chosen.threshold

        def use() -> None:
            st.session_state[slider] = lowest

        act(f"Set it to {percent(lowest, 0)}", use, key="reliability-use")
    st.caption(
        "The lowest confidence that reaches it, chosen on validation images and then tried on the "
        "test."
    )


@remembered(lambda found: (found.run_id, found.of), shared=True, max_entries=4)
def _validation(found: Reliability) -> Predictions:
    return validation_predictions(catalog().workspace, found.run_id)


def _robustness(view: View, section: Section) -> None:
    title(section)
    found = view.result.reliability.robustness
    if found is None:
        not_disturbed(view)
        return

    def chart(_: Table) -> None:
        rows = [[test for test in found.tests if test.kind == kind] for kind in KINDS]
        plot(
            charts.disturbances(
                [kind.title for kind in KINDS.values()],
                [[test.right.share for test in row] for row in rows],
                [[KINDS[test.kind].short(test.strength) for test in row] for row in rows],
                [[test.worse for test in row] for row in rows],
                found.plain.share,
            )
        )

    def everything(part: Table) -> None:
        with st.expander("What these look like"):
            examples(view, found)
        draw_table(part)

    draw_parts(view, section.parts, {"levels": chart, "disturbances": everything})


def not_disturbed(view: View) -> None:
    """What would be found out about worse photos, and how far that is."""
    st.markdown("The test images are blurred, darkened, turned and so on, and asked about again.")
    studied(view, "robustness")


def examples(view: View, found: Robustness) -> None:
    pictures = example_pictures(catalog().workspace, view.run.id, view.on)
    said = ["undisturbed", *(_short(test) for test in found.tests)]
    shares = [found.plain, *(test.right for test in found.tests)]
    worse = [False, *(test.worse for test in found.tests)]
    gallery(
        [
            Tile(
                f"{number}",
                picture,
                caption,
                # Of all images: one picture may be lucky.
                badge=f"{'▼ ' if harms else ''}{percent(right.share, 0)} right",
                tone="bad" if harms else "",
                title=f"{caption}: right on {right.correct:,} of {images(right.images)}; this one "
                f"is taken for {example.answer} ({certainty(example.confidence)} sure)",
            )
            for number, (picture, caption, right, harms, example) in enumerate(
                zip(pictures, said, shares, worse, found.examples, strict=False)
            )
        ],
        key=f"disturbed-{view.run.id}",
        label="One test image under each disturbance",
    )
    st.caption(
        f"One test image, “{escape(shorten(found.path))}”, at the size that the model sees. The "
        f"figure is how many of {images(found.images)} are right when they are all so; ▼ is worse "
        "by more than chance."
    )


def _short(test: Disturbed) -> str:
    kind = KINDS[test.kind]
    return f"{kind.title.removesuffix(' compression')} {kind.short(test.strength)}"


@st.fragment
def slices(view: View, section: Section) -> None:
    title(section)
    kinds = [each for each in view.result.reliability.slices if each.worse]

    def worse(part: Statements) -> None:
        for number, (each, statement) in enumerate(zip(kinds, part.items, strict=False)):
            key = f"reliability-slice-{view.run.id}-{number}"
            with st.container(border=True):
                st.markdown(f":material/trending_down: {escape(statement.text)}")
                if st.toggle(f"Show the {images(each.inside.images)}", key=key):
                    _slice_gallery(view, each, f"{key}-images")
        if len(kinds) > len(part.items):
            st.caption(f"{len(kinds) - len(part.items):,} more are in the table.")

    draw_parts(view, section.parts, {"worse": worse})


def _slice_gallery(view: View, each: Slice, key: str) -> None:
    rows = view.predictions.table[rows_of(catalog().workspace, view.run.id, view.on, each)]
    rows = rows.sort_values(["correct", "confidence"], ascending=[True, False], kind="stable")
    answers_gallery(view, rows, key=key, label=f"Images of this kind: {each.part}")
    st.caption("Wrong answers first.")
