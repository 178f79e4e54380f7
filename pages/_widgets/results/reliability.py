"""Can one rely on it? How sure it is, when it had better not answer, worse photos, kinds of
images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core import charts
from core.evaluation.predictions import Predictions, validation_predictions
from core.evaluation.trust import words as words
from core.evaluation.trust.calibration import BINS, Bin
from core.evaluation.trust.coverage import (
    THRESHOLDS,
    WANTED,
    Point,
    answered_at,
    at_threshold,
    suggest,
)
from core.evaluation.trust.disturbances import KINDS
from core.evaluation.trust.reliability import Reliability, reliability, rows_of
from core.evaluation.trust.robustness import Disturbed, Robustness, example_pictures
from core.evaluation.trust.slices import FALSE_DISCOVERIES, FEWEST, Slice
from core.text import escape, images, percent, shorten
from pages._widgets.gallery import Tile, gallery
from pages._widgets.results.studying import studied
from pages._widgets.results.tiles import answers_gallery
from pages._widgets.results.view import View
from pages._widgets.session import catalog

_ICONS = {
    "yes": ":material/verified:",
    "sometimes": ":material/rule:",
    "no": ":material/person_search:",
    "unknown": ":material/help:",
}
_CHART = {"displayModeBar": False}
_WORSE_SHOWN = 6


def draw(view: View) -> None:
    st.subheader("Can I rely on it?")
    with st.spinner("Working it out, once"):
        found = reliability(catalog(), view.run.id, view.on)
    answer, sentence = words.can_i_rely_on_it(found)
    with st.container(border=True):
        st.markdown(f"##### {_ICONS[answer]} {escape(sentence)}")
        for caution in words.cautions(found):
            st.markdown(f":material/warning: {escape(caution)}")
    if not found.images:
        st.caption("Train again with a test share above 0 to find out.")
        return
    _confidence(found)
    st.divider()
    _coverage(view, found)
    st.divider()
    _robustness(view, found.robustness)
    st.divider()
    _slices(view, found)


def _confidence(found: Reliability) -> None:
    st.subheader("Does it know how sure it may be?")
    st.markdown(escape(words.sentence_of_calibration(found.before)))
    before, after = found.before, found.after
    kind = st.segmented_control(
        "Bins",
        ["count", "width"],
        format_func={"width": "Bins of equal width", "count": "Bins of equally many"}.__getitem__,
        default="count",
        required=True,
        label_visibility="collapsed",
        key="reliability-bins",
    )
    by_width = kind == "width"
    bins = before.equal_width if by_width else before.equal_count
    warmed = None if after is None else after.equal_width if by_width else after.equal_count
    table = _table_of(bins)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.plotly_chart(
            charts.calibration(
                table,
                None if warmed is None else _table_of(warmed),
                _table_of(before.equal_width),
            ),
            config=_CHART,
        )
        st.caption(
            "Each point is a bin of answers that are about as sure, the larger the more images, "
            "with the 95 % interval (Wilson) "
            "of how many are right. On the dotted line it is right exactly as often as it says."
            + ("" if by_width else " Answers of the same confidence stay in one bin.")
        )
    with right:
        error, worst = st.columns(2)
        error.metric(
            "Expected calibration error",
            percent(before.ece, 1),
            help="The gap between how sure it is and how often it is right, averaged over "
            f"{BINS} bins of equal width by their images (Naeini 2015; Guo 2017). 0 is perfect.",
        )
        worst.metric(
            "Maximum",
            percent(before.mce, 1),
            help=(
                "The largest such gap of any bin (MCE); bins of few images make it large by chance."
            ),
        )
        st.caption(
            f"Likely between {percent(before.ece_low, 1)} and {percent(before.ece_high, 1)} "
            "(95 % basic bootstrap interval, 1,000 resamples)."
        )
        st.markdown(f"**Temperature scaling.** {escape(words.sentence_of_temperature(found))}")
        st.caption(
            "One number that makes all answers surer or less sure (Guo 2017). Predictions show the "
            "model's own figures, without it."
        )
    with st.expander("As a table"):
        frames = [table.assign(answers="as it answers")]
        if warmed is not None:
            frames.append(_table_of(warmed).assign(answers="with the temperature"))
        _show_table(pd.concat(frames)[["answers", *table.columns]])


def _table_of(bins: Sequence[Bin]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "from": each.low,
                "to": each.high,
                "confidence": each.confidence,
                "accuracy": each.right.share,
                "low": each.right.low,
                "high": each.right.high,
                "correct": each.right.correct,
                "images": each.right.images,
            }
            for each in bins
        ]
    )


@st.fragment
def _coverage(view: View, found: Reliability) -> None:
    st.subheader("Answer only when sure enough")
    predictions = view.predictions
    test = (predictions.confidence, predictions.correct)
    slider = f"reliability-threshold-{view.run.id}"
    st.session_state.setdefault(slider, 0.9)
    threshold = st.select_slider(
        "Answer only when at least this sure",
        THRESHOLDS,
        format_func=percent,
        key=slider,
        help="Images on which it is less sure are left to you.",
    )
    point = at_threshold(*test, float(threshold))
    st.markdown(f"**{escape(words.sentence_of_point(point))}**")
    left, right = st.columns([3, 2], gap="large")
    points = _points_table([each for each in found.curve if each.answered.images])
    chosen = _points_table([point]).iloc[0] if point.answered.images else None
    with left:
        st.plotly_chart(charts.coverage(points, chosen), config=_CHART)
        st.caption("The band is the 95 % interval (Wilson). The diamond is what is chosen above.")
    with right:
        _suggest(found, test, slider)
    below = predictions.table[~answered_at(predictions.confidence, float(threshold))]
    if len(below) and st.toggle(
        f"Show the {images(len(below))} left to you", key=f"reliability-below-{view.run.id}"
    ):
        rows = below.sort_values("confidence", kind="stable")
        answers_gallery(
            view, rows, key=f"below-{view.run.id}-{threshold}", label="Images left to you"
        )
        st.caption("The least sure first. The label on each picture is the model's answer.")
    with st.expander("As a table"):
        _show_table(points)


def _suggest(found: Reliability, test: tuple[np.ndarray, np.ndarray], slider: str) -> None:
    validation = _validation(str(catalog().workspace.home), found.run_id, found.of)
    if not len(validation):
        st.markdown(
            "This run has no validation images, and a threshold must not be chosen on the images "
            "that it is judged by. Train again with a validation share above 0 for a suggestion."
        )
        return
    wanted = st.segmented_control(
        "What accuracy do you want?",
        WANTED,
        format_func=percent,
        default=0.99,
        required=True,
        key="reliability-wanted",
    )
    suggestion = suggest(float(wanted), (validation.confidence, validation.correct), test)
    st.markdown(escape(words.sentence_of_suggestion(suggestion)))
    if suggestion.chosen is not None:
        lowest = suggestion.chosen.threshold

        def use() -> None:
            st.session_state[slider] = lowest

        st.button(f"Set it to {percent(lowest, 0)}", on_click=use, key="reliability-use")
    st.caption(
        "The lowest confidence that reaches it, chosen on validation images and then tried on the "
        "test."
    )


@st.cache_resource(show_spinner=False, max_entries=4)
def _validation(home: str, run_id: str, of: str) -> Predictions:
    del home, of  # parts of the key only
    return validation_predictions(catalog().workspace, run_id)


def _points_table(points: Sequence[Point]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "threshold": each.threshold,
                "coverage": each.coverage,
                "accuracy": each.answered.share,
                "low": each.answered.low,
                "high": each.answered.high,
                "correct": each.answered.correct,
                "images": each.answered.images,
            }
            for each in points
        ],
        columns=["threshold", "coverage", "accuracy", "low", "high", "correct", "images"],
    )


def _robustness(view: View, found: Robustness | None) -> None:
    st.subheader("What if photos are worse?")
    if found is None:
        st.markdown(
            "The test images are blurred, darkened, turned and so on, and asked about again. This "
            "takes a while, once."
        )
        studied(view, "robustness")
        return
    st.markdown(escape(words.sentence_of_robustness(found)))
    if not found.images:
        return
    rows = [[test for test in found.tests if test.kind == kind] for kind in KINDS]
    st.plotly_chart(
        charts.disturbances(
            [kind.title for kind in KINDS.values()],
            [[test.right.share for test in row] for row in rows],
            [[KINDS[test.kind].short(test.strength) for test in row] for row in rows],
            [[test.worse for test in row] for row in rows],
            found.plain.share,
        ),
        config=_CHART,
    )
    asked = (
        f"all {images(found.images)}"
        if found.images == found.of
        else f"{found.images:,} of {found.of:,} test images, drawn by chance (seed {found.seed})"
    )
    st.caption(
        f"Part of right answers on {asked}; undisturbed {percent(found.plain.share, 0)}. ▼ is "
        "worse by more than chance: McNemar's exact test on the same images with and without, "
        "corrected for the number of tests (Benjamini-Hochberg)."
    )
    with st.expander("What these look like"):
        _examples(view, found)
    with st.expander("As a table"):
        _show_table(
            pd.DataFrame(
                [
                    {
                        "disturbance": KINDS[test.kind].title,
                        "strength": KINDS[test.kind].short(test.strength),
                        "unit": KINDS[test.kind].unit,
                        "accuracy": test.right.share,
                        "low": test.right.low,
                        "high": test.right.high,
                        "change": test.change,
                        "change from": test.low,
                        "change to": test.high,
                        "lost": test.lost,
                        "gained": test.gained,
                        "p": test.p,
                        "p corrected": test.q,
                    }
                    for test in found.tests
                ]
            )
        )


def _examples(view: View, found: Robustness) -> None:
    pictures = example_pictures(catalog().workspace, view.run.id, view.on)
    said = ["undisturbed", *(_short(test) for test in found.tests)]
    gallery(
        [
            Tile(
                f"{number}",
                picture,
                caption,
                badge=f"{shorten(example.answer, 12)} {percent(example.confidence, 0)}",
                tone="good" if example.right else "bad",
                title=f"{caption}: {example.answer} ({percent(example.confidence, 1)})",
            )
            for number, (picture, caption, example) in enumerate(
                zip(pictures, said, found.examples, strict=False)
            )
        ],
        key=f"disturbed-{view.run.id}",
        label="One test image under each disturbance",
    )
    st.caption(
        f"One test image, “{escape(shorten(found.path))}” (true: {escape(shorten(found.label))}), "
        "at the size that the model sees, with its answer."
    )


def _short(test: Disturbed) -> str:
    kind = KINDS[test.kind]
    return f"{kind.title.removesuffix(' compression')} {kind.short(test.strength)}"


@st.fragment
def _slices(view: View, found: Reliability) -> None:
    st.subheader("Is it worse on some kinds of images?")
    st.markdown(escape(words.sentence_of_slices(found)))
    worse = [each for each in found.slices if each.worse]
    chosen = f"reliability-slice-{view.run.id}"
    for number, each in enumerate(worse[:_WORSE_SHOWN]):
        with st.container(border=True):
            st.markdown(f":material/trending_down: {escape(words.sentence_of_slice(each))}")
            if st.toggle(f"Show the {images(each.inside.images)}", key=f"{chosen}-{number}"):
                _slice_gallery(view, each, f"{chosen}-{number}-images")
    if len(worse) > _WORSE_SHOWN:
        st.caption(f"{len(worse) - _WORSE_SHOWN:,} more are in the table.")
    if found.slices:
        st.caption(
            f"Kinds of at least {FEWEST} test images, each against all others: Fisher's exact "
            "test, corrected for the number of kinds (Benjamini-Hochberg), at "
            f"{percent(FALSE_DISCOVERIES, 0)}. A kind may also do worse because it has more images "
            "of a difficult class."
        )
        with st.expander("As a table"):
            _show_table(
                pd.DataFrame(
                    [
                        {
                            "what": each.title,
                            "kind": each.part,
                            "images": each.inside.images,
                            "accuracy": each.inside.share,
                            "low": each.inside.low,
                            "high": each.inside.high,
                            "others": each.rest.share,
                            "p": each.p,
                            "p corrected": each.q,
                            "worse": each.worse,
                        }
                        for each in found.slices
                    ]
                )
            )


def _slice_gallery(view: View, each: Slice, key: str) -> None:
    rows = view.predictions.table[rows_of(catalog().workspace, view.run.id, view.on, each)]
    rows = rows.sort_values(["correct", "confidence"], ascending=[True, False], kind="stable")
    answers_gallery(view, rows, key=key, label=f"Images of this kind: {each.part}")
    st.caption("Wrong answers first.")


def _show_table(table: pd.DataFrame) -> None:
    """Shares as per cent, p-values with four digits."""
    number = st.column_config.NumberColumn
    shares = {
        "from",
        "to",
        "confidence",
        "accuracy",
        "low",
        "high",
        "coverage",
        "threshold",
        "change",
        "change from",
        "change to",
        "others",
    }
    formats = {name: number(format="percent") for name in table.columns if name in shares}
    formats |= {name: number(format="%.4f") for name in table.columns if name.startswith("p")}
    st.dataframe(table, hide_index=True, column_config=formats)
