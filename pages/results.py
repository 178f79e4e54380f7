"""Results: how good a model is on images that training never saw, and where it fails."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import charts
from core.catalog import RunRecord
from core.errors import NotFound
from core.evaluation.evaluate import load_evaluation, load_predictions
from core.evaluation.records import Evaluation, worst_confusions
from core.jobs.live import curves
from core.quality.curation import curated
from core.training import architectures
from core.training.augmentation.catalogue import describe
from core.training.recipes import RECIPES
from core.training.spec import parse_spec
from pages._widgets.empty import empty
from pages._widgets.gallery import Tile, gallery, page_of
from pages._widgets.live import draw_curves, training_seconds
from pages._widgets.plain import escape, images, percent, shorten
from pages._widgets.session import catalog, choose_run, current_run, thumbnails
from pages._widgets.steps import go

_ENDED = {"interrupted": "was interrupted", "cancelled": "was cancelled", "failed": "failed"}


def _pick(runs: list[RunRecord], run: RunRecord) -> None:
    names = {
        each.id: f"{each.name} · {percent(each.summary.get('test_accuracy', 0.0))}" for each in runs
    }
    chosen = st.selectbox(
        "Model",
        list(names),
        index=list(names).index(run.id),
        format_func=names.__getitem__,
        key=f"run-{run.id}-{len(runs)}",
    )
    if chosen != run.id:
        choose_run(chosen)
        st.rerun()


def _verdict(evaluation: Evaluation) -> None:
    low, high = evaluation.interval.low, evaluation.interval.high
    with st.container(border=True):
        st.markdown(
            f"### Right on {evaluation.correct:,} of {evaluation.images:,} images it had never seen\n\n"
            f"**{percent(evaluation.accuracy)}** test accuracy. With a test of this size, the true "
            f"figure is likely between **{percent(low)}** and **{percent(high)}**."
        )
        worst = worst_confusions(evaluation, 1)
        lines = [
            f"Always answering “{escape(shorten(evaluation.baseline_label))}” would be right on "
            f"{percent(evaluation.baseline)}."
        ]
        if worst:
            pair = worst[0]
            lines.append(
                f"Most often mixed up: “{escape(shorten(pair.true))}” taken for "
                f"“{escape(shorten(pair.predicted))}”, {pair.count} of {images(pair.support)}."
            )
        st.markdown(" ".join(lines))
        st.caption(
            "95 % interval by Wilson's method. None of these test images, and no copy of one, "
            "was trained on."
        )


def _confusion(evaluation: Evaluation) -> None:
    st.subheader("Which class is taken for which")
    rates = (
        st.segmented_control(
            "Show", ["Counts", "Per cent"], default="Counts", label_visibility="collapsed"
        )
        == "Per cent"
    )
    figure = charts.confusion(evaluation.labels, evaluation.confusion, rates=rates)
    st.plotly_chart(figure, config={"displayModeBar": False})
    st.caption(
        "Each row is a true class, each column an answer; right answers are on the diagonal."
        + (" Per cent of each row." if rates else "")
    )
    with st.expander("As a table"):
        st.dataframe(
            pd.DataFrame(evaluation.confusion, index=evaluation.labels, columns=evaluation.labels)
            .rename_axis("true ↓ predicted →")
        )  # fmt: skip


def _report(evaluation: Evaluation) -> None:
    st.subheader("Class by class")
    rows = [row.model_dump() for row in [*evaluation.report, evaluation.macro, evaluation.weighted]]
    table = pd.DataFrame(rows).rename(columns={"label": "class", "f1": "F1", "support": "images"})
    number = st.column_config.NumberColumn
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            "precision": number(
                format="%.3f", help="Of the images called this class, how many are."
            ),
            "recall": number(
                format="%.3f", help="Of the images of this class, how many were found."
            ),
            "F1": number(format="%.3f", help="The harmonic mean of precision and recall."),
            "images": number(help="Test images of this class (support)."),
        },
    )
    st.download_button(
        "Download as CSV",
        table.to_csv(index=False),
        "classification-report.csv",
        "text/csv",
        icon=":material/download:",
    )


def _gallery(run: RunRecord, predictions: pd.DataFrame) -> None:
    st.subheader("Test images and answers")
    wrong = int((~predictions["correct"]).sum())
    which = st.segmented_control(
        "Show answers",
        ["Wrong", "Right"],
        format_func=lambda name: (
            f"{name} ({wrong if name == 'Wrong' else len(predictions) - wrong:,})"
        ),
        default="Wrong" if wrong else "Right",
        label_visibility="collapsed",
    )
    rows = predictions[predictions["correct"] == (which == "Right")]
    # Confident mistakes first, and the most doubtful of the right answers.
    rows = rows.sort_values("confidence", ascending=which == "Right", kind="stable")
    if rows.empty:
        st.caption("None.")
        return
    rows = rows.iloc[page_of(len(rows), key=f"answers-{run.id}-{which}")]
    try:
        table = curated(catalog(), run.dataset_id, run.dataset_version).set_index("path")
        known = table.reindex(rows["path"]).fillna({"thumb_at": 0, "thumb_bytes": 0, "width": 64})
        pictures = thumbnails(run.dataset_id, known)
        tiny = (known["width"] <= 48).to_list()
    except NotFound:
        pictures, tiny = [b""] * len(rows), [False] * len(rows)
        st.caption("The dataset of this model was removed, so its pictures can't be shown.")
    gallery(
        [
            Tile(
                row.path,
                picture,
                f"is {row.label}" if not row.correct else row.label,
                badge=f"{shorten(row.predicted, 16)} {row.confidence:.0%}",
                tone="good" if row.correct else "bad",
                title=f"{row.path}\ntrue: {row.label}\nanswer: {row.predicted} ({row.confidence:.1%})",
                tiny=small,
            )
            for row, picture, small in zip(rows.itertuples(), pictures, tiny, strict=True)
        ],
        key=f"answers-gallery-{run.id}",
        label=f"{which} answers",
    )
    st.caption("The label on each picture is the model's answer and how sure it is.")


_START = {"none": "random weights", "imagenet": "ImageNet weights"}


def _how(run: RunRecord, evaluation: Evaluation) -> None:
    with st.expander("How it was trained", expanded=False):
        draw_curves(curves(catalog(), run.job_id))
        spec, summary = parse_spec(run.spec), run.summary
        network = architectures.get(spec.architecture)
        validation = summary.get("validation_accuracy")
        facts = {
            "Recipe": RECIPES[spec.recipe].title if spec.recipe in RECIPES else spec.recipe,
            "Network": network.title,
            "Starts from": _START.get(spec.weights, spec.weights),
            "Time": training_seconds(run),
            "Epochs": f"{summary.get('epochs')} (best: {summary.get('best_epoch')})",
            "Validation accuracy": percent(validation) if validation is not None else "–",
            "Image size": f"{spec.image_size} × {spec.image_size} pixels",
            "Batch size": spec.batch_size or "chosen by Lightbox",
            "Learning rate": spec.learning_rate,
            "Schedule": spec.schedule.name.replace("_", " "),
            "Optimizer": spec.optimizer.name,
            "Augmentation": describe(spec.augmentation),
            "Seed": spec.seed,
            "Precision": summary.get("precision"),
            "Weights in the model": f"{summary.get('parameters', 0):,}",
            "Dataset version": run.dataset_version,
            "Export differs from Keras by at most": f"{summary.get('export_difference', 0):.1g}",
        }
        st.dataframe(
            pd.DataFrame({"setting": facts.keys(), "value": [str(v) for v in facts.values()]}),
            hide_index=True,
        )
        for text in summary.get("warnings", []):
            st.caption(f":material/warning: {escape(text)}")
        if evaluation.left_out:
            st.caption(f"{images(len(evaluation.left_out))} could not be tested.")


def _without_results(runs: list[RunRecord]) -> None:
    """Say so if the run that was asked for has none, before another one takes its place."""
    asked = st.query_params.get("run") or st.session_state.get("run")
    run = next((run for run in runs if run.id == asked and run.state != "done"), None)
    if run is None:
        return
    name = f"“{escape(run.name)}”"
    if run.state in ("queued", "held", "running"):
        st.info(f"{name} is still being trained.", icon=":material/hourglass:")
    else:
        st.error(
            f"{name} has no results: its training {_ENDED.get(run.state, 'failed')}. "
            f"{escape(run.error)}",
            icon=":material/error:",
        )


everything = catalog().runs.all()
finished = [run for run in everything if run.state == "done"]
_without_results(everything)
current = current_run()
if current is None:
    empty("No results yet", "They appear here once a model is trained.", "Go to Train", "train")
else:
    st.title("Results")
    _pick(finished, current)
    found = load_evaluation(catalog().workspace, current.id)
    _verdict(found)
    if st.button("Try it on new images", type="primary", icon=":material/image_search:"):
        go("predict")
    left, right = st.columns([3, 2], gap="large")
    with left:
        _confusion(found)
    with right:
        _report(found)
    _gallery(current, load_predictions(catalog().workspace, current.id))
    _how(current, found)
