"""Searches for settings and for a learning rate: what is typed, what is queued, what came of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import Catalog, RunRecord, RunSummary
from core.training.architectures import ARCHITECTURES
from core.training.search import start_search
from core.training.spec import TrainSpec
from tests.core.training.small import add_colours, spec_of
from tests.pages.conftest import click, words
from tests.pages.live_training import button_names, mount


@pytest.fixture
def spec(catalog: Catalog, tmp_path: Path) -> TrainSpec:
    return spec_of(add_colours(catalog, tmp_path / "colours"))


def _search(text: str) -> None:
    import streamlit as st

    from core.training.spec import TrainSpec
    from core.training.start import usable_images
    from pages._widgets.search import search_results, search_settings
    from pages._widgets.session import catalog

    spec = TrainSpec.model_validate_json(text)
    search_settings(spec, usable_images(catalog(), spec))
    search_results(spec.dataset_id)
    st.caption(f"taken: {st.session_state.get('use_run')}")


def search(spec: TrainSpec, *names: str) -> AppTest:
    """The search's page, with these settings chosen to vary."""
    at = mount(_search, spec.model_dump_json())
    at.multiselect[0].set_value(list(names)).run()
    return at


def field(name: str, spec: TrainSpec) -> str:
    return f"search-{spec.dataset_id}-{spec.recipe}-{name}"


def test_every_combination_is_queued(catalog: Catalog, spec: TrainSpec) -> None:
    at = search(spec, "learning_rate", "optimizer.name")
    at.text_input(key=field("learning_rate", spec)).set_value("0.01, 0.1,").run()
    at.multiselect(key=field("optimizer.name", spec)).set_value(["adam", "sgd"]).run()
    assert "4 trainings, one after the other" in words(at).replace("*", "")
    click(at, "Start 4 trainings")
    tried = [tuple(run.summary.tried.values()) for run in catalog.runs.all()]
    assert set(tried) == {(0.01, "adam"), (0.01, "sgd"), (0.1, "adam"), (0.1, "sgd")}
    assert len(catalog.jobs.queue("train")) == 4
    assert "4 waiting" in words(at)


def test_some_combinations_are_drawn(catalog: Catalog, spec: TrainSpec) -> None:
    at = search(spec, "batch_size")
    at.text_input(key=field("batch_size", spec)).set_value("auto, 8, 16, 32").run()
    at.radio[0].set_value("Some, drawn at random").run()
    at.number_input[0].set_value(2).run()
    click(at, "Start 2 trainings")
    tried = {run.summary.tried["batch_size"] for run in catalog.runs.all()}
    assert len(tried) == 2
    assert tried <= {0, 8, 16, 32}


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("learning_rate", "0.01, big", "“Learning rate” is 'big'"),
        ("epochs", "0, 5", "“Epochs” is '0'"),
        ("dropout", " , ", "at least one setting with values to try"),
        ("epochs", ",".join(map(str, range(1, 102))), "That would be 101 runs"),
    ],
)
def test_values_that_cannot_be_used_are_refused_in_a_sentence(
    spec: TrainSpec, name: str, typed: str, said: str
) -> None:
    at = search(spec, name)
    at.text_input(key=field(name, spec)).set_value(typed).run()
    assert said in words(at)
    assert not [each for each in button_names(at) if each.startswith("Start")]


def test_a_combination_that_cannot_work_stops_all(catalog: Catalog, spec: TrainSpec) -> None:
    at = search(spec, "learning_rate", "optimizer.name")
    at.text_input(key=field("learning_rate", spec)).set_value("0.01, 0.9").run()
    at.multiselect(key=field("optimizer.name", spec)).set_value(["sgd", "adam"]).run()
    click(at, "Start 4 trainings")
    assert "With learning rate 0.9, optimizer Adam" in words(at)
    assert catalog.runs.all() == []


def test_only_networks_that_can_start_like_this_are_offered(spec: TrainSpec) -> None:
    own = spec.with_values({"architecture": "compact", "stack": [], "image_size": 96})
    pretrained = own.with_values({"architecture": "mobilenet_v2", "weights": "imagenet"})

    def offered(start: TrainSpec) -> list[str]:
        at = search(start, "architecture")
        return list(at.multiselect(key=field("architecture", start)).options)

    from_nothing, from_imagenet = offered(own), offered(pretrained)
    assert from_nothing[0] == ARCHITECTURES["compact"].title
    assert from_imagenet[0] == ARCHITECTURES["mobilenet_v2"].title
    assert set(from_imagenet) < set(from_nothing)
    assert ARCHITECTURES["compact"].title not in from_imagenet


@pytest.fixture
def runs(catalog: Catalog, spec: TrainSpec) -> list[RunRecord]:
    """A search of three, two of which are done."""
    found = start_search(catalog, spec, {"learning_rate": [0.1, 0.01, 0.001]})
    for run, accuracy in zip(found, (0.5, 0.875), strict=False):
        catalog.runs.summarise(
            run.id, RunSummary(validation_accuracy=accuracy, seconds={"fit": 2.5})
        )
        catalog.jobs.finish(run.job_id, "done")
    return found


def test_results_are_compared_on_validation_images_the_best_first(
    spec: TrainSpec, runs: list[RunRecord]
) -> None:
    at = mount(_search, spec.model_dump_json())
    table = at.dataframe[0].value
    assert table["validation_accuracy"].tolist()[:2] == [87.5, 50.0]
    assert table["Learning rate"].tolist() == [0.01, 0.1, 0.001]
    assert table["state"].tolist() == ["done", "done", "waiting"]
    said = words(at)
    assert "The test images have no say here" in said
    assert "2 done · 1 waiting" in said
    assert len(at.get("plotly_chart")) == 1
    click(at, "Use these settings")
    assert f"taken: {runs[1].id}" in words(at), "the best, since nothing else was chosen"
    at.selectbox[0].select(runs[0].id).run()
    click(at, "Use these settings")
    assert f"taken: {runs[0].id}" in words(at)


def test_what_was_cancelled_is_not_counted_among_those_tried(
    catalog: Catalog, spec: TrainSpec, runs: list[RunRecord]
) -> None:
    def headline() -> str:
        (label,) = [
            box.label
            for box in mount(_search, spec.model_dump_json()).expander
            if "various" in box.label
        ]
        return label

    assert headline() == "3 trainings with various values of learning rate"
    catalog.jobs.request_cancel(runs[2].job_id)
    assert headline() == "2 trainings with various values of learning rate; 1 more cancelled"


def test_without_searches_there_is_no_table(spec: TrainSpec) -> None:
    assert "Searches" not in words(mount(_search, spec.model_dump_json()))


def _rate(text: str) -> None:
    import streamlit as st

    from core.training.spec import TrainSpec
    from pages._widgets.learning import find_rate

    find_rate(TrainSpec.model_validate_json(text))
    st.caption(f"taken: {st.session_state.get('use_rate')}")


def find_rate(spec: TrainSpec) -> AppTest:
    return mount(_rate, spec.model_dump_json())


def finish(catalog: Catalog, spec: TrainSpec, suggestion: float | None) -> None:
    job = catalog.jobs.latest("find_rate", spec.dataset_id)
    assert job is not None
    rates = {"rates": [0.001, 0.01, 0.1], "losses": [2.0, 1.0, 4.0], "suggestion": suggestion}
    catalog.jobs.append_event(job.id, "rates", rates)
    catalog.jobs.finish(job.id, "done")


def test_a_learning_rate_is_looked_for_shown_and_used(catalog: Catalog, spec: TrainSpec) -> None:
    at = click(find_rate(spec), "Find a learning rate")
    assert button_names(at) == ["Cancel"]
    assert "Waiting to start" in at.get("progress")[0].proto.text
    finish(catalog, spec, 0.0013)
    at = find_rate(spec)
    assert len(at.get("plotly_chart")) == 1
    assert "falls most steeply" in words(at)
    click(at, "Use 0.0013")
    assert f"taken: ('{spec.recipe}', 0.0013)" in words(at)


def test_where_the_loss_never_fell_nothing_is_suggested(catalog: Catalog, spec: TrainSpec) -> None:
    click(find_rate(spec), "Find a learning rate")
    finish(catalog, spec, None)
    at = find_rate(spec)
    assert "there is no rate to suggest" in words(at)
    assert button_names(at) == ["Find it again"]


def test_a_rate_of_other_settings_is_said_to_be_that(catalog: Catalog, spec: TrainSpec) -> None:
    click(find_rate(spec), "Find a learning rate")
    finish(catalog, spec, 0.01)
    longer = spec.with_values({"epochs": 9, "learning_rate": 0.5})
    assert "other settings" not in words(find_rate(longer)), "that makes no difference to it"
    larger = spec.with_values({"image_size": 32})
    assert "other settings" in words(find_rate(larger))


def test_a_search_that_failed_says_why(catalog: Catalog, spec: TrainSpec) -> None:
    click(find_rate(spec), "Find a learning rate")
    job = catalog.jobs.latest("find_rate", spec.dataset_id)
    assert job is not None
    catalog.jobs.finish(job.id, "failed", "The weights are not there.")
    at = find_rate(spec)
    assert "The weights are not there." in words(at)
    assert button_names(at) == ["Find it again"]
