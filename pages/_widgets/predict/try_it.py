"""Try a model: drop images in, see answers and how sure it is."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.catalog import RunRecord
from core.evaluation.evaluate import load_predictions
from core.inference.predictor import Prediction, Predictor, open_predictor, to_csv
from core.quality.curation import curated
from pages._widgets.plain import escape, percent, shorten, some
from pages._widgets.session import catalog, thumbnails

_UNSURE = 0.5
_SHOWN = 24
_TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff", "jfif", "jpe", "dib"]


def _files(run: RunRecord) -> list[tuple[str, bytes]]:
    """What the person gives: dropped files, a picture from the camera, or examples."""
    drop, camera = st.tabs([":material/upload: Drop images", ":material/photo_camera: Camera"])
    with drop:
        dropped = st.file_uploader(
            "Drop one or many images here", accept_multiple_files=True, type=_TYPES
        )
        examples = st.toggle(
            "Use a few of its test images", key=f"examples-{run.id}", disabled=bool(dropped)
        )
    with camera:
        shot = None
        if st.toggle("Use the camera", help="Your browser asks before it is switched on."):
            shot = st.camera_input("Take a picture", label_visibility="collapsed")
    files = [(file.name, file.getvalue()) for file in dropped or []]
    if shot is not None:
        files.append(("camera.jpg", shot.getvalue()))
    if examples and not files:
        files = _examples(run)
    return files


def _examples(run: RunRecord) -> list[tuple[str, bytes]]:
    """Test images of the run, as their files are now, or as thumbnails if they have gone."""
    rows = load_predictions(catalog().workspace, run.id)
    rows = rows.groupby("label", sort=True).head(1).head(6)
    record = catalog().datasets.get(run.dataset_id)
    root = catalog().workspace.load_path(record.root)
    table = curated(catalog(), run.dataset_id, run.dataset_version).set_index("path")
    pictures = thumbnails(run.dataset_id, table.reindex(rows["path"]).fillna(0))
    found = []
    for path, picture in zip(rows["path"], pictures, strict=True):
        file = root / path
        found.append((path, file.read_bytes() if file.is_file() else picture))
    return found


@st.cache_data(show_spinner=False, max_entries=64)
def _answers(run_id: str, files: list[tuple[str, bytes]], top: int) -> list[Prediction]:
    return open_predictor(catalog().workspace, run_id).predict(files, top=top)


def _answer(prediction: Prediction, data: bytes) -> None:
    with st.container(border=True):
        st.caption(escape(shorten(prediction.name, 44)))
        if prediction.error:
            st.error(escape(prediction.error), icon=":material/broken_image:")
            return
        picture, words = st.columns([2, 3], vertical_alignment="center")
        with picture:
            st.image(data, width="stretch")
        with words:
            unsure = prediction.confidence < _UNSURE
            st.markdown(f"### {escape(shorten(prediction.label))}")
            st.caption(
                f"{'Not sure: only ' if unsure else ''}{percent(prediction.confidence)} · "
                f"{prediction.milliseconds:.0f} ms"
            )
        for label, probability in prediction.top:
            st.progress(probability, text=f"{escape(shorten(label, 30))} · {percent(probability)}")


def _table(answers: list[Prediction], predictor: Predictor) -> None:
    failed = sum(bool(answer.error) for answer in answers)
    text = some(len(answers) - failed, "image") + " answered"
    if failed:
        text += f", {failed} could not be read"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{text}**")
        st.download_button(
            "Download as CSV",
            to_csv(answers, predictor.classes),
            "predictions.csv",
            "text/csv",
            icon=":material/download:",
        )
    if len(answers) > 1:
        with st.expander("As a table"):
            st.dataframe(
                pd.DataFrame(
                    {
                        "file": [a.name for a in answers],
                        "prediction": [a.label for a in answers],
                        "confidence": [a.confidence * 100 for a in answers],
                        "problem": [a.error for a in answers],
                    }
                ),
                hide_index=True,
                column_config={
                    "confidence": st.column_config.ProgressColumn(
                        format="%.1f %%", min_value=0, max_value=100
                    )
                },
            )


def draw(run: RunRecord) -> None:
    given = _files(run)
    if not given:
        st.caption("The answers appear here. Your images are not kept.")
        return
    st.session_state["predicted"] = True
    model = open_predictor(catalog().workspace, run.id)
    # All classes go into the table; the page shows the first few.
    full = _answers(run.id, given, len(model.classes))
    _table(full, model)
    columns = st.columns(3)
    for n, (answer, (_, content)) in enumerate(zip(full[:_SHOWN], given, strict=False)):
        with columns[n % 3]:
            few = Prediction(**{**answer.__dict__, "top": answer.top[:3]})
            _answer(few, content)
    if len(full) > _SHOWN:
        st.caption(f"The first {_SHOWN} are shown; the table and the download have all.")
