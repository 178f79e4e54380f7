"""One rule for what is derived: fresh if its version and what it was made of are as they were."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel

from core.runs.derived import AsArrays, AsJson, Derived
from core.workspace import read_json, write_json


class Sum(BaseModel):
    total: int


ARRAYS = AsArrays[int](
    lambda value: {"total": np.array(value)}, lambda arrays: int(arrays["total"])
)


@pytest.fixture
def made(tmp_path: Path) -> Derived[Sum]:
    (tmp_path / "numbers").write_text("1 2")
    return Derived(tmp_path / "sum.json", AsJson(Sum), 1, (tmp_path / "numbers",))


def test_it_is_there_once_it_was_kept(made: Derived[Sum]) -> None:
    assert made.kept() is None
    made.keep(Sum(total=3))
    assert made.kept() == Sum(total=3)
    made.drop()
    assert made.kept() is None


def test_other_content_makes_it_stale_and_the_same_content_fresh_again(made: Derived[Sum]) -> None:
    made.keep(Sum(total=3))
    made.inputs[0].write_text("1 2 3")
    assert made.kept() is None
    made.inputs[0].write_text("1 2")
    assert made.kept() == Sum(total=3)
    made.inputs[0].unlink()
    assert made.kept() is None


def test_times_and_places_do_not_matter(made: Derived[Sum], tmp_path: Path) -> None:
    made.keep(Sum(total=3))
    os.utime(made.inputs[0], (1, 1))
    assert made.kept() is not None
    elsewhere = tmp_path / "copy"
    elsewhere.mkdir()
    for file in (made.path, made.inputs[0]):
        shutil.copy(file, elsewhere)
    copied = replace(made, path=elsewhere / "sum.json", inputs=(elsewhere / "numbers",))
    assert copied.kept() == Sum(total=3)


def test_another_version_or_another_text_makes_it_stale(made: Derived[Sum]) -> None:
    made.keep(Sum(total=3))
    assert replace(made, version=2).kept() is None
    assert replace(made, also="a name").kept() is None


def test_without_a_part_it_is_not_whole(made: Derived[Sum], tmp_path: Path) -> None:
    whole = replace(made, parts=(tmp_path / "table",))
    whole.keep(Sum(total=3))
    assert whole.kept() is None
    (tmp_path / "table").write_text("")
    assert whole.kept() is not None


def test_one_from_before_this_rule_is_taken(made: Derived[Sum]) -> None:
    write_json(made.path, {"total": 3})
    assert made.kept() == Sum(total=3)
    write_json(made.path, {"total": 3, "version": 0})
    assert made.kept() is None


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[]", b"7", b'{"total": "many"}', b"PK\x03\x04"], ids=str
)
def test_a_damaged_one_counts_as_not_there(made: Derived[Sum], content: bytes) -> None:
    made.path.write_bytes(content)
    assert made.kept() is None
    arrays = replace(made, path=made.path.with_suffix(".npz"), form=ARRAYS)
    arrays.path.write_bytes(content)
    assert arrays.kept() is None


def test_arrays_are_kept_by_the_same_rule(made: Derived[Sum]) -> None:
    arrays: Derived[int] = Derived(made.path.with_suffix(".npz"), ARRAYS, 1, made.inputs)
    arrays.keep(7)
    assert arrays.kept() == 7
    made.inputs[0].write_text("others")
    assert arrays.kept() is None


def test_what_it_says_of_itself_is_in_the_file(made: Derived[Sum]) -> None:
    made.keep(Sum(total=3))
    assert read_json(made.path) == {"version": 1, "of": made.of, "total": 3}
