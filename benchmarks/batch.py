"""How fast a folder is answered, beside what decoding and the model reach by themselves.

On the same files, in the same run: images decoded a second with a thread a core and no model;
images answered a second by the model, on pixels that are there already; and the batch, which does
both. ``share_of_lower`` is the batch's speed over the lower of the two. Where one processor does
both, the two compete for it: ``bound`` is 1 / (1/decode + 1/model), what could be reached if each
used all cores fully and nothing else cost anything.

    python -m benchmarks.batch [FOLDER] [--run RUN] [--images N] [--quick]

Without a folder, pictures of 500 × 374 pixels are made; without a run, the newest finished one of
the workspace answers. Prints one JSON line.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.common import make_photos, parser_of
from core.catalog import Catalog, open_catalog
from core.datasets.content import read_regular
from core.datasets.images import decode
from core.features.runtime import Compiled
from core.inference.batch import answer_batch
from core.inference.batch_files import find_files
from core.inference.batch_store import delete_batch, new_batch
from core.runs.files import RunFiles
from core.workspace import open_workspace

_ROUNDS = 3


def decode_rate(folder: Path, names: list[str], size: int) -> float:
    """Images read, decoded and resized a second, by a thread a core."""

    def read(name: str) -> int:
        return decode(read_regular(folder / name), size).shape[0]

    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        started = time.perf_counter()
        for _ in pool.map(read, names):
            pass
    return len(names) / (time.perf_counter() - started)


def model_rate(compiled: Compiled, pixels: np.ndarray, count: int) -> float:
    """Images answered a second, on pixels in memory."""
    started = time.perf_counter()
    for start in range(0, count, len(pixels)):
        compiled.predict(pixels[: count - start])
    return count / (time.perf_counter() - started)


def batch_rate(catalog: Catalog, run_id: str, folder: Path) -> float:
    """Images of the folder answered a second, from finding them to the joined answers."""
    batch = new_batch(catalog, run_id, folder)
    try:
        return answer_batch(catalog, run_id, batch.id).rate
    finally:
        delete_batch(catalog, batch)


def _linked(folder: Path, count: int) -> Iterator[str]:
    """The first images of a folder, by their paths."""
    yield from islice((path for path, _, why in find_files(folder) if not why), count)


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--run")
    parser.add_argument("--images", type=int, default=600)
    options = parser.parse_args()
    images, rounds = (100, 1) if options.quick else (options.images, _ROUNDS)
    catalog = open_catalog(open_workspace())
    if options.run:
        run = catalog.runs.find(options.run)
    else:
        done = [run for run in catalog.runs.all() if run.state == "done"]
        if not done:
            parser.error("there is no finished run in this workspace; train one first")
        run = done[0]
    info = RunFiles(catalog.workspace, run.id).model()
    size = info.image_size
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        if options.folder is None:
            make_photos(folder, images)
        else:
            for number, name in enumerate(_linked(options.folder, images)):
                shutil.copy(options.folder / name, folder / f"{number:06d}{Path(name).suffix}")
        names = [path for path, _, _ in find_files(folder)]
        compiled = RunFiles(catalog.workspace, run.id).compiled()
        pixels = np.stack([decode(read_regular(folder / name), size) for name in names[:256]])
        compiled.predict(pixels)
        rates: dict[str, list[float]] = {"decode": [], "model": [], "batch": []}
        # In turn, so that what else the computer does falls on all alike.
        for _ in range(rounds):
            rates["decode"].append(decode_rate(folder, names, size))
            rates["model"].append(model_rate(compiled, pixels, len(names)))
            rates["batch"].append(batch_rate(catalog, run.id, folder))
    found = {kind: statistics.median(each) for kind, each in rates.items()}
    lower = min(found["decode"], found["model"])
    bound = 1 / (1 / found["decode"] + 1 / found["model"])
    print(
        json.dumps(
            {
                "benchmark": "batch",
                "run": run.name,
                "image_size": size,
                "images": len(names),
                "cores": os.cpu_count(),
                "images_per_second": {kind: round(value, 1) for kind, value in found.items()},
                "share_of_lower": round(found["batch"] / lower, 3),
                "bound": round(bound, 1),
                "share_of_bound": round(found["batch"] / bound, 3),
                "peak_memory_mb": round(
                    resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1
                ),
            }
        )
    )


if __name__ == "__main__":
    main()
