"""What models are made of, side by side: settings that differ, curves, size and speed."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import charts
from core.catalog import RunRecord
from core.catalog.records import ACTIVE
from core.evaluation.comparison.differing import differing
from core.evaluation.comparison.pareto import Cost, cost, front
from core.evaluation.document.comparison import costs_table
from core.jobs import kinds
from core.jobs.live import curves
from core.text import escape
from pages._widgets.job import act, watched
from pages._widgets.one_of import one_of
from pages._widgets.pictures import plot
from pages._widgets.results.document import draw_parts
from pages._widgets.results.view import View
from pages._widgets.session import catalog

_METRICS = {
    "val_accuracy": ("Accuracy", "validation accuracy"),
    "val_loss": ("Loss", "validation loss"),
}
_COSTS = {
    "milliseconds": ("Speed", "milliseconds an image"),
    "openvino_mb": ("Size", "megabytes of the exported model (OpenVINO)"),
    "parameters": ("Weights", "weights in the model"),
}


def draw_settings(runs: list[RunRecord]) -> None:
    """Only what differs."""
    st.markdown("**Settings that differ**")
    found = differing(catalog(), runs)
    if not found:
        st.caption("None: they were trained with the same settings on the same data.")
        return
    table = pd.DataFrame([each.values for each in found], columns=[run.name for run in runs])
    table.insert(0, "setting", [each.title for each in found])
    st.dataframe(table, hide_index=True)


def draw_curves(runs: list[RunRecord]) -> None:
    """Their curves on validation images, laid over each other."""
    st.markdown("**Training curves**")
    names = {key: name for key, (name, _) in _METRICS.items()}
    metric = one_of("Metric", names, key="compare-metric")
    title = _METRICS[metric][1]
    told = [(run.name, curves(catalog(), run.job_id).epochs) for run in runs]
    told = [(name, epochs) for name, epochs in told if any(metric in each for each in epochs)]
    if not told:
        st.caption("These trainings left no curves.")
        return
    plot(charts.overlaid(told, metric, title), key=f"compare-curves-{metric}")
    with st.expander("As a table"):
        columns = {
            name: pd.Series({entry["epoch"]: entry.get(metric) for entry in epochs})
            for name, epochs in told
        }
        st.dataframe(pd.DataFrame(columns).rename_axis("epoch"))


def draw_costs(view: View, runs: list[RunRecord]) -> None:
    """Size, speed and accuracy as a scatter, with those that are beaten by none joined."""
    st.markdown("**Accuracy, size and speed**")
    found = [cost(catalog(), run, view.on) for run in runs]
    names = {key: name for key, (name, _) in _COSTS.items()}
    kind = one_of("Beside accuracy", names, key="compare-cost")
    title = _COSTS[kind][1]
    known = [one for one in found if getattr(one, kind) and one.accuracy is not None]
    missing = [one for one in found if one.milliseconds is None]
    if kind == "milliseconds" and missing:
        _offer_measuring(view, missing)
    if known:
        _draw(known, kind, title)
    draw_parts(view, [costs_table(found)])


def _draw(known: list[Cost], kind: str, title: str) -> None:
    accuracy = [one.accuracy or 0.0 for one in known]
    price = [float(getattr(one, kind)) for one in known]
    best = front(accuracy, price)
    figure = charts.costs(
        [one.name for one in known],
        accuracy,
        [(one.low or 0.0, one.high or 1.0) for one in known],
        price,
        [bool(each) for each in best],
        title,
    )
    plot(figure, key=f"compare-costs-{kind}")
    names = [f"“{escape(one.name)}”" for one, good in zip(known, best, strict=True) if good]
    if len(known) > 1:
        st.caption(
            f"Up and to the left is better. No other is at least as accurate for less: "
            f"{', '.join(names)} (the Pareto front, dotted). Bars are 95 % intervals."
        )


def _offer_measuring(view: View, missing: list[Cost]) -> None:
    """Speed is measured when somebody asks, so that nothing runs behind their back."""
    ids = [one.run_id for one in missing]
    jobs = catalog().jobs.all(states=ACTIVE, kind="latency")
    if watched(next((job for job in jobs if set(ids) & set(job.spec["run_ids"])), None)):
        return
    names = ", ".join(f"“{escape(one.name)}”" for one in missing)
    if view.read_only:
        st.caption(f"The speed of {names} was not measured.")
        return
    st.caption(f"How fast {names} would answer was not measured on this computer yet.")
    act(
        "Measure the speed",
        (kinds.submit_latency, catalog(), ids),
        icon="timer",
        key="measure-speed",
        help="Takes a second or two a model. It is most exact while nothing else runs.",
    )
