"""Searches: which settings to vary, how many runs that makes, and a table of what came of them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core import charts, settings
from core.catalog import RunRecord
from core.errors import InvalidInput
from core.text import duration, escape, percent, plural
from core.training import search
from core.training.architectures import ARCHITECTURES
from core.training.catalogue import as_words, labelled
from core.training.search import predict_seconds
from core.training.setting import Setting
from core.training.spec import SETTINGS, TrainSpec
from pages._widgets.errors import sentences
from pages._widgets.job import act
from pages._widgets.one_of import choose
from pages._widgets.pictures import plot
from pages._widgets.remembered import remembered
from pages._widgets.session import catalog, choose_run, put
from pages._widgets.steps import lead

EVERY_S = 2.0
_STATES = {"held": "waiting", "queued": "waiting"}

# What can be varied: typed values first, chosen ones after.
_VARIED = sorted(
    (each for each in SETTINGS.values() if each.tries is not None),
    key=lambda each: bool(each.named),
)
_TITLES = {each.key: each.label for each in _VARIED}


def search_settings(spec: TrainSpec, good: pd.DataFrame) -> None:
    """Choose what to vary of these settings, see what it will take, and start.

    Args:
        spec: the settings that stay as they are, checked.
        good: usable images.
    """
    key = f"search-{spec.dataset_id}"
    st.caption(
        "Trains once for each combination of the values that you give, and compares them on the "
        "validation images. Everything else stays as it is chosen above."
        + (" On the Ray cluster, those that fall behind are stopped early." * bool(settings.ray()))
    )
    varied = st.multiselect(
        "Settings to vary",
        [each.key for each in _VARIED if _makes_sense(each, spec)],
        format_func=_TITLES.__getitem__,
        key=f"{key}-varied",
        placeholder="Choose one or more",
    )
    if not varied:
        return
    places = st.columns(2, gap="medium")
    choices = {}
    for number, name in enumerate(varied):
        with places[number % 2]:
            choices[name] = _values(name, spec, key)
    count, seed = _how_many(key)
    if any(values is None for values in choices.values()):
        return
    wanted = {name: values or [] for name, values in choices.items()}
    try:
        tried = search.combinations(wanted, count, seed)
    except InvalidInput as error:
        st.error(escape(str(error)), icon=":material/error:")
        return
    _say_cost([spec.with_values(values) for values in tried], good)
    if st.button(
        f"Start {plural(len(tried), 'training')}",
        type="primary",
        icon=":material/grid_view:",
        key=f"{key}-start",
    ):
        with sentences():
            runs = search.start_search(catalog(), spec, wanted, count=count, seed=seed)
            choose_run(runs[0].id)
            st.rerun()


def _makes_sense(setting: Setting, spec: TrainSpec) -> bool:
    """Settings that this training has."""
    if setting.key == "architecture":
        return spec.architecture != "custom"
    return setting.applies(spec)


def _values(name: str, spec: TrainSpec, key: str) -> list[Any] | None:
    """The field for a setting's values; ``None`` if they can't be used."""
    setting = SETTINGS[name]
    begin = setting.tries(setting.value(spec)) if setting.tries is not None else ()
    if setting.named:
        networks = name == "architecture"
        options = _networks(spec) if networks else [each for each in setting.named if each != "own"]
        return st.multiselect(
            setting.label,
            options,
            default=options[:3] if networks else begin,
            key=f"{key}-{spec.recipe}-{name}",
            format_func=setting.named.__getitem__,
        )
    text = st.text_input(
        f"{setting.label}: values with commas between them",
        ", ".join(f"{each:.2g}" if isinstance(each, float) else str(each) for each in begin),
        key=f"{key}-{spec.recipe}-{name}",
    )
    try:
        words = [word.strip() for word in text.split(",") if word.strip()]
        return [setting.value(spec.with_values({name: word})) for word in words]
    except InvalidInput as error:
        st.error(escape(str(error)), icon=":material/error:")
        return None


def _networks(spec: TrainSpec) -> list[str]:
    """Architectures that can start as this training does, its own first."""
    found = [
        key
        for key, network in ARCHITECTURES.items()
        if key != "custom"
        and network.smallest <= spec.image_size
        and (network.backbone is not None or spec.weights == "none")
    ]
    return sorted(found, key=lambda one: one != spec.architecture)


def _how_many(key: str) -> tuple[int | None, int]:
    """``None`` for all combinations, or how many of them; and the seed that draws them."""
    how = st.radio(
        "Which combinations",
        ["All of them", "Some, drawn at random"],
        horizontal=True,
        key=f"{key}-how",
        help="Drawing some is better where only a few settings matter and you don't know which: "
        "each run then tries another value of each of them.",
    )
    if how == "All of them":
        return None, 1
    with st.container(horizontal=True):
        count = st.number_input("Runs", 1, search.MOST_RUNS, 8, key=f"{key}-count", width=160)
        seed = st.number_input(
            SETTINGS["seed"].label,
            0,
            2**31 - 1,
            1,
            key=f"{key}-seed",
            width=160,
            help="The same seed draws the same combinations.",
        )
    return int(count), int(seed)


def _say_cost(specs: list[TrainSpec], good: pd.DataFrame) -> None:
    seconds = _seconds(specs, good)
    text = f"**{plural(len(specs), 'training')}**, one after the other"
    if seconds is not None:
        text += f": about **{duration(max(1, seconds))}** in all"
    else:
        text += (
            ". How long they take is known once this computer has trained with settings like these"
        )
    st.markdown(text + ".")


# Not for long: each training makes later ones quicker, since it leaves decoded images behind.
@remembered(lambda specs, _: [spec.model_dump_json() for spec in specs], max_entries=32, ttl=15)
def _seconds(specs: list[TrainSpec], good: pd.DataFrame) -> float | None:
    return predict_seconds(catalog(), specs, good)


def search_results(dataset_id: str) -> None:
    """All searches on a dataset, the newest first; draws nothing where there are none.

    “Use these settings” leaves the run's id in the session as ``use_run``.
    """
    found = search.searches(catalog(), dataset_id)
    if not found:
        return
    st.header("Searches")
    st.caption(
        "The best comes first, by its accuracy on the validation images. The test images have no "
        "say here, so that they can judge the one that you keep; of many runs, the best one’s "
        "validation figure is a little too good, since luck was chosen too."
    )
    for number, (name, runs) in enumerate(found.items()):
        with st.expander(_headline(runs), expanded=number == 0):
            if not all(run.finished for run in runs):
                _watch(dataset_id, name)
            else:
                _results(name, runs)


@st.fragment(run_every=EVERY_S)
def _watch(dataset_id: str, name: str) -> None:
    """A search while it runs; then the page is run again."""
    runs = search.searches(catalog(), dataset_id).get(name, [])
    if all(run.finished for run in runs):
        st.rerun(scope="app")
    _results(name, runs)


def _headline(runs: list[RunRecord]) -> str:
    tried = runs[0].summary.tried
    names = ", ".join(labelled(key).lower() for key in tried)
    # What was cancelled has shown nothing, so it is none of those of which the best is chosen.
    cancelled = sum(run.state == "cancelled" for run in runs)
    count, more = plural(len(runs) - cancelled, "training"), f"; {cancelled} more cancelled"
    if cancelled == len(runs):
        count, more = plural(cancelled, "cancelled training"), ""
    return f"{count} with various values of {escape(names)}{more if cancelled else ''}"


def _results(name: str, runs: list[RunRecord]) -> None:
    table = search.results(runs)
    tried = {key: labelled(key) for key in runs[0].summary.tried}
    for key in tried:
        table[key] = [_word(key, value) for value in table[key]]
    table["state"] = table["state"].replace(_STATES)
    counts = table["state"].value_counts()
    st.markdown(" · ".join(f"{count} {escape(state)}" for state, count in counts.items()))
    _table(table, tried)
    done = table[table["validation_accuracy"].notna()]
    if len(done) > 1:
        plot(
            charts.parallel(done, tried, "validation_accuracy", "Validation accuracy"),
            key=f"parallel-{name}",
            alt="Each training as a line through its settings to its validation accuracy; the "
            "table above has the same figures.",
        )
        st.caption("A line a training. Drag along an upright line to see only those in that range.")
    if len(done):
        _take(name, done, {run.id: run for run in runs})


def _table(table: pd.DataFrame, tried: dict[str, str]) -> None:
    shown = table[["validation_accuracy", *tried, "seconds", "state", "run"]].copy()
    shown["validation_accuracy"] = shown["validation_accuracy"].astype(float) * 100
    shown["seconds"] = shown["seconds"].astype(float)
    number = st.column_config.NumberColumn
    st.dataframe(
        shown.rename(columns=tried),
        hide_index=True,
        placeholder="–",
        column_config={
            "validation_accuracy": number("Validation accuracy", format="%.1f %%"),
            "seconds": number("Time", format="%.1f s"),
            "state": "State",
            "run": "Run",
        },
    )


def _take(name: str, done: pd.DataFrame, runs: dict[str, RunRecord]) -> None:
    """Go on with one of the runs: the best, if nothing else is chosen after it came."""
    labels = {
        row["id"]: f"{percent(row['validation_accuracy'])} · "
        + search.in_words({key: row[key] for key in runs[row["id"]].summary.tried})
        for row in done.to_dict("records")
    }
    chosen = choose("Go on with", labels, key=f"take-{name}-{next(iter(labels))}")
    with st.container(horizontal=True, gap="small"):
        act(
            "Use these settings",
            (put, "use_run", chosen),
            icon="tune",
            key=f"use-{name}",
            help="Fills the settings above with those of this training.",
        )
        lead("Results", "results", runs[chosen], icon="insights", key=f"results-{name}")


def _word(name: str, value: Any) -> Any:
    """A value as people call it; numbers stay numbers."""
    return as_words(name, value) if isinstance(value, str) or not value else value
