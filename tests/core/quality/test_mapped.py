"""Tables that lie in files instead of memory are the same to the last column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.catalog import Catalog
from core.quality import curation, facts
from core.quality.alike import find_alike
from core.quality.curation import curated, decide, known_alike
from core.quality.findings import find
from core.quality.mapped import keep_columns, open_columns
from core.workspace import Workspace
from tests.core.quality.pictures import clean, picture, scanned, write


@pytest.fixture
def dataset(catalog: Catalog, tmp_path: Path) -> str:
    """Some that are alike, one that is broken, doubts about some, and decisions of each kind."""
    files = clean("cat", "dog") | {
        "cat/again.png": picture(1000),
        "dog/other.png": picture(1000),
        "dog/near.png": picture(1001).resize((80, 60)),
        "dog/broken.png": b"no picture",
    }
    record = scanned(catalog, write(tmp_path / "photos", files))
    find_alike(catalog, record.id)
    table = curated(catalog, record.id).iloc[1:5]
    doubts = table[["path", "hash", "label"]].assign(
        label_doubt=np.float32([0.9, 0.1, 0.8, 0.2]), outlier=np.float32(0.5), suggested="dog"
    )
    doubts.to_parquet(catalog.workspace.dataset(record.id) / "suspects-1.parquet")
    payload = {"file": "suspects-1.parquet", "images": 4, "source": "simple"}
    catalog.changes.append(record.id, "suspects", payload, author="test")
    decide(catalog, record.id, "relabel", [table["path"].iloc[0]], label="puma")
    decide(catalog, record.id, "exclude", ["dog/0.png"])
    decide(catalog, record.id, "keep", ["dog/1.png"])
    return record.id


def test_a_mapped_table_is_the_same_as_one_that_is_held(
    catalog: Catalog, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = catalog.datasets.get(dataset).version
    held = {number: curated(catalog, dataset, number) for number in range(1, version + 1)}
    findings = find(held[version], alike=known_alike(catalog, dataset, version))
    assert {"label_conflict", "mislabelled"} <= {each.key for each in findings}
    _forget()
    monkeypatch.setattr(facts, "MAPPED_FROM", 1)
    for number, table in held.items():
        mapped = curated(catalog, dataset, number)
        assert mapped is not table
        pd.testing.assert_frame_equal(mapped, table)
    known = known_alike(catalog, dataset, version)
    assert find(curated(catalog, dataset, version), alike=known) == findings
    kept = list((catalog.workspace.cache / "tables" / dataset).iterdir())
    assert len(kept) == 6, "an index; pairs before and after; what was found at three versions"
    assert all(open_columns(folder) is not None for folder in kept)
    _forget()


def test_what_was_mapped_is_made_again_when_it_is_damaged_or_the_index_is_another(
    catalog: Catalog, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = catalog.datasets.get(dataset).version
    whole = curated(catalog, dataset, version)
    monkeypatch.setattr(facts, "MAPPED_FROM", 1)
    _forget()
    curated(catalog, dataset, version)
    place = catalog.workspace.cache / "tables" / dataset
    for file in place.rglob("*-path.arrow"):
        file.write_bytes(b"ARROW1")
    _forget()
    pd.testing.assert_frame_equal(curated(catalog, dataset, version), whole)
    assert all(file.stat().st_size > 100 for file in place.rglob("*-path.arrow"))
    # Nothing can be written: what would be mapped is held.
    monkeypatch.setattr(facts, "_FORM", 99)
    _forget()
    place.with_name("aside").mkdir()
    for folder in list(place.iterdir()):
        folder.rename(place.with_name("aside") / folder.name)
    place.rmdir()
    place.write_text("a file where a folder should be")
    pd.testing.assert_frame_equal(curated(catalog, dataset, version), whole)
    _forget()


def _forget() -> None:
    curation._made.clear()
    facts._facts.cache_clear()


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_columns_of_every_kind_come_back(workspace: Workspace, rows: int) -> None:
    table = pd.DataFrame(
        {
            "text": pd.Series(["", "é", "a/b", "x", "ü" * 9][:rows], dtype="str"),
            "truth": np.array([True, False, True, True, False])[:rows],
            "small": np.arange(rows, dtype=np.int8),
            "large": np.arange(rows, dtype=np.int64) << 40,
            "fraction": np.array([0.5, np.nan, 1, 2, 3], np.float32)[:rows],
        }
    )
    keep_columns(workspace.cache / "tables" / "t", table.items())
    back = open_columns(workspace.cache / "tables" / "t")
    assert back is not None
    pd.testing.assert_frame_equal(back, table)
