"""A team's journey: lists in PostgreSQL, files in a store, the app on one computer, the work on
four others. What comes of it is what comes of it on one computer alone."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Mapping
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
from tests.browser.conftest import running_app
from tests.core.evaluation.coloured import CLASSES, write_colour
from tests.hosts import Team

pytestmark = pytest.mark.server

_EPOCHS = "3"


@dataclass
class Seen:
    """What a journey has come to.

    Attributes:
        said: how good the model is, in a sentence.
        answers: what the page's table says of photos: file, prediction and so on.
    """

    said: str
    answers: list[dict[str, str]]


def _from_photos_to_answers(
    page: Any, photos: Path, pictures: list[Path], recipe: str, **settings: str
) -> Seen:
    images = sum(file.is_file() for file in photos.rglob("*"))
    journey.step(page, "Data")
    more = page.get_by_role("button", name="Add a dataset")
    more.or_(page.get_by_role("button", name="Choose a folder")).first.wait_for()
    if more.is_visible():  # where others have added some before
        more.click()
    journey.upload_folder(page, photos, f"{images:,} images")
    journey.step(page, "Clean")
    page.get_by_text(re.compile("images look fine|to look at")).first.wait_for()
    journey.step(page, "Train")
    said = journey.train(page, recipe, **settings)
    page.get_by_role("button", name="See the results").click()
    page.get_by_role("heading", name=re.compile(r"Right on \d+ of \d+ images")).wait_for()
    journey.step(page, "Predict")
    page.locator("input[type=file]").first.set_input_files(pictures)
    page.get_by_text(f"{len(pictures)} images answered").wait_for()
    journey.settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    with Path(download.value.path()).open(encoding="utf-8") as file:
        return Seen(said, list(csv.DictReader(file)))


def _on_one_computer(
    home: Path,
    new_page: Callable[..., Any],
    follow: Callable[[Any], Seen],
) -> tuple[Catalog, Seen]:
    """The journey with lists in a file, files in a folder and the app's own workers."""
    alone = {"LIGHTBOX_DATABASE": "", "LIGHTBOX_FILES": ""}
    with running_app(home, home.with_suffix(".log"), **alone) as app:
        seen = follow(new_page(app.url))
    with pytest.MonkeyPatch.context() as patch:
        for name in alone:
            patch.delenv(name)
        return open_catalog(open_workspace(home)), seen


def _by_a_team(
    team: Team,
    new_page: Callable[..., Any],
    follow: Callable[[Any], Seen],
) -> Seen:
    """The journey with an app that does no work itself."""
    here: Mapping[str, str] = {"LIGHTBOX_LANES": "none"}
    with running_app(team.place / "web", team.place / "web.log", **here) as app:
        page = new_page(app.url)
        seen = follow(page)
        page.goto(f"{app.url}/machines")
        expect(page.get_by_text("waits for work")).to_have_count(len(team.hosts))
    return seen


def _made(run: RunRecord) -> float:
    return run.created_at


def _same(alone: Catalog, one: Seen, team: Team, other: Seen) -> None:
    """The same images for the same purpose, the same figures, the same answers, to within what
    computing in another order gives."""
    run, theirs = (max(each.runs.all(), key=_made) for each in (alone, team.catalog))
    files, others = RunFiles(alone.workspace, run.id), RunFiles(team.catalog.workspace, theirs.id)
    columns = ["path", "hash", "label", "split"]
    splits = [
        each.split()[columns].sort_values("path", ignore_index=True) for each in (files, others)
    ]
    pd.testing.assert_frame_equal(*splits)
    tables = [
        pd.read_parquet(each.test().predictions).sort_values("path", ignore_index=True)
        for each in (files, others)
    ]
    pd.testing.assert_frame_equal(*tables, atol=1e-2)
    assert run.summary.test_accuracy == theirs.summary.test_accuracy
    assert one.said == other.said
    named = [[(row["file"], row["prediction"]) for row in each.answers] for each in (one, other)]
    assert named[0] == named[1]
    # Each was done where its kind of work is done.
    jobs = [job for job in team.catalog.jobs.all() if job.subject in (theirs.id, theirs.dataset_id)]
    assert {job.lane for job in jobs} == {"light", "train"}
    machines = {job.machine for job in jobs if job.started_at is not None}
    assert machines <= {machine.id for machine in team.catalog.machines.all()}


def test_a_few_photos_by_a_team_as_by_one_computer(
    team: Team, tmp_path: Path, new_page: Callable[..., Any]
) -> None:
    photos = tmp_path / "photos"
    for number in range(60):
        colour = CLASSES[number % 3]
        write_colour(photos / colour / f"{number:02d}.png", colour, number)
    pictures = [write_colour(tmp_path / f"{each}.png", each, 99) for each in CLASSES]

    def follow(page: Any) -> Seen:
        return _from_photos_to_answers(page, photos, pictures, "scratch", Epochs=_EPOCHS)

    team.working("light", "train")
    alone, one = _on_one_computer(tmp_path / "alone", new_page, follow)
    _same(alone, one, team, _by_a_team(team, new_page, follow))


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
    pictures = [sorted((hands / label).iterdir())[7] for label in "037"]

    def follow(page: Any) -> Seen:
        return _from_photos_to_answers(page, hands, pictures, "quick")

    team.working("light", "train")
    alone, one = _on_one_computer(tmp_path / "alone", new_page, follow)
    _same(alone, one, team, _by_a_team(team, new_page, follow))
