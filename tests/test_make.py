"""What ``make`` says while it installs, with a stand-in for pip."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
def test_the_first_install_says_how_much_comes_and_shows_how_far_it_is(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path / name)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "called: $*"\n', encoding="utf-8")
    python.chmod(0o755)
    (tmp_path / ".venv" / ".python-ready").touch()

    def setup() -> str:
        made = subprocess.run(
            ["make", "setup"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return made.stdout

    first = setup()
    said, _, called = first.partition("called: ")
    assert "about 3 GB" in said
    assert "some minutes" in said
    assert " -q" not in called
    assert "called: " not in setup()
