"""Records are found by content hash, and being killed costs next to nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.datasets.slots import SlotFile
from tests.conftest import ROOT

KILLED = """
import os, sys
from pathlib import Path
import numpy as np
from core.datasets import slots
slots.NOTE_EVERY_S = slots._NOTES_SHARE = 0.0
file = slots.SlotFile(Path(sys.argv[1]), "t", "uint8", (2,))
with file.adding():
    for number in range(9):
        file.add(str(number), np.full(2, number))
    os._exit(9)
"""


def slot_file(folder: Path) -> SlotFile:
    return SlotFile(folder, "t", "uint8", (2,))


def fill(folder: Path, *digests: str) -> None:
    with slot_file(folder).adding() as file:
        for digest in digests:
            file.add(digest, np.full(2, int(digest)))


def stored(folder: Path) -> dict[str, list[int]]:
    with slot_file(folder).adding() as file:
        pass
    records = file.open()
    return {digest: records[slot].tolist() for digest, slot in file.slots.items()}


def test_what_was_added_is_found_again(tmp_path: Path) -> None:
    fill(tmp_path, "5", "7")
    fill(tmp_path, "9")
    assert stored(tmp_path) == {"5": [5, 5], "7": [7, 7], "9": [9, 9]}


def test_a_hash_that_is_there_is_not_added_again(tmp_path: Path) -> None:
    fill(tmp_path, "5", "5")
    with slot_file(tmp_path).adding() as file:
        file.add("5", np.zeros(2))
    assert stored(tmp_path) == {"5": [5, 5]}


def test_unknown_hashes_have_no_slot(tmp_path: Path) -> None:
    with slot_file(tmp_path).adding() as file:
        assert file.open().shape == (0, 2)
        file.add("5", np.full(2, 5))
    assert file.find(["6", "5"]).tolist() == [-1, 0]


def test_an_error_in_the_middle_keeps_what_was_added(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        with slot_file(tmp_path).adding() as file:
            file.add("5", np.full(2, 5))
            _ = 1 / 0
    assert stored(tmp_path) == {"5": [5, 5]}


def test_a_killed_process_keeps_what_it_had_noted(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, check=False)
    assert ended.returncode == 9
    kept = stored(tmp_path)
    assert len(kept) >= 8
    assert all(record == [int(digest)] * 2 for digest, record in kept.items())


def test_records_that_were_never_noted_are_written_over(tmp_path: Path) -> None:
    fill(tmp_path, "5")
    with (tmp_path / "t.bin").open("ab") as out:
        out.write(b"abc")
    fill(tmp_path, "6")
    assert stored(tmp_path) == {"5": [5, 5], "6": [6, 6]}


def test_notes_about_missing_records_are_not_believed(tmp_path: Path) -> None:
    fill(tmp_path, "5", "6")
    with (tmp_path / "t.bin").open("r+b") as out:
        out.truncate(3)
    assert stored(tmp_path) == {"5": [5, 5]}


@pytest.mark.parametrize("notes", ["", "{", "7", "{}"])
def test_damaged_notes_only_cost_the_work(tmp_path: Path, notes: str) -> None:
    fill(tmp_path, "5")
    (tmp_path / "t.json").write_text(notes)
    assert stored(tmp_path) == {}
    fill(tmp_path, "6")
    assert stored(tmp_path) == {"6": [6, 6]}
