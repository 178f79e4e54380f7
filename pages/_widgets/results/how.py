"""How a run was trained: curves, settings, what was left out."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.catalog import Imported
from core.jobs.live import curves
from core.text import escape, percent
from core.training import architectures
from core.training.augmentation.catalogue import describe
from core.training.recipes import RECIPES
from core.training.spec import parse_spec
from pages._widgets.live import draw_curves, training_seconds
from pages._widgets.results.view import View
from pages._widgets.session import catalog

_START = {"none": "random weights", "imagenet": "ImageNet weights"}


def draw(view: View) -> None:
    run = view.run
    if run.imported:
        _brought_in(view)
        return
    draw_curves(curves(catalog(), run.job_id))
    spec, summary = parse_spec(run.spec), run.summary
    network = architectures.get(spec.architecture)
    validation = summary.validation_accuracy
    facts = {
        "Recipe": RECIPES[spec.recipe].title if spec.recipe in RECIPES else spec.recipe,
        "Network": network.title,
        "Starts from": _START.get(spec.weights, spec.weights),
        "Time": training_seconds(run),
        "Epochs": f"{summary.epochs} (best: {summary.best_epoch})",
        "Validation accuracy": percent(validation) if validation is not None else "–",
        "Image size": f"{spec.image_size} × {spec.image_size} pixels",
        "Batch size": spec.batch_size or "chosen by Lightbox",
        "Learning rate": spec.learning_rate,
        "Schedule": spec.schedule.name.replace("_", " "),
        "Optimizer": spec.optimizer.name,
        "Augmentation": describe(spec.augmentation),
        "Seed": spec.seed,
        "Precision": summary.precision,
        "Weights in the model": f"{summary.parameters:,}",
        "Dataset version": run.dataset_version,
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
        "Image size": f"{spec.image_size} × {spec.image_size} pixels",
        "Colour": "grey" if spec.color == "gray" else "colour",
        "Weights in the model": f"{summary.parameters:,}",
        "Export differs from Keras by at most": f"{summary.export_difference:.1g}",
    }
    st.dataframe(
        pd.DataFrame({"what": facts.keys(), "value": [str(v) for v in facts.values()]}),
        hide_index=True,
    )
    for text in summary.warnings:
        st.caption(escape(text))
