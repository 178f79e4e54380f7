"""Odd homes, users without one, consoles of few characters: sentences, never tracebacks."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from core.catalog import open_catalog
from core.catalog.engines import sentence_for
from core.cli import main
from core.datasets.layout import read_layout
from core.errors import Damaged, InvalidInput, LightboxError, NoSpace, NotAllowed
from core.workspace import Workspace, open_workspace
from tests.conftest import ROOT, write_image


def command(*words: str, **environment: str | None) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, "LIGHTBOX_HOME": os.environ["LIGHTBOX_HOME"]}
    for name, value in environment.items():
        env.pop(name, None)
        if value is not None:
            env[name] = value
    return subprocess.run(
        [sys.executable, "-m", "core", *words], cwd=ROOT, env=env, capture_output=True, check=False
    )


def test_a_home_that_is_a_file_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("LIGHTBOX_HOME", str(tmp_path / "file"))
    assert main(["dataset", "list"]) == 2
    assert "There is a file where Lightbox wants" in capsys.readouterr().err


@pytest.mark.file_only
def test_a_damaged_database_is_a_sentence_and_stays_as_it_is(workspace: Workspace) -> None:
    workspace.database.write_bytes(b"this is no database, and was one" * 200)
    before = workspace.database.read_bytes()
    with pytest.raises(Damaged, match="keeps its lists is damaged"):
        open_catalog(workspace)
    assert workspace.database.read_bytes() == before


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("disk I/O error", NoSpace),
        ("database or disk is full", NoSpace),
        ("attempt to write a readonly database", NotAllowed),
        ("unable to open database file", NotAllowed),
        ("file is not a database", Damaged),
        ("no such table: datasets", type(None)),
    ],
)
def test_what_a_database_complains_about_is_told_in_words(
    tmp_path: Path, said: str, kind: type[LightboxError]
) -> None:
    found = sentence_for(sqlite3.OperationalError(said), tmp_path / "lightbox.db")
    assert type(found) is kind


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is closed to root")
def test_a_closed_home_can_still_be_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = open_workspace().home
    assert main(["dataset", "list"]) == 0
    for suffix in ("-wal", "-shm"):
        home.joinpath(f"lightbox.db{suffix}").unlink(missing_ok=True)
    home.chmod(0o500)
    try:
        assert main(["dataset", "list"]) == 0
    finally:
        home.chmod(0o700)


def test_a_user_without_a_home_is_served_where_lightbox_home_is_set(tmp_path: Path) -> None:
    if not hasattr(os, "setuid") or os.geteuid() != 0:
        pytest.skip("only root can be somebody whom nobody knows")
    if not (_others_may_read(Path(sys.executable)) and _others_may_read(Path(__file__))):
        pytest.skip("others may not run this Python, or not read this checkout")
    home = tmp_path / "home"
    home.mkdir(mode=0o777)
    for folder in (home, *tmp_path.parents):
        if folder.is_relative_to("/tmp/pytest"):
            folder.chmod(0o755)
    code = (
        "import os; os.setgid(12345); os.setuid(12345); os.environ.pop('HOME', None);"
        "from core import settings; print(settings.load().roots)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"LIGHTBOX_HOME": str(home), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "()"


def _others_may_read(path: Path) -> bool:
    return all(each.stat().st_mode & 0o005 == 0o005 for each in [*path.resolve().parents][:-1])


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_consoles_that_lack_characters_show_the_rest(tmp_path: Path, encoding: str) -> None:
    for label in ("猫", "dog"):
        write_image(tmp_path / "photos" / label / "1.png")
    assert len(read_layout(tmp_path / "photos").files) == 2
    assert main(["dataset", "add", str(tmp_path / "photos"), "--name", "pets"]) == 0
    shown = command("dataset", "show", "pets", PYTHONIOENCODING=encoding)
    assert shown.returncode == 0, shown.stderr
    text = shown.stdout.decode(encoding)
    assert ("猫" if encoding == "utf-8" else "\\u732b") in text
    answer = command("dataset", "show", "pets", "--json", PYTHONIOENCODING=encoding)
    assert json.loads(answer.stdout.decode(encoding))["class_counts"] == {"dog": 1, "猫": 1}


def test_no_home_at_all_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from core import settings

    monkeypatch.delenv("LIGHTBOX_HOME")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    with pytest.raises(InvalidInput, match="no home folder"):
        settings.load()
