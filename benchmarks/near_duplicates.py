"""How fast near-duplicates are found, how that grows, and how many kinds of copies are found.

    python -m benchmarks.near_duplicates [--photos FOLDER] [--peer PYTHON] [--sizes 15000 30000
    60000] [--quick]

Speed: photo-like pictures made from numbers, all different, with 1,400 copies planted among them;
only the search is timed (descriptors come from the scan), one process a size, wall clock and
processor seconds, best of three. ``times_processor_seconds`` is how processor time grew from
the smallest size to the largest; 16 would be quadratic if that is four times as many.

Quality: the photos in FOLDER (else 1,000 photo-like pictures) as files, with 150 copies of each
kind. Recall: the share of copies that are in one group with their original, and of those told with
the right relation. Precision: the share of pairs within groups that have the same original; that
no two originals are really near-duplicates is for the reader to know of FOLDER.

PYTHON is an interpreter with CleanVision in it; it searches the same files in the same run with
its near and exact duplicates. Prints one JSON document.
"""

from __future__ import annotations

import json
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks.common import parser_of
from core.quality.copies import DEFAULT_THRESHOLD, MIRRORED, ROTATED, SAME, find_copies, groups
from core.quality.descriptor import describe
from tests.core.quality.altered import COPIES, photo

_PLANTED = 100  # of each kind, in the speed test
_EACH = 150  # of each kind, in the quality test
_KINDS = list(COPIES)
_PEER = """
import json, sys, time
from cleanvision import Imagelab
start = time.perf_counter()
lab = Imagelab(data_path=sys.argv[1])
lab.find_issues({"near_duplicates": {}, "exact_duplicates": {}}, verbose=False)
seconds = time.perf_counter() - start
sets = [[str(p) for p in s] for k in ("near_duplicates", "exact_duplicates")
        for s in lab.info[k]["sets"]]
print(json.dumps({"seconds": seconds, "sets": sets}))
"""


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument(
        "--photos", type=Path, help="a folder of photos, searched in all its folders"
    )
    parser.add_argument("--peer", help="a Python interpreter with CleanVision")
    parser.add_argument("--sizes", type=int, nargs="+", default=[15_000, 30_000, 60_000])
    given = parser.parse_args()
    speed = _speeds([2000, 4000] if given.quick else sorted(given.sizes))
    with tempfile.TemporaryDirectory() as folder:
        quality = _quality(Path(folder), given.photos, given.peer)
    print(
        json.dumps({"benchmark": "near_duplicates", "speed": speed, "quality": quality}, indent=1)
    )


def _speeds(sizes: list[int]) -> dict[str, Any]:
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool, threadpool_limits(1):
        made = list(pool.map(_describe_made, range(sizes[-1]), chunksize=250))
        copies = list(pool.map(_describe_copy, range(_PLANTED * len(_KINDS)), chunksize=25))
    originals = np.frombuffer(b"".join(made), np.uint8).reshape(len(made), -1)
    planted = np.frombuffer(b"".join(copies), np.uint8).reshape(len(copies), -1)
    runs = []
    for size in sizes:  # in a process of its own, so that the peak of memory is its own
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            rows = np.concatenate((originals[: size - len(planted)], planted))
            runs.append(pool.submit(_time, rows).result())
    growth = runs[-1]["processor_seconds"] / runs[0]["processor_seconds"]
    return {
        "runs": runs,
        "times_as_many": sizes[-1] / sizes[0],
        "times_processor_seconds": round(growth, 1),
    }


def _describe_made(seed: int) -> bytes:
    return describe(photo(seed))


def _describe_copy(number: int) -> bytes:
    _, change = COPIES[_KINDS[number % len(_KINDS)]]
    return describe(change(photo(number)))


def _time(rows: NDArray[np.uint8]) -> dict[str, Any]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, processor = [], []
    for _ in range(3):
        clocks = time.perf_counter(), time.process_time()
        found = find_copies(rows)
        wall.append(time.perf_counter() - clocks[0])
        processor.append(time.process_time() - clocks[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    groups(found, 0.95)
    moved = time.perf_counter() - started
    planted = _PLANTED * len(_KINDS)
    source = np.concatenate((np.arange(len(rows) - planted), np.arange(planted)))
    pairs = found.pairs[found.scores >= DEFAULT_THRESHOLD]
    true = source[pairs[:, 0]] == source[pairs[:, 1]]
    return {
        "images": len(rows),
        "seconds": round(min(wall), 2),
        "processor_seconds": round(min(processor), 2),
        "moved_threshold_ms": round(1000 * moved, 1),
        "peak_mb": round(peak / 1024),
        "of_which_search_mb": round((peak - before) / 1024),
        "recall": round(float(true.sum()) / planted, 4),
        "false_pairs": int((~true).sum()),
    }


def _quality(folder: Path, photos: Path | None, peer: str | None) -> dict[str, Any]:
    originals = _originals(photos)
    rng = np.random.default_rng(0)
    files, source, kinds = [], [], []
    for number, image in enumerate(originals):
        files.append(folder / f"original-{number:05d}.png")
        image.save(files[-1])
        source.append(number)
        kinds.append("")
    for kind, (_, change) in COPIES.items():
        for number in rng.choice(len(originals), _EACH, replace=False).tolist():
            files.append(folder / f"copy-{len(files):05d}.png")
            change(originals[number]).save(files[-1])
            source.append(number)
            kinds.append(kind)
    answer = {
        "originals": len(originals),
        "copies_of_each_kind": _EACH,
        "photos": photos.name if photos else "photo-like, made from numbers",
        "lightbox": _ours(files, np.array(source), kinds),
    }
    if peer:
        done = subprocess.run(
            [peer, "-c", _PEER, str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=True,
        )
        told = json.loads(done.stdout.strip().splitlines()[-1])
        row = {file.name: number for number, file in enumerate(files)}
        sets = [[row[Path(name).name] for name in group] for group in told["sets"]]
        answer["cleanvision"] = {
            "seconds": round(told["seconds"], 2),
            **_scored(_pairs(sets), np.array(source), kinds),
        }
    return answer


def _originals(photos: Path | None) -> list[Image.Image]:
    if photos is None:
        return [photo(seed) for seed in range(1000)]
    suffixes = {".jpg", ".jpeg", ".png"}
    found = sorted(file for file in photos.rglob("*") if file.suffix.lower() in suffixes)
    return [Image.open(file).convert("RGB") for file in found]


def _ours(files: list[Path], source: NDArray[np.int64], kinds: list[str]) -> dict[str, Any]:
    started = time.perf_counter()
    rows = np.stack([np.frombuffer(describe(Image.open(file)), np.uint8) for file in files])
    opened = time.perf_counter() - started
    found = find_copies(rows)
    seconds = time.perf_counter() - started
    number = groups(found, DEFAULT_THRESHOLD, (SAME, MIRRORED, ROTATED))
    order = np.argsort(number, kind="stable")
    sets = np.split(order, np.flatnonzero(np.diff(number[order])) + 1)
    sure = found.scores >= DEFAULT_THRESHOLD
    relation = {
        (int(a), int(b)): str(told)
        for (a, b), told in zip(found.pairs[sure], found.relations[sure], strict=True)
    }
    right = [
        relation.get((int(source[row]), row)) == COPIES[kind][0]
        for row, kind in enumerate(kinds)
        if kind
    ]
    return {
        "seconds": round(seconds, 2),
        "of_which_opening_files": round(opened, 2),
        "right_relation": round(float(np.mean(right)), 4),
        **_scored(_pairs(s.tolist() for s in sets), source, kinds),
    }


def _pairs(sets: Iterable[list[int]]) -> set[tuple[int, int]]:
    return {pair for group in sets for pair in combinations(sorted(group), 2)}


def _scored(
    pairs: set[tuple[int, int]], source: NDArray[np.int64], kinds: list[str]
) -> dict[str, Any]:
    true = sum(source[a] == source[b] for a, b in pairs)
    hits: dict[str, list[bool]] = {}
    for row, kind in enumerate(kinds):
        if kind:
            hits.setdefault(kind, []).append((int(source[row]), row) in pairs)
    return {
        "precision": round(float(true) / max(1, len(pairs)), 4),
        "pairs": len(pairs),
        "false_pairs": int(len(pairs) - true),
        "recall": round(float(np.mean([hit for each in hits.values() for hit in each])), 4),
        "recall_of_kind": {kind: round(float(np.mean(each)), 3) for kind, each in hits.items()},
    }


if __name__ == "__main__":
    main()
