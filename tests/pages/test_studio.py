"""The studio's middle and right: one button, what came of it, and a photo that is answered."""

from __future__ import annotations

import base64
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import Catalog, DatasetRecord, RunSummary, open_catalog
from core.datasets import intake
from core.inference.corrections import corrections
from core.quality.by_hand import classes_of
from core.quality.curation import curated, usable
from core.quality.scan import scan
from core.training.start import create_run, suggest_spec
from core.workspace import Workspace
from tests.core.evaluation.coloured import write_colour
from tests.core.evaluation.comparison.test_earlier import worse_copy
from tests.earlier import PACKED, unpack
from tests.pages.conftest import Open, Trained, assert_no_defect, click, component, words
from tests.pages.live_training import Told

BringIn = Callable[..., DatasetRecord]
_AT = count(1)


def button(at: AppTest) -> Any:
    return at.button(key="studio-train")


def pets(bring_in: BringIn, class_folders: Callable[..., Path]) -> DatasetRecord:
    return bring_in(class_folders({"cat": 6, "dog": 6}), "Pets")


def show(at: AppTest, dataset_id: str, data: bytes, name: str = "new.png") -> AppTest:
    """What the browser does when a photo is dropped."""
    key = component(at, f"studio-show-{dataset_id}")["key"]
    url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    at.session_state[key] = {"shown": {"at": next(_AT), "name": name, "data": url}}
    at.run()
    assert_no_defect(at)
    return at


def test_without_photos_it_says_what_will_happen(open_page: Open) -> None:
    at = open_page()
    assert button(at).disabled
    assert "Needs photos of two classes" in words(at)
    assert not component(at, "studio-show")["ready"]


def test_one_class_alone_can_not_be_trained_on(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    bring_in(class_folders({"cat": 6}), "Cats")
    at = open_page()
    assert button(at).disabled
    assert "needs two classes" in words(at)


def test_photos_on_their_way_in_are_waited_for(
    open_page: Open, catalog: Catalog, class_folders: Callable[..., Path]
) -> None:
    intake.add_folder(catalog, class_folders({"cat": 3, "dog": 3}), "Pets", restrict=True)
    at = open_page()
    assert button(at).disabled
    assert "being brought in" in words(at)


def test_the_button_trains_and_the_pictures_turn_right(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    record = pets(bring_in, class_folders)
    at = open_page()
    assert "tested on 2 images only" in words(at)
    assert button(at).label.startswith("Train")
    button(at).click().run()
    assert_no_defect(at)
    (run,) = catalog.runs.all(record.id)
    assert "Waiting to start" in component(at, "watching")["doing"]
    told = Told(catalog, run)
    told.start()
    told.phase("search")
    paths = usable(curated(catalog, record.id))["path"].to_list()[:2]
    samples = [
        {"path": paths[0], "label": "cat", "answer": "cat", "trying": "dog"},
        {"path": paths[1], "label": "cat", "answer": "dog", "trying": "dog"},
    ]
    history = [[1.0, 0.5, "10"]]
    catalog.jobs.replace_event(
        run.job_id,
        "snapshot",
        {"labels": ["cat", "dog"], "samples": samples, "right": 1, "of": 2, "history": history},
    )
    at.run()
    shown = component(at, "watching")
    assert [(each["right"], each["trying"]) for each in shown["pictures"]] == [
        (True, "wrong"),
        (False, "wrong"),
    ]
    assert all(each["src"] for each in shown["pictures"])
    assert shown["score"] == "50 % right by now"
    told.say("rung", seconds=2.0, accuracy=0.75, what="a look with a head", kept=True)
    catalog.jobs.progress(run.job_id, "search", 2, 60, "Fitting a head on a look")
    at.run()
    shown = component(at, "watching")
    assert shown["score"] == "75 % right so far"
    assert shown["doing"] == "Trying ways to tell them apart: 1 way so far"
    assert shown["working"]
    told.fit(1)
    at.run()
    loss, right = component(at, "watching")["curves"]
    assert loss["points"][0][1] == 1
    assert right["other"] == [[0.25, 0.75]]
    assert loss["across"] == "epochs 0 to 4"
    click(at, "Stop and keep")
    assert told.wishes.stop == "keep"


def test_behind_another_training_it_says_so_and_can_be_cancelled(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    record = pets(bring_in, class_folders)
    create_run(catalog, suggest_spec(catalog, record.id, "scratch"))
    second = create_run(catalog, suggest_spec(catalog, record.id, "scratch"))
    (first,) = [run for run in catalog.runs.all(record.id) if run.id != second.id]
    catalog.jobs.request_cancel(first.job_id)
    other = create_run(catalog, suggest_spec(catalog, record.id, "scratch"))
    catalog.jobs.request_cancel(second.job_id)
    del other
    at = open_page()
    assert component(at, "watching")["doing"].startswith("Waiting to start")
    click(at, "Cancel")


def test_what_went_wrong_is_said_and_the_button_is_there_again(
    open_page: Open, catalog: Catalog, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    record = pets(bring_in, class_folders)
    run = create_run(catalog, suggest_spec(catalog, record.id, "scratch"))
    catalog.jobs.finish(run.job_id, "failed", "The disk is full.")
    at = open_page()
    assert "This training failed. The disk is full." in words(at)
    assert not button(at).disabled


def test_a_finished_model_has_its_sentence_its_mistakes_and_a_next_step(
    open_page: Open, trained: Trained
) -> None:
    at = open_page()
    said = words(at)
    assert "of 6 images it had never seen" in said.replace("\u00a0", " ")
    assert ":material/arrow_forward:" in said
    assert button(at).label.startswith("Train again")
    assert component(at, "studio-show")["ready"]


def test_the_result_stays_while_another_training_waits(open_page: Open, trained: Trained) -> None:
    create_run(trained.catalog, suggest_spec(trained.catalog, trained.dataset_id, "scratch"))
    at = open_page()
    assert component(at, "watching")
    assert "it had never seen" in words(at)


def test_a_search_ends_on_its_best_run(open_page: Open, trained: Trained) -> None:
    catalog = trained.catalog
    best = catalog.runs.get(trained.run_id)
    job = catalog.jobs.hold("train", {}, lane="train", subject=best.dataset_id)
    catalog.runs.add(
        "worse and later",
        dataset_id=best.dataset_id,
        dataset_version=best.dataset_version,
        spec=best.spec,
        job_id=job.id,
        summary=RunSummary(search="s", validation_accuracy=0.1),
    )
    catalog.jobs.finish(job.id, "done")
    catalog.runs.summarise(best.id, RunSummary(search="s", validation_accuracy=0.9))
    assert "it had never seen" in words(open_page())


def test_a_photo_is_answered_in_the_largest_type_and_a_broken_one_in_a_sentence(
    open_page: Open, trained: Trained, tmp_path: Path
) -> None:
    data = write_colour(tmp_path / "new.png", "green", 99).read_bytes()
    at = show(open_page(), trained.dataset_id, data)
    said = component(at, "studio-said")
    assert said["headline"] in {"blue", "green", "red", "Not sure"}
    if said["state"] != "sure":
        assert said["bars"] == []
    # Whatever it said can be put right; where it said nothing, any class is offered.
    assert len(said["classes"]) == (2 if said["state"] == "sure" else 3)
    show(at, trained.dataset_id, b"no picture")
    assert at.error


def test_a_wrong_answer_is_put_right_learned_from_and_undone(
    open_page: Open, trained: Trained, tmp_path: Path
) -> None:
    catalog, dataset_id = trained.catalog, trained.dataset_id
    data = write_colour(tmp_path / "new.png", "green", 99).read_bytes()
    at = show(open_page(), dataset_id, data)
    said = component(at, "studio-said")
    label = said["classes"][0]
    at.session_state[said["key"]] = {"corrected": {"at": next(_AT), "label": label}}
    at.run()
    assert_no_defect(at)
    scans = catalog.jobs.all(kind="scan")
    assert scans[-1].spec["then_learn"] == trained.run_id
    assert list(scans[-1].spec["taught"].values()) == [label]
    assert corrections(catalog.workspace, dataset_id) == []
    assert "Learning from it" in words(at)
    # As the worker does it.
    scan(catalog, dataset_id)
    catalog.jobs.finish(scans[-1].id, "done")
    assert (usable(curated(catalog, dataset_id))["label"] == label).sum() == 13
    at.run()
    click(at, "Undo")
    assert (usable(curated(catalog, dataset_id))["label"] == label).sum() == 12
    assert "Learning from it" not in words(at)


def test_a_photo_of_no_class_begins_one_that_is_learned_once_it_has_more(
    open_page: Open, trained: Trained, tmp_path: Path
) -> None:
    catalog, dataset_id = trained.catalog, trained.dataset_id
    data = write_colour(tmp_path / "new.png", "green", 99).read_bytes()
    at = show(open_page(), dataset_id, data)
    said = component(at, "studio-said")

    def say(label: str) -> None:
        begun = {"at": next(_AT), "label": label, "new": True}
        at.session_state[said["key"]] = {"corrected": begun}
        at.run()

    assert said["may_begin"]
    say(said["classes"][0])
    assert "There is already a class" in component(at, "studio-said")["refused"]
    say("olive")
    assert_no_defect(at)
    assert "With 2 more it can be learned and tested" in words(at)
    (job,) = catalog.jobs.all(kind="scan")
    assert job.spec == {"dataset_id": dataset_id}, "nothing is learned by that alone"
    scan(catalog, dataset_id)
    catalog.jobs.finish(job.id, "done")
    at.run()
    assert {each.label: each.images for each in classes_of(catalog, dataset_id)}["olive"] == 1
    click(at, "Undo")
    assert "olive" not in [each.label for each in classes_of(catalog, dataset_id)]


@pytest.mark.parametrize("packed", PACKED, ids=[file.stem for file in PACKED])
def test_models_of_earlier_versions_and_from_elsewhere_are_shown(
    packed: Path, open_page: Open, workspace: Workspace
) -> None:
    unpack(packed, workspace.home)
    for run in open_catalog(workspace).runs.all():
        at = open_page("home", dataset=run.dataset_id)
        assert [str(each.value) for each in at.error] == []
        assert component(at, "studio-show")["ready"]


def test_of_a_newer_model_that_is_worse_the_better_one_is_a_click_away(
    open_page: Open, trained: Trained
) -> None:
    run = trained.catalog.runs.get(trained.run_id)
    assert "Try that one" not in [each.label for each in open_page().button]
    worse_copy(trained.catalog, run, 1000)
    at = open_page()
    assert f"“{run.name}” was right on " in words(at)
    assert "Try that one" in [each.label for each in at.button]
