"""A removed dataset can be brought back as it was, for a month; what is a person's own stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.catalog import Catalog, open_catalog
from core.catalog.backups import backup, restore
from core.datasets import intake, removal
from core.jobs import kinds
from core.jobs.execute import execute
from core.progress import Reporter
from core.quality import thumbs
from core.quality.curation import curated, decide
from core.quality.scan import scan
from core.workspace import open_workspace
from tests.core.datasets.packing import good, make_zip

Maker = Callable[..., Path]


def brought_in(catalog: Catalog, tmp_path: Path) -> str:
    record = intake.add_archive(catalog, make_zip(tmp_path / "a.zip", good()), "a.zip", "photos")
    scan(catalog, record.id, refused=intake.prepare(catalog, record.id, Reporter()))
    return record.id


def files(folder: Path) -> dict[str, bytes]:
    return {
        each.relative_to(folder).as_posix(): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file()
    }


def test_one_comes_back_with_its_files_and_all_that_was_decided_also_from_a_backup(
    catalog: Catalog, tmp_path: Path
) -> None:
    dataset = brought_in(catalog, tmp_path)
    decide(catalog, dataset, "exclude", [curated(catalog, dataset)["path"].iloc[0]])
    workspace = catalog.workspace
    before, table = files(workspace.dataset(dataset)), curated(catalog, dataset)
    rows = list(zip(table["thumb_at"], table["thumb_bytes"], strict=True))
    pictures = thumbs.read(workspace, dataset, rows)
    removal.remove(catalog, dataset)
    assert not workspace.dataset(dataset).exists(), "nobody finds them who looks for them"
    backup(workspace, tmp_path / "all.lightbox")
    restore(tmp_path / "new", tmp_path / "all.lightbox")
    for place in (catalog, open_catalog(open_workspace(tmp_path / "new"))):
        removal.restore(place, place.datasets.in_bin("photos").id)
        assert files(place.workspace.dataset(dataset)) == before
        assert curated(place, dataset).equals(table)
        assert thumbs.read(place.workspace, dataset, rows) == pictures


def test_an_import_that_the_removal_stopped_goes_on_once_it_is_brought_back(
    catalog: Catalog, tmp_path: Path
) -> None:
    archive = make_zip(tmp_path / "a.zip", good())
    record = intake.add_archive(catalog, archive, "a.zip", "photos")
    job = kinds.submit_import(catalog, record.id)
    removal.remove(catalog, record.id)
    assert catalog.jobs.get(job.id).state == "cancelled"
    # What a worker that has not heard yet goes on to write.
    (catalog.workspace.dataset(record.id) / "originals" / "stray").mkdir(parents=True)
    kinds.restore_dataset(catalog, record.id)
    again = catalog.jobs.claim("light", pid=1, host="here")
    assert again is not None
    execute(catalog, again)
    assert catalog.datasets.get(record.id).state == "ready"
    assert "originals/stray" not in {
        each.relative_to(catalog.workspace.dataset(record.id)).as_posix()
        for each in catalog.workspace.dataset(record.id).rglob("*")
    }
    removal.remove(catalog, record.id)
    kinds.restore_dataset(catalog, record.id)
    assert [each.state for each in catalog.jobs.all()] == ["cancelled", "done"], "nothing to do"


def test_what_lies_in_the_bin_for_a_month_is_removed_for_good_and_nothing_of_a_persons(
    catalog: Catalog, class_folders: Maker, tmp_path: Path
) -> None:
    old, late = brought_in(catalog, tmp_path), "late"
    removal.remove(catalog, old)
    (binned,) = catalog.datasets.all(deleted=True)
    aside = catalog.workspace.removed(old)
    root = class_folders({"cat": 1})
    late = intake.add_folder(catalog, root, restrict=False).id
    removal.remove(catalog, late)
    assert aside.is_dir()
    catalog.datasets.set(old, deleted_at=(binned.deleted_at or 0) - removal.KEPT_S)
    removal.restore(catalog, late)
    removal.remove(catalog, late)
    assert [each.id for each in catalog.datasets.all(deleted=True)] == [late]
    assert not aside.exists()
    assert [each.id for each in removal.empty_bin(catalog, only=late)] == [late]
    assert catalog.datasets.all(deleted=True) == []
    assert not list((catalog.workspace.home / "removed").iterdir())
    assert (root / "cat/000.jpg").exists()
