"""A test that fails among others and passes alone is named and doesn't refuse a whole change."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.again import FEW

ROOT = Path(__file__).resolve().parents[1]

_TESTS = """
import pathlib
import pytest

def test_that_passes():
    pass

def test_that_fails_once():
    seen = pathlib.Path(__file__).with_name("seen")
    if not seen.exists():
        seen.touch()
        raise AssertionError("at first")

@pytest.mark.parametrize("number", range({always}))
def test_that_always_fails(number):
    raise AssertionError("a fault")
"""


def run(folder: Path, always: int) -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_some.py").write_text(_TESTS.format(always=always))
    return subprocess.run(
        [sys.executable, "-m", "tests.again", "-q", "-n", "1"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


def test_what_passes_alone_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, always=0)
    assert done.returncode == 0, done.stdout
    named = "FAILED AMONG OTHERS AND PASSED ALONE: test_some.py::test_that_fails_once"
    assert done.stdout.splitlines()[-1] == named


@pytest.mark.parametrize("always", [1, FEW])
def test_what_fails_alone_too_or_in_numbers_fails(tmp_path: Path, always: int) -> None:
    done = run(tmp_path, always)
    assert done.returncode == 1, done.stdout
    assert "PASSED ALONE" not in done.stdout
    assert ("Once more" in done.stdout) == (always < FEW)
