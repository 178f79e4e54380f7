"""A folder of images is answered whole: whatever is broken in it, and however often it is cut
off."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import requests
from PIL import Image

from core.api import batches as addresses
from core.catalog import Catalog, RunRecord
from core.errors import Cancelled, Conflict, InvalidInput, NotFound
from core.evaluation.out_of_distribution import out_of_distribution_files
from core.inference import batch as batch_module
from core.inference.batch import answer_batch
from core.inference.batch_results import look, summarise, thumbnail, write_results
from core.inference.batch_sort import sort_batch
from core.inference.batch_store import (
    Batch,
    batches,
    delete_batch,
    done_of,
    find_batch,
    new_batch,
    place_of,
)
from core.inference.predictor import open_predictor
from core.jobs.execute import execute
from core.jobs.kinds import resume_batch, submit_batch, submit_sort
from core.progress import Reporter, Wishes
from core.quality.take_away import find
from core.workspace import read_json, write_json
from tests.conftest import ROOT
from tests.core.api.serving import serving
from tests.core.evaluation.coloured import make_run, write_colour
from tests.core.inference.shaped import unlike, weighing_run


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path) -> RunRecord:
    images = [("red", "red"), ("green", "green"), ("blue", "blue")]
    return make_run(catalog, tmp_path / "training", {"train": images, "test": images})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve images in folders, one of them below another, and three files that are none."""
    root = tmp_path / "new"
    for number in range(4):
        write_colour(root / f"{number}.png", "red", number)
        write_colour(root / "a" / f"{number}.png", "green", 10 + number)
        write_colour(root / "a" / "deep" / f"{number}.png", "blue", 20 + number)
    (root / "a" / "broken.png").write_bytes(b"no image")
    (root / "empty.jpg").touch()
    (root / "notes.txt").write_text("not an image")
    (root / ".hidden.png").write_bytes(b"")
    return root


def answered(catalog: Catalog, run: RunRecord, folder: Path, threshold: float = 0.5) -> Batch:
    batch = new_batch(catalog, run.id, folder, threshold=threshold)
    answer_batch(catalog, run.id, batch.id)
    return batch


def test_every_image_below_the_folder_is_answered_and_the_broken_ones_have_a_sentence(
    catalog: Catalog, run: RunRecord, folder: Path
) -> None:
    batch = answered(catalog, run, folder)
    counted = summarise(catalog.workspace, batch)
    assert counted.classes == {"blue": 4, "green": 4, "red": 4}
    assert (counted.images, counted.unsure, counted.unreadable) == (14, 0, 2)
    broken = look(catalog.workspace, batch, "unreadable")
    assert dict(zip(broken["path"], broken["error"], strict=True)) == {
        "a/broken.png": "This is not an image that Lightbox can read.",
        "empty.jpg": "The file is empty.",
    }
    blue = look(catalog.workspace, batch, "sure", "blue")
    assert list(blue["path"]) == [f"a/deep/{n}.png" for n in range(4)]


def test_answers_are_those_of_the_page(catalog: Catalog, run: RunRecord, folder: Path) -> None:
    batch = answered(catalog, run, folder)
    files = [(f"{n}.png", (folder / f"{n}.png").read_bytes()) for n in range(4)]
    single = open_predictor(catalog.workspace, run.id).predict(files)
    many = look(catalog.workspace, batch, "sure", "red").set_index("path")
    for one in single:
        assert many.loc[one.name, "confidence"] == pytest.approx(one.confidence, abs=1e-5)


def test_a_killed_batch_goes_on_where_it_was_and_answers_nothing_twice(
    catalog: Catalog, run: RunRecord, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_module, "CHUNK", 5)
    batch = new_batch(catalog, run.id, folder)
    code = f"""
import os, signal, sys
from pathlib import Path
from core.catalog import open_catalog
from core.inference import batch
from core.workspace import open_workspace
batch.CHUNK = 5
keep = batch._keep_part
def killed_after_two(parts, start, rows):
    keep(parts, start, rows)
    if start == 5:
        os.kill(os.getpid(), signal.SIGKILL)
batch._keep_part = killed_after_two
batch.answer_batch(open_catalog(open_workspace()), {run.id!r}, {batch.id!r})
"""
    killed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert done_of(catalog.workspace, batch) is None
    # What has come into the folder meanwhile is not part of it.
    write_colour(folder / "late.png", "red", 99)
    done = answer_batch(catalog, run.id, batch.id)
    assert (done.images, done.answered, done.unreadable) == (14, 4, 2)
    table = pd.read_parquet(place_of(catalog.workspace, batch) / "answers.parquet")
    assert list(table["path"]) == sorted(set(table["path"]))
    assert len(table) == 14


@pytest.fixture
def weighing(catalog: Catalog, tmp_path: Path) -> RunRecord:
    """A run whose model has features, so that it can tell what it doesn't know."""
    return weighing_run(catalog, tmp_path / "training")


def test_it_says_which_images_are_unlike_those_trained_on_as_single_answers_do(
    catalog: Catalog, weighing: RunRecord, folder: Path, tmp_path: Path
) -> None:
    strange = [unlike(folder / "a" / f"strange-{number}.png") for number in range(2)]
    batch = answered(catalog, weighing, folder)
    counted = summarise(catalog.workspace, batch)
    assert (counted.unfamiliar, counted.unreadable) == (2, 2)
    assert counted.sentence.startswith("2 images don’t look like what the model was trained on")
    found = look(catalog.workspace, batch, "unfamiliar")
    assert sorted(found["path"]) == [str(file.relative_to(folder)) for file in strange]
    write_results(catalog.workspace, batch, tmp_path / "out.json")
    said = {row["file"]: row for row in json.loads((tmp_path / "out.json").read_text("utf-8"))}
    files = [(name, (folder / name).read_bytes()) for name in said]
    alone = out_of_distribution_files(catalog.workspace, weighing.id, files)
    assert [row["unfamiliar"] for row in said.values()] == alone
    single = open_predictor(catalog.workspace, weighing.id).predict(files, top=3)
    for one in single:
        named = {label: pytest.approx(share, abs=1e-5) for label, share in one.top}
        assert said[one.name]["probabilities"] == named
    for kind in ("csv", "parquet"):
        write_results(catalog.workspace, batch, tmp_path / f"out.{kind}")
    with (tmp_path / "out.csv").open(encoding="utf-8") as file:
        words = [row["unfamiliar"] for row in csv.DictReader(file)]
    assert words == [{True: "yes", False: "no", None: ""}[each] for each in alone]
    column = pd.read_parquet(tmp_path / "out.parquet")["unfamiliar"]
    assert [None if pd.isna(each) else bool(each) for each in column] == alone


def test_a_batch_of_an_earlier_version_doesnt_say_what_is_unlike(
    catalog: Catalog, weighing: RunRecord, folder: Path, tmp_path: Path
) -> None:
    unlike(folder / "strange.png")
    batch = answered(catalog, weighing, folder)
    file = place_of(catalog.workspace, batch) / "answers.parquet"
    pq.write_table(pq.read_table(file).drop_columns("distance"), file)
    assert summarise(catalog.workspace, batch).unfamiliar is None
    assert summarise(catalog.workspace, batch).sentence == ""
    assert look(catalog.workspace, batch, "unfamiliar").empty
    assert len(look(catalog.workspace, batch, "least")) == 13
    for kind in ("csv", "json", "jsonl", "parquet"):
        assert write_results(catalog.workspace, batch, tmp_path / f"out.{kind}") == 15
    rows = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert {row["unfamiliar"] for row in rows} == {None}
    assert pd.read_parquet(tmp_path / "out.parquet")["unfamiliar"].isna().all()
    assert sort_batch(catalog, batch, tmp_path / "sorted").images == 13


def test_what_an_earlier_version_had_answered_is_gone_on_with(
    catalog: Catalog, weighing: RunRecord, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_module, "CHUNK", 5)
    monkeypatch.setattr(batch_module, "_GROUP", 3)
    unlike(folder / "z.png")
    batch = new_batch(catalog, weighing.id, folder)
    with pytest.raises(Cancelled):
        answer_batch(catalog, weighing.id, batch.id, StopAt())
    (part,) = (place_of(catalog.workspace, batch) / "parts").glob("*.parquet")
    pq.write_table(pq.read_table(part).drop_columns("distance"), part)
    assert answer_batch(catalog, weighing.id, batch.id).images == 15
    assert list(look(catalog.workspace, batch, "unfamiliar")["path"]) == ["z.png"]


class StopAt(Reporter):
    """Wants the work to stop once something was answered."""

    def __init__(self) -> None:
        self.stop = False

    def progress(self, phase: str, done: int, *_: object, **__: object) -> None:
        self.stop = phase == "batch" and done > 0

    def wishes(self) -> Wishes:
        return Wishes(stop="keep" if self.stop else "")


def test_a_cancelled_job_is_resumed_by_its_button(
    catalog: Catalog, run: RunRecord, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_module, "CHUNK", 5)
    monkeypatch.setattr(batch_module, "_GROUP", 3)
    batch = new_batch(catalog, run.id, folder)
    with pytest.raises(Cancelled):
        answer_batch(catalog, run.id, batch.id, StopAt())
    assert done_of(catalog.workspace, batch) is None
    assert threading.active_count() < 20, "the threads that decode go away"
    job = submit_batch(catalog, batch)
    catalog.jobs.request_cancel(job.id)
    assert resume_batch(catalog, batch).state == "queued"
    claimed = catalog.jobs.claim("light", pid=os.getpid(), host="here", job_id=job.id)
    assert claimed is not None
    assert execute(catalog, claimed).state == "done"
    done = done_of(catalog.workspace, batch)
    assert done is not None
    assert done.images == 14
    with pytest.raises(Conflict):
        resume_batch(catalog, batch)


def test_tables_hold_all_answers_in_every_format(
    catalog: Catalog, run: RunRecord, folder: Path, tmp_path: Path
) -> None:
    write_colour(folder / "=cmd.png", "red", 50)
    batch = answered(catalog, run, folder)
    for kind in ("csv", "json", "jsonl", "parquet"):
        assert write_results(catalog.workspace, batch, tmp_path / f"out.{kind}", 0.5) == 15
    with (tmp_path / "out.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    array = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert array == [json.loads(line) for line in lines]
    frame = pd.read_parquet(tmp_path / "out.parquet")
    assert all((folder / row["file"]).is_file() for row in table), "paths are as they are on disk"
    assert "=cmd.png" in {row["file"] for row in table}
    assert list(frame["file"]) == [entry["file"] for entry in array]
    for row, entry, (_, values) in zip(table, array, frame.iterrows(), strict=True):
        if entry["error"]:
            assert row["error"] == entry["error"] == values["error"]
            assert row["prediction"] == ""
            assert entry["prediction"] is None
            assert pd.isna(values["confidence"])
            assert pd.isna(values["p_red"])
            continue
        assert row["prediction"] == entry["prediction"] == values["prediction"]
        assert float(row["p_blue"]) == pytest.approx(entry["probabilities"]["blue"], abs=1e-5)
        assert values["p_blue"] == pytest.approx(entry["probabilities"]["blue"], abs=1e-5)
        assert sum(entry["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    with pytest.raises(InvalidInput, match="csv"):
        write_results(catalog.workspace, batch, tmp_path / "out.xlsx")


def test_sorting_copies_into_class_folders_and_touches_no_original(
    catalog: Catalog, run: RunRecord, folder: Path, tmp_path: Path
) -> None:
    (folder / "b").mkdir()
    write_colour(folder / "b" / "0.png", "red", 77)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    batch = answered(catalog, run, folder)
    done = sort_batch(catalog, batch, tmp_path / "sorted")
    assert done.folders == {"blue": 4, "green": 4, "red": 5}
    # Two were called 0.png; both are there.
    names = sorted(path.name for path in (tmp_path / "sorted" / "red").iterdir())
    assert names == ["0 (2).png", "0.png", "1.png", "2.png", "3.png"]
    assert {path: path.read_bytes() for path in before} == before
    # Of which no answer is sure enough: all are unsure, in an archive this time.
    done = sort_batch(catalog, batch, tmp_path / "sorted.zip", archive=True, threshold=1.0)
    assert done.folders == {"unsure": 13}
    with zipfile.ZipFile(done.path) as archive:
        assert all(name.startswith("unsure/") for name in archive.namelist())
    with pytest.raises(Conflict):
        sort_batch(catalog, batch, tmp_path / "sorted")
    # Windows has no folder of this name, so another one is said to be of the class.
    model = catalog.workspace.run(run.id) / "model.json"
    write_json(model, {**read_json(model), "classes": ["con", "green", "red"]})
    done = sort_batch(catalog, batch, tmp_path / "named")
    assert done.folders == {"_con": 4, "green": 4, "red": 5}
    assert done.named == {"_con": "con"}
    with pytest.raises(InvalidInput):
        sort_batch(catalog, batch, folder / "inside")


def test_a_sorted_copy_waits_to_be_fetched(catalog: Catalog, run: RunRecord, folder: Path) -> None:
    batch = answered(catalog, run, folder)
    job = submit_sort(catalog, batch, 0.5)
    claimed = catalog.jobs.claim("light", pid=os.getpid(), host="here", job_id=job.id)
    assert claimed is not None
    assert execute(catalog, claimed).state == "done"
    file = find(catalog.workspace, job.spec["token"])
    assert file is not None
    assert zipfile.is_zipfile(file)


def test_a_folder_without_images_or_that_is_not_there_is_refused(
    catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    (tmp_path / "none").mkdir()
    batch = new_batch(catalog, run.id, tmp_path / "none")
    with pytest.raises(InvalidInput, match="no images"):
        answer_batch(catalog, run.id, batch.id)
    with pytest.raises(NotFound):
        new_batch(catalog, run.id, tmp_path / "missing")
    with pytest.raises(InvalidInput):
        new_batch(catalog, run.id, tmp_path / "none", threshold=1.5)


def test_a_photo_of_a_kind_that_is_not_read_here_is_named_and_not_passed_over(
    catalog: Catalog, run: RunRecord, folder: Path
) -> None:
    (folder / "IMG_0001.CR3").write_bytes(bytes(99))
    (folder / "notes.txt").write_text("no photo", encoding="utf-8")
    # Which is read here, and elsewhere may not be.
    Image.new("RGB", (32, 32), "red").save(folder / "read.avif")
    batch = answered(catalog, run, folder)
    broken = look(catalog.workspace, batch, "unreadable").set_index("path")
    assert "a raw photo" in broken.loc["IMG_0001.CR3", "error"]
    assert "notes.txt" not in broken.index
    assert "read.avif" not in broken.index


def test_a_link_that_leads_out_of_the_folder_is_not_followed(
    catalog: Catalog, run: RunRecord, folder: Path, tmp_path: Path
) -> None:
    secret = write_colour(tmp_path / "secret.png", "red")
    (folder / "link.png").symlink_to(secret)
    batch = answered(catalog, run, folder)
    broken = look(catalog.workspace, batch, "unreadable").set_index("path")
    assert "outside" in broken.loc["link.png", "error"]


def test_an_archive_is_unpacked_answered_and_goes_with_its_batch(
    catalog: Catalog, run: RunRecord, folder: Path, tmp_path: Path
) -> None:
    from core.datasets.upload import UploadStage, new_token

    file = tmp_path / "images.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for path in folder.rglob("*.png"):
            archive.write(path, path.relative_to(folder))
    token = new_token()
    UploadStage(catalog.workspace, token).append(0, file.read_bytes())
    batch = new_batch(catalog, run.id, archive=token, name="images.zip")
    answer_batch(catalog, run.id, batch.id)
    assert summarise(catalog.workspace, batch).classes == {"blue": 4, "green": 4, "red": 4}
    assert thumbnail(catalog.workspace, batch, "0.png")
    delete_batch(catalog, batch)
    assert batches(catalog.workspace, run.id) == []
    assert not place_of(catalog.workspace, batch).exists()


def test_batches_are_kept_newest_first_and_a_folder_outlives_them(
    catalog: Catalog, run: RunRecord, folder: Path
) -> None:
    first, second = answered(catalog, run, folder), answered(catalog, run, folder)
    assert [each.id for each in batches(catalog.workspace, run.id)] == [second.id, first.id]
    delete_batch(catalog, second)
    assert [each.id for each in batches(catalog.workspace, run.id)] == [first.id]
    assert (folder / "0.png").exists()
    for guess in ("../" + first.id, "..", "x"):
        with pytest.raises(NotFound):
            find_batch(catalog.workspace, run.id, guess)


def test_a_table_is_fetched_by_its_address_and_by_no_other(
    catalog: Catalog, run: RunRecord, folder: Path
) -> None:
    batch = answered(catalog, run, folder)
    with serving(addresses.ROUTES) as base:
        got = requests.get(base + addresses.address(batch, "csv", 0.5), timeout=20)
        assert got.status_code == 200
        heads = "file,prediction,confidence,unsure,error,unfamiliar,p_blue"
        assert got.text.splitlines()[0].startswith(heads)
        strict = requests.get(
            base + addresses.address(batch, "jsonl", 1.0), timeout=20
        ).text.splitlines()
        assert all(json.loads(line)["unsure"] in (True, None) for line in strict)
        for wrong in (
            f"{addresses.PREFIX}/{run.id}/{'x' * 24}.csv",
            f"{addresses.PREFIX}/{run.id}/{batch.id}.exe",
            f"{addresses.PREFIX}/other/{batch.id}.csv",
            f"{addresses.PREFIX}/{run.id}/{batch.id}.csv?threshold=nan",
            f"{addresses.PREFIX}/{run.id}/{batch.id}.csv?threshold=x",
        ):
            assert requests.get(base + wrong, timeout=20).status_code == 404
