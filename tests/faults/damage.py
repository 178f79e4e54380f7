"""Ways in which a kept file breaks, and a run to break: one of a workspace that was kept."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.earlier import PACKED, run, unpack

PACK = PACKED[0]
# What an error has to say: how the file is made again.
REMEDY = re.compile(
    r"python -m core \w+ \S+|[Tt]rain it again|[Tt]est it on that folder again|[Mm]ake it again"
    r"|[Ss]tart it (again )?with|[Ss]tart it again|or train again|Draw it with|was not tested on"
)


def _parquet(table: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    table.to_parquet(out)
    return out.getvalue()


def _arrays(npz: bool) -> bytes:
    out = io.BytesIO()
    if npz:
        np.savez(out, x=np.zeros(2))
    else:
        np.save(out, np.zeros(2))
    return out.getvalue()


_OTHERS = {
    ".json": b'{"something": ["else"]}',
    ".parquet": _parquet(pd.DataFrame({"x": [1, 2]})),
    ".npy": _arrays(False),
    ".npz": _arrays(True),
    ".xml": b"<a/>",
}
WAYS = ("missing", "truncated", "empty", "garbage", "another shape", "another type")


def damage(file: Path, way: str) -> None:
    """Break a file in one of :data:`WAYS`."""
    content = file.read_bytes()
    if way == "missing":
        file.unlink()
    elif way == "truncated":
        file.write_bytes(content[: len(content) // 2])
    elif way == "empty":
        file.write_bytes(b"")
    elif way == "garbage":
        # A few bytes more, so that weights can't be taken for others of the same shape.
        file.write_bytes(np.random.default_rng(1).bytes(len(content) + 7))
    elif way == "another shape":
        file.write_bytes(_OTHERS.get(file.suffix, b"something else"))
    else:
        file.write_bytes(b"[7]")


def put_back(kept: Path, home: Path) -> None:
    """Make a copy of a workspace what it was; what nobody has written to stays where it is."""
    there = {file.relative_to(home) for file in home.rglob("*") if file.is_file()}
    wanted = {file.relative_to(kept): file for file in kept.rglob("*") if file.is_file()}
    for name in there - wanted.keys():
        (home / name).unlink()
    for name, file in wanted.items():
        if name not in there or _state(home / name) != _state(file):
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, home / name)


def _state(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_size, found.st_mtime_ns


def kept_files(run: str = "own") -> list[str]:
    """What lies in a run's folder, as paths within it."""
    with zipfile.ZipFile(PACK) as archive:
        names = [re.match(rf"home/runs/{run}-\w+/(.+)", name) for name in archive.namelist()]
    inside = [found[1] for found in names if found]
    return sorted(inside)


# Who reads what: files, then commands, then sections of Results and of Predict.
_ALL = ("evaluate own", "reliability own", "mistakes own", "compare own views", "metrics own")
_AWAY = ("card own OUT/card.md", "metrics own", "notebook own OUT/own.ipynb")
READ = {
    r"evaluation\.json|predictions\.parquet": (
        (*_ALL, *_AWAY, "runs", "run tests own", "similar own", "report own OUT/report.html"),
        ("Verdict", "What it mixes up", "Mistakes", "Compare", "Take away", "Try it"),
    ),
    r"scores\.json|curves\.parquet": (
        ("evaluate own", "card own OUT/card.md", "report own OUT/report.html"),
        ("Verdict", "All figures", "Class by class"),
    ),
    r"reliability\.json|slices\.parquet": (
        ("reliability own", "metrics own", "report own OUT/report.html"),
        ("Can I trust it", "Reliability"),
    ),
    r"model\..+": (
        ("predict own IMAGE", "explain own", "evaluate own", "export-model own --list", *_AWAY),
        ("What it looks at", "Compare", "Try it", "Batch", "Export", "API"),
    ),
    r"split\.parquet|history\.json|layers\.json|spec\.json|latency\.json": (
        ("similar own", "familiar own", "compare own views", "run settings own", *_AWAY),
        ("Verdict", "Compare", "Training", "Take away"),
    ),
    r"familiar\.npz": (("predict own IMAGE", "familiar own"), ("Try it",)),
    r"study/.+": (
        ("mistakes own", "map own --method pca", "reliability own", "report own OUT/report.html"),
        ("Mistakes", "Map", "What it looks at", "Reliability"),
    ),
    r"on/.+": (
        ("run tests own", "reliability own --on elsewhere", "similar own --on elsewhere", *_AWAY),
        ("Verdict", "Compare"),
    ),
    r"batches/.+": (
        ("batches own", "runs"),
        ("Batch",),
    ),
    r"exports/.+": (
        ("export-model own --list", "export-model own --format keras OUT/own.zip"),
        ("Export",),
    ),
}


def read_by(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    (found,) = [both for pattern, both in READ.items() if re.fullmatch(pattern, name)]
    return found


def ask_everything(base: Path) -> None:
    """Put a workspace of an earlier version at ``base / "home"``, and ask everything of it once:
    what this version keeps of it is there, so that it isn't worked out anew for each damage."""
    home = base / "home"
    unpack(PACK, home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIGHTBOX_HOME", str(home))
        for command in dict.fromkeys(each for commands, _ in READ.values() for each in commands):
            assert complaint(command, home) == ""


def complaint(command: str, home: Path) -> str:
    """What is wrong with how a command ended; "" if nothing."""
    given = [
        each.replace("IMAGE", str(home / "elsewhere/disc/00.png")).replace("OUT", str(home.parent))
        for each in command.split()
    ]
    code, _, said = run(*given)
    if code == 0:
        return ""
    sentence = said.strip().splitlines()[-1]
    if code != 2:
        log = max(home.glob("logs/*.txt"), key=lambda file: file.stat().st_mtime_ns)
        return f"{command}: {log.read_text().strip()[-600:]}"
    return "" if REMEDY.search(sentence) else f"{command}: no remedy in “{sentence}”"
