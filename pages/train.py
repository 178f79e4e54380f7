"""Train: pick a recipe or keep the one that is suggested, start, and watch."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.catalog import DatasetRecord, RunRecord
from core.errors import InvalidInput
from core.features.weights import find_mobilenet_v2
from core.jobs.live import curves
from core.quality.curation import usable
from core.training import recipes
from core.training.recipes import RECIPES
from core.training.spec import TrainSpec
from core.training.start import create_run
from pages._widgets.empty import empty
from pages._widgets.job import watch
from pages._widgets.live import draw_curves, watch_training
from pages._widgets.plain import ago, escape, images, percent
from pages._widgets.session import catalog, choose_run, current_dataset, dataset_table
from pages._widgets.split import choose_split, say_warnings
from pages._widgets.steps import go

_BAD = {
    "failed": "This training failed.",
    "interrupted": "This training was interrupted.",
    "cancelled": "This training was cancelled before there was anything to keep.",
}


def _recipe(good: pd.DataFrame) -> str:
    suggested = recipes.suggest(good)
    order = sorted(RECIPES, key=lambda key: key != suggested)
    picked = st.radio(
        "Recipe",
        order,
        format_func=lambda key: RECIPES[key].title + (" (suggested)" if key == suggested else ""),
        captions=[RECIPES[key].sentence for key in order],
    )
    if picked == "transfer" and find_mobilenet_v2() is None:
        st.caption(
            ":material/download: MobileNetV2's weights (9 MB) are not on this computer yet; they are "
            "downloaded first."
        )
    return str(picked)


def _settings(base: TrainSpec) -> dict[str, object]:
    """The widgets, each starting from the recipe's default; their values."""
    key = f"{base.dataset_id}-{base.recipe}-"
    card = RECIPES[base.recipe]
    sizes = [size for size in (32, 48, 64, 96, 128, 160, 192, 224) if size >= card.smallest]
    first, second, third = st.columns(3)
    values: dict[str, object] = {}
    with first:
        values["epochs"] = st.number_input(
            "Epochs", 1, 1000, base.epochs, key=key + "epochs",
            help="How many times every training image is looked at. More takes longer, and after a "
            "while brings nothing.",
        )  # fmt: skip
    with second:
        values["image_size"] = st.selectbox(
            "Image size in pixels", sizes, index=sizes.index(base.image_size), key=key + "size",
            help="All images are resized to this. Larger shows finer detail and takes longer.",
        )  # fmt: skip
    with third:
        values["augment"] = st.toggle(
            "Augmentation", base.augment, key=key + "augment",
            help="Shows each image slightly turned, shifted, zoomed and lit differently, so that "
            "the model learns what doesn't matter. Nothing is mirrored.",
        )  # fmt: skip
    with st.expander("More settings"):
        first, second, third = st.columns(3)
        with first:
            values["batch_size"] = st.number_input(
                "Batch size", 1, 1024, base.batch_size, key=key + "batch",
                help="How many images each step learns from.",
            )  # fmt: skip
        with second:
            values["learning_rate"] = st.number_input(
                "Learning rate", 0.000001, 1.0, base.learning_rate, key=key + "rate",
                format="%.6f", step=0.0001,
                help="How big each step is. Too big and training goes out of control, too small "
                "and it gets nowhere.",
            )  # fmt: skip
        with third:
            values["precision"] = st.selectbox(
                "Precision", ["auto", "float32", "bfloat16"], key=key + "precision",
                help="bfloat16 is faster on processors that have it; auto uses it only there.",
            )  # fmt: skip
    return values


def _choose(record: DatasetRecord, good: pd.DataFrame, runs: list[RunRecord]) -> None:
    recipe = _recipe(good)
    base = recipes.default_spec(record.id, record.version, recipe, good)
    spec = choose_split(base.with_values(_settings(base)), good)
    try:
        warnings = recipes.check(spec, good)
    except InvalidInput as error:
        st.error(escape(str(error)), icon=":material/error:")
        return
    say_warnings(warnings)
    if st.button("Start training", type="primary", icon=":material/play_arrow:"):
        choose_run(create_run(catalog(), spec).id)
        st.rerun()
    if runs:
        st.subheader("Earlier runs on this dataset")
        for run in runs[:10]:
            accuracy = run.summary.get("test_accuracy")
            text = f"{percent(accuracy)} on its test" if accuracy is not None else run.state
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"{escape(run.name)} · {text} · {ago(run.created_at)}")
                if run.state == "done" and st.button("Results", key=f"results-{run.id}"):
                    choose_run(run.id)
                    go("results")


def _ended(run: RunRecord) -> None:
    """What became of the run that was last started here."""
    if run.state == "done":
        accuracy, low = run.summary.get("test_accuracy", 0.0), run.summary.get("test_low", 0.0)
        stopped = (
            " You stopped it; the best until then was kept." if run.summary.get("stopped") else ""
        )
        with st.container(border=True):
            st.markdown(
                f"#### :material/check_circle: “{escape(run.name)}” is trained\n\n"
                f"Right on **{percent(accuracy)}** of {images(run.summary.get('test_images', 0))} that "
                f"it had never seen (likely between {percent(low)} and "
                f"{percent(run.summary.get('test_high', 1.0))}).{stopped}"
            )
            with st.container(horizontal=True):
                if st.button("See the results", type="primary", icon=":material/insights:"):
                    go("results")
                if st.button("Try it on new images", icon=":material/image_search:"):
                    go("predict")
    elif run.state in _BAD:
        st.error(f"{_BAD[run.state]} {escape(run.error)}", icon=":material/error:")
        if st.button("Train again with the same settings", icon=":material/refresh:"):
            spec = TrainSpec.model_validate(run.spec)
            choose_run(create_run(catalog(), spec).id)
            st.rerun()
    with st.expander("Its curves"):
        draw_curves(curves(catalog(), run.job_id))


current = current_dataset()
facts = dataset_table(current) if current else None
job = catalog().jobs.get(current.job_id) if current is not None and current.job_id else None
if current is not None and facts is None and job is not None and not job.finished:
    st.title("Train")
    st.caption(f"“{escape(current.name)}” is being imported; training can start right after.")
    watch(job.id)
elif current is None or facts is None:
    empty("Nothing to train on yet", "Bring some images in first.", "Go to Data", "data")
else:
    mine = catalog().runs.all(current.id)
    going = [run for run in mine if run.state in ("queued", "running", "held")]
    shown_id = st.query_params.get("run") or st.session_state.get("run")
    shown = next((run for run in mine if run.id == shown_id), None)
    if shown is not None and shown.state not in ("queued", "running", "held"):
        going = [run for run in going if run.id == shown_id] or going
    if going:
        running = next((run for run in going if run.id == shown_id), going[-1])
        choose_run(running.id)
        st.title("Training")
        st.caption(
            f"“{escape(running.name)}” on {escape(current.name)}. You can close this page and come "
            "back; the training goes on."
        )
        watch_training(running.id)
    else:
        st.title("Train")
        st.caption(f"Dataset: {escape(current.name)}, {images(current.images)}")
        if shown is not None:
            _ended(shown)
            st.subheader("Train another")
        _choose(current, usable(facts), mine)
