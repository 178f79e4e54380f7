"""How fast a scan is beside CleanVision, how soon one that has little to do ends, and its memory.

    python -m benchmarks.scan --photos FOLDER [--peer PYTHON] [--scale 60000] [--quick]

FOLDER holds class folders of photos; beside them, photo-like JPEGs of 500×374 pixels are made.
PYTHON is an interpreter with CleanVision installed (``pip install cleanvision`` into an environment
of its own); rounds of both take turns. Prints one JSON document: images a second on the clock of
the wall, the best of some rounds; ``decoding_alone`` is reading and decoding each JPEG at the
fraction of its size that a scan decodes, in as many processes and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.common import make_photos, parser_of, photos_of
from core import settings
from core.catalog import Catalog, open_catalog
from core.datasets.intake import add_folder
from core.quality import thumbs
from core.quality.scan import scan
from core.workspace import open_workspace

_ROUNDS = 3
_MADE, _MADE_QUICK = 1500, 200
_PEER = """
import json, sys, time
from cleanvision import Imagelab
if __name__ == "__main__":
    started = time.perf_counter()
    lab = Imagelab(data_path=sys.argv[1])
    lab.find_issues(verbose=False)
    print(json.dumps([len(lab.issues), time.perf_counter() - started]))
"""
# A dataset is added unless one is named.
_ONE_SCAN = """
import json, sys
from pathlib import Path
from core.catalog import open_catalog
from core.datasets.intake import add_folder
from core.quality.scan import scan
from core.workspace import open_workspace
catalog = open_catalog(open_workspace(Path(sys.argv[1])))
dataset = sys.argv[3] or add_folder(catalog, Path(sys.argv[2]), restrict=False).id
done = scan(catalog, dataset)
print(json.dumps({"dataset": dataset, "images": done.images, "seconds": done.seconds}))
"""


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--peer", help="an interpreter with cleanvision")
    parser.add_argument("--scale", type=int, default=0, help="images of the test of a rescan")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photos = photos_of(options, Path(folder))
        made = make_photos(Path(folder) / "made", _MADE_QUICK if options.quick else _MADE)
        home = Path(folder) / "home"
        catalog = open_catalog(open_workspace(home))
        result: dict[str, Any] = {
            "benchmark": "scan",
            "processors": settings.cores(),
            "photos": _speed(catalog, photos, options.peer),
            "made_500x374": _speed(catalog, made, options.peer),
        }
        if options.scale:
            few = _copies(photos, Path(folder) / "few", options.scale // 3)
            many = _copies(photos, Path(folder) / "many", options.scale)
            result["at_scale"] = _at_scale(home, few, many)
    print(json.dumps(result))


def _speed(catalog: Catalog, folder: Path, peer: str | None) -> dict[str, Any]:
    files = [path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg")]
    ours, theirs, decoding = [], [], []
    for _ in range(_ROUNDS):
        decoding.append(_decoding(files))
        result = scan(catalog, add_folder(catalog, folder, restrict=False).id)
        ours.append(result.images / result.seconds)
        if peer:
            theirs.append(_peer(peer, folder))
    found: dict[str, Any] = {
        "images": result.images,
        "images_per_second": round(max(ours), 1),
        "decoding_alone": round(max(decoding), 1),
        "share_of_decoding_alone": round(max(ours) / max(decoding), 3),
    }
    if peer:
        found["cleanvision"] = round(max(theirs), 1)
        found["times_cleanvision"] = round(max(ours) / max(theirs), 2)
    return found


def _peer(python: str, folder: Path) -> float:
    with tempfile.TemporaryDirectory() as elsewhere:
        # It starts processes of its own, which look for the program in a file.
        program = Path(elsewhere) / "peer.py"
        program.write_text(_PEER)
        done = subprocess.run(
            [python, program, folder],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
            text=True,
        )
    images, seconds = json.loads(done.stdout.splitlines()[-1])
    return float(images / seconds)


def _decoding(files: list[Path]) -> float:
    """JPEGs a second that are read and decoded, small, and no more."""
    with ProcessPoolExecutor(settings.cores()) as pool:
        list(pool.map(_decode, files[:64], chunksize=8))  # the processes have started
        started = time.perf_counter()
        list(pool.map(_decode, files, chunksize=64))
        return len(files) / (time.perf_counter() - started)


def _decode(file: Path) -> None:
    with Image.open(file) as image:
        image.draft(None, (thumbs.SIDE, thumbs.SIDE))
        image.load()


def _copies(photos: Path, root: Path, count: int) -> Path:
    """A folder of so many images, made of a few over and over."""
    files = sorted(path for path in photos.rglob("*") if path.is_file())
    for number in range(count):
        file = files[number % len(files)]
        place = root / file.parent.name / f"{number:06d}{file.suffix}"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
    return root


def _at_scale(home: Path, few: Path, many: Path) -> dict[str, Any]:
    """Memory of fresh scans, and seconds of scans that have nothing, or one file, to do."""
    before = _apart(home, few, "")
    fresh = _apart(home, many, "")
    more = fresh["images"] - before["images"]
    again = [_apart(home, many, fresh["dataset"]) for _ in range(_ROUNDS)]
    changed = []
    for _ in range(_ROUNDS):
        os.utime(next(path for path in many.rglob("*") if path.is_file()))
        changed.append(_apart(home, many, fresh["dataset"]))
    return {
        "images": fresh["images"],
        "images_per_second": round(fresh["images"] / fresh["seconds"], 1),
        "peak_mb": round(fresh["peak"] / 1e6, 1),
        "peak_bytes_more_per_image": round((fresh["peak"] - before["peak"]) / more),
        "nothing_changed_s": round(min(each["seconds"] for each in again), 3),
        "one_changed_s": round(min(each["seconds"] for each in changed), 3),
        "one_changed_peak_mb": round(max(each["peak"] for each in changed) / 1e6, 1),
    }


def _apart(home: Path, folder: Path, dataset: str) -> dict[str, Any]:
    """A scan in a process of its own: its answer, and the most memory of it and its helpers."""
    process = subprocess.Popen(
        [sys.executable, "-c", _ONE_SCAN, home, folder, dataset],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[1],
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, _memory(process.pid))
        time.sleep(0.05)
    assert process.stdout is not None
    with process.stdout:
        return {**json.loads(process.stdout.read()), "peak": peak}


def _memory(pid: int) -> int:
    """Bytes of memory of a process and its children, what they share counted once (Linux)."""
    total = 0
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += 1024 * int(line.split()[1])
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            total += sum(_memory(int(child)) for child in children.read_text().split())
    return total


if __name__ == "__main__":
    main()
