"""Every example that help shows works as it stands, and answers with one JSON document."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

import pytest

from core.catalog import Catalog, open_catalog
from core.cli.command import COMMANDS
from core.cli.parser import parse
from core.evaluation.evaluate import evaluate_run
from core.jobs.machine import this_place
from core.training.stack import to_json
from core.training.templates import TEMPLATES
from core.workspace import open_workspace
from tests.core.cli.conftest import Cli
from tests.core.delivery.take_away.conftest import finished_run
from tests.core.evaluation.coloured import write_colour
from tests.core.evaluation.twins import second_run
from tests.core.inference.shaped import save_weighing_model

EXAMPLES = [
    f"{each.name} {example}".strip() for each in COMMANDS.values() for example in each.examples
]
# Beginnings of examples that are only read here: they train, download, print, or need a table or a
# bucket.
NOT_DONE = (
    *("demo", "train", "find-rate", "search", "measure", "import-model", "dataset known mnist"),
    *("dataset add photos --layout", "dataset add s3:"),
    *('export-model "hands 1" --format', 'report "hands 1" hands.pdf'),
    *('poster "hands 1" poster.pdf', "move-database", "move-files", "worker"),
    *("learn", 'correct "hands 1" a.jpg red --learn', "replay"),
)


def _wait(catalog: Catalog, name: str) -> str:
    """Let a run of this name wait; returns its job."""
    run = catalog.runs.find(name)
    catalog.runs.rename(run.id, f"{name} before")
    job = catalog.jobs.add("train", {}, lane="train", subject=run.dataset_id)
    catalog.runs.add(
        name, dataset_id=run.dataset_id, dataset_version=1, spec=run.spec, job_id=job.id
    )
    return job.id


# What has to be so before a command makes sense: runs that train or wait, and other commands.
TRAINS = {"pause", "resume", "stop", "rate"}
WAITS = {"queue move", "queue needs", "queue cancel"}
BEFORE = {
    "resume": 'pause "hands 1"',
    "run restore": 'run delete "hands 1"',
    "run forget-test": 'evaluate "hands 1" --on photos',
    "api-key revoke": "api-key new kiosk",
    "restore": "exclude hands 2/a.jpg",
    "undo": "exclude hands 2/a.jpg",
    "corrections": 'correct "hands 1" a.jpg red',
    "dataset add": "dataset remove hands",
    "dataset restore": "dataset remove hands",
    "dataset purge": "dataset remove hands",
    "workspace restore": "workspace backup all.lightbox",
    "people change": "people add Anna --role administrator",
    "people remove": "people add Anna",
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what examples speak of, and with a workspace, ``home``."""
    folder = tmp_path_factory.mktemp("examples")
    photos = folder / "photos"
    for name, colour in (("2/a.jpg", "red"), ("3/c.jpg", "green")):
        write_colour(photos / name, colour, 500)
    shutil.copy(photos / "2/a.jpg", photos / "2/b.jpg")
    for number, name in enumerate(("a.jpg", "b.jpg")):
        write_colour(folder / name, "red", 600 + number)
    (folder / "network.json").write_text(to_json(next(iter(TEMPLATES.values()))[1]))
    catalog = open_catalog(open_workspace(folder / "home"))
    run = finished_run(catalog, photos, "hands 1")
    catalog.datasets.rename(run.dataset_id, "hands")
    save_weighing_model(catalog.workspace.run(run.id))
    evaluate_run(catalog, run.id)
    second_run(catalog, run, "hands 2")
    catalog.engine.dispose()
    shutil.make_archive(str(folder / "photos"), "zip", photos)
    return folder


@pytest.fixture
def place(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, as the one that somebody is in."""
    copy = tmp_path / "place"
    shutil.copytree(prepared, copy)
    monkeypatch.setenv("LIGHTBOX_HOME", str(copy / "home"))
    monkeypatch.setenv("LIGHTBOX_ROOTS", f"{prepared}{os.pathsep}{copy}")
    monkeypatch.chdir(copy)
    return copy


@pytest.mark.parametrize("line", EXAMPLES)
def test_every_example_is_understood(line: str) -> None:
    words = shlex.split(line)
    assert line.startswith(parse(words).command.name)
    assert not parse(words).json
    assert parse([*words, "--json"]).json


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(each, marks=[pytest.mark.keras] if each.startswith("suspects") else [])
        for each in EXAMPLES
        if not each.startswith(NOT_DONE)
    ],
)
def test_every_example_works_and_answers_in_json(line: str, place: Path, cli: Cli) -> None:
    words = shlex.split(line)
    name = parse(words).command.name
    catalog = open_catalog(open_workspace())
    if name in WAITS:
        _wait(catalog, "hands 2")
    if name in TRAINS:
        job = _wait(catalog, "hands 1")
        catalog.jobs.claim("train", pid=os.getpid(), host=this_place(), job_id=job)
    if name in BEFORE:
        assert cli(*shlex.split(BEFORE[name])).code == 0
    assert cli(*words, "--json").document is not None


def test_what_is_said_here_of_commands_is_said_of_some() -> None:
    assert {*BEFORE, *TRAINS, *WAITS} <= set(COMMANDS)
    for begin in NOT_DONE:
        assert any(line.startswith(begin) for line in EXAMPLES), begin
