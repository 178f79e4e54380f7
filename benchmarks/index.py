"""By which engine an index of very many images is best read: mapped columns, Parquet by Arrow, or
Parquet by DuckDB (where that is installed).

    python -m benchmarks.index [--rows 10000000] [--home FOLDER] [--quick]

The index is made up, as :mod:`benchmarks.sizes` does; FOLDER is a home in which it lies already.
Each engine, in a process of its own: another page of 60 rows of one class, all paths that hold a
few digits (60 of them shown), images counted by class, and by class where they are bright; seconds
by the clock and of the processor, medians of five, and the memory that the process has taken, files
not counted. Prints one JSON document.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.dataset as ds

from benchmarks.common import held_mb, parser_of

_ROUNDS = 5
_SHOWN = ["path", "label", "width", "thumb_at", "thumb_bytes"]
_COUNT: Any = [([], "count_all")]
_Asks = Mapping[str, Callable[[int], object]]


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--one", choices=list(_ENGINES), help="only this engine, in this process")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(_measure(options.one)))
        return
    rows = 2000 if options.quick else options.rows
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder) / "home"
        os.environ |= {"LIGHTBOX_HOME": str(home), "IMAGES": str(rows)}
        if options.home is None:
            _ask("-c", "from benchmarks.sizes import make; make()")
        found = {
            name: json.loads(_ask("-m", "benchmarks.index", "--one", name)) for name in _ENGINES
        }
    print(json.dumps({"benchmark": "index", "rows": rows, "engines": found}, indent=1))


def _ask(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.splitlines()[-1]


def _measure(engine: str) -> dict[str, Any]:
    from core.workspace import open_workspace

    workspace = open_workspace()
    (file,) = workspace.home.glob("datasets/*/index-1.parquet")
    before = held_mb()
    clocks = time.perf_counter(), time.process_time()
    try:
        asks = _ENGINES[engine](file)
    except ImportError:
        return {"not_installed": True}
    result: dict[str, Any] = {"opened": _since(clocks)}
    for name, ask in asks.items():
        took = []
        for number in range(_ROUNDS):
            clocks = time.perf_counter(), time.process_time()
            ask(number)
            took.append(_since(clocks))
        result[name] = [statistics.median(each) for each in zip(*took, strict=True)]
    return {**result, "memory_mb": round(held_mb() - before)}


def _since(clocks: tuple[float, float]) -> list[float]:
    return [round(time.perf_counter() - clocks[0], 4), round(time.process_time() - clocks[1], 4)]


def _mapped(file: Path) -> _Asks:
    from core.catalog import open_catalog
    from core.quality.curation import curated
    from core.quality.shown import Shown
    from core.workspace import open_workspace

    table = curated(open_catalog(open_workspace()), file.parent.name)
    shown = Shown(table)
    return {
        "page": lambda n: shown.at(shown.of_class(f"class {n:03d}")[60 * n :][:60])[_SHOWN],
        "search": lambda n: shown.at(
            np.flatnonzero(table["path"].str.contains(f"{n}77.", regex=False))[:60]
        )[_SHOWN],
        "counts": lambda _: Shown(table).classes,
        "filter": lambda n: shown.at(
            shown.within({"light": [f"{10 * n} to {10 * n + 10} %"]})[:60]
        ),
    }


def _light(number: int) -> str:
    return f"{10 * number} to {10 * number + 10} %"


def _arrow(file: Path) -> _Asks:
    whole = ds.dataset(file)

    def found(wanted: ds.Expression, start: int = 0) -> object:
        return whole.scanner(_SHOWN, filter=wanted).head(start + 60).slice(start)

    return {
        "page": lambda n: found(pc.field("label") == f"class {n:03d}", 60 * n),
        "search": lambda n: whole.scanner(
            _SHOWN, filter=pc.match_substring(pc.field("path"), f"{n}77.")
        ).to_table()[:60],
        "counts": lambda _: (
            whole.to_table(["label"]).group_by("label").aggregate([([], "count_all")])
        ),
        "filter": lambda n: whole.scanner(
            _SHOWN,
            filter=(pc.field("brightness") >= 0.1 * n) & (pc.field("brightness") < 0.1 * n + 0.1),
        ).to_table()[:60],
    }


def _duckdb(file: Path) -> _Asks:
    # Not installed with Lightbox: only measured against.
    opened = importlib.import_module("duckdb").connect()
    shown, of = ", ".join(_SHOWN), f"FROM '{file}'"

    def ask(rest: str, *given: object) -> object:
        return opened.execute(rest, given).fetchall()

    return {
        "page": lambda n: ask(
            f"SELECT {shown} {of} WHERE label = ? LIMIT 60 OFFSET {60 * n}", f"class {n:03d}"
        ),
        "search": lambda n: ask(
            f"SELECT {shown}, count(*) OVER () {of} WHERE contains(path, ?) LIMIT 60", f"{n}77."
        ),
        "counts": lambda _: ask(f"SELECT label, count(*) {of} GROUP BY label"),
        "filter": lambda n: ask(
            f"SELECT {shown}, count(*) OVER () {of} "
            "WHERE brightness >= ? AND brightness < ? LIMIT 60",
            0.1 * n,
            0.1 * n + 0.1,
        ),
    }


_ENGINES: dict[str, Callable[[Path], _Asks]] = {
    "mapped": _mapped,
    "arrow": _arrow,
    "duckdb": _duckdb,
}

if __name__ == "__main__":
    main()
