"""Workspaces that earlier versions made, kept as ``tests/fixtures/workspace-*.zip``."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from core.cli import main
from core.evaluation.figures.scores import WIDER

PACKED = sorted((Path(__file__).parent / "fixtures").glob("workspace-*.zip"))


def unpack(packed: Path, home: Path) -> Any:
    """Put the workspace at ``home``; returns what was recorded of it, with paths as they are
    there."""
    with zipfile.ZipFile(packed) as archive:
        recorded = archive.read("recorded.json").decode()
        for name in archive.namelist():
            if name.startswith("home/"):
                target = home / name.removeprefix("home/")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))
    return json.loads(recorded.replace("HOME", str(home)))


def ask(*arguments: str) -> Any:
    """The document that a command prints."""
    code, document, said = run(*arguments)
    assert code == 0, said
    return document


def run(*arguments: str) -> tuple[int, Any, str]:
    """A command in this process: its exit code, its document if it printed one, its complaints."""
    out, complaints = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(complaints):
        code = main([*arguments, "--json"])
    return code, json.loads(out.getvalue()) if out.getvalue() else None, complaints.getvalue()


def same(now: Any, then: Any, where: str = "") -> list[str]:
    """Where ``now`` differs from ``then``; numbers by more than 1e-6. What was added since doesn't
    count, nor what is measured anew (times, and sizes on the disk) or is of the computer, said in
    better words or in another tone, or chosen by a better rule since (from when on an answer is
    sure; the range of a score that says so)."""
    if isinstance(then, dict) and isinstance(now, dict):
        ranged = {"low", "high", "method"} if now.get("method") in _RANGED_ANEW else set()
        return [
            difference
            for key, value in then.items()
            if key not in _MEASURED | _SAID_ANEW | ranged
            for difference in same(now.get(key, "(missing)"), value, f"{where}.{key}")
        ]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = enumerate(zip(now, then, strict=True))
        return [each for n, (a, b) in pairs for each in same(a, b, f"{where}[{n}]")]
    numbers = isinstance(then, float) and isinstance(now, int | float)
    if now == (pytest.approx(then, rel=1e-6, abs=1e-6) if numbers else then):
        return []
    return [f"{where}: {now!r}, was {then!r}"]


_MEASURED = {
    *("disk_bytes", "seconds", "milliseconds", "slow", "latency", "latency_ms"),
    "environment",
}
_SAID_ANEW = {"text", "tone", "meaning", "threshold"}
_RANGED_ANEW = {WIDER}
