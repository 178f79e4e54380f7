"""Everything that pages do can be done by commands: data, scans, decisions, what was got wrong."""

from __future__ import annotations

import datetime
import json
import shutil
import zipfile
from pathlib import Path

import pytest
import sqlalchemy

from core.catalog import Catalog
from tests.core.cli.conftest import Cli, process
from tests.core.evaluation.coloured import CLASSES, write_colour


def test_a_folder_is_added_and_listed(cli: Cli, photos: Path) -> None:
    added = cli("dataset", "add", photos, "--json").document
    assert (added["name"], added["images"], added["state"]) == ("colours", 9, "ready")
    assert added["class_counts"] == dict.fromkeys(CLASSES, 3)
    assert added["root"] == str(photos)
    (listed,) = cli("dataset", "list", "--json").document
    assert listed == {key: added[key] for key in listed}
    assert "colours" in cli("dataset", "list").out


def test_an_archive_is_added_under_a_name_of_ones_own(
    cli: Cli, photos: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for file in photos.rglob("*.png"):
            archive.write(file, file.relative_to(photos))
    added = cli("dataset", "add", tmp_path / "many.zip", "--name", "from a zip", "--json").document
    assert (added["name"], added["origin"], added["images"]) == ("from a zip", "archive", 9)


def test_the_same_folder_twice_and_a_class_of_one_image_are_remarked_on(
    cli: Cli, photos: Path
) -> None:
    cli("dataset", "add", photos)
    for file in sorted((photos / "red").iterdir())[1:]:
        file.unlink()
    second = cli("dataset", "add", photos, "--name", "second", "--json").document
    assert second["remarks"] == [
        "Its folder is also the dataset “colours”.",
        "“red” has one image only: the model can learn from it, but can't be tested on it. "
        "Add more.",
    ]


def test_what_is_no_image_is_not_said_to_be_added_to_a_class(
    cli: Cli, photos: Path, tmp_path: Path
) -> None:
    cli("dataset", "add", photos)
    fake = tmp_path / "fake.png"
    fake.write_bytes(b"nope")
    assert "None of these can be read" in cli("class", "add", "colours", "red", fake).mistake
    # Nothing is left of what was begun for them.
    assert "None of these can be read" in cli("class", "add", "colours", "new", fake).mistake
    assert "None of these can be read" in cli("class", "add", "typo", "red", fake).mistake
    assert [each["name"] for each in cli("dataset", "list", "--json").document] == ["colours"]
    known = cli("class", "list", "colours", "--json").document["classes"]
    assert "new" not in [each["label"] for each in known]
    some = cli("class", "add", "colours", "../odd", fake, photos / "red/00.png")
    assert "so this one is “_odd”" in some.out
    assert "1 image\n" in some.out
    found = cli("class", "list", "colours", "--json").document["classes"]
    assert {each["label"]: each["images"] for each in found}["red"] == 3


def test_a_folder_that_is_there_and_no_dataset_is_not_said_to_be_missing(
    cli: Cli, photos: Path
) -> None:
    assert "add it first" in cli("dataset", "layout", photos).mistake
    assert "There is no folder" in cli("dataset", "layout", photos / "no").mistake


def test_an_empty_workspace_says_how_to_begin(cli: Cli) -> None:
    assert cli("dataset", "list", "--json").document == []
    assert cli("--json", "dataset", "list").document == []
    assert cli("runs", "--json").document == []
    assert "dataset add" in cli("dataset", "list").out
    assert "train" in cli("runs").out


def test_a_store_without_a_database_for_all_says_why_nothing_of_others_is_there(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "LIGHTBOX_DATABASE" not in cli("dataset", "list").out
    (tmp_path / "store").mkdir()
    monkeypatch.setenv("LIGHTBOX_FILES", str(tmp_path / "store"))
    monkeypatch.setenv("LIGHTBOX_HOME", str(tmp_path / "another home"))
    assert "LIGHTBOX_DATABASE" in cli("dataset", "list").out


def test_what_can_not_be_added_is_a_sentence_and_leaves_nothing(
    cli: Cli, tmp_path: Path, photos: Path
) -> None:
    (tmp_path / "notes.txt").write_text("no images", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 not an archive")
    for name in ("nowhere", "notes.txt", "empty", "broken.zip"):
        assert name in cli("dataset", "add", tmp_path / name, "--json").mistake
    cli("dataset", "add", photos)
    assert "already" in cli("dataset", "add", photos, "--name", "colours").mistake
    assert len(cli("dataset", "list", "--json").document) == 1


def test_a_folder_outside_the_roots_is_refused(
    cli: Cli, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTBOX_ROOTS", str(tmp_path / "only-here"))
    assert "only-here" in cli("dataset", "add", photos).mistake


def test_a_scan_sees_what_is_new_and_what_is_broken(cli: Cli, photos: Path) -> None:
    cli("dataset", "add", photos)
    shutil.copy(photos / "red/00.png", photos / "red/copy.png")
    (photos / "blue/broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    (photos / "blue/notes.txt").write_text("hello", encoding="utf-8")
    seen = cli("scan", "colours", "--json").document
    assert (seen["images"], seen["usable"], seen["version"]) == (11, 10, 3)
    flagged = {path for finding in seen["findings"] for path in finding["paths"]}
    assert {"blue/broken.png", "red/copy.png", "red/00.png"} <= flagged
    assert [path for path, _ in seen["skipped"]] == ["blue/notes.txt"]
    words = {"key", "title", "sentence", "suggestion", "harm", "threshold", "adjustable"}
    found = {"paths", "scores", "groups", "reasons"}
    assert all(finding.keys() == words | found for finding in seen["findings"])
    text = cli("scan", "colours").out
    assert "blue/broken.png" in text


def test_a_scan_of_a_folder_that_has_gone_is_a_sentence(cli: Cli, photos: Path) -> None:
    cli("dataset", "add", photos)
    shutil.rmtree(photos)
    assert str(photos) in cli("scan", "colours").mistake


def test_decisions_are_made_listed_and_taken_back(cli: Cli, photos: Path) -> None:
    cli("dataset", "add", photos)
    first = cli("exclude", "colours", "red/00.png", "red/01.png", "--why", "blurred", "--json")
    assert (first.document["changed"], first.document["images"]) == (2, 7)
    entry = cli("history", "colours", "--json").document[0]
    assert (entry["why"], entry["author"], entry["images"]) == ("blurred", "tester", 2)
    assert cli("dataset", "show", "colours", "--json").document["excluded"] == 2
    undone = cli("undo", "colours", "--json").document
    assert undone["undone"] == [first.document["version"]]
    assert cli("dataset", "show", "colours", "--json").document["excluded"] == 0


def test_all_extra_copies_of_a_finding_are_excluded_by_its_key(cli: Cli, photos: Path) -> None:
    shutil.copy(photos / "red/00.png", photos / "red/copy.png")
    cli("dataset", "add", photos)
    keys = [f["key"] for f in cli("scan", "colours", "--json").document["findings"] if f["groups"]]
    assert keys
    done = cli("exclude", "colours", "--finding", keys[0], "--extra-copies", "--json").document
    assert (done["changed"], done["images"]) == (1, 9)
    assert "Excluded, 1 image\n" in cli("undo", "colours").out
    assert "--extra-copies" in cli("exclude", "colours", "--finding", keys[0]).out
    cli("undo", "colours")
    assert keys[0] in cli("exclude", "colours", "--finding", "ugly").mistake
    assert "--finding" in cli("exclude", "colours").mistake


def test_a_dataset_is_renamed_and_removed_but_its_images_stay(
    cli: Cli, photos: Path, catalog: Catalog
) -> None:
    cli("dataset", "add", photos)
    assert cli("dataset", "rename", "colours", "hues", "--json").document["name"] == "hues"
    assert "“hues”" in cli("dataset", "show", "colours").mistake
    dataset = catalog.datasets.find("hues").id
    job = catalog.jobs.add("train", {}, lane="train", subject=dataset)
    catalog.runs.add("hues 1", dataset_id=dataset, dataset_version=1, spec={}, job_id=job.id)
    removed = cli("dataset", "remove", "hues", "--json").document
    assert removed["stopped"] == ["hues 1"]
    assert datetime.datetime.fromisoformat(removed["kept_until"]).tzinfo is not None
    assert cli("dataset", "list", "--json").document == []
    assert "dataset restore" in cli("dataset", "show", "hues").mistake
    assert [each["name"] for each in cli("dataset", "list", "--deleted", "--json").document] == [
        "hues"
    ]
    assert cli("dataset", "restore", "hues", "--json").document["images"] == 9
    cli("dataset", "remove", "hues")
    assert cli("dataset", "purge", "hues", "--json").document == [
        {"dataset": dataset, "name": "hues"}
    ]
    assert "The bin is empty" in cli("dataset", "restore", "hues").mistake
    assert len(list(photos.rglob("*.png"))) == 9


@pytest.mark.parametrize("command", ["scan", "train", "history", "undo", "exclude"])
def test_an_unknown_dataset_names_those_that_exist(cli: Cli, photos: Path, command: str) -> None:
    cli("dataset", "add", photos)
    said = cli(command, "colour").mistake
    assert "“colour”" in said
    assert "“colours”" in said


def test_what_training_does_not_know_names_what_it_does(cli: Cli, photos: Path) -> None:
    cli("dataset", "add", photos)
    assert (
        "quick, balanced, best, scratch, classic"
        in cli("train", "colours", "--recipe", "deep").mistake
    )
    assert "epochs" in cli("train", "colours", "--set", "epoch=3").mistake
    assert "key=value" in cli("train", "colours", "--set", "epochs").mistake
    twice = ("--set", "optimizer=adam", "--set", "optimizer.name=sgd")
    assert "twice" in cli("train", "colours", *twice).mistake
    for wrong in ("epochs=many", "epochs=0", "image_size=9", "learning_rate=nan"):
        name = wrong.partition("=")[0].replace("_", " ")
        said = cli("train", "colours", "--recipe", "scratch", "--set", wrong).mistake
        assert name in said.casefold()
    assert cli("runs", "--json").document == [], "what can't work never starts"


def test_an_unknown_run_says_so_when_there_is_none(cli: Cli, photos: Path) -> None:
    assert "Train one first" in cli("evaluate", "best").mistake
    assert "Train one first" in cli("predict", "best", photos / "red/00.png").mistake


def test_a_run_that_was_not_finished_has_no_results(cli: Cli, catalog: Catalog) -> None:
    job = catalog.jobs.add("train", {}, lane="train")
    catalog.runs.add("new", dataset_id="d", dataset_version=1, spec={}, job_id=job.id)
    assert cli("evaluate", "new").mistake
    assert cli("predict", "new", "x.png").mistake


def test_a_defect_has_exit_code_1_and_an_id_whose_traceback_is_in_the_logs(
    cli: Cli, catalog: Catalog
) -> None:
    with catalog.engine.begin() as connection:
        connection.execute(sqlalchemy.text("ALTER TABLE runs RENAME TO lost"))
    said = cli("runs", "--json")
    (log,) = catalog.workspace.logs.glob("e-*.txt")
    assert said.code == 1
    assert log.stem in said.err
    assert log.stem in json.loads(said.out)["error"]
    assert "Traceback" not in said.err
    assert "no such table" in log.read_text(encoding="utf-8")


def test_a_defect_inside_a_job_is_told_by_the_id_of_its_own_traceback(
    cli: Cli, catalog: Catalog, photos: Path
) -> None:
    with catalog.engine.begin() as connection:
        connection.execute(sqlalchemy.text("ALTER TABLE changes RENAME TO lost"))
    said = cli("dataset", "add", photos)
    assert said.code == 1
    (log,) = catalog.workspace.logs.glob("e-*.txt")
    assert log.stem in said.err
    assert "no such table" in log.read_text(encoding="utf-8")


def test_it_works_as_a_process_with_names_in_any_script(photos: Path, tmp_path: Path) -> None:
    folder = tmp_path / "färben 色"
    photos.rename(folder)
    write_colour(folder / "赤" / "1.png", "red")
    env = {"PYTHONIOENCODING": "utf-8"}
    added = process("dataset", "add", folder, "--json", env=env).document
    assert added["name"] == "färben 色"
    assert added["class_counts"]["赤"] == 1
    wrong = process("scan", "farben", env=env)
    assert "färben 色" in wrong.mistake


def test_a_program_reads_why_it_gets_no_answer(cli: Cli, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    said = cli("dataset", "add", nowhere, "--json")
    assert said.code == 2
    refused = json.loads(said.out)
    assert refused["error"] == said.mistake
    assert refused["file"] == str(nowhere)
    assert refused["title"].rstrip(".") in refused["error"]
    assert cli("dataset", "add", nowhere).out == ""
