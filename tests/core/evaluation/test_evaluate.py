"""A run is tested on what it never saw, and what can't be tested is said, not hidden."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.catalog import Catalog, RunRecord
from core.errors import Cancelled, InvalidInput, NotFound
from core.evaluation.evaluate import evaluate_folder, evaluate_run
from core.evaluation.predictions import load_evaluation, predictions_table
from tests.core.evaluation.coloured import CLASSES, make_run, save_model, write_colour
from tests.recording import RecordingReporter

TEST = [("red", "red"), ("red", "blue"), ("green", "green"), ("blue", "blue"), ("blue", "blue")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "photos"


@pytest.fixture
def run(catalog: Catalog, root: Path) -> RunRecord:
    right = [(colour, colour) for colour in CLASSES]
    return make_run(
        catalog, root, {"train": right * 2, "validation": [*right, ("red", "green")], "test": TEST}
    )


def test_only_test_images_count(catalog: Catalog, run: RunRecord) -> None:
    evaluation = evaluate_run(catalog, run.id)
    assert (evaluation.images, evaluation.correct) == (5, 4)
    assert evaluation.labels == CLASSES
    assert evaluation.confusion == [[2, 0, 0], [0, 1, 0], [1, 0, 1]]
    assert evaluation.baseline == 0.4


def test_the_result_is_kept_and_in_the_summary(catalog: Catalog, run: RunRecord) -> None:
    evaluation = evaluate_run(catalog, run.id)
    assert load_evaluation(catalog.workspace, run.id) == evaluation
    summary = catalog.runs.get(run.id).summary
    assert summary.test_accuracy == evaluation.accuracy == 0.8
    assert (summary.test_low, summary.test_images) == (evaluation.interval.low, 5)


def test_predictions_have_one_row_an_image_with_all_probabilities(
    catalog: Catalog, run: RunRecord
) -> None:
    evaluate_run(catalog, run.id)
    table = predictions_table(catalog.workspace, run.id)
    assert len(table) == 5
    probabilities = table[["p_0", "p_1", "p_2"]].to_numpy()
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert table["confidence"].to_numpy() == pytest.approx(probabilities.max(axis=1))
    assert [CLASSES[n] for n in probabilities.argmax(axis=1)] == table["predicted"].to_list()
    wrong = table[~table["correct"]]
    assert wrong[["path", "label", "predicted"]].to_numpy().tolist() == [
        ["red/test-1.png", "red", "blue"]
    ]


def test_validation_answers_are_kept_apart_from_the_test(catalog: Catalog, run: RunRecord) -> None:
    evaluate_run(catalog, run.id)
    validation = predictions_table(catalog.workspace, run.id, split="validation")
    assert len(validation) == 4
    assert validation["path"].str.contains("validation").all()
    assert not predictions_table(catalog.workspace, run.id)["path"].isin(validation["path"]).any()


def test_a_test_image_that_is_gone_is_left_out_and_named(
    catalog: Catalog, run: RunRecord, root: Path
) -> None:
    (root / "red/test-1.png").unlink()
    evaluation = evaluate_run(catalog, run.id)
    assert (evaluation.images, evaluation.accuracy) == (4, 1.0)
    assert [path for path, _ in evaluation.left_out] == ["red/test-1.png"]


def test_a_class_without_test_images_does_not_stop_it(catalog: Catalog, root: Path) -> None:
    run = make_run(catalog, root, {"train": [("blue", "blue")], "test": TEST[:3]})
    evaluation = evaluate_run(catalog, run.id)
    assert evaluation.images == 3
    assert [row.support for row in evaluation.report] == [0, 1, 2]


def test_a_run_without_test_images_has_an_empty_result(catalog: Catalog, root: Path) -> None:
    run = make_run(catalog, root, {"train": [("blue", "blue"), ("red", "red")]})
    evaluation = evaluate_run(catalog, run.id)
    assert (evaluation.images, evaluation.interval.low, evaluation.interval.high) == (0, 0.0, 1.0)
    assert predictions_table(catalog.workspace, run.id).empty


def test_a_class_may_be_called_as_a_column_is(catalog: Catalog, root: Path) -> None:
    right = [("path", "blue"), ("label", "green"), ("red", "red")]
    run = make_run(catalog, root, {"train": right, "validation": right, "test": right})
    save_model(catalog.workspace.run(run.id), classes=["path", "label", "red"])
    assert evaluate_run(catalog, run.id).correct == 3


def test_a_run_without_a_model_says_so(catalog: Catalog, run: RunRecord) -> None:
    (catalog.workspace.run(run.id) / "model.xml").unlink()
    with pytest.raises(NotFound, match="no finished model"):
        evaluate_run(catalog, run.id)
    with pytest.raises(NotFound, match="no results yet"):
        load_evaluation(catalog.workspace, run.id)
    with pytest.raises(NotFound, match="no results yet"):
        predictions_table(catalog.workspace, run.id)


def test_a_new_folder_is_a_fresh_test(catalog: Catalog, run: RunRecord, tmp_path: Path) -> None:
    evaluate_run(catalog, run.id)
    folder = tmp_path / "new"
    for n in range(4):
        write_colour(folder / "red" / f"{n}.png", "red" if n else "green", seed=50 + n)
    write_colour(folder / "yellow" / "1.png", "red")
    (folder / "red" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    report = RecordingReporter()
    evaluation = evaluate_folder(catalog, run.id, folder, report)
    assert (evaluation.images, evaluation.correct, evaluation.on) == (4, 3, str(folder))
    assert sorted(path for path, _ in evaluation.left_out) == ["red/broken.png", "yellow/1.png"]
    assert any("“yellow”" in why for _, why in evaluation.left_out)
    assert report.steps
    assert load_evaluation(catalog.workspace, run.id, str(folder)) == evaluation
    assert load_evaluation(catalog.workspace, run.id).images == 5, "the run's own test is kept"
    assert len(predictions_table(catalog.workspace, run.id, str(folder))) == 4


def test_a_folder_of_unknown_classes_is_refused_with_what_is_known(
    catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    write_colour(tmp_path / "new/yellow/1.png", "red")
    with pytest.raises(InvalidInput, match="“green”"):
        evaluate_folder(catalog, run.id, tmp_path / "new")


def test_a_folder_of_broken_images_is_refused(
    catalog: Catalog, run: RunRecord, tmp_path: Path
) -> None:
    (tmp_path / "new/red").mkdir(parents=True)
    (tmp_path / "new/red/1.png").write_bytes(b"")
    with pytest.raises(InvalidInput, match="can be read"):
        evaluate_folder(catalog, run.id, tmp_path / "new")


def test_it_stops_when_asked(catalog: Catalog, run: RunRecord, tmp_path: Path) -> None:
    class Stopped(RecordingReporter):
        def cancelled(self) -> bool:
            return True

    write_colour(tmp_path / "new/red/1.png", "red")
    with pytest.raises(Cancelled):
        evaluate_folder(catalog, run.id, tmp_path / "new", Stopped())
