"""A run of which one kept file is damaged: every command and every section of a page shows what is
right, or one sentence that says how the file is made again; never a traceback."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.catalog import Catalog, open_catalog
from core.workspace import Workspace
from tests.earlier import run, unpack
from tests.faults.damage import PACK, REMEDY, WAYS, damage, kept_files

COMMANDS = (
    "runs",
    "run settings own",
    "run tests own",
    "evaluate own",
    "reliability own",
    "reliability own --on elsewhere",
    "mistakes own",
    "map own --method pca",
    "similar own",
    "compare own views",
    "predict own IMAGE",
    "explain own",
    "familiar own",
    "batches own",
    "export-model own --list",
    "card own OUT/card.md",
    "metrics own",
    "notebook own OUT/own.ipynb",
    "report own OUT/report.html",
    "share own --list",
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("damaged") / "home"
    unpack(PACK, home)
    return home


@pytest.fixture
def catalog(whole: Path, workspace: Workspace) -> Iterator[Catalog]:
    shutil.copytree(whole, workspace.home, dirs_exist_ok=True)
    yield open_catalog(workspace)


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
        (log,) = home.glob("logs/*.txt")
        return f"{command}: {log.read_text().splitlines()[-1]}"
    return "" if REMEDY.search(sentence) else f"{command}: no remedy in “{sentence}”"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", kept_files())
def test_commands_say_in_one_sentence_what_is_damaged(
    catalog: Catalog, name: str, way: str
) -> None:
    home = catalog.workspace.home
    found = catalog.runs.find("own")
    damage(catalog.workspace.run(found.id) / name, way)
    assert [said for command in COMMANDS if (said := complaint(command, home))] == []
