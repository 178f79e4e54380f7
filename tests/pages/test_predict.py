"""Predict: images in, answers out, and a bad image stops no other."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from core.catalog import Catalog, DatasetRecord, RunRecord
from core.cli import main
from core.datasets import removal
from core.delivery.take_away.links import create_link, links, revoke_link
from core.evaluation.evaluate import evaluate_run
from core.evaluation.predictions import load_evaluation, predictions_table
from core.evaluation.threshold import sure_from
from core.inference.corrections import correct, corrections
from core.jobs.kinds import submit_ood_detector
from core.quality.curation import curated, usable
from core.quality.scan import scan
from core.runs.files import RunFiles
from core.training.start import learn_again
from tests.core.evaluation.coloured import write_colour
from tests.pages.conftest import (
    Open,
    Trained,
    answers,
    assert_no_defect,
    click,
    component,
    gallery,
    title,
    words,
)

BringIn = Callable[..., DatasetRecord]


def test_without_a_model_it_leads_to_training(open_page: Open) -> None:
    at = open_page("predict")
    assert "No model yet" in words(at)
    click(at, "Go to Train")
    assert "Nothing to train on yet" in words(at)


def test_a_plain_address_leads_to_what_was_open_last_and_from_there_to_a_model(
    open_page: Open, trained: Trained, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    open_page()
    newer = bring_in(class_folders({"cat": 3, "dog": 3}), "Pets")
    assert open_page("predict").selectbox(key=f"model-{trained.run_id}-1")
    assert "No model yet" in words(open_page("predict", dataset=newer.id))
    at = open_page("results")
    assert "No results yet" in words(at)
    click(at, "Open “Colours” instead, which has a model")
    assert title(at) == "Results"
    assert at.selectbox[0].options[0].startswith("Colours scratch 1")


def test_models_are_offered_with_their_accuracy(open_page: Open, trained: Trained) -> None:
    at = open_page("predict")
    (choice,) = [each for each in at.selectbox if each.label == "Model"]
    accuracy = trained.catalog.runs.get(trained.run_id).summary.test_accuracy
    said = f"Colours scratch 1 · {accuracy * 100:.0f} %, too few test photos"
    assert choice.options == [said]
    assert "Only images that you correct are kept." in words(at)


def test_an_image_gets_an_answer_with_a_picture_of_how_sure_it_is(
    open_page: Open, trained: Trained, tmp_path: Path
) -> None:
    data = write_colour(tmp_path / "new.png", "green", 99).read_bytes()
    at = open_page("predict")
    at.file_uploader[0].set_value([("<new> *image*.png", data, "image/png")]).run()
    assert_no_defect(at)
    said = words(at)
    assert "1 image answered" in said
    assert "<new> *image*.png" in said
    assert len(answers(at)) == 1
    assert answers(at)[0] in ("blue", "green", "red")
    assert [each.label for each in at.download_button] == ["Download as CSV"]


def test_of_a_model_that_learned_from_boxes_it_says_what_to_show_it(
    open_page: Open, trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "cut out of photos" not in words(open_page("predict"))
    files = RunFiles(trained.catalog.workspace, trained.run_id)
    split = files.split()
    files.write_split(split.assign(path=split["path"] + "#xywh=1,1,4,4"))
    assert "give it a picture of the thing alone" in words(open_page("predict"))
    photo = write_colour(tmp_path / "new.png", "red", 97)
    assert main(["predict", trained.run_id, str(photo)]) == 0
    assert "give it a picture of the thing alone" in capsys.readouterr().out


def test_a_broken_image_gets_a_sentence_and_the_others_get_answers(
    open_page: Open, trained: Trained, tmp_path: Path
) -> None:
    good = write_colour(tmp_path / "good.png", "red", 98).read_bytes()
    at = open_page("predict")
    files = [
        ("good.png", good, "image/png"),
        ("empty.png", b"", "image/png"),
        ("text.jpg", b"no image", "image/jpeg"),
    ]
    at.file_uploader[0].set_value(files).run()
    assert_no_defect(at)
    assert "1 image answered, 2 could not be read" in words(at)
    assert any("empty" in box.value for box in at.error)
    (table,) = [each.value for each in at.dataframe]
    assert list(table["file"]) == ["good.png", "empty.png", "text.jpg"]
    assert list(table["prediction"])[1:] == ["", ""]


def test_a_few_test_images_can_be_tried_without_having_any(
    open_page: Open, trained: Trained
) -> None:
    at = open_page("predict")
    shown = gallery(at, "examples-")
    known = predictions_table(trained.catalog.workspace, trained.run_id)
    telling = min(2, int((~known["correct"]).sum()))
    assert len(shown.tiles) == min(6, int(known["correct"].sum()) + telling)
    assert not answers(at)
    shown.open("1")
    assert "1 image answered" in words(at)
    assert "Test image 2" in words(at)
    assert not at.error


def test_of_a_removed_dataset_neither_test_images_nor_corrections_are_offered(
    open_page: Open, trained: Trained, tmp_path: Path
) -> None:
    data = write_colour(tmp_path / "new.png", "green", 99).read_bytes()
    correct(trained.catalog, trained.run_id, "new.png", data, "red")
    removal.remove(trained.catalog, trained.dataset_id)
    at = open_page("predict")
    assert_no_defect(at)
    assert not at.error
    assert "to look through" not in str([each.label for each in at.expander])
    assert "Try one of its test images" not in words(at)
    assert title(at) == "Predict"


def _try(open_page: Open, files: list[tuple[str, bytes, str]]):  # type: ignore[no-untyped-def]
    at = open_page("predict")
    at.file_uploader[0].set_value(files).run()
    assert_no_defect(at)
    return at


def test_images_of_an_archive_are_tried(open_page: Open, trained: Trained, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for colour in ("red", "green"):
            archive.write(write_colour(tmp_path / f"{colour}.png", colour, 90), f"a/{colour}.png")
        archive.writestr("a/broken.png", b"no image")
    packed = (tmp_path / "x.zip").read_bytes()
    at = _try(
        open_page, [("x.zip", packed, "application/zip"), ("y.zip", b"no", "application/zip")]
    )
    assert "2 images answered, 1 could not be read" in words(at)
    assert any("y.zip" in box.value.replace("\\", "") for box in at.warning)


def test_below_the_threshold_it_is_not_sure(
    open_page: Open, trained: Trained, tmp_path: Path
) -> None:
    # As much of one colour as of another.
    Image.new("RGB", (24, 20), (130, 130, 130)).save(tmp_path / "new.png")
    data = (tmp_path / "new.png").read_bytes()
    at = _try(open_page, [("new.png", data, "image/png")])
    at.select_slider[0].set_value(0.9999).run()
    assert_no_defect(at)
    assert answers(at) == ["Not sure"]
    # Moved for everybody, not only for this page.
    assert sure_from(trained.catalog.workspace, trained.run_id).threshold == 0.9999
    at.select_slider[0].set_value(0.0).run()
    assert answers(at) != ["Not sure"]


def test_a_wrong_answer_is_corrected_left_out_and_brought_back(
    open_page: Open, trained: Trained, tmp_path: Path
) -> None:
    data = write_colour(tmp_path / "new.png", "green", 97).read_bytes()
    at = _try(open_page, [("new.png", data, "image/png")])
    store = trained.catalog
    said = component(at, "said-")
    label = said["classes"][0]
    at.session_state[said["key"]] = {"corrected": {"at": 1, "label": label}}
    at.run()
    assert_no_defect(at)
    (made,) = corrections(store.workspace, trained.dataset_id)
    assert (made.label, made.name) == (label, "new.png")
    assert f"It is “{label}”" in words(at)
    assert component(at, "said-")["classes"] == [], "what was said is said"
    click(at, "Undo")
    assert corrections(store.workspace, trained.dataset_id) == []
    at.session_state[component(at, "said-")["key"]] = {"corrected": {"at": 2, "label": label}}
    at.run()
    (made,) = corrections(store.workspace, trained.dataset_id)
    picked = gallery(at, "corrections-")
    picked.select(made.id)
    click(at, "Leave out 1 image")
    assert corrections(store.workspace, trained.dataset_id) == []
    click(at, "Undo: bring back 1 image")
    assert corrections(store.workspace, trained.dataset_id) == [made]
    assert at.button(key="corrections-add").label == "Add 1 image only"
    click(at, "Add it to the dataset and learn")
    assert corrections(store.workspace, trained.dataset_id) == []
    kept = store.workspace.originals(trained.dataset_id).rglob(f"*{made.id[:8]}*")
    assert [file.read_bytes() for file in kept] == [data]
    job = store.jobs.latest("scan", trained.dataset_id)
    assert job is not None
    assert job.spec == {
        "dataset_id": trained.dataset_id,
        "then_learn": trained.run_id,
        "taught": {made.id: label},
    }
    # As the worker does it.
    scan(store, trained.dataset_id)
    again = learn_again(store, trained.run_id)
    store.jobs.finish(job.id, "done")
    at.run()
    assert "A new model learns from 1 image." in words(at)
    assert "Cancel" in [each.label for each in at.button]
    # What could not be learned can be, once what kept it from that is put right.
    store.jobs.finish(again.job_id, "failed", "Its weights are missing.")
    at.run()
    assert "Its weights are missing." in words(at)
    click(at, "Try again")
    tried = store.jobs.latest("scan", trained.dataset_id)
    assert tried is not None
    assert (tried.id != job.id, tried.spec) == (True, job.spec)
    assert again.id not in [each.id for each in store.runs.all(trained.dataset_id)]
    again = learn_again(store, trained.run_id)
    store.jobs.finish(tried.id, "done")
    at.run()
    assert "A new model learns from 1 image." in words(at)
    # What was said of it stays said while it is learned from, and after.
    assert f"**It is “{label}”.** It is in the dataset, and being learned from." in words(at)
    assert component(at, "said-")["classes"] == []
    assert "A new model learns from 1 image." in words(open_page("predict", run=trained.run_id))
    _as_if_learned(store, trained.run_id, again, made.id)
    assert "has learned from them" not in words(open_page("predict", run=trained.run_id))
    assert "has learned from them" in words(open_page("predict", run=again.id))
    at.run()
    assert_no_defect(at)
    said = words(at)
    assert f"“{again.name}” has learned from them, and answers here now." in said
    assert "is right and wrong exactly as before" in said
    assert "hoto that it was taught with" in said
    assert "one photo has not turned it" in said
    assert f"**It is “{label}”.** You said so, and it was learned from." in said
    assert at.session_state["run"] == again.id
    click(at, "Go back")
    assert at.session_state["run"] == trained.run_id
    assert made.id not in "".join(usable(curated(store, trained.dataset_id))["hash"])
    assert again.id not in [each.id for each in store.runs.all(trained.dataset_id)]
    assert "has learned from them" not in words(at)
    assert f"1 photo left out of the dataset again; “{again.name}” is in the bin." in words(at)
    assert "has learned from them" not in words(open_page("predict", run=trained.run_id))
    click(at, "Bring it back")
    assert at.session_state["run"] == again.id
    assert made.id in "".join(usable(curated(store, trained.dataset_id))["hash"].str[:32])
    assert "has learned from them" in words(at)


def _as_if_learned(catalog: Catalog, before_id: str, again: RunRecord, digest: str) -> None:
    """What a worker does, but that the model stays the one that it was."""
    folder = catalog.workspace.run(again.id)
    shutil.copytree(catalog.workspace.run(before_id), folder, dirs_exist_ok=True)
    table = usable(curated(catalog, again.dataset_id))
    new = table[table["hash"].str.startswith(digest)][["path", "label", "hash"]]
    files = RunFiles(catalog.workspace, again.id)
    files.write_split(pd.concat([files.split(), new.assign(split="train")]))
    catalog.jobs.finish(again.job_id, "done")
    evaluate_run(catalog, again.id)


def test_the_first_look_learns_what_the_training_images_look_like_once(
    open_page: Open, trained: Trained
) -> None:
    open_page("predict")
    at = open_page("predict")
    (job,) = [job for job in trained.catalog.jobs.all() if job.kind == "familiar"]
    assert "Learning what its training images look like" in words(at)
    # Closed in the middle of it: begun anew, but not for ever.
    for attempts in (2, 3, 3):
        trained.catalog.jobs.finish(job.id, "interrupted", error="Lightbox was closed.")
        open_page("predict")
        assert len(trained.catalog.jobs.all(kind="familiar")) == attempts
        job = trained.catalog.jobs.latest("familiar", trained.run_id) or job
    job = submit_ood_detector(trained.catalog, trained.run_id)
    trained.catalog.jobs.finish(job.id, "failed", error="There are too few.")
    assert "There are too few." in words(open_page("predict"))


def test_a_demo_link_is_made_and_taken_back(open_page: Open, trained: Trained) -> None:
    at = open_page("predict")
    at.text_input(key=f"demo-title-{trained.run_id}").set_value("Which colour?")
    click(at, "Create a demo link")
    assert "Only this computer opens it" in words(at)
    (link,) = links(trained.catalog.workspace, trained.run_id, "demo")
    assert at.code[0].value.endswith(f"/demo?token={link.token}")
    assert links(trained.catalog.workspace, trained.run_id) == []
    assert title(open_page("demo", token=link.token)) == "Which colour?"
    click(at, "Take it back")
    assert links(trained.catalog.workspace, trained.run_id, "demo") == []


def test_a_guest_guesses_ten_photos_and_sees_both_scores(open_page: Open, trained: Trained) -> None:
    link = create_link(trained.catalog, trained.run_id, "demo")
    at = open_page("demo", token=link.token)
    at.segmented_control[0].set_value("beat").run()
    table = predictions_table(trained.catalog.workspace, trained.run_id)
    asked = len(table)
    assert f"Photo 1 of {asked}" in words(at)
    for _ in range(asked):
        click(at, "red")
    said = words(at)
    right = int((table["label"] == "red").sum())
    assert f"You {right} · the model {int(table['correct'].sum())}" in said
    shown = gallery(at, f"beat-photos-{trained.run_id}").tiles
    assert [tile["tone"] == "good" for tile in shown] == ["you ✓" in str(t["badge"]) for t in shown]
    click(at, "Play again")
    assert f"Photo 1 of {asked}" in words(at)


def test_a_guest_of_a_demo_can_try_and_nothing_else(
    open_page: Open, trained: Trained, tmp_path: Path
) -> None:
    link = create_link(trained.catalog, trained.run_id, "demo")
    before = (len(trained.catalog.jobs.all()), trained.catalog.runs.all())
    at = open_page("demo", token=link.token)
    assert title(at) == trained.catalog.runs.get(trained.run_id).name
    assert not at.get("page_link"), "a guest is offered other pages"
    tested = load_evaluation(trained.catalog.workspace, trained.run_id)
    assert f"Right on {tested.correct} of {tested.images} images" in words(at)
    assert len(answers(at)) == 1
    at.segmented_control[0].set_value("drop").run()
    data = write_colour(tmp_path / "new.png", "green", 97).read_bytes()
    at.file_uploader[0].set_value([("new.png", data, "image/png")]).run()
    assert_no_defect(at)
    assert "new.png" in words(at)
    assert [button.label for button in at.button] == []
    at.segmented_control[0].set_value("camera").run()
    assert_no_defect(at)
    assert [each.key for each in at.get("bidi_component")] == [f"camera-{trained.run_id}"]
    assert (len(trained.catalog.jobs.all()), trained.catalog.runs.all()) == before


def test_a_demo_of_a_model_that_was_never_tested_says_what_to_do(
    open_page: Open, trained: Trained
) -> None:
    link = create_link(trained.catalog, trained.run_id, "demo")
    for file in trained.catalog.workspace.run(trained.run_id).rglob("predictions*"):
        file.unlink()
    at = open_page("demo", token=link.token)
    assert "Try an image of your own" in words(at)
    assert "nobody knows yet how often it is right" in words(at)


@pytest.mark.parametrize("kind", ["", "revoked", "results"])
def test_no_other_link_opens_a_demo(open_page: Open, trained: Trained, kind: str) -> None:
    token = ""
    if kind:
        made = create_link(
            trained.catalog, trained.run_id, "results" if kind == "results" else "demo"
        )
        token = made.token
        if kind == "revoked":
            revoke_link(trained.catalog.workspace, token)
    at = open_page("demo", token=token)
    assert title(at) == "Demo"
    assert "leads nowhere" in words(at)
    assert not at.segmented_control
