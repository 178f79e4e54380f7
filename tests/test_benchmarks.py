"""Each benchmark can be begun, knows a quick way, and is said to be there in its own words."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
# Started by another.
_PARTS = {"__init__", "common", "api_baseline", "api_load"}
NAMES = sorted(file.stem for file in FOLDER.glob("*.py") if file.stem not in _PARTS)


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_starts_and_has_a_quick_way(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = importlib.import_module(f"benchmarks.{name}")
    assert f"python -m benchmarks.{name}" in (module.__doc__ or "")
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert ended.value.code == 0
    assert "--quick" in capsys.readouterr().out
