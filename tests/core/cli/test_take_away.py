"""Datasets are exported and reported on from the command line, as from the pages."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tests.core.cli.conftest import Cli


def test_a_cleaned_dataset_is_exported(cli: Cli, photos: Path, tmp_path: Path) -> None:
    cli("dataset", "add", photos)
    cli("exclude", "colours", "red/00.png", "--why", "blurred")
    (photos / "red/01.png").unlink()
    done = cli("dataset", "export", "colours", tmp_path / "out", "--json").document
    assert done["path"] == str(tmp_path / "out")
    assert (done["layout"], done["images"], done["excluded"]) == ("classes", 7, 1)
    assert done["left_out"] == [{"path": "red/01.png", "why": "It is not there any more."}]
    assert done["classes"]["red"] == 1
    assert [file.name for file in (tmp_path / "out/red").iterdir()] == ["02.png"]
    again = cli("dataset", "export", "colours", tmp_path / "out")
    assert "already" in again.mistake
    said = cli("dataset", "export", "colours", tmp_path / "other")
    assert said.code == 0
    assert "Exported 7 images in 3 classes" in said.out
    assert "1 excluded" in said.out
    assert "red/01.png: It is not there any more." in said.out
    assert "Copying images" in said.err


def test_layouts_and_archives_are_chosen(cli: Cli, photos: Path, tmp_path: Path) -> None:
    cli("dataset", "add", photos)
    splits = cli(
        "dataset", "export", "colours", tmp_path / "out", "--layout", "splits", "--zip", "--json"
    ).document
    assert splits["path"] == str(tmp_path / "out.zip")
    assert splits["splits"] == {"train": 3, "validation": 3, "test": 3}
    with zipfile.ZipFile(splits["path"]) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {
            "labels.csv",
            "train",
            "validation",
            "test",
        }
    flat = cli("dataset", "export", "colours", tmp_path / "f.ZIP", "--layout", "flat").out
    assert "f.ZIP" in flat
    with zipfile.ZipFile(tmp_path / "f.ZIP") as archive:
        assert len(archive.namelist()) == 10
    assert "own folder" in cli("dataset", "export", "colours", photos / "out").mistake


def test_a_report_is_written(cli: Cli, photos: Path, tmp_path: Path) -> None:
    cli("dataset", "add", photos)
    done = cli("dataset", "report", "colours", tmp_path / "r.html", "--json").document
    assert done["path"] == str(tmp_path / "r.html")
    assert done["bytes"] == (tmp_path / "r.html").stat().st_size
    assert "colours" in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "r.html" in cli("dataset", "report", "colours", tmp_path / "r.html").out
    assert "HTML" in cli("dataset", "report", "colours", photos / "red/00.png").mistake


def test_what_is_not_there_is_a_sentence(cli: Cli, tmp_path: Path) -> None:
    assert "no dataset named" in cli("dataset", "export", "cats", tmp_path / "out").mistake
    assert "no dataset named" in cli("dataset", "report", "cats", tmp_path / "r.html").mistake
    assert not (tmp_path / "r.html").exists()
