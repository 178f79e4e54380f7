"""Opening makes and migrates the database; nobody trips over anybody while doing so."""

from __future__ import annotations

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from core.catalog import Catalog, open_catalog
from core.catalog.models import Base
from core.errors import NotFound
from core.workspace import Workspace
from tests.core.catalog.test_migrations import of_schema


def test_migrations_make_exactly_the_tables_of_the_models(catalog: Catalog) -> None:
    with catalog.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert differences == []


@pytest.mark.file_only
def test_sqlite_runs_in_wal_mode_with_foreign_keys(catalog: Catalog) -> None:
    with catalog.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


@pytest.mark.file_only
def test_a_deleted_database_is_made_anew(workspace: Workspace) -> None:
    open_catalog(workspace).datasets.add("hands", "folder", "/photos")
    for file in workspace.home.glob("lightbox.db*"):
        file.unlink()
    assert open_catalog(workspace).datasets.all() == []


def test_several_processes_may_open_a_new_workspace_at_once(workspace: Workspace) -> None:
    code = (
        "from core.workspace import open_workspace; from core.catalog import open_catalog\n"
        "print(open_catalog(open_workspace()).datasets.all())"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for process in started:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert out.strip() == "[]"


@pytest.mark.usefixtures("either_empty")
def test_a_workspace_of_a_newer_lightbox_is_refused_with_a_sentence(workspace: Workspace) -> None:
    engine = of_schema(workspace, "0001")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(NotFound, match="newer Lightbox"):
        open_catalog(workspace)
