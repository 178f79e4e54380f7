"""Images a second of frozen networks, beside OpenVINO's own ``benchmark_app`` in the same run.

    python -m benchmarks.features [--networks KEY …] [--sizes N …] [--rounds N] [--quick]

Without a choice: EfficientNet-Lite0 at 160 and 224 pixels and MobileNetV2 at 96 (left out where its
weights are missing). ``images_per_s`` is ``Compiled.predict`` on pixels that lie in memory,
``kept_images_per_s`` the whole way from decoded images to features in the cache. The tool is given
the same model, precision and the hint "throughput", with one, four and sixteen images at a time;
what counts is the best of the three. Rounds take turns, and of each side the best is told, since
whatever else the computer does only takes away. Prints one JSON line for each network and size;
wall clock.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import parser_of
from core.datasets.pixels import Pixels
from core.features import backbones
from core.features.backbones import convert
from core.features.cache import Extractor, FeatureViews
from core.features.hardware import resolve
from core.features.runtime import Compiled
from core.features.weights import find_weights
from core.progress import Reporter
from core.workspace import Workspace, open_workspace

USUAL = (("efficientnet_lite0", 160), ("efficientnet_lite0", 224), ("mobilenet_v2", 96))
_BATCHES = (1, 4, 16)
# Of pixels in memory, and for how long the tool runs.
_BYTES, _SECONDS = 100 * 1024**2, 6


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--networks", nargs="*", help="keys of networks")
    parser.add_argument("--sizes", nargs="*", type=int, default=[224], help="sides in pixels")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    rounds = 1 if given.quick else given.rounds
    wanted = [(key, size) for key in given.networks or () for size in given.sizes]
    for key, size in wanted or USUAL[: 1 if given.quick else None]:
        if find_weights(key) is None:
            print(json.dumps({"network": key, "left_out": "its weights are not here"}))
            continue
        with tempfile.TemporaryDirectory() as home:
            found = measure(open_workspace(Path(home)), key, size, rounds)
        print(json.dumps(found), flush=True)


def measure(workspace: Workspace, key: str, size: int, rounds: int) -> dict[str, Any]:
    """One network at one size."""
    precision = resolve("auto")
    path = convert.load(workspace, key, size)
    count = max(256, min(4096, _BYTES // (size * size * 3)))
    images = np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    compiled = Compiled(path, precision)
    compiled.predict(images[:64])
    ours: list[float] = []
    kept: list[float] = []
    theirs: dict[int, list[float]] = {batch: [] for batch in _BATCHES}
    for turn in range(rounds):
        ours.append(count / _timed(lambda: compiled.predict(images)))
        views = _views(workspace, key, size, precision, path, images, turn)
        views.compute(0, np.arange(64))
        kept.append((count - 64) / _timed(lambda views=views: views.compute(0)))
        for batch in _BATCHES:
            theirs[batch].append(benchmark_app(path, size, batch, precision))
    best = max(rate for rates in theirs.values() for rate in rates)
    return {
        "benchmark": "features",
        "network": key,
        "pixels": size,
        "precision": precision,
        "images_per_s": round(max(ours)),
        "kept_images_per_s": round(max(kept)),
        "benchmark_app_images_per_s": {
            str(batch): round(max(rates)) for batch, rates in theirs.items()
        },
        "share": round(max(ours) / best, 3),
        "kept_share": round(max(kept) / best, 3),
    }


def _views(
    workspace: Workspace,
    key: str,
    size: int,
    precision: str,
    path: Path,
    images: np.ndarray,
    turn: int,
) -> FeatureViews:
    """Of images that were never seen before."""
    return FeatureViews(
        workspace,
        f"made-{turn}",
        Extractor(model=path, backbone=backbones.get(key), size=size, precision=precision),
        Pixels(images, np.arange(len(images)), [], 0),
        [f"{turn}-{row}" for row in range(len(images))],
        report=Reporter(),
    )


def _timed(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def benchmark_app(model: Path, size: int, batch: int, precision: str) -> float:
    """Images a second by OpenVINO's own tool."""
    tool = Path(sys.executable).with_name("benchmark_app")
    command = [str(tool), "-m", str(model), "-d", "CPU", "-t", str(_SECONDS)]
    command += ["-hint", "throughput", "-shape", f"[{batch},{size},{size},3]", "-ip", "u8"]
    command += ["-infer_precision", {"bfloat16": "bf16", "float32": "f32"}[precision]]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
    )
    found = re.search(r"Throughput:\s+([\d.]+) FPS", done.stdout)
    if found is None:
        raise SystemExit(done.stdout[-2000:])
    return float(found.group(1))


if __name__ == "__main__":
    main()
