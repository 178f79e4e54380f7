"""What the server does for the Clean page of a large dataset, step by step.

    python -m benchmarks.gallery [--images 60000] [--quick]

Makes that many small distinct photos-like images in a folder that is thrown away, imports them as
the app would, and times what a click costs: opening the page, another page of 60 thumbnails,
another threshold, one more decision. Prints one JSON document; times in milliseconds.
"""

from __future__ import annotations

import io
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.common import drawing, parser_of

_CLASSES = 10
_ROUNDS = 7


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--images", type=int, default=60_000)
    options = parser.parse_args()
    images = 600 if options.quick else options.images
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LIGHTBOX_HOME"] = str(Path(folder) / "home")
        photos = Path(folder) / "photos"
        _make(photos, images)
        result = _measure(photos)
    unit = 1024**2 if sys.platform == "darwin" else 1024
    result["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)
    print(json.dumps({"benchmark": "gallery", "images": images, **result}))


def _make(folder: Path, count: int) -> None:
    rng = np.random.default_rng(0)
    for label in range(_CLASSES):
        (folder / f"class {label}").mkdir(parents=True)
    for number in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (5, 5, 3), dtype=np.uint8))
        out = io.BytesIO()
        coarse.resize((48, 48), Image.Resampling.BICUBIC).save(out, "JPEG", quality=85)
        path = folder / f"class {number % _CLASSES}" / f"{number:06d}.jpg"
        path.write_bytes(out.getvalue())


def _measure(photos: Path) -> dict[str, float]:
    from core.catalog import open_catalog
    from core.datasets.intake import add_folder
    from core.quality import curation, findings
    from core.quality.alike import find_alike
    from core.quality.scan import scan
    from core.workspace import open_workspace

    catalog = open_catalog(open_workspace())
    dataset = add_folder(catalog, photos, "large", restrict=False).id
    started = time.perf_counter()
    scan(catalog, dataset)
    scanned = time.perf_counter()
    find_alike(catalog, dataset)
    result = {
        "import_s": round(scanned - started, 1),
        "near_duplicates_s": round(time.perf_counter() - scanned, 1),
    }
    first = time.perf_counter()
    table = curation.curated(catalog, dataset)
    alike = curation.known_alike(catalog, dataset)
    found = findings.find(table, alike=alike)
    result["page_first_ms"] = round(1000 * (time.perf_counter() - first), 1)
    result["findings"] = len(found)
    rng = np.random.default_rng(1)

    def threshold() -> None:
        findings.find_one("blurry", table, float(rng.uniform(0.1, 0.9)), alike)

    def copies() -> None:
        findings.find_one("near_duplicates", table, float(rng.uniform(0.9, 1)), alike)

    def decision() -> None:
        path = str(table["path"].iloc[int(rng.integers(0, len(table)))])
        curation.decide(catalog, dataset, "exclude", [path])
        now = curation.curated(catalog, dataset)
        findings.find(now, alike=curation.known_alike(catalog, dataset))

    for name, do in (
        ("page_of_60", drawing(catalog, dataset, table, rng)),
        ("moved_threshold", threshold),
        ("moved_threshold_of_copies", copies),
        ("decision_and_all_findings", decision),
    ):
        result[f"{name}_ms"] = _median(do)
    return result


def _median(do: Callable[[], None]) -> float:
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        do()
        times.append(1000 * (time.perf_counter() - started))
    return round(statistics.median(times), 1)


if __name__ == "__main__":
    main()
