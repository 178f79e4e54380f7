"""What all sections of Results are drawn from, and how one leads to another."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from PIL import Image

from core.catalog import RunRecord
from core.errors import NotFound
from core.evaluation.aim import aim_file
from core.evaluation.document.result import Result, load_result
from core.evaluation.figures import compute
from core.evaluation.predictions import Predictions
from core.evaluation.records import Evaluation
from core.quality import thumbs
from core.runs.files import RunFiles
from core.runs.pictures import TINY, Picture
from pages._widgets.remembered import remembered
from pages._widgets.session import catalog, pictures_of_run

SHOWN = "section"
_ABOUT = "results-about"
# What a result is read from: with others it is another one.
_MADE = ("evaluation.json", "scores.json", "reliability.json", "study/study.json")


@dataclass(frozen=True)
class View:
    """One run, tested on one set of images.

    Attributes:
        result: what was found out about that test.
        read_only: a guest looks at it through a link: nothing may be changed or started.
    """

    run: RunRecord
    result: Result
    read_only: bool = False

    @property
    def on(self) -> str:
        """``test`` for its own test set, else the folder that it was tested on."""
        return self.result.on

    def key(self, name: str) -> str:
        """Of a widget that is about this run and test."""
        return f"{name}-{self.run.id}-{self.on}"

    @property
    def evaluation(self) -> Evaluation:
        return self.result.evaluation

    @property
    def predictions(self) -> Predictions:
        return self.result.predictions


def load_view(run: RunRecord, on: str = "test", *, read_only: bool = False) -> View:
    """The view of a finished run.

    Raises:
        NotFound: it has not been evaluated on that.
    """
    return View(run, _result(run, on), read_only)


def _key(run: RunRecord, on: str) -> list[object]:
    """Which test, and when all that is known of it was written."""
    workspace = catalog().workspace
    files = RunFiles(workspace, run.id)
    folder = files.test(on).folder
    said = (files.sure_moved, aim_file(workspace, run.dataset_id))
    made = (*(folder / name for name in _MADE), *said)
    key = [run.id, on, *(file.stat().st_mtime if file.exists() else 0.0 for file in made)]
    # What is known of labels that may be wrong changes with the dataset.
    with suppress(NotFound):
        key.append(catalog().datasets.get(run.dataset_id).version)
    return key


@remembered(_key, shared=True, max_entries=8)
def _result(run: RunRecord, on: str) -> Result:
    return load_result(catalog(), run, on)


def pictures(view: View, paths: Sequence[str]) -> list[Picture]:
    """Thumbnails of images of the set that was tested on, or of the run's dataset, in this
    order."""
    if view.on != "test":
        folder = catalog().workspace.load_path(view.on)
        return [_from_folder(folder / path) for path in paths]
    return pictures_of_run(view.run, paths)


def _from_folder(file: Path) -> Picture:
    try:
        with Image.open(file) as image:
            width = image.width
            small = thumbs.shrink(image.convert("RGB"))
    except (OSError, ValueError, Image.DecompressionBombError):
        return Picture()
    out = io.BytesIO()
    small.save(out, "PNG")
    return Picture(out.getvalue(), width <= TINY)


def turn_to(section: str, **about: Any) -> None:
    """For callbacks: show another section next, about something: ``turn_to("mistakes",
    true="7")``."""
    st.session_state[SHOWN] = section
    st.session_state[_ABOUT] = {"section": section, **about}


def another_test(view: View, section: str) -> bool:
    """Whether this section was about another test when it was drawn last, or is drawn first: then
    it begins anew, except for what the address says."""
    key, now = f"{section}-of", (view.run.id, view.on)
    before = st.session_state.get(key)
    st.session_state[key] = now
    return before != now


def about(section: str) -> dict[str, Any]:
    """What :func:`turn_to` said about this section; empty if it was opened otherwise."""
    asked = dict(st.session_state.get(_ABOUT) or {})
    return asked if asked.pop("section", None) == section else {}


def just_about(section: str) -> dict[str, Any]:
    """The same, once each time that another section has led here."""
    told, key = st.session_state.get(_ABOUT), f"{section}-told"
    if not about(section) or st.session_state.get(key) is told:
        return {}
    st.session_state[key] = told
    return about(section)


def figures_of(view: View) -> compute.Figures:
    """Scores, verdict and classes of a view."""
    with st.spinner("Working out the figures, once for this model …"):
        return view.result.figures


def curves_of(view: View, labels: list[str]) -> pd.DataFrame:
    """The ROC and precision-recall curves of some classes."""
    figures_of(view)
    return compute.load_curves(catalog().workspace, view.run.id, view.on, labels)


def say_if_gone(view: View) -> None:
    """Say so where the pictures of a test can't be shown any more."""
    if view.on != "test":
        return
    try:
        catalog().datasets.get(view.run.dataset_id)
    except NotFound:
        st.caption(
            ":material/hide_image: The dataset of this model was removed, so its pictures can't be "
            "shown."
        )
