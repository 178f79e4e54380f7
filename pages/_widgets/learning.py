"""How a network learns: for how long, by which steps, towards what, and when it stops."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.training import recipes
from core.training.options import STEPS
from core.training.rates import rate_at
from core.training.setting import TRAINING
from core.training.spec import SETTINGS, TrainSpec
from pages._widgets.form import Form
from pages._widgets.pictures import draw_svg, line_drawing
from pages._widgets.rate import find_rate

_POINTS = 200


def choose_learning(form: Form, spec: TrainSpec, good: pd.DataFrame) -> None:
    """Draw the fields of training itself, a heading for each section."""
    auto = recipes.batch_size(
        spec.model_copy(update={"batch_size": 0}), round(len(good) * spec.shares.train)
    )
    after = {"schedule": lambda: _draw_rates(spec)}
    for section in dict.fromkeys(
        each.section for each in form.settings.values() if each.group == TRAINING
    ):
        st.markdown(f"**{section}**")
        form.section(spec, TRAINING, section, after, {"batch_size": {0: f"Auto ({auto})"}})
        if section == STEPS and form.wrong is None:
            find_rate(spec)


def _draw_rates(spec: TrainSpec) -> None:
    """The learning rate over all epochs; fine-tuning goes through the schedule once more."""
    points: list[tuple[float, float]] = []
    begun = 0
    for epochs, peak in (
        (spec.epochs, spec.learning_rate),
        (spec.tuning.epochs, spec.tuning.learning_rate),
    ):
        for n in range(_POINTS if epochs else 0):
            at = n / _POINTS * epochs
            points.append((begun + at, rate_at(spec.schedule, peak, n, _POINTS, int(at))))
        begun += epochs
    draw_svg(line_drawing(points, SETTINGS["learning_rate"].label, f"{begun} epochs"), "rates")
    if spec.schedule.name == "plateau":
        st.caption("Until progress stops; when that is, only training can tell.")
