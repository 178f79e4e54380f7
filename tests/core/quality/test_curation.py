"""What people decide is laid over the facts, is never lost, and can always be taken back."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from core.catalog import Catalog, open_catalog
from core.errors import InvalidInput, NotFound
from core.quality.curation import (
    curated,
    decide,
    history,
    skipped,
    undo,
    usable,
)
from core.quality.scan import scan
from core.workspace import open_workspace
from tests.core.quality.pictures import clean, picture, scanned, write
from tests.indexes import latest_index


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three cats and three dogs, all good."""
    return write(tmp_path / "photos", clean("cat", "dog"))


@pytest.fixture
def dataset(catalog: Catalog, root: Path) -> str:
    return scanned(catalog, root).id


def row(catalog: Catalog, dataset: str, path: str, version: int | None = None) -> pd.Series:
    return curated(catalog, dataset, version).set_index("path").loc[path]


def excluded(catalog: Catalog, dataset: str, version: int | None = None) -> set[str]:
    table = curated(catalog, dataset, version)
    return set(table["path"][table["excluded"]])


def counts(catalog: Catalog, dataset: str) -> tuple[int, int]:
    """Images and classes, as lists of datasets show them."""
    record = catalog.datasets.get(dataset)
    return record.images, record.classes


def test_before_any_decision_the_table_is_what_the_folder_says(
    catalog: Catalog, dataset: str
) -> None:
    table = curated(catalog, dataset)
    facts = latest_index(catalog, dataset)
    assert facts is not None
    facts = facts.drop(columns="descriptor")  # which only near-duplicates need
    pd.testing.assert_frame_equal(table[list(facts.columns)], facts)
    found_out = ["copy_group", "copy_score", "turned_score", "label_doubt", "outlier", "suggested"]
    assert list(table.columns) == [*facts.columns, *found_out, "label_found", "excluded", "kept"]
    assert list(table["label_found"]) == list(table["label"])
    assert not table["excluded"].any()
    assert not table["kept"].any()
    assert len(usable(table)) == 6
    assert counts(catalog, dataset) == (6, 2)


def test_excluded_images_are_out_until_they_are_restored(catalog: Catalog, dataset: str) -> None:
    decide(catalog, dataset, "exclude", ["cat/0.png", "cat/1.png", "dog/0.png"])
    assert excluded(catalog, dataset) == {"cat/0.png", "cat/1.png", "dog/0.png"}
    assert set(usable(curated(catalog, dataset))["path"]) == {"cat/2.png", "dog/1.png", "dog/2.png"}
    decide(catalog, dataset, "restore", ["cat/0.png", "dog/0.png"])
    assert excluded(catalog, dataset) == {"cat/1.png"}
    decide(catalog, dataset, "exclude", ["cat/0.png"])
    assert excluded(catalog, dataset) == {"cat/0.png", "cat/1.png"}
    assert counts(catalog, dataset) == (4, 2)


def test_a_class_of_which_all_images_are_excluded_is_not_counted(
    catalog: Catalog, dataset: str
) -> None:
    decide(catalog, dataset, "exclude", [f"cat/{n}.png" for n in range(3)])
    assert counts(catalog, dataset) == (3, 1)


def test_an_image_is_marked_as_fine_and_nothing_else_changes(
    catalog: Catalog, dataset: str
) -> None:
    decide(catalog, dataset, "keep", ["cat/0.png"])
    table = curated(catalog, dataset)
    assert set(table["path"][table["kept"]]) == {"cat/0.png"}
    assert len(usable(table)) == 6


def test_a_moved_image_has_its_new_class_and_remembers_the_old_one(
    catalog: Catalog, dataset: str
) -> None:
    decide(catalog, dataset, "relabel", ["cat/0.png", "cat/1.png"], label="  owl ")
    decide(catalog, dataset, "relabel", ["cat/1.png"], label="dog")
    assert dict(row(catalog, dataset, "cat/0.png")[["label", "label_found"]]) == {
        "label": "owl",
        "label_found": "cat",
    }
    assert row(catalog, dataset, "cat/1.png")["label"] == "dog"
    assert row(catalog, dataset, "cat/2.png")["label"] == "cat"
    assert counts(catalog, dataset) == (6, 3)
    assert str(curated(catalog, dataset)["label"].dtype) == "str"


def test_decisions_of_different_kinds_about_one_image_all_hold(
    catalog: Catalog, dataset: str
) -> None:
    decide(catalog, dataset, "relabel", ["cat/0.png"], label="dog")
    decide(catalog, dataset, "keep", ["cat/0.png"])
    decide(catalog, dataset, "exclude", ["cat/0.png"])
    facts = row(catalog, dataset, "cat/0.png")
    assert (facts["label"], facts["kept"], facts["excluded"]) == ("dog", True, True)


def test_no_decision_touches_a_file(catalog: Catalog, dataset: str, root: Path) -> None:
    def photos() -> dict[Path, tuple[bytes, int]]:
        files = [path for path in root.rglob("*") if path.is_file()]
        return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

    before = photos()
    change = decide(catalog, dataset, "exclude", ["cat/0.png"])
    decide(catalog, dataset, "relabel", ["cat/1.png"], label="dog")
    assert change is not None
    undo(catalog, dataset, [change.version])
    assert photos() == before


@pytest.mark.parametrize("action", ["exclude", "restore", "keep", "relabel"])
def test_an_image_that_is_not_there_is_refused_and_nothing_is_decided(
    catalog: Catalog, dataset: str, action: str
) -> None:
    with pytest.raises(InvalidInput, match=r"no such image.*cat/9\.png"):
        decide(catalog, dataset, action, ["cat/0.png", "cat/9.png"], label="dog")
    assert [line.action for line in history(catalog, dataset)] == ["index"]


@pytest.mark.parametrize("label", [None, "", "  \n"])
def test_a_class_without_a_name_is_refused(
    catalog: Catalog, dataset: str, label: str | None
) -> None:
    with pytest.raises(InvalidInput, match="needs a name"):
        decide(catalog, dataset, "relabel", ["cat/0.png"], label=label)


@pytest.mark.parametrize("action", ["delete", "undo", "index"])
def test_only_what_is_about_images_can_be_decided(
    catalog: Catalog, dataset: str, action: str
) -> None:
    with pytest.raises(ValueError, match="not one of exclude"):
        decide(catalog, dataset, action, ["cat/0.png"])
    assert catalog.datasets.get(dataset).version == 1


def test_no_image_is_no_decision_and_one_named_twice_counts_once(
    catalog: Catalog, dataset: str
) -> None:
    assert decide(catalog, dataset, "exclude", []) is None
    assert catalog.datasets.get(dataset).version == 1
    decide(catalog, dataset, "exclude", ["cat/0.png", "cat/0.png"])
    assert history(catalog, dataset)[0].images == 1


def test_every_version_can_still_be_looked_up(catalog: Catalog, dataset: str) -> None:
    decide(catalog, dataset, "exclude", ["cat/0.png"])
    decide(catalog, dataset, "exclude", ["cat/1.png"])
    undo(catalog, dataset, [2])
    assert [excluded(catalog, dataset, version) for version in (1, 2, 3, 4)] == [
        set(),
        {"cat/0.png"},
        {"cat/0.png", "cat/1.png"},
        {"cat/1.png"},
    ]


def test_a_dataset_that_was_never_scanned_says_so(catalog: Catalog, root: Path) -> None:
    record = catalog.datasets.add("new", "folder", str(root))
    with pytest.raises(NotFound, match="not been scanned yet"):
        curated(catalog, record.id)
    assert latest_index(catalog, record.id) is None
    assert skipped(catalog, record.id) == []
    assert history(catalog, record.id) == []
    with pytest.raises(NotFound, match="not here any more"):
        curated(catalog, "gone")


def test_undoing_one_decision_leaves_those_before_and_after(catalog: Catalog, dataset: str) -> None:
    for number in range(3):
        decide(catalog, dataset, "exclude", [f"cat/{number}.png"])
    undo(catalog, dataset, [3])
    assert excluded(catalog, dataset) == {"cat/0.png", "cat/2.png"}
    assert counts(catalog, dataset) == (4, 2)


def test_undoing_the_last_class_given_brings_back_the_one_before(
    catalog: Catalog, dataset: str
) -> None:
    decide(catalog, dataset, "relabel", ["cat/0.png"], label="owl")
    decide(catalog, dataset, "relabel", ["cat/0.png"], label="dog")
    undo(catalog, dataset, [3])
    assert row(catalog, dataset, "cat/0.png")["label"] == "owl"
    undo(catalog, dataset, [2])
    assert row(catalog, dataset, "cat/0.png")["label"] == "cat"


def test_undoing_everything_leads_back_to_the_first_scan(catalog: Catalog, dataset: str) -> None:
    decide(catalog, dataset, "exclude", ["cat/0.png"])
    decide(catalog, dataset, "keep", ["cat/1.png"])
    decide(catalog, dataset, "relabel", ["cat/2.png"], label="dog")
    undo(catalog, dataset, [2, 3, 4])
    pd.testing.assert_frame_equal(curated(catalog, dataset), curated(catalog, dataset, 1))
    assert counts(catalog, dataset) == (6, 2)


def test_an_undo_can_be_undone_and_that_as_well(catalog: Catalog, dataset: str) -> None:
    decide(catalog, dataset, "exclude", ["cat/0.png"])
    undo(catalog, dataset, [2])
    undo(catalog, dataset, [3])
    assert excluded(catalog, dataset) == {"cat/0.png"}
    assert counts(catalog, dataset) == (5, 2)
    undo(catalog, dataset, [4])
    assert excluded(catalog, dataset) == set()
    assert [line.undone for line in history(catalog, dataset)] == [False, True, False, True, False]


def test_what_is_undone_already_is_passed_over(catalog: Catalog, dataset: str) -> None:
    decide(catalog, dataset, "exclude", ["cat/0.png"])
    decide(catalog, dataset, "exclude", ["cat/1.png"])
    undo(catalog, dataset, [2])
    assert undo(catalog, dataset, [2]) is None
    assert undo(catalog, dataset, []) is None
    change = undo(catalog, dataset, [2, 3, 3])
    assert change is not None
    assert change.payload["versions"] == [3]


@pytest.mark.parametrize("version", [0, 1, 9, -1])
def test_a_scan_or_a_version_that_is_not_there_can_not_be_undone(
    catalog: Catalog, dataset: str, version: int
) -> None:
    decide(catalog, dataset, "exclude", ["cat/0.png"])
    with pytest.raises(InvalidInput, match="not a decision that can be undone"):
        undo(catalog, dataset, [2, version])
    assert excluded(catalog, dataset) == {"cat/0.png"}


def test_the_history_tells_who_decided_what_and_why_newest_first(
    catalog: Catalog, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTBOX_USER", "ana")
    decide(catalog, dataset, "exclude", ["cat/0.png", "cat/1.png"], why="shaken")
    monkeypatch.setenv("LIGHTBOX_USER", "ben")
    decide(catalog, dataset, "relabel", ["dog/0.png"], label="owl")
    undo(catalog, dataset, [2])
    lines = history(catalog, dataset)
    assert [(x.version, x.author, x.action, x.what, x.why, x.images, x.undone) for x in lines] == [
        (4, "ben", "undo", "Undone", "", 1, False),
        (3, "ben", "relabel", "Moved to “owl”", "", 1, False),
        (2, "ana", "exclude", "Excluded", "shaken", 2, True),
        (1, "tester", "index", "Scanned", "scan", 6, False),
    ]
    assert [x.at for x in lines] == sorted((x.at for x in lines), reverse=True)


def test_two_people_in_one_app_lose_no_decision(catalog: Catalog, tmp_path: Path) -> None:
    dataset = scanned(catalog, write(tmp_path / "many", clean("cat", "dog", images=12))).id
    paths = list(curated(catalog, dataset)["path"])[:20]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda path: decide(catalog, dataset, "exclude", [path]), paths))
    assert excluded(catalog, dataset) == set(paths)
    assert [line.version for line in history(catalog, dataset)] == list(range(21, 0, -1))
    assert counts(catalog, dataset) == (4, 1)


def _exclude_one_by_one(home: Path, dataset: str, paths: list[str]) -> None:
    """What one of two programs does, in a process of its own."""
    catalog = open_catalog(open_workspace(home))
    for path in paths:
        decide(catalog, dataset, "exclude", [path])


def test_two_programs_at_once_lose_no_decision(catalog: Catalog, tmp_path: Path) -> None:
    dataset = scanned(catalog, write(tmp_path / "many", clean("cat", "dog", images=12))).id
    paths = list(curated(catalog, dataset)["path"])[:20]
    home = catalog.workspace.home
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        others = [
            pool.submit(_exclude_one_by_one, home, dataset, part)
            for part in (paths[0:10], paths[10:20])
        ]
        for other in others:
            other.result()
    assert excluded(catalog, dataset) == set(paths)
    assert counts(catalog, dataset) == (4, 1)


def test_decisions_survive_another_scan_of_a_folder_that_has_grown(
    catalog: Catalog, dataset: str, root: Path
) -> None:
    decide(catalog, dataset, "exclude", ["cat/0.png"])
    decide(catalog, dataset, "keep", ["cat/1.png"])
    decide(catalog, dataset, "relabel", ["dog/0.png"], label="cat")
    write(root, {"cat/-new.png": picture(77), "owl/0.png": picture(78)})
    scan(catalog, dataset)
    table = curated(catalog, dataset)
    assert len(table) == 8
    assert set(table["path"][table["excluded"]]) == {"cat/0.png"}
    assert set(table["path"][table["kept"]]) == {"cat/1.png"}
    assert row(catalog, dataset, "dog/0.png")["label"] == "cat"
    assert row(catalog, dataset, "dog/0.png")["label_found"] == "dog"
    assert counts(catalog, dataset) == (7, 3)
    assert len(curated(catalog, dataset, 4)) == 6, "older versions stay as they were"


def test_an_image_that_has_changed_keeps_what_was_decided_about_it(
    catalog: Catalog, dataset: str, root: Path
) -> None:
    decide(catalog, dataset, "exclude", ["cat/0.png"])
    decide(catalog, dataset, "relabel", ["cat/1.png"], label="dog")
    before = row(catalog, dataset, "cat/0.png")["hash"]
    write(root, {"cat/0.png": picture(500, 0, 200), "cat/1.png": b"no image any more"})
    scan(catalog, dataset)
    assert excluded(catalog, dataset) == {"cat/0.png"}
    assert row(catalog, dataset, "cat/0.png")["hash"] != before
    now = row(catalog, dataset, "cat/1.png")
    assert (now["label"], now["status"]) == ("dog", "unreadable")
    assert counts(catalog, dataset) == (4, 2)


def test_decisions_about_an_image_that_goes_wait_for_its_return(
    catalog: Catalog, dataset: str, root: Path
) -> None:
    decide(catalog, dataset, "exclude", ["cat/0.png", "dog/0.png"])
    decide(catalog, dataset, "relabel", ["cat/0.png"], label="owl")
    away = (root / "cat/0.png").rename(root.parent / "away.png")
    scan(catalog, dataset)
    assert excluded(catalog, dataset) == {"dog/0.png"}
    assert "cat/0.png" not in set(curated(catalog, dataset)["path"])
    undo(catalog, dataset, [2])
    decide(catalog, dataset, "exclude", ["dog/1.png"])
    away.rename(root / "cat/0.png")
    scan(catalog, dataset)
    assert excluded(catalog, dataset) == {"dog/1.png"}
    assert row(catalog, dataset, "cat/0.png")["label"] == "owl"


def test_a_damaged_index_is_said_and_made_again_with_every_decision(
    catalog: Catalog, dataset: str
) -> None:
    decide(catalog, dataset, "exclude", ["cat/0.png"])
    # Under another id, as what was read before stands in for what is on the disk.
    record = catalog.datasets.add("again", "folder", catalog.datasets.get(dataset).root)
    folder = catalog.workspace.dataset(dataset).rename(catalog.workspace.dataset(record.id))
    (folder / "index-1.parquet").write_bytes(b"PAR1 and then nothing")
    for change in catalog.changes.of(dataset):
        catalog.changes.append(record.id, change.action, change.payload, author="ana")
    with pytest.raises(NotFound, match="missing or was made by another version"):
        curated(catalog, record.id)
    assert latest_index(catalog, record.id) is None
    assert scan(catalog, record.id).images == 6
    assert excluded(catalog, record.id) == {"cat/0.png"}


def test_what_the_last_scan_left_out_is_listed(catalog: Catalog, root: Path) -> None:
    write(root, {"cat/notes.txt": b"three cats"})
    dataset = scanned(catalog, root).id
    assert skipped(catalog, dataset) == [("cat/notes.txt", "It is not an image (.txt).")]
    (catalog.workspace.dataset(dataset) / "skipped-1.json").write_text("{", encoding="utf-8")
    assert skipped(catalog, dataset) == []


def test_a_decision_does_not_hide_why_the_last_import_failed(
    catalog: Catalog, dataset: str
) -> None:
    catalog.datasets.set(dataset, state="failed", problem="That folder is not there.")
    change = decide(catalog, dataset, "exclude", ["cat/0.png"])
    assert change is not None
    undo(catalog, dataset, [change.version])
    record = catalog.datasets.get(dataset)
    assert (record.state, record.problem) == ("failed", "That folder is not there.")
    scan(catalog, dataset)
    assert (catalog.datasets.get(dataset).state, catalog.datasets.get(dataset).problem) == (
        "ready",
        "",
    )


def test_a_name_that_is_no_text_can_not_spoil_the_log(catalog: Catalog, dataset: str) -> None:
    path = curated(catalog, dataset)["path"].iloc[0]
    decide(catalog, dataset, "relabel", [path], label="new\udcff\n one", why="because\udcff")
    assert curated(catalog, dataset)["label"].iloc[0] == "new one"
    for label in ("\udcff", "x" * 300):
        with pytest.raises(InvalidInput):
            decide(catalog, dataset, "relabel", [path], label=label)
