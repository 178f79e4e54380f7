"""What belongs together is found where it looks so, chosen, and never torn apart."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from core.datasets.layout import Choice, read_layout
from core.datasets.layout.values import Layout
from core.errors import InvalidInput
from core.quality.belonging import belonging


def _folder(root: Path, names: list[str]) -> Path:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    return root


def _read(root: Path, names: list[str], together: str | None = None) -> Layout:
    return read_layout(_folder(root, names), choice=Choice(together=together))


def _named(pattern: str) -> list[str]:
    return [
        pattern.format(label=label, who=who + 10 * n, shot=shot)
        for n, label in enumerate(("ill", "well"))
        for who in range(1, 6)
        for shot in range(1, 5)
    ]


@pytest.mark.parametrize(
    ("pattern", "key", "groups"),
    [
        ("{label}/patient{who:02d}_{shot:03d}.png", "name:1", 10),
        ("{label}/person{who}_bacteria_{shot}.png", "name:1", 10),
        ("{label}/{who:08d}_{shot:03d}.png", "name", 10),
        ("{label}/IM-{who:04d}-{shot:04d}.png", "name", 10),
        ("{label}/pic-{shot}_cam{who}.png", "name:3", 10),
        ("{label}/2024-05-{who:02d}_{shot}.png", "name:1", 10),
        ("{label}/video{who}/{shot:04d}.png", "folder:2", 10),
        ("{label}/{who:03d}/{shot:04d}.png", "folder:2", 10),
    ],
)
def test_what_looks_so_is_offered(tmp_path: Path, pattern: str, key: str, groups: int) -> None:
    found = _read(tmp_path, _named(pattern))
    assert (found.ways[0].key, found.ways[0].groups) == (key, groups)
    assert found.together is None
    assert {file.together for file in found.files} == {""}


@pytest.mark.parametrize(
    "pattern",
    [
        "{label}/ISIC_{who:04d}{shot:03d}.png",
        "{label}/IMG_{who}{shot}.png",
        "{label}/{label}.{who}{shot}.png",
        "{label}/{who}{shot}.png",
        "{label}/n02085620_{who}{shot}.png",
        "{label}/burst{shot}.png",
    ],
)
def test_nothing_is_offered_where_nothing_looks_so(tmp_path: Path, pattern: str) -> None:
    assert _read(tmp_path, _named(pattern)).ways == ()


def test_a_choice_is_obeyed_and_said(tmp_path: Path) -> None:
    found = _read(tmp_path, _named("{label}/patient{who:02d}_{shot:03d}.png"), "name:1")
    assert found.together is not None
    assert found.together.sentence().endswith(
        "10 groups, up to 4 images each (“patient01”: ill/patient01_001.png)"
    )
    by_path = {file.path: file.together for file in found.files}
    assert by_path["well/patient11_002.png"] == "patient11"


def test_a_column_of_a_table_beside_class_folders_says_it(tmp_path: Path) -> None:
    names = [f"{label}/{n}.png" for label in ("a", "b") for n in range(6)]
    rows = "".join(f"{name},p{n // 2}\n" for n, name in enumerate(names))
    (tmp_path / "who.csv").write_text("file,patient_id\n" + rows)
    found = _read(tmp_path, names)
    assert [way.key for way in found.ways] == ["patient_id"]
    again = _read(tmp_path, names, "patient_id")
    assert len({file.together for file in again.files}) == 6


def test_what_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="Nothing here is called “patient”"):
        _read(tmp_path, _named("{label}/{who}{shot}.png"), "patient")
    with pytest.raises(InvalidInput, match="No image has a value"):
        _read(tmp_path, _named("{label}/{who}{shot}.png"), "name:3")


def test_copies_link_what_belongs_together() -> None:
    table = pd.DataFrame(
        {"copy_group": [0, 0, 1, 2, 3, 4], "together": ["p1", "p2", "p2", "p3", "", ""]}
    )
    group = belonging(table)
    assert group[0] == group[1] == group[2]
    assert group.nunique() == 4
    assert belonging(table.assign(together="")).tolist() == table["copy_group"].tolist()
