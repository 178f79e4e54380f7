"""New images as a fresh test: whose class is which, what is kept, and what is forgotten again."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import pytest

from core.catalog import Catalog, JobRecord, RunRecord
from core.datasets.upload import UploadStage
from core.errors import InvalidInput, NotFound
from core.evaluation.evaluate import evaluate_folder
from core.evaluation.predictions import evaluated_on, load_evaluation
from core.evaluation.tested import (
    find_tested,
    folders_tested,
    forget_tested,
    keep_upload,
    match_classes,
)
from core.jobs import kinds
from core.jobs.execute import execute
from core.runs.files import RunFiles
from tests.bucket import Bucket
from tests.core.evaluation.coloured import CLASSES, make_run, write_colour
from tests.core.evaluation.twins import finished


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path) -> RunRecord:
    right = [(colour, colour) for colour in CLASSES]
    made = make_run(catalog, tmp_path / "photos", {"train": right, "test": right})
    return finished(catalog, made)


def do(catalog: Catalog, job: JobRecord) -> JobRecord:
    claimed = catalog.jobs.claim(job.lane, pid=os.getpid(), host="here", job_id=job.id)
    assert claimed is not None
    return execute(catalog, claimed)


def folder_of(root: Path, *labels: str) -> Path:
    for number, label in enumerate(labels):
        write_colour(root / label / f"{number}.png", "red", seed=100 + number)
    return root


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Cat", "cat"),
        ("grey_hound", "Grey Hound"),
        ("GREY-HOUND", "greyhound"),
        ("cat 2", "cat_2"),
        ("cat2", "cat 2"),
        ("Straße", "STRASSE"),
    ],
)
def test_names_that_differ_a_little_are_the_same_class_and_it_is_said(
    name: str, known: str
) -> None:
    found = match_classes({name: 3}, [known, "other"])
    assert found.classes == found.loosely == {name: known}
    assert f"“{name}” as “{known}”" in " ".join(found.sentences())


@pytest.mark.parametrize(
    ("name", "known"),
    [("1-2", "12"), ("C#", "C++"), ("-1", "1"), ("cat", "cats"), ("a b", "ab c")],
)
def test_names_that_mean_something_else_are_not(name: str, known: str) -> None:
    assert match_classes({name: 1}, [known]).unknown == {name: 1}


def test_an_exact_name_wins_and_an_ambiguous_one_is_left_out() -> None:
    found = match_classes({"a_b": 1, "A B": 2}, ["a_b", "a b"])
    assert found.classes == {"a_b": "a_b"}
    assert found.unknown == {"A B": 2}
    assert found.missing == ["a b"]


def test_what_was_left_out_and_what_is_missing_is_said(
    catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    new = folder_of(tmp_path / "new", "Red", "yellow", "pink", "purple")
    evaluation = evaluate_folder(catalog, run.id, new)
    assert (evaluation.images, evaluation.correct) == (1, 1)
    (tested,) = folders_tested(catalog.workspace, run.id)
    said = " ".join(tested.sentences())
    assert "3 images of 3 classes it doesn’t know were left out: “pink”, “purple”, “yellow”" in said
    assert "“Red” as “red”" in said
    assert "no images of “blue”, “green”" in said
    assert (tested.on, tested.name, tested.uploaded) == (evaluation.on, "new", False)


def test_images_that_were_trained_on_are_counted_and_said(
    catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    new = folder_of(tmp_path / "new", "red")
    shutil.copy(tmp_path / "photos/green/train-1.png", new / "red/again.png")
    evaluate_folder(catalog, run.id, new)
    (tested,) = folders_tested(catalog.workspace, run.id)
    assert (tested.images, tested.trained_on) == (2, 1)
    assert "1 of these 2 images is a copy of one that it was trained on" in tested.sentences()[0]


def test_testing_again_forgets_what_was_made_of_the_first_test(
    catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    new = folder_of(tmp_path / "new", "red")
    on = evaluate_folder(catalog, run.id, new).on
    kept = RunFiles(catalog.workspace, run.id).test(on).folder
    (kept / "similar.parquet").write_bytes(b"old")
    (kept / "study").mkdir()
    folder_of(new, "blue", "blue", "blue")
    assert evaluate_folder(catalog, run.id, new).images == 4
    assert not (kept / "similar.parquet").exists()
    assert not (kept / "study").exists()
    assert (kept / "folder.json").exists()


def test_a_test_on_ones_own_folder_is_forgotten_and_the_folder_stays(
    catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    new = folder_of(tmp_path / "new", "red")
    on = evaluate_folder(catalog, run.id, new).on
    assert evaluated_on(catalog.workspace, run.id) == ["test", on]
    forget_tested(catalog.workspace, run.id, on)
    assert evaluated_on(catalog.workspace, run.id) == ["test"]
    assert (new / "red/0.png").exists()
    with pytest.raises(NotFound, match="not tested on"):
        forget_tested(catalog.workspace, run.id, on)
    with pytest.raises(NotFound):
        forget_tested(catalog.workspace, run.id, "test")


def upload(catalog: Catalog, tmp_path: Path, *labels: str) -> UploadStage:
    stage = UploadStage(catalog.workspace)
    for file in sorted(folder_of(tmp_path / "up", *labels).rglob("*.png")):
        stage.add(f"up/{file.relative_to(tmp_path / 'up')}", io.BytesIO(file.read_bytes()))
    return stage


def test_uploaded_images_are_kept_with_the_run_and_move_with_the_workspace(
    catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    workspace = catalog.workspace
    folder = keep_upload(catalog, run.id, upload(catalog, tmp_path, "red", "blue"), "my photos/..")
    assert folder.is_relative_to(workspace.run(run.id))
    job = do(catalog, kinds.submit_evaluate(catalog, run.id, folder))
    assert job.state == "done", job.error
    (tested,) = folders_tested(workspace, run.id)
    assert tested.uploaded
    assert tested.on.startswith("home:runs/")
    assert load_evaluation(workspace, run.id, tested.on).images == 2
    result = catalog.jobs.latest_event(job.id, "result")
    assert result is not None
    assert result.payload["on"] == tested.on
    forget_tested(workspace, run.id, tested.on)
    assert not folder.exists()


def test_an_upload_that_cannot_be_tested_leaves_nothing_behind(
    catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    folder = keep_upload(catalog, run.id, upload(catalog, tmp_path, "yellow"), "new")
    job = do(catalog, kinds.submit_evaluate(catalog, run.id, folder))
    assert (job.state, "None of the classes" in job.error) == ("failed", True)
    assert not folder.exists()


def test_an_empty_upload_is_refused(catalog: Catalog, run: RunRecord) -> None:
    with pytest.raises(InvalidInput, match="None of these files"):
        keep_upload(catalog, run.id, UploadStage(catalog.workspace), "new")
    assert list((catalog.workspace.run(run.id) / "tested").iterdir()) == []


def test_an_archive_is_unpacked_and_tested_in_the_job(
    catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    archive = shutil.make_archive(
        str(tmp_path / "new"), "zip", folder_of(tmp_path / "up", "red", "green")
    )
    stage = UploadStage(catalog.workspace, "a" * 24)
    stage.append(0, Path(archive).read_bytes())
    job = do(
        catalog,
        kinds.submit_evaluate(catalog, run.id, archive="a" * 24, name="Holiday photos.zip"),
    )
    assert job.state == "done", job.error
    (tested,) = folders_tested(catalog.workspace, run.id)
    assert (tested.name, tested.uploaded) == ("Holiday-photos", True)
    assert load_evaluation(catalog.workspace, run.id, tested.on).images == 2


def test_a_broken_archive_is_said_by_its_own_name(catalog: Catalog, run: RunRecord) -> None:
    stage = UploadStage(catalog.workspace, "b" * 24)
    stage.append(0, b"no archive at all")
    job = do(catalog, kinds.submit_evaluate(catalog, run.id, archive="b" * 24, name="new.zip"))
    assert (job.state, "new.zip" in job.error) == ("failed", True)
    assert list((catalog.workspace.run(run.id) / "tested").iterdir()) == []


def test_a_test_is_found_by_name_or_place(catalog: Catalog, run: RunRecord, tmp_path: Path) -> None:
    new = folder_of(tmp_path / "new", "red")
    on = evaluate_folder(catalog, run.id, new).on
    for name in ("new", str(new), on):
        assert find_tested(catalog.workspace, run.id, name).on == on
    with pytest.raises(NotFound, match="It was on"):
        find_tested(catalog.workspace, run.id, "old")
    evaluate_folder(catalog, run.id, folder_of(tmp_path / "other/new", "blue"))
    with pytest.raises(InvalidInput, match="2 folders named “new”"):
        find_tested(catalog.workspace, run.id, "new")


def test_a_test_on_a_bucket_is_found_however_its_place_is_written(
    catalog: Catalog, run: RunRecord, tmp_path: Path, bucket: Bucket
) -> None:
    address = bucket.fill(folder_of(tmp_path / "new", "red"), "new")
    on = evaluate_folder(catalog, run.id, Path(address)).on
    for name in ("new", address, f"{address}/"):
        assert find_tested(catalog.workspace, run.id, name).on == on
