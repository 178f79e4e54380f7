"""Where a folder may be meant otherwise, the page says so and lets a person choose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.catalog import Catalog, DatasetRecord
from core.datasets.layout import load_choice
from core.quality.curation import curated
from core.quality.scan import scan
from tests.conftest import write_image
from tests.pages.conftest import Open, click, words


def days(root: Path) -> Path:
    seed = 0
    for day in ("friday", "monday"):
        for label in ("cat", "dog"):
            for number in range(2):
                seed += 1
                write_image(root / day / label / f"{number}.png", seed)
    return root


def test_a_doubt_is_said_and_a_choice_is_kept(
    catalog: Catalog,
    tmp_path: Path,
    open_page: Open,
    bring_in: Callable[..., DatasetRecord],
) -> None:
    record = bring_in(days(tmp_path / "days"), "Days")
    at = open_page("data", dataset=record.id)
    assert "either may be the classes" in words(at)
    assert "2 classes (cat 4, dog 4)" in words(at)
    assert len(at.get("image")) >= 4, "both readings with pictures of their classes"
    click(at, "Read it so")
    assert load_choice(catalog.workspace, record.id).kind == "inner"
    (waiting,) = [job for job in catalog.jobs.all() if job.kind == "scan"]
    assert waiting.state == "queued"
    scan(catalog, record.id)
    assert set(curated(catalog, record.id)["label"]) == {"cat", "dog"}


def test_a_choice_can_be_taken_back(
    catalog: Catalog,
    tmp_path: Path,
    open_page: Open,
    bring_in: Callable[..., DatasetRecord],
) -> None:
    record = bring_in(days(tmp_path / "days"), "Days")
    click(open_page("data", dataset=record.id), "Yes, this")
    assert load_choice(catalog.workspace, record.id).kind == "classes"
    scan(catalog, record.id)
    for job in catalog.jobs.all():
        catalog.jobs.finish(job.id, "done")
    at = open_page("data", dataset=record.id)
    assert "either may be the classes" not in words(at), "it was decided"
    click(at, "Let Lightbox judge again")
    assert load_choice(catalog.workspace, record.id).kind is None


def test_what_belongs_together_is_offered_chosen_and_taken_back(
    catalog: Catalog,
    tmp_path: Path,
    open_page: Open,
    bring_in: Callable[..., DatasetRecord],
) -> None:
    for n, label in enumerate(("ill", "well")):
        for who in range(4):
            for shot in range(2):
                seed = 100 * n + 10 * who + shot
                write_image(tmp_path / "d" / label / f"patient{4 * n + who}_{shot}.png", seed)
    record = bring_in(tmp_path / "d", "Patients")
    at = open_page("data", dataset=record.id)
    assert "8 groups, for example **patient0**" in words(at)
    click(at, "Keep these together")
    assert load_choice(catalog.workspace, record.id).together == "name:1"
    scan(catalog, record.id)
    assert curated(catalog, record.id)["together"].nunique() == 8
    for job in catalog.jobs.all():
        catalog.jobs.finish(job.id, "done")
    at = open_page("data", dataset=record.id)
    assert "Kept together: **8 groups**" in words(at)
    click(at, "Undo")
    assert load_choice(catalog.workspace, record.id).together is None
