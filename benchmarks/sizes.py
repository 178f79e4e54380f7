"""What a dataset of very many images costs the web process: memory, and seconds of a click.

    python -m benchmarks.sizes [--images 60000 1000000] [--quick]

An index with that many rows is made up, as a scan would have written it, with thumbnails that are
all the same few; no picture is read. Then, each size in a process of its own: the dataset opened
for the first time, all that deserves a look found, another page of 60 pictures, a search among
paths, one class shown, images counted by class, and a decision about one image. Seconds are of the
processor, medians of some rounds. Prints one JSON document.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.common import drawing, held_mb, parser_of

_SIZES = (60_000, 1_000_000)
_CLASSES, _ROUNDS, _THUMBNAIL = 100, 5, 4000
_GROUP = 250_000
_DESCRIBED = 1_000_000


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--images", type=int, nargs="*", default=list(_SIZES))
    parser.add_argument("--one", type=int, help="only this size, in this process")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(_measure(options.one)))
        return
    found = []
    for images in (2000,) if options.quick else options.images:
        command = [sys.executable, "-m", "benchmarks.sizes", "--one", str(images)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found.append(json.loads(done.stdout.splitlines()[-1]))
    print(json.dumps({"benchmark": "sizes", "sizes": found}, indent=1))


def _measure(images: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LIGHTBOX_HOME"] = str(Path(folder) / "home")
        environment = {**os.environ, "IMAGES": str(images)}
        code = "from benchmarks.sizes import make; make()"
        # In another process, so that its memory is not counted.
        made = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return {"images": images, **_clicks(made.stdout.split()[-1])}


def make() -> None:
    """Make up a dataset of ``IMAGES`` images; prints its id."""
    import core.quality.index as index
    from core.catalog import open_catalog
    from core.quality import thumbs
    from core.quality.curation import count_again
    from core.workspace import open_workspace, write_json

    images = int(os.environ["IMAGES"])
    catalog = open_catalog(open_workspace())
    record = catalog.datasets.add("large", "folder", str(Path("/photos")))
    rng = np.random.default_rng(0)
    catalog.workspace.dataset(record.id).mkdir(parents=True, exist_ok=True)
    # In the order of paths; never more than a group of rows is held.
    index.write_index(
        catalog.workspace,
        record.id,
        "index-1.parquet",
        (
            index.make_index(_rows(rng, label, numbers, described=images <= _DESCRIBED))
            for label, numbers in _parts(images)
        ),
    )
    write_json(catalog.workspace.dataset(record.id) / "skipped-1.json", [])
    thumbs.pack_path(catalog.workspace, record.id).write_bytes(rng.bytes(200 * _THUMBNAIL))
    payload = {"file": "index-1.parquet", "skipped": "skipped-1.json", "images": images}
    catalog.changes.append(record.id, "index", payload, author="benchmark", why="scan")
    count_again(catalog, record.id)
    print(record.id)


def _parts(images: int) -> Iterator[tuple[str, np.ndarray]]:
    """Classes with the numbers of their images, a group at a time."""
    for number in range(_CLASSES):
        of_class = np.arange(number, images, _CLASSES)
        for start in range(0, len(of_class), _GROUP):
            yield f"class {number:03d}", of_class[start : start + _GROUP]


def _rows(
    rng: np.random.Generator, label: str, numbers: np.ndarray, *, described: bool
) -> pd.DataFrame:
    from core.quality.descriptor import DESCRIPTOR_BYTES
    from core.quality.index import COLUMNS, SCAN_VERSION
    from core.quality.measure import MEASUREMENTS

    count = len(numbers)
    # No page reads descriptors; of ten million they would be 9 GB.
    size = DESCRIPTOR_BYTES if described else 0
    places = rng.integers(0, 200, count) * _THUMBNAIL
    hashes = rng.bytes(16 * count).hex()
    noise = rng.bytes(size * count)
    cut = range(count)
    columns: dict[str, Any] = {
        "path": [f"{label}/IMG_{number:08d}.jpg" for number in numbers],
        "hash": [hashes[32 * n : 32 * n + 32] for n in cut],
        "descriptor": [noise[n * size : (n + 1) * size] for n in cut],
        "thumb_at": places,
        **{name: rng.beta(5, 5, count) for name in MEASUREMENTS},
    }
    common = {
        "label": label,
        "split": "",
        "status": "ok",
        "problem": "",
        "format": "JPEG",
        "mode": "RGB",
        "width": 4000,
        "height": 3000,
        "bytes": 3_000_000,
        "mtime_ns": 1_700_000_000_000_000_000,
        "together": "",
        "orientation": 1,
        "wrong_suffix": False,
        "thumb_bytes": _THUMBNAIL,
        "scan_version": SCAN_VERSION,
        "grey_low": 0.0,
        "grey_high": 0.0,
    }
    return pd.DataFrame({name: columns.get(name, common.get(name)) for name in COLUMNS})


def _clicks(dataset: str) -> dict[str, Any]:
    from core.catalog import open_catalog
    from core.quality import curation, findings
    from core.workspace import open_workspace

    catalog = open_catalog(open_workspace())
    before = held_mb()
    result: dict[str, Any] = {}
    first = time.process_time()
    table = curation.curated(catalog, dataset)
    result["open_s"] = round(time.process_time() - first, 3)
    result["open_mb"] = round(held_mb() - before)
    first = time.process_time()
    findings.find(table, alike=curation.known_alike(catalog, dataset))
    result["findings_s"] = round(time.process_time() - first, 3)
    rng = np.random.default_rng(1)

    def search() -> None:
        wanted = f"{int(rng.integers(0, 999)):03d}."
        table[table["path"].str.contains(wanted, regex=False)].head(60)

    def one_class() -> None:
        table[(table["label"] == "class 007") & ~table["excluded"]].head(60)

    def counts() -> None:
        curation.usable(table)["label"].value_counts()

    def decision() -> None:
        path = str(table["path"].iloc[int(rng.integers(0, len(table)))])
        curation.decide(catalog, dataset, "exclude", [path])
        curation.curated(catalog, dataset)

    for name, do in (
        ("page_of_60", drawing(catalog, dataset, table, rng)),
        ("search", search),
        ("one_class", one_class),
        ("counts", counts),
        ("decision", decision),
    ):
        result[f"{name}_s"] = _median(do)
    result["after_decisions_mb"] = round(held_mb() - before)
    return result


def _median(do: Callable[[], None]) -> float:
    times = []
    for _ in range(_ROUNDS):
        started = time.process_time()
        do()
        times.append(time.process_time() - started)
    return round(statistics.median(times), 3)


if __name__ == "__main__":
    main()
