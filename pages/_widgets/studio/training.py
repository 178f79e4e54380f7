"""A training of the studio while it runs: how long still, what it answers by now, and its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.catalog import RunRecord
from core.jobs.live import Curves, JobView, curves, live, whole
from core.quality.thumbs import data_uri
from core.text import duration, plural, rate, shorten
from pages._widgets.controls import STOPPING, stage
from pages._widgets.job import act, doing
from pages._widgets.sample_predictions import pictures_of, with_samples
from pages._widgets.session import catalog, choose_run
from pages._widgets.steps import lead
from pages._widgets.studio.watching import Curve, watching

EVERY_S = 1.0
_NOTE = (
    "None of these was learned from when it was answered. The test at the end is on other photos."
)


@st.fragment(run_every=EVERY_S)
def watch_run(run_id: str) -> None:
    """Show a run until it ends, then run the page again. Only call it for one that has not."""
    run = catalog().runs.get(run_id)
    view = live(catalog(), run.job_id)
    if view.job.finished:
        choose_run(run.id if view.job.state == "done" else None)
        st.rerun(scope="app")
    so_far = curves(catalog(), run.job_id)
    _glance(run, view, so_far)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        _controls(view)
        lead("All details", "train", run, type="tertiary", key=f"details-{run.id}")


def _controls(view: JobView) -> None:
    job = view.job
    if job.wishes.stop:
        return
    at = stage(view) if job.state == "running" else "before"
    if at in ("search", "fit"):
        act(
            "Stop and keep",
            (_wish, job.id, "keep"),
            icon="stop_circle",
            key=f"studio-stop-{job.id}",
            help="Ends the training now; the best so far is saved and tested.",
        )
    # One that goes on after an interruption, and waits, has what it had then.
    waits = job.state == "queued"
    act(
        "Cancel",
        (_wish, job.id, "keep" if waits else "discard"),
        icon="close",
        key=f"studio-cancel-{job.id}",
        help="Takes it out of the queue."
        if waits
        else "Ends the training, and keeps nothing of it.",
    )


def _wish(job_id: str, stop: str) -> None:
    catalog().jobs.wish(job_id, stop=stop)


def _glance(run: RunRecord, view: JobView, so_far: Curves) -> None:
    far = whole(run, view)
    time, left = "…", ""
    if far.seconds_left is not None and far.seconds_left >= 1:
        time, left = duration(far.seconds_left), "at most" if far.at_most else "left"
    elif far.seconds_left is not None:
        # Below, there is room for words.
        left = "" if far.words else "soon"
    shown = with_samples(run.id, so_far.snapshot)
    watching(
        far.fraction,
        time,
        left,
        _doing(view, so_far) + (f" – {far.words}" if far.words and not left else ""),
        key=f"watching-{run.id}",
        note=_NOTE if shown else "",
        score=_score(so_far, shown),
        pictures=_pictures(run, shown),
        curves=_curves(run, so_far),
        working=view.job.state == "running" and not (view.paused or view.job.wishes.stop),
        # What learns from a photo that was answered wrongly is waited for beside that photo.
        leads=not run.spec.get("refits"),
    )


def _doing(view: JobView, so_far: Curves) -> str:
    if view.job.wishes.stop:
        return STOPPING[view.job.wishes.stop]
    if view.job.state != "running":
        return doing(view)
    if view.job.phase != "search":
        return view.doing
    ways = f": {plural(len(so_far.rungs), 'way')} so far" if so_far.rungs else ""
    return f"Trying ways to tell them apart{ways}"


def _score(so_far: Curves, shown: dict[str, Any] | None) -> str:
    """How it stands, in words; the best of what was tried, once there is one."""
    kept = [rung["accuracy"] for rung in so_far.rungs if rung["kept"]]
    of = shown.get("of", 0) if shown else 0
    if kept:
        return f"{rate(kept[-1], of)} right so far"
    if so_far.best is not None and so_far.best.get("val_accuracy") is not None:
        return f"{rate(so_far.best['val_accuracy'], of)} right so far"
    if shown and of:
        return f"{rate(shown['right'] / of, of)} right by now"
    return ""


def _pictures(run: RunRecord, shown: dict[str, Any] | None) -> list[dict[str, Any]]:
    if not shown:
        return []
    return [
        {
            "src": data_uri(picture.data),
            "label": shorten(each["label"], 40),
            "answer": shorten(each["answer"], 40),
            "right": each["answer"] == each["label"],
            "trying": _judged(each.get("trying", ""), each["label"]),
        }
        for each, picture in zip(shown["samples"], pictures_of(run, shown), strict=True)
    ]


def _judged(tried: str, label: str) -> str:
    if not tried:
        return ""
    return "right" if tried == label else "wrong"


def _curves(run: RunRecord, so_far: Curves) -> Sequence[Curve]:
    """Loss and accuracy by epochs, or Auto's ladder by seconds; the frame is there from the
    start."""
    minutes = float(run.spec.get("minutes", 0.0))
    if minutes:
        return [_ladder(so_far, run.summary.expected or 60 * minutes)]
    if not so_far.batches and not so_far.epochs:
        return ()
    last = (so_far.batches or so_far.epochs)[-1]["epochs"]

    def curve(key: str, top: float, upwards: str) -> Curve:
        points, other = (
            [
                (each[at] / last, min(1.0, each[name] / max(top, 1e-9)))
                for each in entries
                if each.get(name) is not None
            ]
            for entries, at, name in (
                (so_far.batches, "at", key),
                (so_far.epochs, "epoch", f"val_{key}"),
            )
        )
        return Curve(points, other=other, across=f"epochs 0 to {last}", upwards=upwards)

    losses = [each["loss"] for each in so_far.batches if each.get("loss") is not None]
    highest = max(losses, default=1.0)
    return [
        curve("loss", highest, f"Loss 0 to {highest:.2g}"),
        curve("accuracy", 1.0, "Right 0 to 100 %"),
    ]


def _ladder(so_far: Curves, seconds: float) -> Curve:
    history = (so_far.snapshot or {}).get("history", [])
    seconds = max([seconds, *(rung["seconds"] for rung in so_far.rungs)])
    return Curve(
        [(min(1.0, at / seconds), share) for at, share, _ in history if share is not None],
        [(r["seconds"] / seconds, r["accuracy"], r["kept"]) for r in so_far.rungs],
        across=f"seconds 0 to {seconds:.0f}",
        upwards="Right 0 to 100 %",
    )
