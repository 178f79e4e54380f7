"""Bring your own model: a ``.keras`` file from elsewhere, its classes, and what it is tested on."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.catalog import DatasetRecord, RunRecord
from core.delivery.imported.labels import parse_labels
from core.delivery.imported.start import USUAL, begin_import
from core.errors import LightboxError
from core.quality.curation import usable
from core.text import as_text, escape, percent, plural
from core.training.foreign.archive import look_into
from core.training.foreign.judge import PIXELS, Looked, Pixels
from pages._widgets.job import act, watch
from pages._widgets.one_of import choose
from pages._widgets.session import catalog, choose_run, dataset_table, next_turn, turn
from pages._widgets.steps import go, lead

_FRESH, _FILE, _RUN = "bring-fresh", "bring-file", "bring-run"
_GUESSED = "{why} If answers make no sense afterwards, bring it in again with another choice."


def bring_panel() -> None:
    """The form in a drawer; what was brought in last, while it is checked and once it is there."""
    run_id = st.session_state.get(_RUN)
    if run_id is not None:
        _brought(run_id)
    with st.expander("Bring your own model", icon=":material/upload_file:"):
        st.write(
            "A model that was trained elsewhere with Keras 3 and saved as `.keras`. It is tested, "
            "compared and used like those that were trained here. Nothing in the file is run: "
            "models with code of their own (Lambda layers, custom classes) are refused."
        )
        _form()


def _form() -> None:
    fresh = turn(_FRESH)
    given = st.file_uploader("Model file", type=["keras"], key=f"bring-model-{fresh}")
    if given is None:
        return
    file = _kept(given.file_id, as_text(given.name), given.getvalue())
    try:
        looked = look_into(file)
    except LightboxError as error:
        st.error(escape(str(error)), icon=":material/block:")
        return
    st.markdown(_about(looked))
    datasets = [each for each in catalog().datasets.all() if each.state == "ready"]
    by_id = {each.id: each for each in datasets}
    names = {"": "Nothing for now"} | {each.id: each.name for each in datasets}
    left, right = st.columns(2, gap="medium")
    with left:
        chosen = choose(
            "Test it on",
            names,
            key=f"bring-dataset-{fresh}",
            help="On the test images of this dataset, of the classes that are called alike.",
        )
        classes = st.text_area(
            "Its classes, in the order of its outputs, one a line",
            "\n".join(_classes(by_id.get(chosen), looked)),
            height=190,
            key=f"bring-classes-{fresh}-{chosen}",
            placeholder="cat\ndog",
            help="Keras’s own loaders number class folders in the order of the alphabet. A JSON "
            "list, or class_indices as Keras prints them, can be pasted too.",
        )
    with right:
        values: list[Pixels] = list(PIXELS)
        pixels = st.radio(
            "Pixel values it was trained on",
            values,
            values.index(looked.pixels),
            format_func=PIXELS.__getitem__,
            key=f"bring-pixels-{fresh}",
        )
        st.caption(_GUESSED.format(why=looked.why))
        size = None
        if looked.size is None:
            size = int(
                st.number_input("Image size in pixels", 16, 512, USUAL, key=f"bring-size-{fresh}")
            )
        name = st.text_input("Name", file.stem, max_chars=200, key=f"bring-name-{fresh}")
    if st.button("Bring it in", type="primary", key="bring-go"):
        run = begin_import(
            catalog(),
            file,
            parse_labels(classes),
            name=name.strip(),
            dataset_id=chosen,
            pixels=pixels,
            size=size,
        )
        st.session_state[_RUN] = run.id
        next_turn(_FRESH)
        st.rerun()


def _kept(file_id: str, name: str, data: bytes) -> Path:
    """The upload as a file in the workspace's staging, which is swept a day later."""
    held = st.session_state.get(_FILE)
    if held is not None and held[0] == file_id and Path(held[1]).is_file():
        return Path(held[1])
    place = catalog().workspace.new_staging() / (Path(name).name or "model.keras")
    place.write_bytes(data)
    st.session_state[_FILE] = (file_id, str(place))
    return place


def _about(looked: Looked) -> str:
    size = f"{looked.size} × {looked.size} pixels" if looked.size else "any size"
    colour = "grey" if looked.channels == 1 else "colour"
    outputs = f", gives {plural(looked.outputs, 'number')}" if looked.outputs else ""
    written = f", saved by Keras {escape(looked.keras)}" if looked.keras else ""
    return (
        f":material/check: Takes {colour} images of {size}{outputs}; "
        f"{plural(looked.layers, 'layer')}{written}."
    )


def _classes(dataset: DatasetRecord | None, looked: Looked) -> list[str]:
    """The dataset's classes, where the model may well have been trained on such."""
    if dataset is None or looked.outputs not in (dataset.classes, 1):
        return []
    table = dataset_table(dataset)
    return [] if table is None else sorted(usable(table)["label"].unique())


def _brought(run_id: str) -> None:
    run = catalog().runs.get(run_id)
    if not run.finished:
        with st.container(border=True):
            st.markdown(f"Bringing in **{escape(run.name)}**")
            watch(run.job_id)
        return
    with st.container(border=True):
        if run.state == "done":
            _done(run)
        else:
            st.error(
                f"“{escape(run.name)}” could not be brought in. {escape(run.error)}",
                icon=":material/error:",
            )
        act("Close", (_close, run), key="bring-close")


def _close(run: RunRecord) -> None:
    """What could not be brought in leaves nothing behind but a line in the bin."""
    st.session_state.pop(_RUN, None)
    if run.state != "done":
        catalog().runs.delete(run.id)


def _done(run: RunRecord) -> None:
    accuracy = run.summary.test_accuracy
    said = f":material/check: **{escape(run.name)}** is here."
    if accuracy is not None:
        said += f" Right on {percent(accuracy)} of {run.summary.test_images:,} test images."
        classes = run.summary.classes or 2
        if accuracy < 2 / classes:
            said += (
                " That is little better than guessing: perhaps its classes are in another order, "
                "or it expects other pixel values."
            )
    st.markdown(said)
    for text in run.summary.warnings:
        st.caption(escape(text))
    with st.container(horizontal=True, gap="small"):
        if accuracy is not None:
            lead("See its results", "results", run, type="primary", key="bring-open")
        if st.button("Try it", icon=":material/image_search:", key="bring-try"):
            choose_run(run.id)
            go("predict")
