"""A run is taken away from the command line, as from the pages."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from core.catalog import Catalog, RunRecord
from core.delivery.take_away.pdf import find_browser
from tests.core.cli.conftest import Cli
from tests.core.delivery.take_away.conftest import finished_run


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path) -> RunRecord:
    return finished_run(catalog, tmp_path / "colours", "first")


def test_everything_is_written_to_files(cli: Cli, run: RunRecord, tmp_path: Path) -> None:
    for verb, name in (
        ("report", "r.html"),
        ("notebook", "n.ipynb"),
        ("card", "c.md"),
        ("metrics", "m.json"),
    ):
        done = cli(verb, "first", tmp_path / name, "--json").document
        assert done["path"] == str(tmp_path / name)
        assert done["bytes"] == (tmp_path / name).stat().st_size
    nbformat.validate(nbformat.read(tmp_path / "n.ipynb", 4))
    assert "Right on 28 of 30" in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Model card: first" in (tmp_path / "c.md").read_text(encoding="utf-8")
    assert "c.md" in cli("card", "first", tmp_path / "c.md").out


def test_metrics_without_a_file_are_printed(cli: Cli, run: RunRecord) -> None:
    plain, asked = cli("metrics", "first"), cli("metrics", "first", "--json")
    assert json.loads(plain.out)["test"]["correct"] == asked.document["test"]["correct"] == 28


@pytest.mark.skipif(find_browser() is None, reason="there is no Chromium here")
def test_a_report_is_written_as_pdf(cli: Cli, run: RunRecord, tmp_path: Path) -> None:
    assert cli("report", "first", tmp_path / "r.pdf").code == 0
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")
    assert [file.name for file in tmp_path.glob("*.*")] == ["r.pdf"]


def test_links_are_made_listed_and_taken_back(cli: Cli, run: RunRecord) -> None:
    assert "no links" in cli("share", "first", "--list").out
    made = cli("share", "first", "--json").document
    assert made["url"] == f"http://localhost:8501/shared?token={made['token']}"
    assert not made["others"]
    assert [link["token"] for link in cli("share", "first", "--list", "--json").document] == [
        made["token"]
    ]
    assert made["token"] in cli("share", "first", "--list").out
    assert cli("share", "first", "--revoke", made["token"], "--json").document["revoked"]
    assert "no such link" in cli("share", "first", "--revoke", made["token"]).mistake
    assert cli("share", "first", "--list", "--json").document == []


def test_a_demo_has_a_title_and_a_code_for_phones(cli: Cli, run: RunRecord, tmp_path: Path) -> None:
    said = cli("share", "first", "--demo", "--title", "Which\ncolour?", "--qr", tmp_path / "q.png")
    assert "http://localhost:8501/demo?token=" in said.out
    assert "LIGHTBOX_BIND" in said.out
    assert (tmp_path / "q.png").read_bytes().startswith(b"\x89PNG")
    (link,) = cli("share", "first", "--demo", "--list", "--json").document
    assert (link["kind"], link["title"]) == ("demo", "Which colour?")
    assert link["url"] in cli("links").out
    assert "80 are the most" in cli("share", "first", "--demo", "--title", "x" * 81).mistake
    assert ".png or .svg" in cli("share", "first", "--qr", tmp_path / "q.jpg").mistake


def test_what_can_not_be_is_a_sentence(cli: Cli, run: RunRecord, tmp_path: Path) -> None:
    for verb, name in (("report", "r.doc"), ("notebook", "n.py"), ("card", "c.txt")):
        assert "ends in" in cli(verb, "first", tmp_path / name).mistake
        assert "no run named" in cli(verb, "cats", tmp_path / "x.html").mistake
