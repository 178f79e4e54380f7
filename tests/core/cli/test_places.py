"""Places that nothing can be written to: a sentence that names them, before any work is done."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.catalog import Catalog, RunRecord
from core.errors import NotAllowed
from core.workspace import atomic_path, writable_place
from tests.core.cli.conftest import ROOT, Cli
from tests.core.evaluation.coloured import make_run, write_colour


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path) -> RunRecord:
    images = [("red", "red"), ("green", "green"), ("blue", "blue")]
    return make_run(catalog, tmp_path / "training", {"train": images, "test": images})


WRITERS = [
    ("explain", "colours", "{image}", "--out", "{place}"),
    ("predict", "colours", "{image}", "--csv", "{place}.csv"),
    ("predict-batch", "colours", "{folder}", "--out", "{place}.csv"),
    ("predict-batch", "colours", "{folder}", "--sort-into", "{place}"),
    ("export-model", "colours", "--format", "onnx", "{place}.zip"),
    ("evaluate", "colours", "--table", "csv", "{place}.csv"),
    ("map", "colours", "--csv", "{place}.csv"),
    ("report", "colours", "{place}.html"),
    ("report", "colours", "{place}.pdf"),
    ("poster", "colours", "{place}.png"),
    ("notebook", "colours", "{place}.ipynb"),
    ("card", "colours", "{place}.md"),
    ("metrics", "colours", "{place}.json"),
    ("dataset", "report", "{dataset}", "{place}.html"),
    ("dataset", "export", "{dataset}", "{place}"),
]


@pytest.mark.parametrize("words", WRITERS, ids=lambda words: "-".join(words[:2] + words[-2:-1]))
def test_below_a_file_nothing_can_be_written(
    words: tuple[str, ...], run: RunRecord, catalog: Catalog, cli: Cli, tmp_path: Path
) -> None:
    image = write_colour(tmp_path / "new" / "a.png", "red")
    (tmp_path / "file").write_bytes(b"no folder")
    known = {
        "image": str(image),
        "folder": str(image.parent),
        "place": str(tmp_path / "file" / "inside" / "x"),
        "dataset": catalog.datasets.get(run.dataset_id).name,
    }
    said = cli(*(word.format(**known) for word in words))
    assert "can be written there" in said.mistake
    assert known["place"] in said.mistake
    assert "LIGHTBOX_HOME" not in said.mistake
    assert (tmp_path / "file").read_bytes() == b"no folder"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux's /proc")
def test_where_nothing_can_be_made_that_is_a_sentence(
    run: RunRecord, cli: Cli, tmp_path: Path
) -> None:
    image = write_colour(tmp_path / "a.png", "red")
    said = cli("predict", "colours", image, "--csv", "/proc/answers.csv")
    assert said.code == 2
    assert "can be written there (/proc/answers.csv)" in said.err
    assert "LIGHTBOX_HOME" not in said.err


def test_a_folder_in_the_place_of_a_file_and_a_name_too_long_are_sentences(
    run: RunRecord, cli: Cli, tmp_path: Path
) -> None:
    image = write_colour(tmp_path / "a.png", "red")
    (tmp_path / "taken.csv").mkdir()
    for name in ("taken.csv", "n" * 300 + ".csv", "nul\0.csv"):
        said = cli("predict", "colours", image, "--csv", tmp_path / name)
        assert said.code == 2
        assert "No file can be written there" in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("dataset", "add", "{long}"),
        ("class", "add", "colours", "red", "{long}"),
        ("workspace", "backup", "{long}"),
        ("workspace", "restore", "{long}"),
    ],
    ids=" ".join,
)
def test_a_path_too_long_for_any_file_is_the_persons_mistake(
    words: tuple[str, ...], cli: Cli, tmp_path: Path
) -> None:
    long = str(tmp_path / ("n" * 300))
    said = cli(*(word.format(long=long) for word in words), "--json")
    assert long in said.mistake


def test_a_path_where_lightbox_may_not_look_is_the_persons_mistake(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed" / "photos"
    look = Path.is_file

    def refused(path: Path) -> bool:
        if path == closed:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return look(path)

    monkeypatch.setattr(Path, "is_file", refused)
    assert cli("dataset", "add", closed).mistake == (
        f"Lightbox may not look there ({closed}). Give it the right to."
    )


@pytest.mark.parametrize("words", WRITERS, ids=lambda words: "-".join(words[:2] + words[-2:-1]))
def test_a_mistyped_folder_is_not_made(
    words: tuple[str, ...], run: RunRecord, catalog: Catalog, cli: Cli, tmp_path: Path
) -> None:
    image = write_colour(tmp_path / "new" / "a.png", "red")
    known = {
        "image": str(image),
        "folder": str(image.parent),
        "place": str(tmp_path / "nope" / "x"),
        "dataset": catalog.datasets.get(run.dataset_id).name,
    }
    said = cli(*(word.format(**known) for word in words))
    assert f"There is no folder “{tmp_path / 'nope'}”" in said.mistake
    assert not (tmp_path / "nope").exists()


def test_what_is_there_is_replaced_and_a_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text("old", encoding="utf-8")
    with atomic_path(writable_place(path)) as part:
        part.write_text("new", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "new"
    assert writable_place(tmp_path / "new", folder=True) == tmp_path / "new"


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("setpriv"),
    reason="only root can become somebody else",
)
def test_who_has_no_right_to_write_is_told_the_place(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    code = (
        "import sys; from pathlib import Path; from core.workspace import writable_place\n"
        "from core.errors import NotAllowed\n"
        "for path in sys.argv[1:]:\n"
        "    try: writable_place(Path(path))\n"
        "    except NotAllowed as error: print(error)\n"
    )
    another = ("setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups")
    done = subprocess.run(
        [*another, sys.executable, "-c", code, closed / "a.csv", closed / "deep" / "b.csv"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if "Permission denied" in done.stderr or "No module named 'core'" in done.stderr:
        pytest.skip("that user may not run this Python, or not read this checkout")
    first, second = done.stdout.splitlines()
    assert f"({closed / 'a.csv'})" in first
    assert f"({closed / 'deep' / 'b.csv'})" in second
    assert "LIGHTBOX_HOME" not in done.stdout


def test_a_refused_write_of_the_workspaces_own_advises_its_setting(
    catalog: Catalog, tmp_path: Path
) -> None:
    with (
        pytest.raises(NotAllowed, match="LIGHTBOX_HOME"),
        atomic_path(catalog.workspace.home / "x"),
    ):
        raise PermissionError(13, "no", str(catalog.workspace.home / "x"))
    with pytest.raises(NotAllowed, match="Choose another place"), atomic_path(tmp_path / "x"):
        raise PermissionError(13, "no", str(tmp_path / "x"))


@pytest.mark.parametrize("variable", ["LIGHTBOX_HOME", "LIGHTBOX_ROOTS"])
@pytest.mark.parametrize("place", ["~nobody-of-that-name/x", "/proc/x", "/tmp/" + "x" * 300])
def test_a_place_that_can_not_be_is_a_sentence_from_every_command(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, variable: str, place: str
) -> None:
    monkeypatch.setenv(variable, place)
    said = cli("dataset", "list")
    if variable == "LIGHTBOX_ROOTS" and not place.startswith("~"):
        assert said.code == 0, "a root that isn't there holds nothing"
        return
    assert said.code == 2
    assert "folder" in said.mistake


def test_no_path_is_not_the_folder_that_one_stands_in(cli: Cli) -> None:
    assert "No folder is named" in cli("dataset", "add", "").mistake
