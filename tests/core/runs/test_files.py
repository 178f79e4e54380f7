"""A run's files: what is written is read again, and what is damaged says so in one sentence."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from core.catalog import RunSummary
from core.errors import Damaged, NotFound
from core.runs.files import RunFiles
from core.runs.values import EpochRecord, ModelInfo
from core.workspace import Workspace, read_json, write_json

INFO = ModelInfo(classes=("cat", "dog"), image_size=32, fit="pad", recipe="quick", test_views=2)
SPLIT = pd.DataFrame(
    {
        "path": ["cat/0.png", "dog/0.png"],
        "label": ["cat", "dog"],
        "hash": ["a", "b"],
        "split": ["train", "test"],
    }
)


@pytest.fixture
def files(workspace: Workspace) -> RunFiles:
    return RunFiles(workspace, "night-1")


def test_what_is_written_is_read_again(files: RunFiles) -> None:
    files.openvino.parent.mkdir(parents=True)
    files.openvino.write_bytes(b"")
    epochs = [EpochRecord(epoch=1, loss=0.5), EpochRecord(epoch=2, loss=0.25, val_f1=0.75)]
    files.write_model(INFO)
    files.write_split(SPLIT.assign(more=1))
    files.write_history(epochs)
    assert files.model() == INFO
    assert files.history() == epochs
    assert [each.value("val_f1") for each in files.history()] == [None, 0.75]
    pd.testing.assert_frame_equal(files.split(), SPLIT)
    assert list(files.trained_on()["path"]) == ["cat/0.png"]


def test_what_auto_was_fitted_on_in_the_end_was_learned_from_too(files: RunFiles) -> None:
    split = SPLIT.assign(path=[f"{n}.png" for n in range(len(SPLIT))], split="train")
    split.loc[0, "split"], split.loc[1, "split"] = "validation", "test"
    files.write_split(split)
    before = set(files.trained_on()["path"])
    files.write_out_of_fold(pd.DataFrame({"path": ["0.png", "1.png"], "p_0": 0.5, "p_1": 0.5}))
    assert set(files.trained_on()["path"]) == before | {"0.png"}


def test_epochs_are_kept_without_what_was_not_measured(files: RunFiles) -> None:
    files.write_history([EpochRecord(epoch=1, val_f1=0.5)])
    assert read_json(files.folder / "history.json") == [{"epoch": 1, "val_f1": 0.5}]


def test_files_of_earlier_versions_are_read(files: RunFiles) -> None:
    write_json(files.folder / "model.json", {"classes": ["a"], "image_size": 16, "gone": True})
    files.openvino.write_bytes(b"")
    assert files.model() == ModelInfo(classes=("a",), image_size=16, fit="stretch", test_views=1)


def test_a_summary_keeps_what_it_does_not_know_and_leaves_out_what_is_wrong() -> None:
    found = RunSummary.read({"epochs": "many", "test_accuracy": 0.5, "later": [1]})
    assert (found.epochs, found.test_accuracy) == (None, 0.5)
    assert found.as_json() == {"test_accuracy": 0.5, "later": [1]}


def test_a_run_without_a_model_is_not_a_damaged_one(files: RunFiles) -> None:
    with pytest.raises(NotFound, match="no finished model") as said:
        files.model()
    assert not isinstance(said.value, Damaged)
    assert files.history() == []
    assert files.trained_on().empty


BROKEN = {
    "empty": b"",
    "garbage": b"\x00\xff{garbage" * 20,
    "another shape": b'{"something": [1, 2, 3]}',
    "a list": b"[1, 2]",
    "a number": b"7",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_damaged_file_says_what_it_held_and_how_it_is_made_again(
    files: RunFiles, content: bytes
) -> None:
    files.folder.mkdir(parents=True)
    files.openvino.write_bytes(b"<?xml")
    test = files.test()
    for name in ("model.json", "split.parquet", "history.json", "evaluation.json"):
        (files.folder / name).write_bytes(content)
    test.predictions.write_bytes(content)
    for read, file, remedy in (
        (files.model, "model.json", "Train it again"),
        (files.split, "split.parquet", "Train it again"),
        (files.history, "history.json", "Train it again"),
        (files.compiled, "model.bin", "Train it again"),
        (files.graph, "model.bin", "Train it again"),
        (lambda: test.read_evaluation(ModelInfo), "evaluation.json", "evaluate night-1"),
        (lambda: test.read_predictions(["path"]), "predictions.parquet", "evaluate night-1"),
    ):
        with pytest.raises(Damaged) as said:
            read()
        assert file in str(said.value)
        assert remedy in said.value.remedy
        assert "\n" not in str(said.value)


def test_a_table_that_lacks_a_column_is_damaged(files: RunFiles) -> None:
    files.write_split(SPLIT)
    SPLIT.drop(columns="hash").to_parquet(files.folder / "split.parquet")
    with pytest.raises(Damaged, match="trained and tested with is missing or damaged"):
        files.split()


def test_tests_on_folders_are_told_apart_and_broken_ones_left_out(
    files: RunFiles, tmp_path: Path
) -> None:
    first, second = files.test("home:a"), files.test("home:b")
    assert first.folder != second.folder
    assert files.test().folder == files.folder
    write_json(first.evaluation, {"on": "home:a"})
    write_json(second.evaluation, ["not", "that"])
    assert [each.on for each in files.tests_elsewhere()] == ["home:a"]
    assert first.remedy == "Test it on that folder again."
