"""How a run was trained: curves, settings, what was left out."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.catalog import Imported
from core.jobs.live import curves
from core.text import escape, percent
from core.training.catalogue import told
from core.training.spec import SETTINGS, parse_spec
from pages._widgets.live import draw_curves, training_seconds
from pages._widgets.results.view import View
from pages._widgets.session import catalog

# What is known of the settings of a model that was brought in.
_KNOWN = ("image_size", "color")


def draw(view: View) -> None:
    run = view.run
    if run.imported:
        _brought_in(view)
        return
    draw_curves(curves(catalog(), run.job_id))
    spec, summary = parse_spec(run.spec), run.summary
    validation = summary.validation_accuracy
    epochs = f"{summary.epochs} (best: {summary.best_epoch})"
    facts = {
        **told(spec, catalog()),
        SETTINGS["epochs"].label: epochs,
        "Time": training_seconds(run),
        "Validation accuracy": percent(validation) if validation is not None else "–",
        "Precision used": summary.precision,
        "Weights in the model": f"{summary.parameters:,}",
        SETTINGS["dataset_version"].label: run.dataset_version,
        "Export differs from Keras by at most": f"{summary.export_difference:.1g}",
    }
    st.dataframe(
        pd.DataFrame({"setting": facts.keys(), "value": [str(v) for v in facts.values()]}),
        hide_index=True,
    )
    for text in summary.warnings:
        st.caption(f":material/warning: {escape(text)}")


def _brought_in(view: View) -> None:
    """What is known of a model that was trained elsewhere; its settings are not."""
    spec, summary = parse_spec(view.run.spec), view.run.summary
    brought = summary.imported or Imported()
    st.markdown("This model was trained elsewhere, so how is not known here.")
    facts = {
        "File": brought.file,
        "Pixel values it was trained on": brought.pixels,
        **{each.label: each.shown(each.value(spec)) for each in map(SETTINGS.get, _KNOWN) if each},
        "Weights in the model": f"{summary.parameters:,}",
        "Export differs from Keras by at most": f"{summary.export_difference:.1g}",
    }
    st.dataframe(
        pd.DataFrame({"what": facts.keys(), "value": [str(v) for v in facts.values()]}),
        hide_index=True,
    )
    for text in summary.warnings:
        st.caption(escape(text))
