"""Everything that can be set, in five parts of which one is drawn at a time."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.training.spec import TrainSpec
from pages._widgets.augment import choose_augmentation
from pages._widgets.form import Form
from pages._widgets.learning import choose_learning
from pages._widgets.network import choose_network
from pages._widgets.split import choose_split
from pages._widgets.weights import choose_weights

# Part → the settings in it, whole or by what stands before their dot.
PARTS: dict[str, tuple[str, ...]] = {
    "Network": ("architecture", "stack", "image_size", "resize", "color", "dropout"),
    "Training": (
        "epochs",
        "batch_size",
        "learning_rate",
        "optimizer",
        "schedule",
        "loss",
        "balance",
        "stopping",
        "best_by",
        "metrics",
        "precision",
        "tensorboard",
    ),
    "Augmentation": ("augmentation",),
    "Weights": ("weights", "frozen", "tuning", "test_views"),
    "Data": ("shares", "seed"),
}


def part_of(setting: str) -> str:
    """The part that a setting stands in, or ""."""
    first = setting.partition(".")[0]
    return next((part for part, names in PARTS.items() if first in names), "")


def expert(form: Form, spec: TrainSpec, good: pd.DataFrame) -> None:
    """Draw the parts' names and the one that is open; a part with something wrong is marked."""
    bad = part_of(form.wrong.setting) if form.wrong is not None else ""
    changed = {part_of(name) for name in form.changes}

    def label(part: str) -> str:
        if part == bad:
            return f":red[:material/error:] {part}"
        return f"{part} •" if part in changed else part

    part = st.segmented_control(
        "Settings",
        list(PARTS),
        format_func=label,
        key="expert-part",
        default="Network",
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )
    if part == "Network":
        choose_network(form, good)
    elif part == "Training":
        choose_learning(form, spec, good)
    elif part == "Augmentation":
        choose_augmentation(form, spec, good)
    elif part == "Weights":
        choose_weights(form, spec)
    else:
        choose_split(form, spec, good)
