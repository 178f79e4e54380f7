"""What is tried once more is said by name, and nothing else is tried again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = """
import pytest

tries = []

@pytest.fixture(scope="module")
def server():
    yield len(tries)

@pytest.mark.browser
def test_at_the_second_try(server, tmp_path):
    assert not list(tmp_path.iterdir())
    (tmp_path / "left").touch()
    tries.append(1)
    assert len(tries) == 2

@pytest.mark.browser
def test_never(server):
    raise ValueError("as always")

def test_at_once():
    tries.append(1)
    assert len(tries) == 7
"""


def test_a_journey_that_fails_is_tried_once_more_and_named(tmp_path: Path) -> None:
    (tmp_path / "test_tried.py").write_text(TESTS)
    options = ["-p", "tests.retried", "-p", "no:cacheprovider", "-n", "1", "--dist", "loadfile"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "/dev/null", *options, "--rootdir", ".", "."],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = done.stdout
    assert done.returncode == 1, said + done.stderr
    assert "2 failed, 1 passed" in said
    assert "2 retried" in said
    assert "RETRIED test_tried.py::test_at_the_second_try" in said
    assert "RETRIED test_tried.py::test_never" in said
    assert "RETRIED test_tried.py::test_at_once" not in said
