"""How a run was trained: curves, what came of it, settings."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.catalog import Imported, RunSummary
from core.jobs.live import curves
from core.text import escape, percent, plain_number
from core.training.catalogue import told
from core.training.spec import SETTINGS, parse_spec
from pages._widgets.live import draw_curves, draw_ladder, training_seconds
from pages._widgets.results.view import View
from pages._widgets.session import catalog

# What is known of the settings of a model that was brought in.
_KNOWN = ("image_size", "color")


def draw(view: View) -> None:
    run, summary = view.run, view.run.summary
    if run.imported:
        _brought_in(view)
        return
    st.header("How it was trained")
    if summary.story:
        st.markdown(escape(summary.story))
    so_far = curves(catalog(), run.job_id)
    draw_ladder(so_far.rungs, done=True)
    draw_curves(so_far)
    spec, validation = parse_spec(run.spec), summary.validation_accuracy
    came, settings = st.columns([2, 3], gap="large")
    with came:
        epochs = f"{summary.epochs}, the best was {summary.best_epoch}"
        # Auto's is of training images too, each answered by what was not fitted on it.
        on = "images held back in turn" if summary.judged else "validation images"
        st.subheader("What came of it")
        _facts(
            {
                f"Right on {on}": "–" if validation is None else percent(validation),
                **({SETTINGS["epochs"].label: epochs} if summary.epochs else {}),
                "Time": training_seconds(run),
                **_model(summary),
                "Precision used": summary.precision or "–",
            }
        )
    with settings:
        st.subheader("Settings")
        _facts(
            {
                **told(spec, catalog(), summary.head, summary.networks),
                SETTINGS["dataset_version"].label: str(run.dataset_version),
            }
        )
    for text in summary.warnings:
        st.caption(f":material/warning: {escape(text)}")


def _model(summary: RunSummary) -> dict[str, str]:
    return {
        "Weights in the model": f"{summary.parameters:,}",
        "Exported model differs from Keras": f"by {plain_number(summary.export_difference)} at most"
        if summary.export_difference
        else "nowhere",
    }


def _facts(facts: Mapping[str, str]) -> None:
    """What each is, one below the other; all of it, however much that is."""
    names, values = ([escape(each) for each in side] for side in zip(*facts.items(), strict=True))
    st.table(
        pd.DataFrame({"what": names, "value": values}),
        border="horizontal",
        hide_index=True,
        hide_header=True,
    )


def _brought_in(view: View) -> None:
    """What is known of a model that was trained elsewhere; its settings are not."""
    spec, summary = parse_spec(view.run.spec), view.run.summary
    brought = summary.imported or Imported()
    st.header("How it was trained")
    st.markdown("This model was trained elsewhere, so how is not known here.")
    _facts(
        {
            "File": brought.file,
            "Pixel values it was trained on": brought.pixels,
            **{each.label: each.shown(each.value(spec)) for each in (SETTINGS[k] for k in _KNOWN)},
            **_model(summary),
        }
    )
    for text in summary.warnings:
        st.caption(escape(text))
