"""State is never half written, and a copied workspace works elsewhere."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.catalog import open_catalog
from core.defects import log_defect
from core.errors import NoSpace, NotAllowed, NotFound, disk_errors
from core.workspace import (
    Workspace,
    atomic_path,
    ensure_space,
    open_workspace,
    read_json,
    write_json,
)
from tests.conftest import ROOT


def test_a_write_that_fails_leaves_the_old_content_and_no_litter(tmp_path: Path) -> None:
    target = tmp_path / "facts.json"
    write_json(target, {"version": 1})
    with pytest.raises(RuntimeError), atomic_path(target) as part:
        part.write_text("half")
        raise RuntimeError("the power went")
    assert read_json(target) == {"version": 1}
    assert [entry.name for entry in tmp_path.glob("*facts*")] == ["facts.json"]


def test_paths_inside_the_workspace_move_with_it(tmp_path: Path) -> None:
    here, there = Workspace((tmp_path / "a").resolve()), Workspace((tmp_path / "b").resolve())
    stored = here.store_path(here.originals("d-1"))
    assert stored == "home:datasets/d-1/originals"
    assert there.load_path(stored) == there.originals("d-1")


def test_paths_outside_the_workspace_stay_as_they_are(tmp_path: Path) -> None:
    workspace = Workspace((tmp_path / "home").resolve())
    photos = (tmp_path / "photos").resolve()
    assert workspace.load_path(workspace.store_path(photos)) == photos


def test_work_that_would_fill_the_disk_is_refused_with_figures(tmp_path: Path) -> None:
    with pytest.raises(NoSpace, match=r"needs .* MB, .* MB are free"):
        ensure_space(tmp_path / "not" / "yet", 10**18, "the archive")


def test_how_much_work_needs_is_said_with_what_is_left_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1024**2))
    with pytest.raises(NoSpace, match=r"it needs 64 MB, with what is left free, and 1 MB are free"):
        ensure_space(tmp_path, 1000, "the export")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(NotAllowed, match="have the right to"):
        ensure_space(tmp_path, 1000, "the export")


def test_a_full_disk_becomes_a_sentence() -> None:
    with pytest.raises(NoSpace, match="The disk is full, so the upload could not be finished"):
        with disk_errors("the upload"):
            raise OSError(errno.ENOSPC, "No space left on device", "x.bin")


def test_other_faults_of_the_disk_stay_what_they_are() -> None:
    with pytest.raises(OSError, match="Input/output"), disk_errors("the upload"):
        raise OSError(errno.EIO, "Input/output error")


def test_a_damaged_file_of_ours_says_so(tmp_path: Path) -> None:
    (tmp_path / "facts.json").write_text("{")
    with pytest.raises(NotFound, match=r"missing or damaged .*facts\.json"):
        read_json(tmp_path / "facts.json")


def test_only_stale_staging_is_swept(workspace: Workspace) -> None:
    fresh = workspace.new_staging()
    assert workspace.sweep_staging(older_than_s=3600) == 0
    assert fresh.is_dir()
    assert workspace.sweep_staging(older_than_s=-1) == 1
    assert not fresh.exists()


def test_opening_twice_is_harmless() -> None:
    first = open_workspace()
    (first.home / "keep").touch()
    assert open_workspace() == first
    assert (first.home / "keep").exists()


def test_a_token_is_never_taken_for_an_option() -> None:
    from core.workspace import new_token

    tokens = {new_token() for _ in range(500)}
    assert len(tokens) == 500
    assert all(len(token) == 32 and "-" not in token for token in tokens)


def test_a_defect_is_written_down_even_where_the_logs_were_cleared_away(
    workspace: Workspace,
) -> None:
    workspace.logs.rmdir()
    error_id = log_defect(ValueError("of caf\udce9.jpg"), workspace)
    written = (workspace.logs / f"{error_id}.txt").read_text(encoding="utf-8")
    assert "ValueError: of caf\\udce9.jpg" in written


def test_where_the_logs_are_no_folder_a_defect_is_told_to_whoever_started_the_server(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace.logs.rmdir()
    workspace.logs.write_bytes(b"")
    assert log_defect(ValueError("of ours"), workspace).startswith("e-")
    assert "ValueError: of ours" in capsys.readouterr().err


# In a process of its own: whose process is used by libraries' threads can't become another user.
CLOSED = """
import os, sys
from pathlib import Path
from core.defects import log_defect
from core.workspace import open_workspace

def closed(folder, does):
    folder.chmod(0o500)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        does()
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o700)

def refused(does):
    try:
        does()
    except Exception as error:
        print(type(error).__name__)

workspace = open_workspace(Path(sys.argv[1]))
closed(workspace.logs, lambda: refused((workspace.logs / "a.txt").touch))
closed(workspace.logs, lambda: log_defect(ValueError("of ours"), workspace))
workspace.logs.rmdir()
closed(workspace.home, lambda: refused(open_workspace))
closed(workspace.home, lambda: log_defect(ValueError("of a page")))
"""


@pytest.mark.skipif(os.name == "nt", reason="a folder can't be closed so there")
def test_where_the_logs_are_closed_too(workspace: Workspace) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CLOSED, str(workspace.home)],
        cwd=ROOT,
        env=os.environ | {"LIGHTBOX_HOME": str(workspace.home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["PermissionError", "NotAllowed"], done.stderr
    assert "ValueError: of ours" in done.stderr
    assert "ValueError: of a page" in done.stderr
    assert done.returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="a user's folders are their own there")
def test_nobody_else_reads_what_lightbox_keeps(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(mode=0o755)
    (tmp_path / "home" / "logs").mkdir(mode=0o777)
    opened = open_workspace(tmp_path / "home")
    open_catalog(opened)
    for folder in (opened.home, opened.logs, opened.cache, opened.staging):
        assert folder.stat().st_mode & 0o777 == 0o700, folder
    assert opened.database.stat().st_mode & 0o777 == 0o600


def test_a_file_of_ours_is_private_and_one_elsewhere_is_as_files_are(
    workspace: Workspace, tmp_path: Path
) -> None:
    write_json(workspace.home / "runs" / "r" / "spec.json", {})
    write_json(tmp_path / "elsewhere.json", {})
    if os.name != "nt":
        assert (workspace.home / "runs" / "r" / "spec.json").stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "elsewhere.json").stat().st_mode & 0o044
