"""Images, classes and folders that have gone before a training are left out, or named."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.catalog import Catalog
from core.errors import InvalidInput, NotFound
from core.training.run import train_run
from tests.core.training.running import queued, train
from tests.core.training.small import EACH, add_colours, notes

pytestmark = pytest.mark.keras


def test_images_that_have_gone_are_left_out_and_named(catalog: Catalog, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    folders = {
        "train/red": "red",
        "train/blue": "blue",
        "test/red": "red",
        "test/green": "green",
    }
    dataset = add_colours(catalog, root, folders)
    (root / "train/red/03.png").unlink()
    run = train(catalog, dataset, epochs=1)
    assert len(run.split) == 4 * EACH - 1
    assert "1 image could not be read" in notes(run.report)
    assert "03.png" in notes(run.report)
    assert "“green” has no training images" in notes(run.report)


def test_a_class_of_which_no_training_image_is_left_is_refused_by_name(
    catalog: Catalog, tmp_path: Path
) -> None:
    root = tmp_path / "photos"
    dataset = add_colours(catalog, root)
    run_id, _ = queued(catalog, dataset)
    for file in (root / "green").iterdir():
        file.unlink()
    with pytest.raises(InvalidInput, match="“green”"):
        train_run(catalog, run_id)


def test_a_folder_that_has_gone_is_said_so(catalog: Catalog, tmp_path: Path) -> None:
    dataset = add_colours(catalog, tmp_path / "photos")
    run_id, _ = queued(catalog, dataset)
    (tmp_path / "photos").rename(tmp_path / "elsewhere")
    with pytest.raises(NotFound, match=r"can be read any more.*Put the folder back"):
        train_run(catalog, run_id)
