"""Figures are kept when a run is evaluated, and made once where they are missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.catalog import Catalog, RunRecord
from core.errors import NotFound
from core.evaluation.evaluate import evaluate_folder, evaluate_run
from core.evaluation.figures.compute import CURVES, SCORES, figures, kept_figures, load_curves
from core.evaluation.predictions import load_predictions
from core.quality.curation import count_again, curated, decide
from core.workspace import read_json, write_json
from tests.core.evaluation.coloured import CLASSES, make_run, write_colour
from tests.recording import RecordingReporter

RIGHT = [(colour, colour) for colour in CLASSES]
TEST = [*RIGHT * 4, ("red", "blue")]


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path) -> RunRecord:
    return make_run(catalog, tmp_path / "photos", {"train": RIGHT * 3, "test": TEST})


def test_figures_stand_beside_the_evaluation(catalog: Catalog, run: RunRecord) -> None:
    report = RecordingReporter()
    evaluation = evaluate_run(catalog, run.id, report)
    found = kept_figures(catalog.workspace, run.id)
    assert found is not None
    accuracy = found.score("accuracy")
    assert accuracy is not None
    assert accuracy.value == evaluation.accuracy == 12 / 13
    assert [row.label for row in found.classes] == CLASSES
    assert "Right on 12 of 13 images" in found.verdict.statements[0].text
    assert any("figures" in str(step) for step in report.steps)


def test_a_run_that_was_evaluated_before_gets_them_when_asked(
    catalog: Catalog, run: RunRecord
) -> None:
    evaluate_run(catalog, run.id)
    before = figures(catalog, run.id)
    folder = catalog.workspace.run(run.id)
    (folder / SCORES).unlink()
    (folder / CURVES).unlink()
    assert kept_figures(catalog.workspace, run.id) is None
    assert figures(catalog, run.id) == before
    assert kept_figures(catalog.workspace, run.id) == before


@pytest.mark.parametrize("damage", ["version", "broken", "list"])
def test_figures_of_another_version_or_broken_ones_are_made_anew(
    damage: str, catalog: Catalog, run: RunRecord
) -> None:
    evaluate_run(catalog, run.id)
    before = figures(catalog, run.id)
    file = catalog.workspace.run(run.id) / SCORES
    if damage == "version":
        write_json(file, {**read_json(file), "version": 0})
    else:
        file.write_text("[]" if damage == "list" else "{")
    assert figures(catalog, run.id) == before


def test_curves_are_read_a_class_at_a_time(catalog: Catalog, run: RunRecord) -> None:
    with pytest.raises(NotFound):
        load_curves(catalog.workspace, run.id)
    evaluate_run(catalog, run.id)
    assert set(load_curves(catalog.workspace, run.id)["label"]) == set(CLASSES)
    own = load_curves(catalog.workspace, run.id, labels=["red"])
    assert set(own["label"]) == {"red"}
    assert set(own["kind"]) == {"roc", "pr"}


def test_a_folder_has_figures_of_its_own(catalog: Catalog, run: RunRecord, tmp_path: Path) -> None:
    evaluate_run(catalog, run.id)
    for n in range(3):
        write_colour(tmp_path / "new/red" / f"{n}.png", "red", seed=90 + n)
    on = evaluate_folder(catalog, run.id, tmp_path / "new").on
    found = kept_figures(catalog.workspace, run.id, on)
    assert found is not None
    assert "Right on 3 of 3" in found.verdict.statements[0].text
    assert "Right on 12 of 13" in figures(catalog, run.id).verdict.statements[0].text


def test_a_test_without_images_has_figures_that_say_so(catalog: Catalog, tmp_path: Path) -> None:
    run = make_run(catalog, tmp_path / "few", {"train": RIGHT})
    evaluate_run(catalog, run.id)
    found = figures(catalog, run.id)
    assert {score.value for score in found.scores} == {None}
    assert "nothing can be said" in found.verdict.statements[0].text
    assert load_curves(catalog.workspace, run.id).empty


def test_dark_mistakes_are_found_in_what_the_scan_measured(
    catalog: Catalog, tmp_path: Path
) -> None:
    """Green is brighter than blue to the eye, so reds that look green are brighter than others."""
    test = [*RIGHT * 10, *[("red", "green")] * 8]
    run = make_run(catalog, tmp_path / "bright", {"train": RIGHT * 20, "test": test})
    evaluate_run(catalog, run.id)
    statement = figures(catalog, run.id).verdict.get("collect")
    assert statement is not None
    assert statement.text.startswith("About 20 more images of “red” in bright light")
    assert "brighter than those that were called right" in statement.text


def test_mistakes_that_may_be_wrong_labels_are_said_until_somebody_decides(
    catalog: Catalog, run: RunRecord
) -> None:
    evaluate_run(catalog, run.id)
    before = figures(catalog, run.id)
    assert before.verdict.get("doubtful") is None
    predictions = load_predictions(catalog.workspace, run.id)
    facts = curated(catalog, run.dataset_id)[["path", "hash", "label"]]
    wrong = facts["path"].isin(predictions.table.loc[~predictions.correct, "path"])
    facts = facts.assign(label_doubt=wrong * 1.0, suggested="blue", outlier=0.0)
    facts.to_parquet(catalog.workspace.dataset(run.dataset_id) / "suspects-1.parquet")
    catalog.changes.append(run.dataset_id, "suspects", {"file": "suspects-1.parquet"}, author="x")
    count_again(catalog, run.dataset_id)

    said = figures(catalog, run.id).verdict.get("doubtful")
    assert said is not None
    assert said.text == "Its only mistake may be a wrong label: look at it first."
    (path,) = facts.loc[wrong, "path"]
    decide(catalog, run.dataset_id, "relabel", [path], label="blue")
    assert figures(catalog, run.id) == before
