"""A workspace of an older Lightbox is taken over with all that is in it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

import core.catalog
from core.catalog import open_catalog
from core.catalog.engines import database_url, engine_of
from core.catalog.migrating import HEAD
from core.progress import Wishes
from core.workspace import Workspace

MIGRATIONS = Path(core.catalog.__file__).parent / "migrations"

JOB = """
INSERT INTO jobs (id, kind, lane, subject, spec, state, created_at, host, phase, done, note, error,
                  error_id, cancel_requested)
VALUES (:id, 'train', 'train', 'd', '{}', :state, :at, '', '', 0, '', '', '', :cancel)
"""
RUN = """
INSERT INTO runs (id, name, dataset_id, dataset_version, spec, job_id, created_at, summary)
VALUES ('r', 'night', 'd', 1, '{}', 'j-1', 0, '{}')
"""


def of_schema(workspace: Workspace, revision: str) -> sqlalchemy.Engine:
    """A database as an earlier Lightbox made it."""
    engine = engine_of(database_url(workspace))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    return engine


@pytest.mark.usefixtures("either_empty")
def test_jobs_events_and_runs_of_the_first_schema_are_kept(workspace: Workspace) -> None:
    engine = of_schema(workspace, "0001")
    now = time.time()
    with engine.begin() as connection:
        for number, (state, cancel) in enumerate(
            [("running", True), ("queued", False), ("queued", False)], start=1
        ):
            row = {"id": f"j-{number}", "state": state, "at": now + number, "cancel": cancel}
            connection.execute(sqlalchemy.text(JOB), row)
        connection.execute(sqlalchemy.text(RUN))
        connection.execute(
            sqlalchemy.text(
                "INSERT INTO events (job_id, at, kind, payload) VALUES ('j-1', 0, 'note', :text)"
            ),
            {"text": json.dumps({"text": "kept"})},
        )
    engine.dispose()

    catalog = open_catalog(workspace)
    asked, *others = catalog.jobs.all()
    assert (asked.id, asked.state, asked.wishes) == ("j-1", "running", Wishes(stop="keep"))
    assert [(job.wishes, job.rank) for job in others] == [
        (Wishes(), now + 2),
        (Wishes(), now + 3),
    ]
    assert [job.id for job in catalog.jobs.queue("train")] == ["j-2", "j-3"]
    assert [event.payload for event in catalog.jobs.events("j-1")] == [{"text": "kept"}]
    assert catalog.runs.get("night").state == "running"


@pytest.mark.usefixtures("either_empty")
def test_runs_of_the_second_schema_can_be_starred_tagged_and_deleted(workspace: Workspace) -> None:
    engine = of_schema(workspace, "0002")
    job = JOB.replace("cancel_requested", "rank, wishes").replace(":cancel", "1, '{}'")
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(job), {"id": "j-1", "state": "done", "at": 1.0})
        connection.execute(sqlalchemy.text(RUN))
    engine.dispose()

    runs = open_catalog(workspace).runs
    old = runs.get("night")
    assert (old.state, old.starred, old.archived, old.tags, old.notes) == (
        "done",
        False,
        False,
        (),
        "",
    )
    assert old.deleted_at is None
    assert [run.id for run in runs.all()] == ["r"]
    runs.set_tags("r", ["fair"])
    runs.star("r")
    runs.delete("r")
    assert [(run.tags, run.starred) for run in runs.all(deleted=True)] == [(("fair",), True)]


def test_opening_knows_which_migration_is_the_newest() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]
