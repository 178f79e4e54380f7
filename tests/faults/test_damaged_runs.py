"""A run of which one kept file is damaged: every command and every section of a page shows what is
right, or one sentence that says how the file is made again; never a traceback."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.workspace import open_workspace
from tests.earlier import ask, same
from tests.faults.damage import WAYS, complaint, damage, kept_files, put_back, read_by


@pytest.mark.parametrize("name", kept_files())
def test_commands_say_in_one_sentence_what_is_damaged(asked_home: Path, name: str) -> None:
    home = open_workspace().home
    wrong = []
    for way in WAYS:
        put_back(asked_home, home)
        (folder,) = home.glob("runs/own-*")
        damage(folder / name, way)
        commands, _ = read_by(name)
        wrong += [f"{way}: {said}" for each in commands if (said := complaint(each, home))]
    assert wrong == []


@pytest.mark.parametrize(
    "name", ["evaluation.json", "predictions.parquet", "model.xml", "model.bin"]
)
def test_the_command_that_the_sentence_names_makes_it_again(asked_home: Path, name: str) -> None:
    home = open_workspace().home
    shutil.copytree(asked_home, home, dirs_exist_ok=True)
    (folder,) = home.glob("runs/own-*")
    asked = ("predict", "own", str(home / "elsewhere/disc/00.png"))
    # As this version says it: an earlier one took other intervals.
    damage(folder / "evaluation.json", "garbage")
    before = [ask("evaluate", "own"), ask(*asked)]
    damage(folder / name, "garbage")
    now = [ask("evaluate", "own"), ask(*asked)]
    assert same(now, before) == []
