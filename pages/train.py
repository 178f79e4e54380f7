"""Train: pick a recipe or keep the one that is suggested, start, and watch."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import settings
from core.catalog import DatasetRecord, RunRecord
from core.jobs.crew import nobody_trains
from core.jobs.kinds import REMOVED
from core.quality.curation import usable
from core.text import ago, escape, plural, rate
from core.training.spec import TrainSpec
from core.training.start import create_run
from pages._widgets.ahead import do_ahead
from pages._widgets.as_text import show_text, take_wishes
from pages._widgets.checking import check
from pages._widgets.ended import ended
from pages._widgets.expert import expert, part_of
from pages._widgets.form import Form
from pages._widgets.gone import dataset_gone, its_dataset_gone
from pages._widgets.job import act, watch
from pages._widgets.live import watch_training
from pages._widgets.queue import queue_of_trainings
from pages._widgets.recipes import choose_recipe, choose_time, say_download, takes
from pages._widgets.search import search_results, search_settings
from pages._widgets.session import catalog, choose_run, current_dataset, dataset_table, job_of
from pages._widgets.split import plan, say_split, say_warnings
from pages._widgets.steps import TO_DATA, empty, lead


def _choose(record: DatasetRecord, good: pd.DataFrame, busy: bool) -> None:
    """One button, and what else there is: other ways, and every setting under Expert."""
    take_wishes(record, good)
    # The button stands above the choice that it depends on.
    place, said = st.container(key="start"), st.container()
    with st.expander("Other ways", icon=":material/alt_route:", key="other-ways"):
        base = choose_recipe(record, good)
    form = Form(base)
    spec, warnings = check(form, good)
    able = not good.empty and good["label"].nunique() > 1
    with place:
        _start(form, spec, good, busy)
    with said:
        if base.minutes:
            choose_time(form)
        if able:
            say_split(good, plan(spec, good), folds=bool(spec.minutes))
        say_warnings(warnings)
        say_download(spec)
    if not able:
        return
    if form.wrong is None and not busy and settings.load().ahead:
        do_ahead(record, spec, good)
    st.toggle(
        "Expert",
        key="expert",
        persist_state="session",
        help="Every setting of the network, the training, the augmentation and the split.",
    )
    if st.session_state["expert"]:
        expert(form, spec, good)
        if form.wrong is None:
            with st.expander("Search for good settings", icon=":material/grid_view:", key="search"):
                search_settings(spec, good)
        show_text(record, spec, base, good)


def _start(form: Form, spec: TrainSpec, good: pd.DataFrame, busy: bool) -> None:
    """The button, and why it can't be pressed."""
    wrong = form.wrong
    if wrong is not None:
        part = part_of(wrong.setting)
        where = f" You find it under Expert, {part}." if part else ""
        st.error(escape(str(wrong) + where), icon=":material/error:")
    with st.container(horizontal=True, vertical_alignment="center"):
        clicked = st.button(
            f"{'Add to the queue' if busy else 'Start training'}{takes(spec, good)}",
            type="primary",
            key="start-training",
            icon=":material/playlist_add:" if busy else ":material/play_arrow:",
            disabled=wrong is not None,
        )
        if form.changes:
            act(
                f"Undo {plural(len(form.changes), 'change')} to the recipe",
                form.reset,
                icon="undo",
                type="tertiary",
            )
    if wrong is None and (nobody := nobody_trains(catalog())):
        st.caption(f":material/schedule: {escape(nobody)}")
    if clicked:
        run = create_run(catalog(), spec)
        if busy:
            st.session_state["queued"] = run.name
        else:
            choose_run(run.id)
        st.rerun()


def _earlier(runs: list[RunRecord]) -> None:
    st.header("Earlier runs on this dataset")
    for run in runs[:10]:
        accuracy = run.summary.test_accuracy
        text = str(run.state)
        if accuracy is not None:
            text = f"{rate(accuracy, run.summary.test_images)} on its test"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{escape(run.name)} · {text} · {ago(run.created_at)}")
            if run.state == "done":
                lead("Results", "results", run, key=f"results-{run.id}")


def _without_dataset() -> RunRecord | None:
    """The run that was asked for, if it has no model and its dataset was removed."""
    asked = st.query_params.get("run") or st.session_state.get("run")
    run = next((run for run in catalog().runs.all(archived=True) if run.id == asked), None)
    return run if run is not None and run.state != "done" and dataset_gone(run) else None


def _gone(run: RunRecord) -> None:
    """What became of it, and the ways on from there."""
    st.title("Train")
    told = run.state == "cancelled" or run.error.startswith(REMOVED)
    removed = "" if told else f" {its_dataset_gone()}."
    st.markdown(f"**{escape(run.name)}** · begun {ago(run.created_at)}.{removed}")
    if not run.finished:
        watch_training(run.id)
    else:
        ended(run)
    with st.container(horizontal=True, gap="small"):
        if st.button("Train on another dataset", key="train-another-set"):
            choose_run(None)
            st.rerun()
        lead("All models", "models", icon="inventory_2", type="tertiary")


lost = _without_dataset()
current = current_dataset()
facts = dataset_table(current) if current else None
job = job_of(current) if current is not None else None
if lost is not None:
    _gone(lost)
elif current is not None and facts is None and job is not None and not job.finished:
    st.title("Train")
    st.caption(f"“{escape(current.name)}” is being imported; training can start right after.")
    watch(job.id)
elif current is None or facts is None:
    empty("Nothing to train on yet", "Bring some images in first.", *TO_DATA)
else:
    runs = catalog().runs.all()
    mine = [run for run in runs if run.dataset_id == current.id]
    busy = not all(run.finished for run in runs)
    going = [run for run in mine if not run.finished]
    shown_id = st.query_params.get("run") or st.session_state.get("run")
    shown = next((run for run in mine if run.id == shown_id), None)
    if shown is not None and shown.finished:
        going = [run for run in going if run.id == shown_id] or going
    if name := st.session_state.pop("queued", ""):
        st.toast(f"“{escape(name)}” waits in the queue.", icon=":material/playlist_add_check:")
    if going:
        running = next((run for run in going if run.id == shown_id), going[-1])
        choose_run(running.id)
        st.title("Training")
        st.caption(
            f"“{escape(running.name)}” on {escape(current.name)}. You can close this page and come "
            "back; the training goes on."
        )
        watch_training(running.id)
        queue_of_trainings()
        search_results(current.id)
        if st.toggle(
            "Set up another training",
            key="another",
            persist_state="session",
            help="It waits in the queue until this one has ended.",
        ):
            _choose(current, usable(facts), busy)
    else:
        st.title("Train")
        if shown is not None:
            ended(shown)
            st.header("Train another")
        _choose(current, usable(facts), busy)
        queue_of_trainings()
        search_results(current.id)
        if mine:
            _earlier(mine)
