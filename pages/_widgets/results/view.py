"""What all sections of Results are drawn from, and how one leads to another."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from PIL import Image

from core.catalog import RunRecord
from core.errors import NotFound
from core.evaluation.predictions import Predictions, load_predictions
from core.evaluation.records import Evaluation
from core.evaluation.store import load_evaluation
from core.quality import thumbs
from core.quality.curation import curated
from pages._widgets.session import catalog, thumbnails

SHOWN = "results-shown"
_ABOUT = "results-about"


@dataclass(frozen=True)
class View:
    """One run, tested on one set of images.

    Attributes:
        on: ``test`` for its own test set, else the folder that it was tested on.
        read_only: a guest looks at it through a link: nothing may be changed or started.
    """

    run: RunRecord
    on: str
    evaluation: Evaluation
    predictions: Predictions
    read_only: bool = False


def load_view(run: RunRecord, on: str = "test", *, read_only: bool = False) -> View:
    """The view of a finished run.

    Raises:
        NotFound: it has not been evaluated on that.
    """
    evaluation, predictions = _loaded(str(catalog().workspace.home), run.id, on, _changed(run, on))
    return View(run, on, evaluation, predictions, read_only)


def _changed(run: RunRecord, on: str) -> float:
    del on  # evaluations on folders are told apart by their names, and are as new as the newest
    folder = catalog().workspace.run(run.id)
    files = [folder / "evaluation.json", *folder.glob("on/*/evaluation.json")]
    return max((file.stat().st_mtime for file in files if file.exists()), default=0.0)


@st.cache_resource(show_spinner=False, max_entries=8)
def _loaded(home: str, run_id: str, on: str, changed: float) -> tuple[Evaluation, Predictions]:
    del home, changed  # parts of the key only
    workspace = catalog().workspace
    return load_evaluation(workspace, run_id, on), load_predictions(workspace, run_id, on)


@dataclass(frozen=True)
class Picture:
    """A thumbnail: JPEG or PNG bytes, empty where it can't be shown.

    Attributes:
        tiny: has so few pixels that they should be shown as squares.
    """

    data: bytes
    tiny: bool = False


def pictures(view: View, paths: Sequence[str]) -> list[Picture]:
    """Thumbnails of images of the set that was tested on, or of the run's dataset, in this
    order."""
    if view.on != "test":
        folder = catalog().workspace.load_path(view.on)
        return [_from_folder(folder / path) for path in paths]
    return dataset_pictures(view.run, paths)


def dataset_pictures(run: RunRecord, paths: Sequence[str]) -> list[Picture]:
    """Thumbnails of images of the dataset that a run was trained on; empty if it was removed."""
    try:
        table = curated(catalog(), run.dataset_id, run.dataset_version).set_index("path")
    except NotFound:
        return [Picture(b"")] * len(paths)
    known = table.reindex(list(paths)).fillna({"thumb_at": 0, "thumb_bytes": 0, "width": 64})
    return [
        Picture(data, bool(tiny))
        for data, tiny in zip(thumbnails(run.dataset_id, known), known["width"] <= 48, strict=True)
    ]


def _from_folder(file: Path) -> Picture:
    try:
        with Image.open(file) as image:
            width = image.width
            small = thumbs.shrink(image.convert("RGB"))
    except (OSError, ValueError, Image.DecompressionBombError):
        return Picture(b"")
    out = io.BytesIO()
    small.save(out, "PNG")
    return Picture(out.getvalue(), width <= 48)


def turn_to(section: str, **about: Any) -> None:
    """For callbacks: show another section next, about something: ``turn_to("mistakes",
    true="7")``."""
    st.session_state[SHOWN] = section
    st.session_state[_ABOUT] = {"section": section, **about}


def about(section: str) -> dict[str, Any]:
    """What :func:`turn_to` said about this section; empty if it was opened otherwise."""
    asked = dict(st.session_state.get(_ABOUT) or {})
    return asked if asked.pop("section", None) == section else {}
