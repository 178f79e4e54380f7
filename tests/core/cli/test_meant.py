"""What people mean: names nearly right, folders for datasets, folders and archives for images."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
import sqlalchemy

from core.catalog import Catalog, RunRecord
from core.delivery.exports.formats import get
from core.errors import LightboxError
from core.jobs.machine import this_place
from core.training import architectures, recipes
from core.training.spec import TrainSpec
from tests.core.cli.conftest import Cli
from tests.core.datasets.packing import image_bytes
from tests.core.evaluation.coloured import CLASSES, make_run, write_colour
from tests.core.jobs import tiny

assert tiny.MODULE, "importing it registers its kinds"


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path) -> RunRecord:
    images = [("red", "red"), ("green", "green"), ("blue", "blue")]
    return make_run(catalog, tmp_path / "training", {"train": images, "test": images})


@pytest.mark.parametrize(
    ("ask", "meant"),
    [
        (lambda: TrainSpec.model_construct().with_values({"epoch": 3}), "“epochs”"),
        (lambda: TrainSpec.model_construct().with_values({"optimiser.name": "x"}), "optimizer"),
        (lambda: recipes.get("Quik"), "“quick”"),
        (lambda: architectures.get("mobilenetv2"), "“mobilenet_v2”"),
        (lambda: get("onx"), "“onnx”"),
    ],
)
def test_what_is_nearly_right_is_asked_about(ask: object, meant: str) -> None:
    with pytest.raises(LightboxError) as error:
        ask()  # type: ignore[operator]
    assert "Did you mean" in str(error.value)
    assert meant in str(error.value)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("tflite", "litert"),
        ("TFLite", "litert"),
        ("savedmodel", "saved-model"),
        ("SavedModel", "saved-model"),
        ("saved_model", "saved-model"),
        ("tflite-int8", "litert-int8"),
        ("litert_float16", "litert-float16"),
        ("ONNX", "onnx"),
    ],
)
def test_formats_answer_to_their_other_names(said: str, meant: str) -> None:
    assert get(said).key == meant


def test_names_of_datasets_and_runs_are_asked_about(cli: Cli, run: RunRecord) -> None:
    assert "Did you mean “colours”?" in cli("evaluate", "color").mistake
    assert "Did you mean “colours”?" in cli("dataset", "show", "colors").mistake


def test_a_folder_is_trained_on_and_is_a_dataset_then(
    cli: Cli, photos: Path, catalog: Catalog
) -> None:
    refused = cli("train", photos, "--set", "epoch=1", "--json")
    assert "Did you mean “epochs”" in refused.mistake
    (added,) = catalog.datasets.all()
    assert (added.name, added.state, added.images) == ("colours", "ready", 9)
    one = next(photos.rglob("*.*"))
    shutil.copyfile(one, one.with_stem("one more"))
    again = cli("train", photos, "--set", "epoch=1")
    assert "This folder is the dataset “colours”" in again.out
    (now,) = catalog.datasets.all()
    assert now.images == 10, "what is in the folder now is meant"
    assert "no dataset named “nowhere”" in cli("train", "nowhere").mistake


def test_a_dataset_is_meant_before_a_folder_of_its_name(
    cli: Cli, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("dataset", "add", photos, "--name", "hands")
    shutil.copytree(photos, tmp_path / "work" / "hands")
    monkeypatch.chdir(tmp_path / "work")
    said = cli("train", "hands", "--set", "epoch=1")
    assert "the dataset is meant" in said.out
    assert "./hands" in said.out
    monkeypatch.chdir(tmp_path)
    assert "is meant" not in cli("train", "hands", "--set", "epoch=1").out


def test_one_bad_path_keeps_no_other_from_an_answer(
    cli: Cli, run: RunRecord, tmp_path: Path
) -> None:
    good = write_colour(tmp_path / "a.png", "red")
    said = cli("predict", "colours", tmp_path / "nowhere.png", good, "--json")
    first, second = said.document
    assert (first["label"], first["error"]) == ("", "There is no such file.")
    assert (second["label"], second["error"]) == ("red", "")
    text = cli("predict", "colours", tmp_path / "nowhere.png", good)
    assert (text.code, len(text.out.splitlines())) == (0, 2)
    assert cli("predict", "colours", tmp_path / "nowhere.png").code == 2


def test_a_folder_and_an_archive_are_asked_about_as_their_images(
    cli: Cli, run: RunRecord, tmp_path: Path
) -> None:
    for colour in CLASSES:
        write_colour(tmp_path / "new" / "deep" / f"{colour}.png", colour)
    (tmp_path / "new" / "=x.png").write_bytes(b"no image")
    (tmp_path / "empty").mkdir()
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "new"))
    table = tmp_path / "answers.csv"
    asked = cli(
        "predict", "colours", tmp_path / "new", tmp_path / "empty", "--csv", table, "--json"
    )
    answers = {Path(each["name"]).name: each for each in asked.document}
    assert [answers[f"{colour}.png"]["label"] for colour in CLASSES] == CLASSES
    assert answers["=x.png"]["error"]
    assert "no images" in answers["empty"]["error"]
    with table.open(encoding="utf-8", newline="") as file:
        assert all(Path(row["file"]).exists() for row in csv.DictReader(file))
    inside = cli("predict", "colours", packed, "--json").document
    assert sorted(each["label"] for each in inside) == ["", *CLASSES]


def test_a_batch_takes_an_archive_and_its_table_finds_the_files(
    cli: Cli, run: RunRecord, tmp_path: Path
) -> None:
    for name in ("=1+1.png", "-a.png", "@b, c.png", 'd"e.png', "deep/+f.png"):
        write_colour(tmp_path / "new" / name, "green")
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "new"))
    table = tmp_path / "answers.csv"
    found = cli("predict-batch", "colours", packed, "--out", table, "--json").document
    assert (found["images"], found["unreadable"], found["classes"]["green"]) == (5, 0, 5)
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5
    assert all((tmp_path / "new" / row["file"]).is_file() for row in rows)
    (tmp_path / "no.txt").write_text("no", encoding="utf-8")
    assert "neither a folder nor" in cli("predict-batch", "colours", tmp_path / "no.txt").mistake


def test_a_test_on_what_it_was_trained_on_says_so_first(
    cli: Cli, run: RunRecord, tmp_path: Path
) -> None:
    lines = cli("evaluate", "colours", "--on", tmp_path / "training").out.splitlines()
    assert "trained on" in lines[1]
    one = tmp_path / "one"
    shutil.copytree(tmp_path / "training", one)
    write_colour(one / "red" / "new.png", "red", seed=99)
    (line,) = (each for each in cli("evaluate", "colours", "--on", one).out.splitlines()[1:2])
    assert "flatters the score" in line
    assert "that it was trained on" not in cli("evaluate", "colours").out


def test_skipped_files_are_listed_in_order_five_or_all(cli: Cli, photos: Path) -> None:
    for number in (3, 1, 2, 7, 5, 6, 4):
        (photos / f"note{number}.txt").write_text("x", encoding="utf-8")
    cli("dataset", "add", photos)
    shown = [each for each in cli("dataset", "show", "colours").out.splitlines() if "note" in each]
    assert [each.split(":")[0].strip() for each in shown] == [f"note{n}.txt" for n in range(1, 6)]
    assert "--skipped" in cli("dataset", "show", "colours").out
    everything = cli("dataset", "show", "colours", "--skipped").out
    assert sum("note" in each for each in everything.splitlines()) == 7
    assert "--skipped" not in everything


def test_what_is_said_of_an_archive_is_no_file_that_was_skipped(cli: Cli, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(4):
            archive.writestr(f"@@@@@@@@/{number}.png", image_bytes(number, "PNG"))
            archive.writestr(f"dogs/{number}.png", image_bytes(9 + number, "PNG"))
    # As programs write names that know of no UTF-8.
    named = packed.getvalue().replace(b"@" * 8, "我的小猫".encode("gbk"))
    (tmp_path / "cats.zip").write_bytes(named)
    cli("dataset", "add", tmp_path / "cats.zip")
    said = cli("dataset", "show", "cats").out
    assert "cats.zip: It doesn't say how names" in said
    assert "skipped" not in said


def test_a_run_whose_process_was_killed_goes_on_without_anybody_saying_so(
    catalog: Catalog, cli: Cli
) -> None:
    job = catalog.jobs.add("tiny.mistake", {}, lane="train", subject="d")
    catalog.runs.add("night", dataset_id="d", dataset_version=1, spec={}, job_id=job.id)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    catalog.jobs.claim("train", pid=gone.pid, host=this_place())
    with catalog.engine.begin() as connection:
        connection.execute(
            sqlalchemy.text("UPDATE jobs SET heartbeat_at = :at"), {"at": time.time() - 7.5}
        )
    said = cli("resume", "night")
    assert "once that is certain" in said.err
    assert "This folder is empty (photos)" in said.err, "it was done again, here"
