"""How a network learns: for how long, by which steps, towards what, and when it stops; and the
search for a learning rate: a button, a plot, and one sentence how to read it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core import charts
from core.catalog import JobRecord
from core.jobs.kinds import submit_find_rate
from core.text import escape, plain_number
from core.training import recipes
from core.training.options import STEPS
from core.training.rates import rate_at
from core.training.setting import TRAINING
from core.training.spec import SETTINGS, TrainSpec
from pages._widgets.form import Form
from pages._widgets.job import act, watched
from pages._widgets.pictures import draw_svg, line_drawing, plot
from pages._widgets.session import catalog, put

_POINTS = 200
# What the search doesn't depend on: it sets the rate itself, for as many batches as it needs.
_NO_MATTER = {
    "recipe",
    "learning_rate",
    "schedule",
    "epochs",
    "tuning",
    "stopping",
    "best_by",
    "metrics",
    "tensorboard",
    "test_views",
}


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


def find_rate(spec: TrainSpec) -> None:
    """The newest search on the spec's dataset, and a button for another one.

    “Use …” leaves ``(recipe, rate)`` in the session as ``use_rate``.
    """
    job = catalog().jobs.latest("find_rate", spec.dataset_id)
    if watched(job):
        return
    act(
        "Find a learning rate" if job is None else "Find it again",
        (submit_find_rate, catalog(), spec),
        icon="troubleshoot",
        key=f"find-rate-{spec.dataset_id}",
        help="Trains for about ninety batches with a rate that rises from tiny to far too big, and "
        "looks where the loss falls fastest. Nothing of it is kept but the plot.",
    )
    if job is None or job.state == "cancelled":
        return
    if job.state != "done":
        st.error(f"The search didn't come to an end. {escape(job.error)}", icon=":material/error:")
        return
    found = catalog().jobs.latest_event(job.id, "rates")
    if found is not None:
        _draw(spec, job, found.payload)


def _draw(spec: TrainSpec, job: JobRecord, found: dict[str, Any]) -> None:
    suggestion = found["suggestion"]
    theirs = {name: value for name, value in job.spec.items() if name not in _NO_MATTER}
    if spec.model_dump(mode="json", exclude=_NO_MATTER) != theirs:
        st.caption(
            ":material/info: Found with other settings than those that are chosen now; find it "
            "again for these."
        )
    plot(charts.rate_finder(found["rates"], found["losses"], suggestion), key=f"rates-{job.id}")
    if suggestion is None:
        st.markdown(
            "The loss never fell clearly, so there is no rate to suggest. With more images or "
            "another network there may be one."
        )
        return
    st.markdown(
        f"The best rate lies where the line falls most steeply, well before its lowest point: at "
        f"about **{plain_number(suggestion)}**."
    )
    use = (put, "use_rate", (spec.recipe, suggestion))
    act(f"Use {plain_number(suggestion)}", use, icon="check", key=f"use-rate-{job.id}")
