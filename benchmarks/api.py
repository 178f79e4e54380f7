"""How soon the API answers, how much it can take, and what that does to memory and pages.

    python -m benchmarks.api [--size 96] [--requests 20000] [--pages] [--quick]

A real server (the app) with a MobileNetV2 in a workspace that is thrown away, asked about one
500 × 374 JPEG; beside it the usual handler, which calls Keras's ``model.predict``. Prints one JSON
document. Milliseconds; ``server`` is a body's bytes in to probabilities out, ``http`` is as a
client on the same computer sees it, one request after the other. With ``--pages`` somebody turns to
sections of a page in Chromium while the load lasts. The computer's own load is said too: whatever
else runs makes all of it slower.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from benchmarks.common import parser_of
from core.catalog import Catalog, RunRecord, open_catalog
from core.inference.keys import MOST_PER_MINUTE, create_key
from core.workspace import open_workspace
from tests.browser.conftest import Server, running_app
from tests.waiting import wait_until

_MODELS = 6  # one more than stay loaded
_IDLE_MS = 150  # of the processor, of all workers in a second
_BOUNDARY = "benchmark"
_FORM = f"multipart/form-data; boundary={_BOUNDARY}"


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--size", type=int, default=96, help="side of the model's images")
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--pages", action="store_true", help="use a page meanwhile")
    options = parser.parse_args()
    requests = options.requests // (10 if options.quick else 1)
    rounds = 100 if options.quick else 1000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = folder / "model"
        _python("benchmarks.api_baseline", "build", str(model), "--size", str(options.size))
        catalog = open_catalog(open_workspace(folder / "home"))
        runs = [_add(catalog, model, f"model {n}") for n in range(_MODELS)]
        jpeg = photo()
        body = folder / "body"
        body.write_bytes(_form(jpeg))
        result: dict[str, Any] = {
            "benchmark": "api",
            "size": options.size,
            "jpeg_bytes": len(jpeg),
            "cores": os.cpu_count(),
            "load_before": os.getloadavg()[0],
            "usual": _usual(model, folder, body, rounds // 10),
            **_app(catalog, runs, folder, body, requests, rounds, options.pages),
        }
        result["times_faster"] = round(
            result["usual"]["http_ms"]["p50_ms"] / result["http_ms"]["p50_ms"], 1
        )
        result["load_after"] = os.getloadavg()[0]
    print(json.dumps(result))


def photo() -> bytes:
    """A JPEG of 500 × 374 pixels with about as much in it as a photo."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((500, 374), Image.Resampling.BICUBIC)).astype(int)
    noisy = np.clip(smooth + rng.integers(-8, 9, smooth.shape), 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(noisy).save(out, "JPEG", quality=90)
    return out.getvalue()


def _add(catalog: Catalog, model: Path, name: str) -> RunRecord:
    job = catalog.jobs.hold("train", {}, lane="train", subject="none")
    catalog.jobs.finish(job.id, "done")
    run = catalog.runs.add(name, dataset_id="none", dataset_version=1, spec={}, job_id=job.id)
    shutil.copytree(model, catalog.workspace.run(run.id))
    return catalog.runs.get(run.id)


def _usual(model: Path, folder: Path, body: Path, rounds: int) -> dict[str, Any]:
    """The usual handler: one client after the other, then 16 at once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks.api_baseline", "serve", str(model), str(port)]
    with (folder / "usual.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_until(lambda: _listens(port), 120, "the usual handler")
            _load(port, "/predict", body, 1, 5)
            alone = _load(port, "/predict", body, 1, rounds)
            many = _load(port, "/predict", body, 16, rounds)
        finally:
            process.terminate()
            process.wait(20)
    return {"http_ms": _only_times(alone), "load": many}


def _app(
    catalog: Catalog,
    runs: list[RunRecord],
    folder: Path,
    body: Path,
    requests: int,
    rounds: int,
    pages: bool,
) -> dict[str, Any]:
    _, secret = create_key(catalog.workspace, "benchmark", MOST_PER_MINUTE)
    os.environ["API_KEY"] = secret
    paths = [f"/api/v1/models/{run.id}/predict" for run in runs]
    with running_app(catalog.workspace.home, folder / "app.log") as server:
        port = int(urlsplit(server.url).port or 0)
        _wait_for_workers(server)
        _load(port, paths[0], body, 1, 10)
        alone = _load(port, paths[0], body, 1, rounds)
        _load(port, paths[0], body, 16, max(200, requests // 20))
        memory = {"before": resident_mb(server)}
        worked = cpu_ms(server)
        load = _start(port, paths[0], body, 16, requests)
        actions = _turn_pages(server, load) if pages else {}
        under_load = _ended(load)
        under_load["server_cpu_ms_a_request"] = round((cpu_ms(server) - worked) / requests, 2)
        memory["after"] = resident_mb(server)
        for path in paths:
            _load(port, path, body, 4, 40)
        memory["five_models"] = resident_mb(server)
        with urllib.request.urlopen(f"{server.url}/api/v1/health", timeout=10) as answer:
            loaded = json.load(answer)["models_loaded"]
    return {
        "server_ms": {
            "p50_ms": alone["server_p50_ms"],
            "p99_ms": alone["server_p99_ms"],
        },
        "http_ms": _only_times(alone),
        "load": under_load,
        "memory_mb": memory,
        "models_asked": len(runs),
        "models_loaded": loaded,
        **actions,
    }


def _turn_pages(server: Server, load: subprocess.Popen[str]) -> dict[str, Any]:
    """Turn to one section of Predict and the next until the load has ended."""
    from tests.browser import journey

    times: list[float] = []
    with journey.visiting(server.url) as page:
        page.goto(f"{server.url}/predict")
        page.get_by_role("heading", name="Predict").wait_for()
        journey.settled(page)
        while load.poll() is None and len(times) < 200:
            for section in ("API", "Try it"):
                started = time.perf_counter()
                journey.section(page, section)
                times.append(time.perf_counter() - started)
    return {
        "page_actions": len(times),
        "page_action_p50_s": round(float(np.percentile(times, 50)), 3),
        "page_action_p95_s": round(float(np.percentile(times, 95)), 3),
    }


def _load(port: int, path: str, body: Path, clients: int, requests: int) -> dict[str, Any]:
    return _ended(_start(port, path, body, clients, requests))


def _start(port: int, path: str, body: Path, clients: int, requests: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "benchmarks.api_load", "127.0.0.1", str(port), path, str(body)),
            *("--type", _FORM, "--clients", str(clients), "--requests", str(requests)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )


def _ended(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, _ = process.communicate()
    if process.returncode:
        raise SystemExit("The clients ended with an error.")
    return dict(json.loads(out))


def _only_times(found: dict[str, Any]) -> dict[str, float]:
    return {name: found[name] for name in ("p50_ms", "p99_ms", "errors")}


def _python(module: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", module, *arguments], check=True, capture_output=True)


def _form(jpeg: bytes) -> bytes:
    head = 'Content-Disposition: form-data; name="images"; filename="photo.jpg"\r\n'
    return (
        f"--{_BOUNDARY}\r\n{head}Content-Type: image/jpeg\r\n\r\n".encode()
        + jpeg
        + f"\r\n--{_BOUNDARY}--\r\n".encode()
    )


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait_for_workers(server: Server) -> None:
    """Wait until what the app starts beside itself is ready: the first seconds are TensorFlow's."""
    used = -1.0

    def idle() -> bool:
        nonlocal used
        before, used = used, sum(_stat(pid)[1] for pid in _children(server.process.pid))
        time.sleep(1)
        return 0 <= used - before < _IDLE_MS

    time.sleep(2)  # the workers have begun
    wait_until(idle, 120, "the workers")


def _children(pid: int) -> list[int]:
    numbers = (int(each.name) for each in Path("/proc").glob("[0-9]*"))
    return [number for number in numbers if _stat(number)[0] == pid]


def _stat(pid: int) -> tuple[int, float]:
    """A process's parent, and its processor time so far in milliseconds (Linux; elsewhere 0)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0, 0.0  # it has ended, or this is another system
    return int(fields[1]), (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def resident_mb(server: Server) -> float:
    """Memory of the web process now (Linux; elsewhere 0)."""
    status = Path(f"/proc/{server.process.pid}/status")
    if not status.exists():
        return 0.0
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return round(int(lines["VmRSS"].split()[0]) / 1024, 1)


def cpu_ms(server: Server) -> float:
    """Processor time of the web process so far, in milliseconds (Linux; elsewhere 0)."""
    return _stat(server.process.pid)[1]


if __name__ == "__main__":
    main()
