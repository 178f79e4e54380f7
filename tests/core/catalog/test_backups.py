"""A backup is whole, is made while others write, and is put back as it was or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tarfile
import threading
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from filelock import FileLock

from core.catalog import Catalog, database, open_catalog
from core.catalog.backups import backup, restore
from core.catalog.machines import Machine
from core.datasets import intake
from core.errors import Conflict, Damaged, InvalidInput, NotAllowed, NotFound
from core.inference.keys import create_key, find_key
from core.progress import Reporter
from core.quality.curation import curated
from core.quality.scan import scan
from core.workspace import open_workspace, swap_of, write_json
from tests.core.catalog.test_migrations import of_schema
from tests.core.datasets.packing import good, make_zip


def filled(catalog: Catalog, tmp_path: Path) -> str:
    archive = make_zip(tmp_path / "photos.zip", good())
    record = intake.add_archive(catalog, archive, "photos.zip", "Photos")
    scan(catalog, record.id, refused=intake.prepare(catalog, record.id, Reporter()))
    return record.id


def content(home: Path) -> dict[str, bytes]:
    """What a backup is for, by its place."""
    left_out = ("cache", "logs", "staging", "backups")
    return {
        file.relative_to(home).as_posix(): file.read_bytes()
        for file in sorted(home.rglob("*"))
        if file.is_file()
        and file.relative_to(home).parts[0] not in left_out
        and not file.name.startswith((".", "lightbox.db"))
    }


def rows(database: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(database)) as opened:
        tables = [
            name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return {name: opened.execute(f"SELECT * FROM {name}").fetchall() for name in tables}


@pytest.mark.file_only
def test_what_is_put_back_is_what_was_there(catalog: Catalog, tmp_path: Path) -> None:
    dataset = filled(catalog, tmp_path)
    _, secret = create_key(catalog.workspace, "kiosk")
    home = catalog.workspace.home
    # Compared as SQLite has them, not as files: what is being written lies beside the database.
    before, tables = content(home), rows(catalog.workspace.database)
    done = backup(catalog.workspace, tmp_path / "all.lightbox")
    assert done["files"] == len(before) + 1
    assert (tmp_path / "all.lightbox").stat().st_mode & 0o777 == 0o600
    catalog.datasets.rename(dataset, "another name")

    found = restore(tmp_path / "new-home", tmp_path / "all.lightbox")
    assert found["before"] == ""
    new = open_catalog(open_workspace(tmp_path / "new-home"))
    assert content(tmp_path / "new-home") == before
    assert rows(new.workspace.database) == tables
    assert new.datasets.find("Photos").id == dataset
    assert len(curated(new, dataset)) == 4
    assert find_key(new.workspace, secret) is not None


@pytest.mark.file_only
def test_a_workspace_is_replaced_only_when_asked_and_kept_beside(
    catalog: Catalog, tmp_path: Path
) -> None:
    filled(catalog, tmp_path)
    backup(catalog.workspace, tmp_path / "all.lightbox")
    other = tmp_path / "other"
    open_catalog(open_workspace(other)).datasets.add("mine", "folder", "/nowhere")
    with pytest.raises(Conflict, match="already"):
        restore(other, tmp_path / "all.lightbox")
    done = restore(other, tmp_path / "all.lightbox", replace=True)
    with closing(sqlite3.connect(Path(done["before"]) / "lightbox.db")) as kept:
        assert kept.execute("SELECT name FROM datasets").fetchall() == [("mine",)]
    with closing(sqlite3.connect(other / "lightbox.db")) as now:
        assert now.execute("SELECT name FROM datasets").fetchall() == [("Photos",)]


def test_a_backup_is_of_one_moment_while_others_write(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            # Two rows that belong together: one change, and the version that counts it.
            catalog.changes.append(record.id, "note", {"n": number}, author="a")
            number += 1

    record = catalog.datasets.add("busy", "folder", "/nowhere")
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            backup(catalog.workspace, tmp_path / f"{number}.lightbox")
    finally:
        stop.set()
        writer.join()
    monkeypatch.delenv("LIGHTBOX_DATABASE", raising=False)
    for number in range(3):
        home = tmp_path / f"home-{number}"
        restore(home, tmp_path / f"{number}.lightbox")
        with closing(sqlite3.connect(home / "lightbox.db")) as opened:
            (version,) = opened.execute("SELECT version FROM datasets").fetchone()
            assert opened.execute("SELECT count(*) FROM changes").fetchone() == (version,)


def changed(source: Path, change: Callable[[dict[str, bytes]], dict[str, bytes]]) -> None:
    """The same backup with other members."""
    with tarfile.open(source) as tar:
        members = {info.name: tar.extractfile(info).read() for info in tar}  # type: ignore[union-attr]
    with tarfile.open(source, "w") as tar:
        for name, data in change(members).items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, BytesIO(data))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda p: p.write_bytes(b""),
    "text": lambda p: p.write_text("no backup"),
    "half": lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]),
    "a tar of something": lambda p: changed(p, lambda _: {"a.png": b"x"}),
    "of another program": lambda p: changed(p, lambda m: {**m, "backup.json": b"{}"}),
    "of a later version": lambda p: changed(
        p,
        lambda m: {**m, "backup.json": m["backup.json"].replace(b'"version": 1', b'"version": 9')},
    ),
    "one byte changed": lambda p: changed(
        p, lambda m: {**m, "lightbox.db": b"x" + m["lightbox.db"]}
    ),
    "a file missing": lambda p: changed(
        p, lambda m: {name: data for name, data in m.items() if not name.endswith("source.json")}
    ),
    "a file too many": lambda p: changed(p, lambda m: {"backup.json": b"", "x": b"", **m}),
    "no digests": lambda p: changed(
        p, lambda m: {name: data for name, data in m.items() if name != "digests.json"}
    ),
    "leading out": lambda p: changed(
        p,
        lambda m: {
            **{name: data for name, data in m.items() if name != "digests.json"},
            "../out": b"x",
            "digests.json": m["digests.json"],
        },
    ),
    "a database of nothing": lambda p: changed(p, damaged_database),
}


def damaged_database(members: dict[str, bytes]) -> dict[str, bytes]:
    members["lightbox.db"] = members["lightbox.db"][:4096] + b"x" * 4096
    digests = json.loads(members["digests.json"])
    digests["lightbox.db"] = hashlib.sha256(members["lightbox.db"]).hexdigest()
    return {**members, "digests.json": json.dumps(digests).encode()}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_backup_changes_nothing(catalog: Catalog, tmp_path: Path, name: str) -> None:
    filled(catalog, tmp_path)
    home = catalog.workspace.home
    source = tmp_path / "all.lightbox"
    backup(catalog.workspace, source)
    DAMAGE[name](source)
    before = content(home)
    with pytest.raises(InvalidInput):
        restore(home, source, replace=True)
    assert content(home) == before
    assert not list(home.parent.glob("*.restoring-*"))
    assert not (tmp_path / "out").exists()


def test_what_is_in_use_is_not_replaced(catalog: Catalog, tmp_path: Path) -> None:
    backup(catalog.workspace, tmp_path / "all.lightbox")
    with FileLock(catalog.workspace.home / ".workers.lock"):
        with pytest.raises(Conflict, match="running"):
            restore(catalog.workspace.home, tmp_path / "all.lightbox", replace=True)
    catalog.machines.beat(Machine("m-1", "attic", ("train",), 2, 10**10))
    with pytest.raises(Conflict, match="running on attic"):
        restore(catalog.workspace.home, tmp_path / "all.lightbox", replace=True)
    with pytest.raises(NotFound):
        restore(catalog.workspace.home, tmp_path / "none", replace=True)


@pytest.mark.skipif(not os.path.ismount("/dev"), reason="nothing is mounted that is known")
def test_the_top_of_a_disk_is_not_put_aside(catalog: Catalog, tmp_path: Path) -> None:
    backup(catalog.workspace, tmp_path / "all.lightbox")
    with pytest.raises(NotAllowed, match="disk of its own"):
        restore(Path("/dev"), tmp_path / "all.lightbox")


def test_a_swap_that_was_interrupted_is_finished_by_whoever_opens_next(tmp_path: Path) -> None:
    home = tmp_path / "home"
    open_workspace(tmp_path / "home.restoring-1").home.joinpath("mark").write_text("new")
    # Killed after the old one was moved away.
    write_json(swap_of(home), {"new": "home.restoring-1"})
    assert (open_workspace(home).home / "mark").read_text() == "new"
    # Killed before that: the old one stays.
    write_json(swap_of(home), {"new": "home.restoring-2"})
    assert (open_workspace(home).home / "mark").read_text() == "new"
    assert not swap_of(home).exists()


@pytest.mark.file_only
def test_a_missing_database_beside_full_folders_is_no_new_workspace(
    catalog: Catalog, tmp_path: Path
) -> None:
    filled(catalog, tmp_path)
    workspace = catalog.workspace
    catalog.engine.dispose()
    for file in workspace.home.glob("lightbox.db*"):
        file.unlink()
    with pytest.raises(Damaged, match="is missing, beside its datasets"):
        open_catalog(workspace)
    assert not workspace.database.exists()


@pytest.mark.file_only
def test_the_database_is_kept_before_it_is_migrated(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "old")
    of_schema(workspace, "0003").dispose()
    backups = workspace.home / "backups"
    backups.mkdir()
    for number, name in enumerate(["moved-1", *(f"0002-{at}" for at in range(5))]):
        (backups / f"lightbox-{name}.db").touch()
        os.utime(backups / f"lightbox-{name}.db", (number, number))
    open_catalog(workspace)
    assert (backups / "lightbox-moved-1.db").exists()
    assert len([*backups.glob("lightbox-0002-*.db")]) == 4
    (kept,) = (workspace.home / "backups").glob("lightbox-0003-*.db")
    with closing(sqlite3.connect(kept)) as opened:
        assert opened.execute("SELECT version_num FROM alembic_version").fetchone() == ("0003",)


@pytest.mark.file_only
@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs"])
def test_a_networks_disk_is_refused_and_postgresql_named(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "disk_kind", lambda _: kind)
    with pytest.raises(NotAllowed, match="PostgreSQL"):
        open_catalog(open_workspace(tmp_path / "far"))


def test_the_disk_of_a_folder_is_the_one_mounted_nearest(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda / ext4 rw 0 0\nserver:/x /mnt nfs4 rw 0 0\n"
        "/dev/b /mnt/my\\040disk xfs rw 0 0\nx\n"
    )
    for folder, kind in (
        ("/home/anna", "ext4"),
        ("/mnt/photos", "nfs4"),
        ("/mnt/my disk/a", "xfs"),
        ("/mntx", "ext4"),
    ):
        assert database.disk_kind(Path(folder), str(mounts)) == kind
    assert database.disk_kind(Path("/home"), str(tmp_path / "none")) == ""
