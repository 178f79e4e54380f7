"""How many camera frames a second are answered, over HTTP as the page sends them: a JSON line.

``python -m benchmarks.live RUN [--quick]`` with the workspace in ``LIGHTBOX_HOME``: frames of
298×224 pixels as JPEG, each sent once the last one is answered, from a second process to the app's
own routes.
"""

from __future__ import annotations

import http.client
import io
import json
import multiprocessing
import socket
import sys
import time
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from benchmarks.common import parser_of

_SECONDS = 10.0
_WANTED = 8.0


def _serve(run_id: str, port: int, told: multiprocessing.Queue) -> None:
    import uvicorn
    from starlette.applications import Starlette

    from core.api import live

    told.put(live.open_camera(run_id))
    uvicorn.run(Starlette(routes=list(live.ROUTES)), port=port, log_level="error")


def _frames() -> list[bytes]:
    """A second of a moving picture."""
    rng = np.random.default_rng(1)
    wide = Image.fromarray(rng.integers(0, 256, (12, 24, 3), dtype=np.uint8)).resize((480, 224))
    made = []
    for step in range(30):
        out = io.BytesIO()
        wide.crop((step * 6, 0, step * 6 + 298, 224)).save(out, "JPEG", quality=85)
        made.append(out.getvalue())
    return made


def measure(address: str, token: str, lasting: float) -> dict[str, float]:
    """Answers a second, and milliseconds of the half and of the slowest hundredth."""
    from core.api.live import PREFIX

    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    frames = _frames()
    took: list[float] = []

    def ask(frame: bytes) -> None:
        connection.request("POST", f"{PREFIX}/{token}", frame, {"Content-Type": "image/jpeg"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(body.decode())

    for frame in frames[:10]:
        ask(frame)
    began = time.perf_counter()
    while time.perf_counter() - began < lasting:
        started = time.perf_counter()
        ask(frames[len(took) % len(frames)])
        took.append((time.perf_counter() - started) * 1000)
    seconds = time.perf_counter() - began
    return {
        "answers_per_second": round(len(took) / seconds, 1),
        "p50_ms": round(float(np.percentile(took, 50)), 2),
        "p99_ms": round(float(np.percentile(took, 99)), 2),
    }


def main() -> int:
    from core.catalog import open_catalog
    from core.evaluation.out_of_distribution import find_detector, fit_detector
    from core.runs.files import RunFiles
    from core.workspace import open_workspace

    parser = parser_of(__doc__)
    parser.add_argument("run", metavar="RUN", help="a finished run of the workspace")
    options = parser.parse_args()
    catalog = open_catalog(open_workspace())
    run = catalog.runs.find(options.run)
    if find_detector(catalog.workspace, run.id) is None:
        fit_detector(catalog, run.id)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    server = context.Process(target=_serve, args=(run.id, port, told), daemon=True)
    server.start()
    try:
        token = told.get(timeout=60)
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        seconds = 1.0 if options.quick else _SECONDS
        figures = measure(f"http://127.0.0.1:{port}", token, seconds)
    finally:
        server.terminate()
        server.join(10)
    info = RunFiles(catalog.workspace, run.id).model()
    met = figures["answers_per_second"] >= _WANTED
    print(
        json.dumps(
            {
                "benchmark": "live",
                "architecture": info.architecture,
                "image_size": info.image_size,
                **figures,
                "wanted_per_second": _WANTED,
                "met": met,
            }
        )
    )
    return 0 if met or options.quick else 1


if __name__ == "__main__":
    sys.exit(main())
