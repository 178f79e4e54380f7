"""Lists go from a file to PostgreSQL and back, row by row, or stay where they are."""

from __future__ import annotations

import io
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

from core.catalog import Catalog, database, open_catalog
from core.catalog.backups import backup, restore
from core.catalog.engines import engine_of
from core.catalog.machines import Machine
from core.catalog.moving import move_database
from core.catalog.rows import count_rows
from core.cli import main
from core.errors import (
    Cancelled,
    Conflict,
    Damaged,
    InvalidInput,
    NotAllowed,
    NotFound,
    Unreachable,
)
from core.progress import Reporter
from core.workspace import Workspace, open_workspace
from tests.conftest import ROOT
from tests.core.catalog.test_backups import content, filled
from tests.postgres import Server
from tests.waiting import wait_until

# Each begins where its lists are.
pytestmark = pytest.mark.file_only


@pytest.fixture
def kept(catalog: Catalog, tmp_path: Path) -> Catalog:
    """A catalog with rows in nearly all tables, also with what is no number and what is large."""
    dataset = filled(catalog, tmp_path)
    for name in ("b 2", "ä", "B", "a"):
        catalog.datasets.add(name, "folder", f"/photos/{name}")
    catalog.datasets.remove(catalog.datasets.find("B").id)
    job = catalog.jobs.add("train", {"rate": 0.1 + 0.2, "most": 2**60}, lane="train")
    catalog.runs.add("night", dataset_id=dataset, dataset_version=1, spec={"a": []}, job_id=job.id)
    catalog.jobs.append_event(job.id, "epoch", {"loss": float("nan"), "at": 1e-300})
    catalog.people.add("Anna", "trainer")
    catalog.people.begin_session("s" * 64, None, 2e9)
    catalog.audit.note("tester", "looked", "at it")
    catalog.visibility.set("dataset", dataset, "Anna", "private")
    return catalog


def said(catalog: Catalog) -> str:
    """All that a catalog has, as text."""
    jobs = catalog.jobs.all()
    events = [event for job in jobs for event in catalog.jobs.events(job.id)]
    changes = [catalog.changes.of(each.id) for each in catalog.datasets.all()]
    return repr(
        (
            jobs,
            events,
            changes,
            catalog.datasets.all(),
            catalog.datasets.all(deleted=True),
            catalog.runs.all(),
            catalog.people.all(),
        )
    )


def test_lists_go_to_the_server_and_back_and_are_the_same(
    kept: Catalog, server: Server, on_server_next: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, before = kept.workspace, said(kept)
    with kept.engine.connect() as connection:
        rows = count_rows(connection)
    there = move_database(kept, on_server_next)
    assert there.rows == sum(rows.values())
    assert Path(there.kept).is_file()
    assert not workspace.database.exists()
    # Windows would not have removed it otherwise.
    assert "Connections in pool: 0" in kept.engine.pool.status()
    with pytest.raises(NotFound, match="were moved to of_test_"):
        open_catalog(workspace)

    monkeypatch.setenv("LIGHTBOX_DATABASE", on_server_next)
    moved = open_catalog(workspace)
    assert said(moved) == before
    job = moved.jobs.all()[-1]
    moved.jobs.append_event(job.id, "note", {})  # numbered after the last one that was moved
    moved.audit.note("tester", "looked", "again")
    before = said(moved)
    with monkeypatch.context() as far:
        far.setattr(database, "disk_kind", lambda _: "nfs4")
        with pytest.raises(NotAllowed, match="on a network’s disk"):
            move_database(moved, "sqlite")
    back = move_database(moved, "sqlite")
    assert back.rows == there.rows + 2

    monkeypatch.delenv("LIGHTBOX_DATABASE")
    assert said(open_catalog(workspace)) == before


def test_who_had_the_file_open_is_told_that_the_lists_have_gone_and_loses_nothing(
    kept: Catalog, on_server_next: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_before = Catalog(kept.workspace, engine_of(f"sqlite:///{kept.workspace.database}"))
    with open_before.engine.connect() as connection:
        count_rows(connection)  # and it stays open
    said_before = said(kept)
    move_database(kept, on_server_next)
    for change in (
        lambda: open_before.datasets.add("late", "folder", "/late"),
        lambda: open_before.audit.note("late", "looked", "late"),
        lambda: open_before.jobs.finish(open_before.jobs.all()[-1].id, "done"),
    ):
        with pytest.raises(NotFound, match="just been moved"):
            change()
    monkeypatch.setenv("LIGHTBOX_DATABASE", on_server_next)
    assert said(open_catalog(kept.workspace)) == said_before


@pytest.fixture
def on_server_next(server: Server) -> str:
    """The address of an empty database, that the catalog isn't in yet."""
    return server.url(server.new_database())


def test_a_filled_database_is_refused_and_nothing_changes(
    kept: Catalog, on_server_next: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTBOX_DATABASE", on_server_next)
    open_catalog(kept.workspace).datasets.add("theirs", "folder", "/")
    monkeypatch.delenv("LIGHTBOX_DATABASE")
    with pytest.raises(Conflict, match="has lists of Lightbox’s in it already"):
        move_database(kept, on_server_next)
    assert kept.workspace.database.exists()


def test_moving_that_was_broken_off_once_the_rows_were_there_is_done_by_moving_again(
    kept: Catalog, on_server_next: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = said(kept)
    (kept.workspace.home / "backups").write_text("in the way of a copy of the file")
    with pytest.raises(InvalidInput, match="backups"):
        move_database(kept, on_server_next)
    assert said(kept) == before
    (kept.workspace.home / "backups").unlink()
    with kept.engine.connect() as connection:
        rows = sum(count_rows(connection).values())
    assert move_database(kept, on_server_next).rows == rows
    monkeypatch.setenv("LIGHTBOX_DATABASE", on_server_next)
    assert said(open_catalog(kept.workspace)) == before


def test_a_row_that_the_server_refuses_stops_all_of_it(
    kept: Catalog, on_server_next: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(kept.workspace.database)) as opened:
        opened.execute("UPDATE events SET job_id = 'nowhere'")
        opened.commit()
    before = said(kept)
    with pytest.raises(Damaged, match="“events” speaks of another one that is missing"):
        move_database(kept, on_server_next)
    assert said(kept) == before
    monkeypatch.setenv("LIGHTBOX_DATABASE", on_server_next)
    with open_catalog(kept.workspace).engine.connect() as connection:
        assert not any(count_rows(connection).values())


def test_nothing_is_moved_while_somebody_works(
    kept: Catalog, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "postgresql://lightbox@127.0.0.1:9/lightbox"
    with FileLock(kept.workspace.home / ".workers.lock"):
        with pytest.raises(Conflict, match="Lightbox is running"):
            move_database(kept, address)
    kept.machines.beat(Machine("m-1", "attic", ("light",), 2, 10**10))
    with pytest.raises(Conflict, match="running on attic"):
        move_database(kept, address)
    kept.machines.remove("m-1")
    with pytest.raises(Unreachable):
        move_database(kept, address)
    with pytest.raises(InvalidInput, match="no address"):
        move_database(kept, "there")
    with pytest.raises(Conflict, match="in a file here already"):
        move_database(kept, "sqlite")
    kept.jobs.claim("train", pid=1, host="h")
    assert main(["move-database", address]) == 2
    assert "1 job still running" in capsys.readouterr().err
    # Without its password in the list of processes.
    monkeypatch.setattr("sys.stdin", io.StringIO("mysql://there/lists\n"))
    kept.jobs.finish(kept.jobs.all()[-1].id, "done")
    assert main(["move-database", "-"]) == 2
    assert "not in “mysql”" in capsys.readouterr().err
    assert kept.workspace.database.exists()


def test_a_backup_of_a_server_is_put_back_without_one_and_the_other_way_round(
    on_server: str,
    kept: Catalog,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, files = said(kept), content(kept.workspace.home)
    backup(kept.workspace, tmp_path / "all.lightbox")
    address = server.url(on_server)

    monkeypatch.delenv("LIGHTBOX_DATABASE")
    restore(tmp_path / "alone", tmp_path / "all.lightbox")
    alone = open_catalog(open_workspace(tmp_path / "alone"))
    assert said(alone) == before

    alone.datasets.add("one more", "folder", "/")
    with_more = said(alone)
    backup(alone.workspace, tmp_path / "more.lightbox")
    monkeypatch.setenv("LIGHTBOX_DATABASE", address)
    with pytest.raises(Conflict):
        restore(kept.workspace.home, tmp_path / "more.lightbox")
    done = restore(kept.workspace.home, tmp_path / "more.lightbox", replace=True)
    assert said(open_catalog(kept.workspace)) == with_more
    assert content(kept.workspace.home) == files
    assert not kept.workspace.database.exists()
    monkeypatch.delenv("LIGHTBOX_DATABASE")
    assert said(open_catalog(Workspace(Path(done["before"])))) == before


def test_a_backup_that_is_refused_leaves_the_server_as_it_was(
    on_server: str, kept: Catalog, tmp_path: Path
) -> None:
    backup(kept.workspace, tmp_path / "all.lightbox")
    before = said(kept)

    class Stops(Reporter):
        def progress(self, *said: object) -> None:
            if "Comparing runs" in said:
                raise Cancelled

    with pytest.raises(Cancelled):
        restore(kept.workspace.home, tmp_path / "all.lightbox", Stops(), replace=True)
    assert said(kept) == before
    assert content(kept.workspace.home)


def test_files_that_can_not_be_put_aside_leave_the_server_as_it_was(
    on_server: str, kept: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = kept.workspace.home
    backup(kept.workspace, tmp_path / "all.lightbox")
    kept.datasets.add("one more", "folder", "/")
    before = said(kept)
    monkeypatch.setattr(time, "strftime", lambda *_: "then")
    (home.with_name(f"{home.name}.before-then") / "in the way").mkdir(parents=True)
    with pytest.raises(OSError, match="not empty"):
        restore(home, tmp_path / "all.lightbox", replace=True)
    assert said(open_catalog(kept.workspace)) == before


@pytest.mark.parametrize("at", ["before the rows are there", "after"])
def test_a_restore_that_is_killed_between_rows_and_files_leaves_what_belongs_together(
    on_server: str, kept: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    home = kept.workspace.home
    backup(kept.workspace, tmp_path / "all.lightbox")
    restored, files = said(kept), content(home)
    kept.datasets.add("one more", "folder", "/")
    (home / "datasets" / "note").write_text("of before")
    before, files_before = said(kept), content(home)
    kept.engine.dispose()
    code = f"""
import os, signal
from pathlib import Path
from core.catalog import backups
killed = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
rename = Path.rename
if {at == "after"}:
    rename_of = Path.rename
    Path.rename = lambda one, two: killed() if one.name == "before.db" else rename_of(one, two)
else:
    Path.rename = lambda one, two: [rename(one, two), "before-" in str(two) and killed()]
backups.restore(Path({str(home)!r}), Path({str(tmp_path / "all.lightbox")!r}), replace=True)
"""
    killed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    monkeypatch.setattr(database, "_open", {})  # as in a process that begins now
    # The server may not have heard of it yet.
    wait_until(lambda: opened(home) is not None, 20, "the end of the restore")
    found = opened(home)
    assert found is not None
    assert said(found) == (restored if at == "after" else before)
    assert content(home) == (files if at == "after" else files_before)
    assert not (home / "lightbox.db").exists()
    assert [each.name for each in home.glob(".restoring*")] == []


def opened(home: Path) -> Catalog | None:
    try:
        return open_catalog(open_workspace(home))
    except Conflict:
        return None
