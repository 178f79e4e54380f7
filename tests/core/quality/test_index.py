"""The index keeps its columns and types on the disk, and says when it is missing or damaged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.catalog import Catalog
from core.errors import NotFound
from core.quality.index import (
    COLUMNS,
    make_index,
    read_index,
    write_index,
)
from core.quality.measure import MEASUREMENTS
from core.workspace import Workspace
from tests.core.quality.pictures import clean, scanned, write
from tests.indexes import latest_index


def facts(path: str, **other: Any) -> dict[str, Any]:
    """A row for a file that could not be read, but for ``other``."""
    nothing = {"str": "", "binary[pyarrow]": b""}
    blank = {name: nothing.get(kind, 0) for name, kind in COLUMNS.items()}
    return {**blank, **dict.fromkeys(MEASUREMENTS, float("nan")), "path": path, **other}


def types(table: pd.DataFrame) -> dict[str, str]:
    return {name: str(dtype) for name, dtype in table.dtypes.items()}


def test_rows_become_a_table_in_the_order_of_their_paths(workspace: Workspace) -> None:
    table = make_index([facts("b/1.png"), facts("a/10.png"), facts("a/2.png", width=7)])
    assert list(table["path"]) == ["a/10.png", "a/2.png", "b/1.png"]
    assert list(table["width"]) == [0, 7, 0]
    assert list(table.index) == [0, 1, 2]
    assert types(table) == COLUMNS


def test_no_rows_are_an_empty_table_of_the_same_columns(workspace: Workspace) -> None:
    write_index(workspace, "d", "index-1.parquet", [make_index([])])
    table = read_index(workspace, "d", "index-1.parquet")
    assert len(table) == 0
    assert types(table) == COLUMNS


def test_what_is_read_is_what_was_written(workspace: Workspace) -> None:
    whole = facts(
        "zwei wörter/🐈.png",
        bytes=2**40,
        mtime_ns=2**62,
        thumb_at=2**41,
        wrong_suffix=True,
        orientation=8,
        sharpness=0.25,
    )
    table = make_index([facts("a.png"), whole])
    write_index(workspace, "d", "index-1.parquet", [table])
    back = read_index(workspace, "d", "index-1.parquet")
    pd.testing.assert_frame_equal(back, table)
    assert types(back) == COLUMNS
    assert np.isnan(back["brightness"]).all()
    assert back["path"][1] == "zwei wörter/🐈.png"


def test_a_scan_fills_every_column(catalog: Catalog, tmp_path: Path) -> None:
    root = write(tmp_path / "photos", {**clean("cat", "dog"), "cat/words.png": b"words"})
    table = latest_index(catalog, scanned(catalog, root).id)
    assert table is not None
    assert types(table) == COLUMNS
    measured = list(MEASUREMENTS)
    assert measured == list(COLUMNS)[list(COLUMNS).index("brightness") :]
    good = table["status"] == "ok"
    assert table.loc[good, measured].notna().all(axis=None)
    assert table.loc[~good, measured].isna().all(axis=None)
    assert (table["hash"].str.len() == 32).all()
    assert table["path"].is_monotonic_increasing
    sizes = [(root / path).stat().st_size for path in table["path"]]
    assert list(table["bytes"]) == sizes


def test_a_missing_index_says_what_to_do(workspace: Workspace) -> None:
    with pytest.raises(NotFound, match=r"index-3\.parquet.*Scan the dataset again"):
        read_index(workspace, "d", "index-3.parquet")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_an_index_that_was_cut_off_is_not_found(workspace: Workspace, share: float) -> None:
    write_index(workspace, "d", "index-1.parquet", [make_index([facts("a.png"), facts("b.png")])])
    file = workspace.dataset("d") / "index-1.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(NotFound):
        read_index(workspace, "d", "index-1.parquet")
    file.write_bytes(whole)
    assert len(read_index(workspace, "d", "index-1.parquet")) == 2, "it was put back"


def test_an_index_with_damaged_bytes_is_never_a_defect(workspace: Workspace) -> None:
    rows = [facts(f"{number}.png", hash=f"{number:032x}") for number in range(50)]
    write_index(workspace, "d", "whole.parquet", [make_index(rows)])
    folder = workspace.dataset("d")
    whole = (folder / "whole.parquet").read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for number in range(40):
        damaged = bytearray(whole)
        for at in rng.integers(0, len(whole), 8):
            damaged[at] ^= 0xFF
        (folder / f"{number}.parquet").write_bytes(damaged)
        try:
            read_index(workspace, "d", f"{number}.parquet")
        except NotFound:
            refused += 1
    assert refused > 10


def test_an_index_of_another_version_is_not_found(workspace: Workspace) -> None:
    folder = workspace.dataset("d")
    folder.mkdir(parents=True)
    table = make_index([facts("a.png")])
    table.drop(columns="sharpness").to_parquet(folder / "lacks.parquet")
    table.assign(width="wide").to_parquet(folder / "words.parquet")
    table.assign(newer=1)[["newer", *COLUMNS]].to_parquet(folder / "newer.parquet")
    for name in ("lacks.parquet", "words.parquet"):
        with pytest.raises(NotFound, match="another version"):
            read_index(workspace, "d", name)
    assert list(read_index(workspace, "d", "newer.parquet").columns) == list(COLUMNS)


def test_nothing_half_written_stays_beside_an_index(workspace: Workspace) -> None:
    write_index(workspace, "d", "index-1.parquet", [make_index([facts("a.png")])])
    with pytest.raises(ZeroDivisionError):
        write_index(workspace, "d", "index-2.parquet", _breaks())
    assert [file.name for file in workspace.dataset("d").iterdir()] == ["index-1.parquet"]


def _breaks() -> Iterator[pd.DataFrame]:
    """Tables that end in the middle."""
    yield make_index([facts("a.png")])
    raise ZeroDivisionError


def test_an_index_in_parts_is_one_index(workspace: Workspace) -> None:
    tables = [make_index([facts(f"{name}.png")]) for name in "abc"]
    write_index(workspace, "d", "index-1.parquet", iter(tables))
    whole = read_index(workspace, "d", "index-1.parquet")
    pd.testing.assert_frame_equal(whole, pd.concat(tables, ignore_index=True))
