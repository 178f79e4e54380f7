"""Predict, section API: a key is made and shown once, snippets hold the address, a key is
revoked."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.api import v1
from core.catalog import Catalog
from core.inference.keys import create_key, find_key, list_keys
from pages._widgets.predict.snippets import LANGUAGES, snippet
from tests.core.api.asking import add_run, image
from tests.core.api.serving import serving
from tests.pages.conftest import Open, Trained, assert_no_defect, click, words


def test_a_key_is_made_shown_once_and_taken_back(trained: Trained, open_page: Open) -> None:
    at = open_page("predict", run=trained.run_id)
    at.session_state["do"] = "api"
    at.run()
    assert_no_defect(at)
    assert "There are no keys yet" in words(at)
    workspace = trained.catalog.workspace
    click(at, "Make it")
    assert "needs a name" in words(at)
    at.text_input[0].set_value("shop <b>")
    click(at, "Make it")
    (key,) = list_keys(workspace)
    secret = at.code[0].value
    assert find_key(workspace, secret) == key
    assert all(secret in each.value for each in at.code)
    assert f"/api/v1/models/{trained.run_id}/predict" in at.code[1].value
    click(at, "I have copied it")
    assert all(secret not in each.value for each in at.code)
    assert "shop <b>" in words(at)
    assert "never used" in words(at)
    click(at, "Take it back")
    click(at, "Keep it")
    assert list_keys(workspace) == [key]
    click(at, "Take it back")
    click(at, "Yes, take it back")
    assert list_keys(workspace) == []
    assert "There are no keys yet" in words(at)


def test_snippets_are_programs_with_the_real_address() -> None:
    for language in LANGUAGES:
        text = snippet(language, "https://box.example", "hände 1", "lb_x")
        assert "https://box.example/api/v1/models/h%C3%A4nde%201/predict" in text
        assert "lb_x" in text
        assert "{{" not in text
    ast.parse(snippet("Python", "http://x", "y", "z"))


@pytest.mark.parametrize("language", ["curl", "Python", "JavaScript"])
def test_a_snippet_asks_the_model_as_it_is(language: str, catalog: Catalog, tmp_path: Path) -> None:
    run = add_run(catalog)
    _, secret = create_key(catalog.workspace, language)
    (tmp_path / "photo.jpg").write_bytes(image("green", kind="JPEG"))
    name, ending = {"curl": ("bash", ".sh"), "Python": ("python", ".py")}.get(
        language, ("node", ".mjs")
    )
    program = sys.executable if name == "python" else shutil.which(name)
    if program is None or shutil.which("curl" if name == "bash" else program) is None:
        pytest.skip(f"{name} is not installed here")
    with serving(v1.ROUTES) as base:
        text = snippet(language, base, run.id, secret)
        if name == "node":
            text = 'import fs from "node:fs"; const file = await fs.openAsBlob("photo.jpg");' + text
        file = tmp_path / f"snippet{ending}"
        file.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [program, str(file)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "green" in done.stdout
