"""One tiny training from the command line, and what can be asked of it afterwards."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.core.cli.conftest import Cli, Trained, process
from tests.core.evaluation.coloured import CLASSES, write_colour


def test_a_training_answers_with_one_document_and_reports_on_standard_error(
    trained: Trained,
) -> None:
    answer = trained.said.document
    assert (answer["name"], answer["epochs"]) == ("first", 2)
    assert (answer["spec"]["recipe"], answer["spec"]["image_size"]) == ("classic", 24)
    assert 0 <= answer["test_interval"][0] <= answer["test_accuracy"] <= answer["test_interval"][1]
    assert answer["test_images"] > 0
    assert answer["export_difference"] < 1e-3
    assert "epoch 1/2" in trained.said.err
    assert "epoch 2/2" in trained.said.err


def test_a_run_is_listed_with_its_accuracy(cli: Cli, trained: Trained) -> None:
    (run,) = cli("runs", "--json").document
    assert (run["name"], run["state"]) == ("first", "done")
    assert run["summary"]["test_accuracy"] == trained.said.document["test_accuracy"]
    assert "first" in cli("runs").out


def test_an_evaluation_is_that_of_the_training(cli: Cli, trained: Trained) -> None:
    answer = cli("evaluate", "first", "--json").document
    assert answer["accuracy"] == trained.said.document["test_accuracy"]
    assert (answer["on"], answer["labels"]) == ("test", CLASSES)
    text = cli("evaluate", "first")
    assert (text.code, text.err) == (0, "")
    assert "precision" in text.out


def test_an_evaluation_on_new_images_says_what_was_left_out(
    cli: Cli, trained: Trained, tmp_path: Path
) -> None:
    folder = tmp_path / "new"
    write_colour(folder / "red" / "1.png", "red", seed=70)
    write_colour(folder / "blue" / "1.png", "blue", seed=71)
    write_colour(folder / "yellow" / "1.png", "red", seed=72)
    said = cli("evaluate", "first", "--on", folder, "--json")
    answer = said.document
    assert (answer["images"], answer["on"]) == (2, str(folder.resolve()))
    assert [path for path, _ in answer["left_out"]] == ["yellow/1.png"]
    assert "Testing" in said.err
    assert cli("evaluate", "first", "--json").document["on"] == "test", "its own test is kept"


def test_a_folder_that_can_not_be_tested_on_is_a_sentence(
    cli: Cli, trained: Trained, tmp_path: Path
) -> None:
    assert "nowhere" in cli("evaluate", "first", "--on", tmp_path / "nowhere").mistake
    write_colour(tmp_path / "other" / "yellow" / "1.png", "red")
    assert "“green”" in cli("evaluate", "first", "--on", tmp_path / "other").mistake


def test_predictions_name_as_many_classes_as_were_asked_for(cli: Cli, trained: Trained) -> None:
    files = [trained.root / colour / "00.png" for colour in CLASSES]
    answers = cli("predict", "first", *files, "--top", 2, "--json").document
    assert [answer["name"] for answer in answers] == [str(file) for file in files]
    for answer in answers:
        assert len(answer["top"]) == 2
        assert answer["top"][0] == [answer["label"], answer["confidence"]]
        assert answer["top"][0][1] >= answer["top"][1][1]
    (whole,) = cli("predict", "first", files[0], "--top", 99, "--json").document
    assert sorted(label for label, _ in whole["top"]) == CLASSES
    assert "%" in cli("predict", "first", files[0]).out


def test_one_broken_file_does_not_keep_the_others_from_an_answer(
    cli: Cli, trained: Trained, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"nothing")
    good, bad = trained.root / "red/00.png", broken
    answers = cli("predict", "first", good, bad, "--json").document
    assert answers[0]["error"] == ""
    assert answers[1]["error"]
    assert cli("predict", "first", bad, "--json").mistake.count(str(bad)) == 1
    assert cli("predict", "first", bad).out.count(str(bad)) == 1
    missing = cli("predict", "first", good, tmp_path / "missing.png", "--json").document
    assert [bool(each["error"]) for each in missing] == [False, True]


def test_predictions_are_written_as_a_table(cli: Cli, trained: Trained, tmp_path: Path) -> None:
    files = [trained.root / colour / "01.png" for colour in CLASSES]
    table = tmp_path / "answers.csv"
    answers = cli("predict", "first", *files, "--csv", table, "--json").document
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["prediction"] for row in rows] == [answer["label"] for answer in answers]
    assert set(CLASSES) <= set(rows[0])


def test_an_unknown_run_names_the_latest(cli: Cli, trained: Trained) -> None:
    assert "“first”" in cli("evaluate", "second").mistake
    assert "“first”" in cli("predict", "second", trained.root / "red/00.png").mistake


def test_a_name_that_is_taken_is_refused_before_anything_starts(cli: Cli, trained: Trained) -> None:
    said = cli("train", "colours", "--recipe", "classic", "--name", "first")
    assert "already a run named “first”" in said.mistake
    assert len(cli("runs", "--json").document) == 1


def test_a_prediction_as_a_process_prints_nothing_but_its_document(trained: Trained) -> None:
    said = process("predict", "first", trained.root / "red/00.png", "--json")
    assert len(said.document) == 1
    assert said.err == ""


def test_an_evaluation_has_the_verdict_scores_pairs_and_curves(cli: Cli, trained: Trained) -> None:
    answer = cli("evaluate", "first", "--json").document
    assert answer["verdict"]["statements"][0]["key"] == "headline"
    scores = {score["key"]: score for score in answer["scores"]}
    assert scores["accuracy"]["value"] == answer["accuracy"]
    assert scores["accuracy"]["low"] == answer["interval"]["low"]
    assert {"brier", "kappa", "mcc", "log_loss", "roc_auc", "top_2"} <= set(scores)
    assert [row["label"] for row in answer["classes"]] == CLASSES
    assert sorted(answer["similarity_order"]) == [0, 1, 2]
    wrong = answer["images"] - answer["correct"]
    assert sum(pair["count"] for pair in answer["pairs"]) == wrong
    for curves in answer["curves"].values():
        assert set(curves) == {"roc", "pr"}
        assert all(len(point) == 3 for point in curves["roc"])
    text = cli("evaluate", "first").out
    assert answer["verdict"]["statements"][0]["text"] in text
    assert "Cohen's kappa" in text


def test_the_report_is_written_as_a_table(cli: Cli, trained: Trained, tmp_path: Path) -> None:
    for kind, begins in (
        ("csv", "class,"),
        ("markdown", "| class |"),
        ("latex", "\\begin{tabular}"),
    ):
        file = tmp_path / f"report.{kind}"
        assert cli("evaluate", "first", "--table", kind, file).code == 0
        assert file.read_text(encoding="utf-8").startswith(begins)
    assert "csv, markdown, latex" in cli("evaluate", "first", "--table", "word", "x").mistake
