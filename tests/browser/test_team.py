"""A team's journey: lists in PostgreSQL, files in a store, the app on one computer, the work on
four others. What comes of it is what comes of it on one computer alone."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import expect

from core.catalog import Catalog, RunRecord, open_catalog
from core.runs.files import RunFiles
from core.workspace import open_workspace
from tests.browser import journey
from tests.browser.conftest import ROOT, running_app
from tests.core.evaluation.coloured import CLASSES, write_colour
from tests.hosts import Team

pytestmark = pytest.mark.server

# Of probabilities.
_CLOSE = 0.01


@dataclass
class Seen:
    """What there is to see of a model.

    Attributes:
        heading: of its results.
        answers: what the table says of new photos: file, prediction and so on.
    """

    heading: str
    answers: list[dict[str, str]]


def _by_a_team(
    team: Team, page: Any, photos: Path, new: list[Path], recipe: str, **settings: str
) -> Seen:
    """The journey through the browser."""
    images = sum(file.is_file() for file in photos.rglob("*"))
    journey.step(page, "Data")
    journey.upload_folder(page, photos, f"{images:,} images")
    journey.step(page, "Clean")
    page.get_by_role("heading").first.wait_for()
    journey.step(page, "Train")
    journey.train(page, recipe, **settings)
    page.get_by_role("button", name="See the results").click()
    heading = page.get_by_role("heading", name=re.compile(r"Right on .* of \d+ images"))
    heading.wait_for()
    said = heading.inner_text()
    journey.step(page, "Predict")
    page.locator("input[type=file]").first.set_input_files(new)
    page.get_by_text(f"{len(new)} images answered").wait_for()
    journey.settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    journey.settled(page)
    page.goto(page.url.rsplit("/", 1)[0] + "/machines")
    expect(page.get_by_text("waits for work")).to_have_count(len(team.hosts))
    return Seen(said, _rows(Path(download.value.path())))


def _on_one_computer(
    home: Path, photos: Path, new: list[Path], *training: str
) -> tuple[Catalog, list[dict[str, str]]]:
    """The same by commands, with lists in a file and files in a folder; the answers about new
    photos."""
    unset = ("LIGHTBOX_DATABASE", "LIGHTBOX_FILES")
    table = home.with_suffix(".csv")
    with pytest.MonkeyPatch.context() as patch:
        for name in unset:
            patch.delenv(name)
        patch.setenv("LIGHTBOX_HOME", str(home))
        patch.setenv("LIGHTBOX_ROOTS", os.pathsep.join(map(str, (photos, home.parent))))
        for command in (
            ("train", str(photos), "--name", "alone", *training),
            ("predict", "alone", *map(str, new), "--csv", str(table)),
        ):
            subprocess.run([sys.executable, "-m", "core", *command], cwd=ROOT, check=True)
        return open_catalog(open_workspace(home)), _rows(table)


def _rows(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _made(run: RunRecord) -> float:
    return run.created_at


def _by_path(table: pd.DataFrame, photos: Path) -> pd.DataFrame:
    """In the order of paths, which begin with the folder's name where it was uploaded."""
    paths = table["path"].str.removeprefix(f"{photos.name}/")
    return table.assign(path=paths).sort_values("path").reset_index(drop=True)


def _same(
    photos: Path, alone: Catalog, answers: list[dict[str, str]], team: Team, seen: Seen
) -> None:
    """The same images for the same purpose, the same figures, the same answers, to within what
    computing in another order gives."""
    run, theirs = (max(each.runs.all(), key=_made) for each in (alone, team.catalog))
    files, others = RunFiles(alone.workspace, run.id), RunFiles(team.catalog.workspace, theirs.id)
    splits = [_by_path(each.split(), photos) for each in (files, others)]
    columns = ["path", "hash", "label", "split"]
    pd.testing.assert_frame_equal(*(split[columns] for split in splits))
    tables = [
        _by_path(pd.read_parquet(each.test().predictions), photos) for each in (files, others)
    ]
    pd.testing.assert_frame_equal(*tables, atol=_CLOSE)
    accuracy, images = run.summary.test_accuracy, run.summary.test_images
    assert (accuracy, images) == (theirs.summary.test_accuracy, theirs.summary.test_images)
    assert accuracy is not None
    assert images is not None
    assert f"Right on {round(accuracy * images):,} of {images:,} images" in seen.heading
    for one, other in zip(answers, seen.answers, strict=True):
        assert Path(one["file"]).name == other["file"]
        assert one["prediction"] == other["prediction"]
    # Each was done where its kind of work is done.
    jobs = team.catalog.jobs.all()
    assert {job.lane for job in jobs} == {"light", "train"}
    assert {job.machine for job in jobs} <= {each.id for each in team.catalog.machines.all()}


def test_a_few_photos_by_a_team_as_by_one_computer(
    team: Team, tmp_path: Path, new_page: Callable[..., Any]
) -> None:
    photos = tmp_path / "photos"
    for number in range(60):
        colour = CLASSES[number % 3]
        write_colour(photos / colour / f"{number:02d}.png", colour, number)
    new = [write_colour(tmp_path / f"{each}.png", each, 99) for each in CLASSES]
    training = ("--recipe", "scratch", "--set", "epochs=3")
    alone, answers = _on_one_computer(tmp_path / "alone", photos, new, *training)
    team.working("light", "train")
    with _app(team) as address:
        seen = _by_a_team(team, new_page(address), photos, new, "scratch", Epochs="3")
    _same(photos, alone, answers, team, seen)


@pytest.mark.skipif(
    not os.environ.get("LIGHTBOX_EVERY"), reason="LIGHTBOX_EVERY=1 has it tried on 2,062 photos"
)
def test_the_photos_of_hands_by_a_team_as_by_one_computer(
    team: Team,
    hands: Path,
    keras_home: Path,
    tmp_path: Path,
    new_page: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(keras_home))
    for host in team.hosts:
        host.switch_off()
    new = [sorted((hands / label).iterdir())[7] for label in "037"]
    alone, answers = _on_one_computer(tmp_path / "alone", hands, new, "--recipe", "quick")
    team.working("light", "train")
    with _app(team) as address:
        seen = _by_a_team(team, new_page(address), hands, new, "quick")
    _same(hands, alone, answers, team, seen)


@contextmanager
def _app(team: Team) -> Iterator[str]:
    """The app's address; it does no work itself."""
    with running_app(team.place / "web", team.place / "web.log", LIGHTBOX_LANES="none") as app:
        yield app.url
