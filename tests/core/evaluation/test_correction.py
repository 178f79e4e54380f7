"""A wrong label that was found among the results is put right in the dataset's log, and only
there."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.catalog import Catalog, RunRecord
from core.datasets import removal
from core.errors import InvalidInput
from core.evaluation.correction import LabelState, correct, label_state
from core.evaluation.predictions import load_predictions
from core.quality import curation
from core.quality.scan import scan
from tests.core.evaluation.coloured import write_colour
from tests.core.evaluation.dense_run import make_dense_run

WRONG = "red/test-3.png"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "photos"


@pytest.fixture
def run(catalog: Catalog, root: Path) -> RunRecord:
    right = [(colour, colour) for colour in ("red", "green", "blue")]
    return make_dense_run(
        catalog, root, {"train": right, "validation": right, "test": [*right, ("red", "blue")]}
    )


def digest(catalog: Catalog, run: RunRecord, path: str = WRONG) -> str:
    table = load_predictions(catalog.workspace, run.id).table.set_index("path")
    return str(table.loc[path, "hash"])


def now(catalog: Catalog, run: RunRecord) -> LabelState:
    return label_state(catalog, run, WRONG, digest(catalog, run))


def test_it_is_logged_with_why_and_no_file_is_touched(
    catalog: Catalog, run: RunRecord, root: Path
) -> None:
    files = {file: file.read_bytes() for file in root.rglob("*.png")}
    assert (now(catalog, run).label, now(catalog, run).moved_on) == ("red", False)
    change = correct(catalog, run, WRONG, digest(catalog, run), "blue")
    (line, *_) = curation.history(catalog, run.dataset_id)
    assert (line.what, line.images, line.why) == (
        "Moved to “blue”",
        1,
        "Seen among the results of “colours”",
    )
    found = now(catalog, run)
    assert (found.label, found.undoable, found.moved_on) == ("blue", change.version, True)
    assert {file: file.read_bytes() for file in root.rglob("*.png")} == files


def test_undone_all_is_as_it_was(catalog: Catalog, run: RunRecord) -> None:
    change = correct(catalog, run, WRONG, digest(catalog, run), "blue")
    curation.undo(catalog, run.dataset_id, [change.version])
    found = now(catalog, run)
    assert (found.label, found.undoable, found.moved_on) == ("red", None, False)


def test_the_results_stay_what_they_are(catalog: Catalog, run: RunRecord) -> None:
    before = load_predictions(catalog.workspace, run.id).table
    correct(catalog, run, WRONG, digest(catalog, run), "blue")
    assert load_predictions(catalog.workspace, run.id).table.equals(before)


def test_a_move_together_with_others_is_not_undone_from_here(
    catalog: Catalog, run: RunRecord
) -> None:
    paths = [WRONG, "red/test-0.png"]
    curation.decide(catalog, run.dataset_id, "relabel", paths, label="blue")
    assert now(catalog, run).undoable is None


def test_it_is_refused_where_nothing_would_change(catalog: Catalog, run: RunRecord) -> None:
    with pytest.raises(InvalidInput, match="in the class “red” already"):
        correct(catalog, run, WRONG, digest(catalog, run), "red")


def test_another_picture_of_the_same_name_is_left_alone(
    catalog: Catalog, run: RunRecord, root: Path
) -> None:
    before = digest(catalog, run)
    write_colour(root / WRONG, "red", seed=77)
    scan(catalog, run.dataset_id)
    assert "another picture" in label_state(catalog, run, WRONG, before).why_not
    with pytest.raises(InvalidInput, match="another picture"):
        correct(catalog, run, WRONG, before, "blue")


def test_what_has_gone_is_said(catalog: Catalog, run: RunRecord, root: Path) -> None:
    before = digest(catalog, run)
    (root / WRONG).unlink()
    scan(catalog, run.dataset_id)
    assert "not in the dataset any more" in label_state(catalog, run, WRONG, before).why_not
    removal.remove(catalog, run.dataset_id)
    assert "was removed" in label_state(catalog, run, WRONG, before).why_not


def test_images_of_a_folder_belong_to_no_dataset(catalog: Catalog, run: RunRecord) -> None:
    found = label_state(catalog, run, WRONG, "", "home:tested/new")
    assert found.dataset is None
    assert "right class folder yourself" in found.why_not
