"""A run of which one kept file is damaged: every command and every section of a page shows what is
right, or one sentence that says how the file is made again; never a traceback."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.workspace import open_workspace
from tests.earlier import ask, run, same, unpack
from tests.faults.damage import PACK, READ, REMEDY, WAYS, damage, kept_files, read_by


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of an earlier version, in which everything was asked once: what this version
    keeps of it is there, so that it isn't worked out anew for each damage."""
    home = tmp_path_factory.mktemp("damaged") / "home"
    unpack(PACK, home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIGHTBOX_HOME", str(home))
        for command in dict.fromkeys(each for commands, _ in READ.values() for each in commands):
            assert complaint(command, home) == ""
    return home


def complaint(command: str, home: Path) -> str:
    """What is wrong with how a command ended; "" if nothing."""
    given = [
        each.replace("IMAGE", str(home / "elsewhere/disc/00.png")).replace("OUT", str(home.parent))
        for each in command.split()
    ]
    code, _, said = run(*given)
    if code == 0:
        return ""
    sentence = said.strip().splitlines()[-1]
    if code != 2:
        log = max(home.glob("logs/*.txt"), key=lambda file: file.stat().st_mtime_ns)
        return f"{command}: {log.read_text().strip()[-600:]}"
    return "" if REMEDY.search(sentence) else f"{command}: no remedy in “{sentence}”"


@pytest.mark.keras
@pytest.mark.parametrize("name", kept_files())
def test_commands_say_in_one_sentence_what_is_damaged(whole: Path, name: str) -> None:
    home = open_workspace().home
    wrong = []
    for way in WAYS:
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(whole, home)
        (folder,) = home.glob("runs/own-*")
        damage(folder / name, way)
        commands, _ = read_by(name)
        wrong += [f"{way}: {said}" for each in commands if (said := complaint(each, home))]
    assert wrong == []


@pytest.mark.keras
@pytest.mark.parametrize(
    "name", ["evaluation.json", "predictions.parquet", "model.xml", "model.bin"]
)
def test_the_command_that_the_sentence_names_makes_it_again(whole: Path, name: str) -> None:
    home = open_workspace().home
    shutil.copytree(whole, home, dirs_exist_ok=True)
    (folder,) = home.glob("runs/own-*")
    asked = ("predict", "own", str(home / "elsewhere/disc/00.png"))
    # As this version says it: an earlier one took other intervals.
    damage(folder / "evaluation.json", "garbage")
    before = [ask("evaluate", "own"), ask(*asked)]
    damage(folder / name, "garbage")
    now = [ask("evaluate", "own"), ask(*asked)]
    assert same(now, before) == []
