"""Which model: a box to choose from, shared by the pages that are about one."""

from __future__ import annotations

import streamlit as st

from core.catalog import RunRecord
from core.evaluation.library import thin_test
from core.text import apart, escape, rate, shorten
from pages._widgets.gone import unknown_model
from pages._widgets.one_of import choose
from pages._widgets.session import catalog, choose_run, current_dataset, unknown_run
from pages._widgets.steps import TO_TRAIN, empty, go, lead


def say_unknown() -> bool:
    """Say so where the address asks for a model that there is none of; whether it does."""
    asked = unknown_run()
    if not asked:
        return False
    st.error(escape(unknown_model(asked)), icon=":material/link_off:")
    if st.button("All models", type="primary", icon=":material/inventory_2:", key="unknown-run"):
        choose_run(None)
        go("models")
    return True


def say_none(title: str, text: str, page: str) -> None:
    """Say that the dataset has no model yet, and lead on; to another dataset's, where one has some.

    Args:
        page: the one that is shown.
    """
    empty(title, text, *TO_TRAIN)
    record = current_dataset()
    other = next((run for run in catalog().runs.all() if run.state == "done"), None)
    if other is None or record is None:
        return
    names = {each.id: each.name for each in catalog().datasets.all()}
    whose = escape(shorten(names.get(other.dataset_id, other.name), 40))
    lead(f"Open “{whose}” instead, which has a model", page, other, key="other-dataset")


def pick_run(runs: list[RunRecord], run: RunRecord, *, key: str) -> None:
    """Offer finished models, and run the page again for another one.

    Args:
        run: the present one, one of ``runs``.
        key: tells the pages' boxes apart.
    """
    names = {each.id: scored(each) for each in runs}
    chosen = choose("Model", names, now=run.id, key=f"{key}-{run.id}-{len(runs)}")
    if chosen != run.id:
        choose_run(chosen)
        st.rerun()


def scored(run: RunRecord) -> str:
    """A model's name with its test accuracy, as lists of models show it: ``hands 1 · 97 %``."""
    accuracy = run.summary.test_accuracy
    said = "not tested" if accuracy is None else rate(accuracy, run.summary.test_images)
    thin = thin_test(run)
    return f"{apart(run.name)} · {said}{f', {thin}' if thin else ''}"
