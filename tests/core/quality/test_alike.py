"""Near-duplicates are looked for once, whatever images are called, and hold at any threshold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.catalog import Catalog
from core.errors import Cancelled, NotFound
from core.quality.alike import Alike, alike, find_alike
from core.quality.copies import MIRRORED, SAME, Copies
from core.quality.curation import curated, decide, known_alike, usable
from core.quality.findings import Finding, extra_copies, find, find_one
from core.quality.scan import scan
from core.training import recipes
from tests.core.quality.altered import photo, saved
from tests.core.quality.pictures import scanned, write
from tests.recording import RecordingReporter

Files = dict[str, Image.Image | bytes]


def photos(*labels: str, each: int = 4) -> Files:
    """Photo-like pictures, no two alike: ``<label>/<number>.png``."""
    return {
        f"{label}/{number}.png": photo(100 * row + number, 96)
        for row, label in enumerate(labels, 1)
        for number in range(each)
    }


def smaller(image: Image.Image, side: int = 64) -> Image.Image:
    return saved(image.resize((side, side)), 80)


def mirrored(image: Image.Image) -> Image.Image:
    return saved(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT))


def looked_at(catalog: Catalog, root: Path, files: Files) -> str:
    """The folder as a dataset, scanned and searched as its import does; returns the id."""
    dataset = scanned(catalog, write(root, files)).id
    find_alike(catalog, dataset)
    return dataset


def findings(catalog: Catalog, dataset: str) -> dict[str, Finding]:
    found = find(curated(catalog, dataset), alike=known_alike(catalog, dataset))
    return {finding.key: finding for finding in found}


def searches(catalog: Catalog, dataset: str) -> int:
    """How often near-duplicates were really looked for."""
    return sum(change.action == "copies" for change in catalog.changes.of(dataset))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "photos"


def test_a_smaller_copy_is_found_and_the_larger_one_stays(catalog: Catalog, root: Path) -> None:
    files = photos("cat", "dog")
    dataset = looked_at(catalog, root, {**files, "cat/small.png": smaller(photo(101, 96))})
    found = findings(catalog, dataset)
    assert set(found) == {"near_duplicates"}
    assert found["near_duplicates"].groups == (("cat/1.png", "cat/small.png"),)
    assert min(found["near_duplicates"].scores) >= 0.98
    table = curated(catalog, dataset)
    assert extra_copies(found["near_duplicates"], table) == ["cat/small.png"]


def test_before_anybody_looked_only_equal_bytes_are_alike(catalog: Catalog, root: Path) -> None:
    files = photos("cat")
    again = {"cat/again.png": files["cat/0.png"], "cat/small.png": smaller(photo(101, 96))}
    dataset = scanned(catalog, write(root, {**files, **again})).id
    assert set(findings(catalog, dataset)) == {"exact_duplicates"}


def test_nothing_is_looked_for_again_when_nothing_changed(catalog: Catalog, root: Path) -> None:
    dataset = looked_at(catalog, root, {**photos("cat"), "cat/small.png": smaller(photo(101, 96))})
    version = catalog.datasets.get(dataset).version
    report = RecordingReporter()
    assert find_alike(catalog, dataset, report) == 1
    assert report.steps == []
    assert catalog.datasets.get(dataset).version == version


def test_pairs_hold_for_files_that_were_renamed_or_moved(catalog: Catalog, root: Path) -> None:
    dataset = looked_at(
        catalog, root, {**photos("cat", "dog"), "cat/small.png": smaller(photo(101, 96))}
    )
    (root / "cat/small.png").rename(root / "cat/another name.png")
    (root / "cat/2.png").rename(root / "dog/moved.png")
    scan(catalog, dataset)
    find_alike(catalog, dataset)
    assert searches(catalog, dataset) == 1
    assert findings(catalog, dataset)["near_duplicates"].groups == (
        ("cat/1.png", "cat/another name.png"),
    )


def test_a_new_image_is_compared_with_the_old_ones(catalog: Catalog, root: Path) -> None:
    dataset = looked_at(catalog, root, photos("cat"))
    assert findings(catalog, dataset) == {}
    write(root, {"cat/small.png": smaller(photo(101, 96))})
    scan(catalog, dataset)
    assert find_alike(catalog, dataset) == 1
    assert searches(catalog, dataset) == 2
    assert set(findings(catalog, dataset)) == {"near_duplicates"}


def test_a_decision_makes_no_new_search(catalog: Catalog, root: Path) -> None:
    dataset = looked_at(catalog, root, photos("cat", "dog"))
    decide(catalog, dataset, "exclude", ["cat/0.png"])
    decide(catalog, dataset, "relabel", ["cat/1.png"], label="dog")
    scan(catalog, dataset)
    find_alike(catalog, dataset)
    assert searches(catalog, dataset) == 1


def test_before_the_first_scan_it_says_so(catalog: Catalog, root: Path) -> None:
    record = catalog.datasets.add("none", origin="folder", root=str(root))
    with pytest.raises(NotFound, match="not been scanned"):
        find_alike(catalog, record.id)


def test_a_search_that_is_stopped_leaves_what_was_known(catalog: Catalog, root: Path) -> None:
    class Stop(RecordingReporter):
        def cancelled(self) -> bool:
            return True

    dataset = scanned(catalog, write(root, photos("cat"))).id
    with pytest.raises(Cancelled):
        find_alike(catalog, dataset, Stop())
    assert searches(catalog, dataset) == 0
    assert findings(catalog, dataset) == {}


@pytest.mark.parametrize("damage", ["gone", "cut off", "another table"])
def test_a_damaged_file_of_pairs_is_no_error_and_the_next_scan_mends_it(
    damage: str, catalog: Catalog, root: Path
) -> None:
    dataset = looked_at(catalog, root, {**photos("cat"), "cat/small.png": smaller(photo(101, 96))})
    (file,) = catalog.workspace.dataset(dataset).glob("copies-*.parquet")
    if damage == "gone":
        file.unlink()
    elif damage == "cut off":
        file.write_bytes(file.read_bytes()[:100])
    else:
        pd.DataFrame({"x": [1]}).to_parquet(file)
    assert findings(catalog, dataset) == {}
    find_alike(catalog, dataset)
    assert set(findings(catalog, dataset)) == {"near_duplicates"}


def test_the_same_picture_in_two_classes_or_two_splits_is_told_though_its_bytes_differ(
    catalog: Catalog, root: Path
) -> None:
    files: Files = {f"train/{path}": image for path, image in photos("cat", "dog").items()}
    for number in range(3):
        files[f"test/cat/{number}.png"] = photo(900 + number, 96)
        files[f"test/dog/{number}.png"] = photo(950 + number, 96)
    files["train/dog/same cat.png"] = smaller(photo(101, 96))
    files["test/dog/trained.png"] = smaller(photo(202, 96))
    dataset = looked_at(catalog, root, files)
    found = findings(catalog, dataset)
    assert found["label_conflict"].groups == (("train/cat/1.png", "train/dog/same cat.png"),)
    assert found["leakage"].groups == (("test/dog/trained.png", "train/dog/2.png"),)
    assert "near_duplicates" not in found, "they are told once"
    assert extra_copies(found["label_conflict"], curated(catalog, dataset)) == []
    extra = extra_copies(found["leakage"], curated(catalog, dataset))
    assert extra == ["train/dog/2.png"], "the test keeps its image"


def test_mirrored_copies_are_told_apart_from_near_duplicates(catalog: Catalog, root: Path) -> None:
    dataset = looked_at(
        catalog,
        root,
        {
            **photos("cat"),
            "cat/m.png": mirrored(photo(101, 96)),
            "cat/s.png": smaller(photo(102, 96)),
        },
    )
    found = findings(catalog, dataset)
    assert found["near_duplicates"].groups == (("cat/2.png", "cat/s.png"),)
    assert found["turned_copies"].groups == (("cat/1.png", "cat/m.png"),)


def test_groups_part_as_the_threshold_rises(catalog: Catalog, root: Path) -> None:
    files = {**photos("cat"), "cat/small.png": smaller(photo(101, 96), 32)}
    dataset = looked_at(catalog, root, files)
    known = known_alike(catalog, dataset)
    score = float(known.scores().max())
    assert 0.9 < score < 1
    table = curated(catalog, dataset)
    at = [
        len(find_one("near_duplicates", table, threshold, known).groups)
        for threshold in (0.9, score - 0.001, min(1.0, score + 0.001))
    ]
    assert at == [1, 1, 0]


@pytest.mark.parametrize("seed", range(5))
def test_a_group_is_never_torn_apart_by_a_split(seed: int, catalog: Catalog, root: Path) -> None:
    files = photos("cat", "dog", each=12)
    for number in range(6):
        for label, row in (("cat", 1), ("dog", 2)):
            files[f"{label}/small {number}.png"] = smaller(photo(100 * row + number, 96))
    files["dog/also a cat.png"] = smaller(photo(107, 96))
    dataset = looked_at(catalog, root, files)
    table = usable(curated(catalog, dataset))
    spec = recipes.default_spec(dataset, 1, "scratch", table).with_values({"seed": seed})
    splits = recipes.plan(spec, table)
    assert set(splits) == {"train", "validation", "test"}
    together = splits.groupby(table["copy_group"]).nunique()
    assert (table["copy_group"].value_counts() > 1).sum() == 13
    assert together.max() == 1


def test_excluding_an_image_leaves_its_copy_alone(catalog: Catalog, root: Path) -> None:
    dataset = looked_at(catalog, root, {**photos("cat"), "cat/small.png": smaller(photo(101, 96))})
    decide(catalog, dataset, "exclude", ["cat/small.png"])
    assert findings(catalog, dataset) == {}
    decide(catalog, dataset, "restore", ["cat/small.png"])
    assert set(findings(catalog, dataset)) == {"near_duplicates"}


def test_an_unreadable_image_is_like_no_other() -> None:
    table = pd.DataFrame({"hash": ["x", "x", "y"], "status": ["ok", "truncated", "ok"]})
    known = alike(table, None)
    assert len(set(known.groups())) == 3
    assert list(known.scores()) == [0, 0, 0]


def test_rows_of_equal_bytes_share_what_is_known_of_their_content() -> None:
    copies = Copies(
        3,
        np.array([[0, 1], [0, 2]]),
        np.array([0.99, 0.95], np.float32),
        np.array([SAME, MIRRORED]),
    )
    known = Alike(np.array([0, 0, 1, 2]), copies)
    assert list(known.groups()) == [0, 0, 0, 1]
    assert known.scores() == pytest.approx([0.99, 0.99, 0.99, 0])
    assert known.scores((MIRRORED,)) == pytest.approx([0.95, 0.95, 0, 0.95])
