"""A training while it runs: what is seen of it, and what can be wished of it at which moment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import Catalog
from core.datasets.removal import remove
from core.progress import Wishes
from core.training.start import create_run
from tests.core.training.small import add_colours, spec_of
from tests.pages.conftest import click, gallery, words
from tests.pages.live_training import Told, button_names, charts, mount, rows_of


@pytest.fixture
def told(catalog: Catalog, tmp_path: Path) -> Told:
    """A run that waits in the queue."""
    dataset = add_colours(catalog, tmp_path / "colours")
    return Told(catalog, create_run(catalog, spec_of(dataset, epochs=4)))


def _watch(run_id: str) -> None:
    from pages._widgets.live import watch_training
    from pages._widgets.session import catalog

    if catalog().runs.get(run_id).state in ("queued", "running"):
        watch_training(run_id)


def watch(told: Told) -> AppTest:
    return mount(_watch, told.run.id)


def metrics(at: AppTest) -> dict[str, str]:
    return {each.label: str(each.value) for each in at.metric}


def test_a_waiting_training_can_only_be_cancelled(told: Told) -> None:
    at = watch(told)
    assert button_names(at) == ["Cancel"]
    click(at, "Cancel")
    assert told.job.state == "cancelled"


def test_before_it_learns_it_can_only_be_cancelled(told: Told) -> None:
    told.start()
    told.phase("decode")
    at = watch(told)
    assert button_names(at) == ["Cancel"]
    assert not at.metric


def test_while_it_learns_its_figures_are_shown(told: Told) -> None:
    told.start()
    told.fit(2)
    assert metrics(watch(told)) == {
        "Epoch": "3 of 4",
        "Best accuracy so far": "75.0 %",
        "Speed": "1,234 images/s",
        "Learning rate": "0.004",
        "Memory": "0.9 GB",
    }


def test_the_best_is_told_by_the_metric_that_chooses_it(catalog: Catalog, tmp_path: Path) -> None:
    dataset = add_colours(catalog, tmp_path / "colours")
    told = Told(catalog, create_run(catalog, spec_of(dataset, best_by="loss")))
    told.start()
    told.fit(1)
    assert metrics(watch(told))["Best loss so far"] == "0.900"


def test_it_is_paused_and_goes_on(told: Told) -> None:
    told.start()
    told.fit()
    at = click(watch(told), "Pause")
    assert told.wishes.paused
    assert "Paused. It keeps its place in memory" in words(at).replace("*", "")
    assert "Pause" not in button_names(at)
    click(at, "Resume")
    assert told.wishes == Wishes()


def test_it_is_stopped_keeping_the_best(told: Told) -> None:
    told.start()
    told.fit()
    at = click(watch(told), "Stop and keep the best")
    assert told.wishes.stop == "keep"
    assert "The best so far is kept, saved and tested" in words(at)
    assert button_names(at) == []


def test_nothing_is_discarded_before_one_is_sure(told: Told) -> None:
    told.start()
    told.fit()
    at = click(watch(told), "Stop and discard")
    assert told.wishes == Wishes()
    assert "Discard this training?" in words(at)
    at = click(at, "Go on training")
    assert "Discard it" not in button_names(at)
    assert told.wishes == Wishes()
    at = click(click(at, "Stop and discard"), "Discard it")
    assert told.wishes.stop == "discard"
    assert "Nothing of this training is kept" in words(at)


def test_the_learning_rate_is_set_from_what_it_is_and_given_back(told: Told) -> None:
    told.start()
    told.fit()
    at = click(watch(told), "Change the learning rate")
    assert at.number_input[0].value == pytest.approx(0.004)
    told.batch(3, batch=3, learning_rate=0.003)
    at.run()
    assert at.number_input[0].value == pytest.approx(0.004), "what is typed in stays"
    at.number_input[0].set_value(0.0005).run()
    click(at, "Apply")
    assert told.wishes.learning_rate == pytest.approx(0.0005)
    assert "held at 0.0005" in words(at)
    assert not at.number_input
    click(at, "Back to the schedule")
    assert told.wishes.learning_rate is None


def test_a_rate_that_cannot_work_is_refused_in_a_sentence(told: Told) -> None:
    told.start()
    told.fit()
    at = click(watch(told), "Change the learning rate")
    at.number_input[0].set_value(0.0).run()
    click(at, "Apply")
    assert "A learning rate of 0 can't work" in at.toast[0].value.replace("\\", "")
    assert told.wishes.learning_rate is None


def test_once_it_has_learned_it_can_only_be_dropped(told: Told) -> None:
    told.start()
    told.fit()
    told.phase("fit", "done")
    told.phase("export")
    at = watch(told)
    assert button_names(at) == ["Stop and discard"]
    assert "saved and tested" in words(at)


def test_what_an_earlier_attempt_told_says_nothing_of_this_one(told: Told) -> None:
    told.start()
    told.fit(2)
    told.catalog.jobs.finish(told.run.job_id, "interrupted")
    told.catalog.jobs.requeue(told.run.job_id)
    assert button_names(watch(told)) == ["Cancel"]
    told.start()
    assert button_names(watch(told)) == ["Cancel"]
    told.fit(0)
    assert "Pause" in button_names(watch(told))


def test_curves_go_on_where_they_were_after_a_resume(told: Told) -> None:
    told.start()
    told.fit(2)
    told.say("resumed", epoch=1)
    told.batch(2, batch=5)
    told.epoch(2, loss=0.125)
    at = watch(told)
    assert rows_of(at, "training") == [(1.0, 1.0), (2.0, 0.125)]
    assert [x for x, _ in rows_of(at, "within")] == [0.4, 2.0]


def test_another_metric_and_smoothing_are_chosen_and_kept(told: Told) -> None:
    told.start()
    told.fit(2)
    at = watch(told)
    assert len(charts(at)) == 4
    chosen = at.selectbox[0]
    assert len(chosen.options) == 2
    chosen.select("precision").run()
    at.slider[0].set_value(90).run()
    told.epoch(3, val_precision=0.875)
    at.run()
    assert (at.selectbox[0].value, at.slider[0].value) == ("precision", 90)
    assert rows_of(at, "validation", 2) == [(1.0, 0.625), (2.0, 0.625), (3.0, 0.875)]
    assert rows_of(at, "within")[1][1] > 0.5, "it is drawn towards the first"


def test_what_is_noticed_is_said_with_what_to_do(told: Told) -> None:
    told.start()
    told.fit()
    told.say("diagnosis", key="overfitting", text="It learns <b>by heart</b>.", remedy="Stop here.")
    told.say("note", text="All images were decoded before.")
    said = words(watch(told))
    assert "It learns <b>by heart</b>." in said
    assert "Stop here." in said
    assert "All images were decoded before." in said


def test_auto_says_how_long_all_of_it_takes_and_whose_answers_are_shown(
    catalog: Catalog, tmp_path: Path
) -> None:
    dataset = add_colours(catalog, tmp_path / "colours")
    told = Told(
        catalog, create_run(catalog, spec_of(dataset, recipe="auto", minutes=5, image_size=160))
    )
    told.start()
    told.phase("search")
    catalog.jobs.progress(told.run.job_id, "search", 5, 300, "Looking")
    sample = {"path": "red/00.png", "label": "red", "answer": "red", "trying": "blue"}
    told.say("snapshot", labels=["blue", "red"], samples=[sample], what="one", best="another")
    at = watch(told)
    (bar,) = at.get("progress")
    assert bar.proto.text.startswith(("Looking · 5 min", "Looking · 4 min 5")), (
        "not seconds as if they were images"
    )
    assert bar.proto.text.endswith(" at most"), "not what is left of the part that it is at"
    assert "of the best so far: another" in words(at)
    (tile,) = gallery(at, "answers-").tiles
    assert tile["badge"] == "✓ red"
    remove(catalog, dataset.id)
    assert not watch(told).get("bidi_component"), "nobody has its pictures any more"


def round_of(at: AppTest) -> int:
    (shown,) = at.get("bidi_component")
    return int(json.loads(shown.proto.json)["round"])


def test_answers_about_validation_images_are_shown_and_follow_the_epochs(told: Told) -> None:
    told.start()
    told.fit()

    def look(epoch: int, answer: str) -> None:
        sample = {"path": "red/00.png", "label": "red", "answer": answer, "confidence": 0.625}
        told.catalog.jobs.replace_event(
            told.run.job_id,
            "snapshot",
            {
                "epoch": epoch,
                "labels": ["blue", "red"],
                "confusion": [[2, 0], [1, 1]],
                "samples": [sample],
            },
        )

    look(1, "blue")
    at = watch(told)
    shown = gallery(at, "answers-")
    (tile,) = shown.tiles
    assert (tile["badge"], tile["tone"], tile["caption"]) == ("✗ blue 62\u00a0%", "bad", "is red")
    assert str(tile["src"]).startswith("data:image/")
    look(2, "red")
    at.run()
    (tile,) = gallery(at, "answers-").tiles
    assert (tile["badge"], tile["tone"]) == ("✓ red 62\u00a0%", "good")
    assert round_of(at) == 2, "so the browser draws the same pictures anew"
    assert "after epoch 2" in words(at)
    told.catalog.jobs.replace_event(
        told.run.job_id,
        "snapshot",
        {"epoch": 3, "labels": ["blue", "red"], "confusion": [[2, 0], [0, 2]]},
    )
    at.run()
    assert gallery(at, "answers-").tiles, "a look without samples leaves the last ones"
