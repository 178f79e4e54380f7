"""While somebody looks at the settings, an idle worker is given what can be done ahead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.catalog import Catalog, DatasetRecord
from core.quality.curation import curated, usable
from core.training.ahead import recipe_specs
from core.training.speeds import Speed, keep, key, parts
from core.training.start import create_run, suggest_spec
from tests.pages.conftest import Open, assert_no_defect

BringIn = Callable[..., DatasetRecord]


@pytest.fixture
def photos(
    bring_in: BringIn, class_folders: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> DatasetRecord:
    monkeypatch.setenv("LIGHTBOX_AHEAD", "1")
    return bring_in(class_folders({"cat": 8, "dog": 8}))


def kinds(catalog: Catalog) -> list[str]:
    return [job.kind for job in catalog.jobs.all() if job.lane == "train"]


def measured(catalog: Catalog, dataset: DatasetRecord) -> None:
    """As if all recipes had been measured on this computer."""
    table = usable(curated(catalog, dataset.id))
    for spec in recipe_specs(catalog, dataset.id, table):
        for precision in ("float32", "bfloat16"):
            found = {key(part, spec, precision): Speed(1.0, 0.01, 500) for part in parts(spec)}
            keep(catalog.workspace, found)


def test_recipes_are_measured_once(
    open_page: Open, catalog: Catalog, photos: DatasetRecord
) -> None:
    open_page()
    at = open_page("train")
    assert sorted(kinds(catalog)) == ["measure", "prepare"], "which the studio has prepared"
    at.run()
    assert_no_defect(at)
    assert sorted(kinds(catalog)) == ["measure", "prepare"]


def test_once_measured_the_start_is_prepared(
    open_page: Open, catalog: Catalog, photos: DatasetRecord
) -> None:
    measured(catalog, photos)
    at = open_page("train")
    (job,) = [job for job in catalog.jobs.all() if job.lane == "train"]
    assert job.kind == "prepare"
    assert job.spec == suggest_spec(catalog, photos.id).model_dump(mode="json")
    at.run()
    assert kinds(catalog) == ["prepare"]


def test_nothing_is_done_ahead_while_a_training_waits(
    open_page: Open, catalog: Catalog, photos: DatasetRecord
) -> None:
    create_run(catalog, suggest_spec(catalog, photos.id))
    open_page("train")
    assert kinds(catalog) == ["train"]


def test_it_can_be_switched_off(
    open_page: Open, catalog: Catalog, photos: DatasetRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTBOX_AHEAD", "0")
    open_page("train")
    assert kinds(catalog) == []
