"""After a training: what became of it and how it goes on; and the queue of those to come."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import Catalog, RunSummary
from core.jobs import kinds
from core.jobs.registry import kind
from core.training.start import create_run
from core.workspace import write_json
from tests.core.training.small import add_colours, spec_of
from tests.pages.conftest import Open, click, words
from tests.pages.live_training import Told, button_names, charts, mount


@pytest.fixture
def told(catalog: Catalog, tmp_path: Path) -> Told:
    dataset = add_colours(catalog, tmp_path / "colours")
    return Told(catalog, create_run(catalog, spec_of(dataset, epochs=4)))


def _ended(run_id: str) -> None:
    from pages._widgets.ended import ended
    from pages._widgets.session import catalog

    ended(catalog().runs.get(run_id))


def ended(told: Told) -> AppTest:
    return mount(_ended, told.run.id)


def keep(told: Told, epochs: int) -> None:
    """What the engine leaves in a run's folder."""
    folder = told.catalog.workspace.run(told.run.id) / "checkpoint"
    folder.mkdir(parents=True)
    np.savez(folder / "model.npz", np.zeros(3))
    write_json(
        folder / "state.json",
        {"standing": {"epoch": epochs}, "files": {"model": "model.npz"}},
    )


@pytest.mark.parametrize("state", ["interrupted", "failed"])
def test_what_was_kept_is_gone_on_with(told: Told, state: str) -> None:
    told.start()
    told.fit(2)
    keep(told, 2)
    told.catalog.jobs.finish(told.run.job_id, state, "The disk is full.")  # type: ignore[arg-type]
    at = ended(told)
    assert "The disk is full." in words(at)
    assert button_names(at) == ["Go on after 2 epochs", "Train again with the same settings"]
    assert len(charts(at)) == 4, "its curves until then"
    click(at, "Go on after 2 epochs")
    assert told.job.state == "queued"
    assert len(told.catalog.runs.all()) == 1


def test_what_was_kept_is_gone_on_with_from_the_studio_too(told: Told, open_page: Open) -> None:
    keep(told, 2)
    told.catalog.jobs.finish(told.run.job_id, "interrupted", "The worker process was killed.")
    at = click(open_page(), "Go on after 2 epochs")
    assert told.job.state == "queued"
    assert "Go on after 2 epochs" not in button_names(at)


def test_cancelled_in_the_studio_while_it_waits_to_go_on_it_has_what_it_had(
    told: Told, open_page: Open
) -> None:
    keep(told, 2)
    told.catalog.jobs.finish(told.run.job_id, "interrupted", "The worker process was killed.")
    at = click(click(open_page(), "Go on after 2 epochs"), "Cancel")
    assert told.job.state == "cancelled"
    assert "Go on after 2 epochs" in button_names(at)
    at = ended(told)
    assert "was cancelled after 2 epochs" in words(at)
    assert "Go on after 2 epochs" in button_names(at)


def test_a_cancelled_search_says_how_much_of_it_is_kept(told: Told) -> None:
    folder = told.catalog.workspace.run(told.run.id) / "checkpoint"
    folder.mkdir(parents=True)
    write_json(folder / "search.json", {"lines": ["a way", "another"]})
    told.catalog.jobs.request_cancel(told.run.job_id)
    at = ended(told)
    assert "was cancelled after 2 ways" in words(at)
    assert "before there was anything to keep" not in words(at)
    assert "Go on after 2 ways" in button_names(at)


def test_going_on_twice_is_refused_in_a_sentence(told: Told) -> None:
    keep(told, 2)
    told.catalog.jobs.finish(told.run.job_id, "interrupted")
    at = ended(told)
    told.catalog.jobs.requeue(told.run.job_id)
    click(at, "Go on after 2 epochs")
    assert "It is waiting already" in at.toast[0].value.replace("\\", "")


def test_without_anything_kept_it_begins_anew(told: Told) -> None:
    told.catalog.jobs.finish(told.run.job_id, "interrupted", "The worker process was killed.")
    at = ended(told)
    assert "This training was interrupted. The worker process was killed." in words(at)
    assert button_names(at) == ["Train again with the same settings"]
    click(at, "Train again with the same settings")
    newest, oldest = told.catalog.runs.all()
    assert (oldest.id, newest.spec, newest.state) == (told.run.id, oldest.spec, "queued")


def test_what_was_discarded_is_not_offered_again(told: Told) -> None:
    told.start()
    keep(told, 2)
    told.catalog.jobs.request_cancel(told.run.job_id, discard=True)
    told.catalog.jobs.finish(told.run.job_id, "cancelled")
    at = ended(told)
    assert "You discarded" in words(at)
    assert button_names(at) == ["Train again with the same settings"]


def test_a_finished_run_says_how_good_it_is_and_where_its_logs_are(told: Told) -> None:
    told.start()
    told.fit(2)
    told.catalog.runs.summarise(
        told.run.id,
        RunSummary(
            test_accuracy=0.9, test_images=20, test_low=0.7, test_high=0.97, seconds={"fit": 3.0}
        ),
    )
    told.catalog.jobs.finish(told.run.job_id, "done")
    at = ended(told)
    said = words(at).replace("*", "")
    right = "Right on 90 % of 20 images that it had never seen (likely between 70 % and 97 %)"
    assert right in said
    assert "It took 3 s in all" in said
    assert not at.code
    logs = told.catalog.workspace.run(told.run.id) / "tensorboard"
    logs.mkdir(parents=True)
    assert at.run().code[0].value.startswith("tensorboard --logdir ")


def _queue() -> None:
    from pages._widgets.queue import queue_of_trainings

    queue_of_trainings()


def test_a_single_training_has_no_queue(told: Told) -> None:
    assert words(mount(_queue)) == ""


def test_waiting_trainings_are_moved_and_cancelled(told: Told, tmp_path: Path) -> None:
    catalog = told.catalog
    told.start()
    other = add_colours(catalog, tmp_path / "other")
    runs = [create_run(catalog, spec_of(other), f"Run {n}") for n in (1, 2, 3)]
    at = mount(_queue)
    said = words(at).replace("*", "")
    assert f"{told.run.name} on colours" in said
    assert said.index("1. Run 1 on other") < said.index("2. Run 2") < said.index("3. Run 3")

    def press(what: str, run: int) -> None:
        at.button(key=f"queue-{what}-{runs[run].job_id}").click().run()

    def order() -> list[str]:
        return [job.id for job in catalog.jobs.queue("train")]

    ids = [run.job_id for run in runs]
    assert at.button(key=f"queue-up-{ids[0]}").disabled
    assert at.button(key=f"queue-down-{ids[2]}").disabled
    press("first", 2)
    assert order() == [ids[2], ids[0], ids[1]]
    press("down", 2)
    assert order() == [ids[0], ids[2], ids[1]]
    press("up", 1)
    assert order() == ids
    press("cancel", 1)
    assert order() == [ids[0], ids[2]]
    assert "Run 2" not in words(at)
    catalog.jobs.request_cancel(ids[2])
    press("first", 2)
    assert "not waiting any more" in at.toast[0].value


def test_other_work_in_the_queue_says_what_it_is_and_about_what(told: Told, tmp_path: Path) -> None:
    @kind("knit", "Knit a scarf", lane="train", about="dataset")
    def _knit(*_: object) -> None:
        raise AssertionError("nobody does it here")

    catalog = told.catalog
    told.start()
    other = add_colours(catalog, tmp_path / "other")
    try:
        kinds.submit_export_model(catalog, told.run.id, "onnx")
        kinds.submit_measure(catalog, other.id)
        kinds.submit(catalog, "knit", {"dataset_id": other.id})
        catalog.jobs.add("gone_kind", {}, lane="train", subject="nothing")
        said = words(mount(_queue))
    finally:
        del kinds.KINDS["knit"]
    assert f"1. Export a model (ONNX): **{told.run.name}** on colours" in said
    assert "2. Measure how fast this computer trains: **other**" in said
    assert "3. Knit a scarf: **other**" in said
    assert "4. Gone kind" in said
    assert "–" not in said
