"""The whole of reliability: chosen on validation answers, kept beside the evaluation, said in
words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.catalog import Catalog, RunRecord
from core.errors import NotFound
from core.evaluation.evaluate import evaluate_folder, evaluate_run
from core.evaluation.predictions import Predictions, load_predictions
from core.evaluation.trust import words as words
from core.evaluation.trust.calibration import fit_temperature
from core.evaluation.trust.reliability import Reliability, compute_reliability, reliability, rows_of
from core.evaluation.trust.slices import columns_of
from tests.core.evaluation.answered import answered, called, guessed
from tests.core.evaluation.coloured import CLASSES, make_run, write_colour

NONE = answered([], [])[1]


def model(images: int, seed: int, skill: float = 3.0) -> Predictions:
    return answered(*guessed(images, 3, skill=skill, seed=seed))[1]


def make(catalog: Catalog, root: Path, validation: int = 24, test: int = 12) -> RunRecord:
    def some(count: int, wrong: int) -> list[tuple[str, str]]:
        return [(CLASSES[n % 3], CLASSES[(n + (n < wrong)) % 3]) for n in range(count)]

    right = [(colour, colour) for colour in CLASSES]
    splits = {"train": right, "validation": some(validation, 4), "test": some(test, 2)}
    return make_run(catalog, root, splits)


def relied(found: Reliability) -> tuple[words.Answer, str]:
    """What is said of a model whose answers count from 90 % on."""
    point = next(each for each in found.curve if each.threshold == 0.9)
    return words.can_i_rely_on_it(found, point)


def test_all_choices_are_made_on_validation_answers() -> None:
    validation, test = model(400, 1), model(300, 2)
    found = compute_reliability(test, validation, [])
    assert found.temperature == fit_temperature(validation.true, validation.probabilities)[0]
    # A test of another kind: what was chosen stays, what came of it doesn't.
    shuffled = np.random.default_rng(0).permutation(test.true)
    other = compute_reliability(answered(shuffled, test.probabilities)[1], validation, [])
    assert other.temperature == found.temperature
    assert [each.chosen for each in other.suggestions] == [
        each.chosen for each in found.suggestions
    ]
    assert other.before != found.before
    assert fit_temperature(shuffled, test.probabilities)[0] != found.temperature


def test_the_temperature_changes_no_accuracy() -> None:
    found = compute_reliability(model(300, 2), model(400, 1), [])
    assert found.after is not None
    assert found.after.right == found.before.right == found.right


def test_without_validation_images_nothing_is_chosen() -> None:
    found = compute_reliability(model(300, 2), NONE, [])
    assert (found.temperature, found.after, found.suggestions) == (None, None, [])
    assert "no validation images" in words.sentence_of_temperature(found)
    assert "Without validation images" in relied(found)[1]


def test_a_good_model_can_be_relied_on_and_a_guessing_one_can_not() -> None:
    good, how = relied(compute_reliability(model(400, 2, 6.0), model(400, 1, 6.0), []))
    assert (good, how[:3]) == ("yes", "Yes")
    bad, why = relied(compute_reliability(model(400, 2, 0.0), model(400, 1, 0.0), []))
    assert (bad, why[:14]) == ("no", "Not on its own")


def test_a_model_that_is_good_when_sure_is_to_be_asked_only_then() -> None:
    found = compute_reliability(model(2000, 2, 3.2), model(2000, 1, 3.2), [])
    answer, sentence = relied(found)
    assert answer == "yes"
    assert "when it is at least" in sentence
    assert "Look at the others yourself" in sentence


@pytest.mark.parametrize("images", [0, 1, 12])
def test_few_images_say_nothing(images: int) -> None:
    test = called([0] * images, [0] * images)[1] if images else NONE
    found = compute_reliability(test, model(100, 1), [])
    answer, sentence = relied(found)
    assert answer == "unknown"
    assert ("no test images" in sentence) == (images == 0)
    assert Reliability.model_validate_json(found.model_dump_json()) == found


def test_all_wrong_is_said_as_it_is() -> None:
    wrong = called([0] * 60, [1] * 60, sure=0.9)[1]
    found = compute_reliability(wrong, wrong, [])
    assert relied(found)[0] == "no"
    assert found.before.verdict == "over"
    assert "too high" in words.sentence_of_calibration(found.before)
    assert any("too high" in caution for caution in words.cautions(found))


def test_a_bad_kind_of_images_is_a_caution() -> None:
    test = called([0] * 300, [1] * 20 + [0] * 280)[1]
    table = test.table[["path", "label"]].assign(lamp=["off"] * 25 + ["on"] * 275)
    found = compute_reliability(test, NONE, columns_of(table, test.labels))
    (said,) = [caution for caution in words.cautions(found) if "lamp" in caution]
    assert said == (
        "On images whose “lamp” is “off” it is right on 20 % (5 of 25), against 100 % on the "
        "others; that is more than chance."
    )


def test_it_is_kept_when_a_run_is_tested_and_found_again(catalog: Catalog, tmp_path: Path) -> None:
    run = make(catalog, tmp_path / "photos")
    evaluate_run(catalog, run.id)
    file = catalog.workspace.run(run.id) / "reliability.json"
    assert file.exists()
    kept = file.read_bytes()
    found = reliability(catalog, run.id)
    assert (found.images, found.validation_images, found.right.correct) == (12, 24, 10)
    assert found.robustness is None
    assert file.read_bytes() == kept
    # The model is wrong on whole images only, never unsure: 4 of 24 validation images.
    assert found.temperature is not None
    assert found.before.right.correct == 10


def test_a_run_that_was_tested_before_this_was_is_worked_out_when_asked(
    catalog: Catalog, tmp_path: Path
) -> None:
    run = make(catalog, tmp_path / "photos")
    evaluate_run(catalog, run.id)
    folder = catalog.workspace.run(run.id)
    before = reliability(catalog, run.id)
    for name in ("reliability.json", "slices.parquet"):
        (folder / name).unlink()
    assert reliability(catalog, run.id) == before
    (folder / "reliability.json").write_text("{", encoding="utf-8")
    assert reliability(catalog, run.id) == before


def test_tested_again_it_is_worked_out_anew(catalog: Catalog, tmp_path: Path) -> None:
    run = make(catalog, tmp_path / "photos")
    evaluate_run(catalog, run.id)
    first = (catalog.workspace.run(run.id) / "reliability.json").read_bytes()
    split = pd.read_parquet(catalog.workspace.run(run.id) / "split.parquet")
    split.iloc[:-1].to_parquet(catalog.workspace.run(run.id) / "split.parquet", index=False)
    evaluate_run(catalog, run.id)
    # As if it had been kept from the first test.
    (catalog.workspace.run(run.id) / "reliability.json").write_bytes(first)
    assert reliability(catalog, run.id).images == 11


def test_a_slice_knows_its_images(catalog: Catalog, tmp_path: Path) -> None:
    run = make(catalog, tmp_path / "photos", test=60)
    evaluate_run(catalog, run.id)
    found = reliability(catalog, run.id)
    predictions = load_predictions(catalog.workspace, run.id)
    assert found.slices
    for each in found.slices:
        rows = rows_of(catalog.workspace, run.id, "test", each)
        assert int(rows.sum()) == each.inside.images
        assert int(predictions.correct[rows].sum()) == each.inside.correct


def test_a_removed_dataset_leaves_what_answers_say(catalog: Catalog, tmp_path: Path) -> None:
    run = make(catalog, tmp_path / "photos")
    evaluate_run(catalog, run.id)
    (catalog.workspace.run(run.id) / "reliability.json").unlink()
    catalog.datasets.remove(run.dataset_id)
    assert reliability(catalog, run.id).images == 12


def test_a_folder_is_judged_by_its_files_with_the_runs_own_validation(
    catalog: Catalog, tmp_path: Path
) -> None:
    run = make(catalog, tmp_path / "photos")
    own = evaluate_run(catalog, run.id)
    for n in range(30):
        write_colour(tmp_path / "new" / "red" / f"{n}.png", "green" if n < 3 else "red", 500 + n)
    on = evaluate_folder(catalog, run.id, tmp_path / "new").on
    found = reliability(catalog, run.id, on)
    assert (found.images, found.right.correct, found.validation_images) == (30, 27, 24)
    assert found.temperature == reliability(catalog, run.id, own.on).temperature
    # What a scan would have found out is measured, though it is no dataset. Fifths are of 6 images.
    assert {(each.key, each.part) for each in found.slices} >= {("brightness", "between")}
    assert all(each.inside.images >= 10 for each in found.slices)
    with pytest.raises(NotFound):
        reliability(catalog, run.id, str(tmp_path))


def test_a_folder_can_be_the_only_test_there_is(catalog: Catalog, tmp_path: Path) -> None:
    run = make(catalog, tmp_path / "photos")
    for n in range(4):
        write_colour(tmp_path / "new" / "red" / f"{n}.png", "red", 500 + n)
    on = evaluate_folder(catalog, run.id, tmp_path / "new").on
    found = reliability(catalog, run.id, on)
    assert (found.images, found.validation_images, found.temperature) == (4, 0, None)
