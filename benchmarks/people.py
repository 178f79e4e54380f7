"""How soon pages stand for many people at once, while a training runs and programs ask the API.

    python -m benchmarks.people [--people 20] [--seconds 90] [--quick]

A real server with accounts, in a workspace that is thrown away. Each person signs in, and goes from
page to page over a websocket as a browser does, looking at each for some seconds; what pages draw
anew by themselves is asked for as often as they say. Prints one JSON document: seconds from asking
for a page until its script has ended, of a browser's part nothing; milliseconds of the API; memory
of the web process at the start, in the middle and at the end, with all its pages open.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import requests
from websockets.exceptions import WebSocketException

from benchmarks.common import imported, make_photos, parser_of
from core.access import people
from core.catalog import Catalog, RunRecord
from core.evaluation.evaluate import evaluate_run
from core.inference.keys import create_key
from core.training.start import create_run, suggest_spec
from tests.browser.conftest import Server, running_app
from tests.browser.visitor import Visitor, visiting
from tests.core.api.asking import Client, image
from tests.core.evaluation.coloured import CLASSES, make_run
from tests.waiting import wait_until

_PASSWORD = "a few words in a row"
_PHOTOS = 1000
# Of the team, and where they go.
_ROLES = ("trainer", "labeller", "labeller", "viewer")
_PAGES = {
    "viewer": ("results", "predict", "models"),
    "labeller": ("", "data", "clean", "results", "predict"),
    "trainer": ("", "data", "clean", "train", "results", "predict", "models"),
}
_LOOKS_S = (2.0, 6.0)
_BROKEN = "Something went wrong inside"


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=90)
    options = parser.parse_args()
    seconds = 8.0 if options.quick else options.seconds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photos = make_photos(folder / "photos", 60 if options.quick else _PHOTOS)
        catalog, dataset_id = imported(photos, "photos", folder / "home")
        run = _model(catalog, folder / "colours")
        names = [(f"person {n}", _ROLES[n % len(_ROLES)]) for n in range(options.people)]
        for person, role in names:
            people.add(catalog, person, role)
            people.accept(catalog, people.invite(catalog, role, person), person, _PASSWORD)
        _, key = create_key(catalog.workspace, "scanner")
        with running_app(folder / "home", folder / "log", LIGHTBOX_ACCESS="password") as server:
            result = _measure(catalog, dataset_id, run, server, names, key, seconds)
    print(json.dumps({"benchmark": "people", "people": options.people, **result}))


def _model(catalog: Catalog, root: Path) -> RunRecord:
    splits = {split: [(c, c) for c in CLASSES] * 4 for split in ("train", "validation", "test")}
    run = make_run(catalog, root, splits)
    evaluate_run(catalog, run.id)
    catalog.jobs.finish(run.job_id, "done")
    return catalog.runs.get(run.id)


class _Day:
    """What everybody has seen, until it is over."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.times: defaultdict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []


def _measure(
    catalog: Catalog,
    dataset_id: str,
    run: RunRecord,
    server: Server,
    names: list[tuple[str, str]],
    key: str,
    seconds: float,
) -> dict[str, Any]:
    spec = suggest_spec(catalog, dataset_id, "scratch")
    job = catalog.jobs.get(create_run(catalog, spec.model_copy(update={"epochs": 500})).job_id)
    # The first page that anybody opens starts the workers.
    with visiting(server.url, _signed_in(server, names[0][0])) as visitor:
        visitor.ask("results")
    wait_until(lambda: catalog.jobs.get(job.id).phase == "fit", 150, "a training")
    day = _Day()
    doing = [
        threading.Thread(target=_person, args=(day, server, run, *each, number))
        for number, each in enumerate(names)
    ]
    doing.append(threading.Thread(target=_program, args=(day, server, run, key)))
    for each in doing:
        each.start()
    memory = [_resident_mb(server)]
    for _ in range(3):
        day.over.wait(seconds / 3)
        memory.append(_resident_mb(server))
    trains = catalog.jobs.get(job.id).state
    day.over.set()
    for each in doing:
        each.join(120)
    catalog.jobs.request_cancel(job.id, discard=True)
    api, signing_in, again = (day.times.pop(each, []) for each in ("api", "sign in", "again"))
    pages = [each for times in day.times.values() for each in times]
    return {
        "seconds": seconds,
        "cores": os.cpu_count(),
        "training": trains,
        "errors": day.errors[:10],
        "defects": [log.read_text("utf-8")[-1500:] for log in catalog.workspace.logs.glob("e-*")],
        "pages": _figures(pages),
        "slowest": {name or "home": _figures(each) for name, each in day.times.items()},
        "drawn_again": _figures(again),
        "sign_in": _figures(signing_in),
        "api": _figures(api),
        "web_process_mb": memory,
    }


def _signed_in(server: Server, name: str) -> requests.Session:
    session = requests.Session()
    given = {"name": name, "password": _PASSWORD}
    session.post(f"{server.url}/lightbox/door/sign-in", data=given, timeout=120)
    return session


def _person(day: _Day, server: Server, run: RunRecord, name: str, role: str, number: int) -> None:
    chance = random.Random(number)
    try:
        with _timed(day, "sign in"):
            session = _signed_in(server, name)
        with visiting(server.url, session) as visitor:
            while not day.over.is_set():
                page = chance.choice(_PAGES[role])
                with _timed(day, page):
                    said = visitor.ask(page, f"run={run.id}" if chance.random() < 0.5 else "")
                if _BROKEN in said:
                    day.errors.append(f"{page}: a defect")
                _look(day, visitor, page, chance.uniform(*_LOOKS_S))
    except (OSError, TimeoutError, WebSocketException) as error:
        day.errors.append(f"{name}: {error!r}")


def _look(day: _Day, visitor: Visitor, page: str, seconds: float) -> None:
    """Look at a page for a while; what it wants to draw anew is drawn."""
    until = time.monotonic() + seconds
    due = {part: time.monotonic() + pause for part, pause in visitor.again.items()}
    while not day.over.is_set():
        part = min(due, key=due.__getitem__, default=None)
        at = until if part is None else min(until, due[part])
        if day.over.wait(max(0.0, at - time.monotonic())) or part is None or at >= until:
            return
        with _timed(day, "again"):
            visitor.ask(page, fragment=part)
        due = {each: due.get(each, 0.0) for each in visitor.again}
        if part in due:
            due[part] = time.monotonic() + visitor.again[part]


def _program(day: _Day, server: Server, run: RunRecord, key: str) -> None:
    client = Client(server.url, key)
    while not day.over.wait(0.2):
        with _timed(day, "api"):
            answer = client.predict(run, files={"images": image("red")})
        if answer.status_code != 200:
            day.errors.append(f"API: {answer.status_code}")


class _timed:
    """Seconds that something took."""

    def __init__(self, day: _Day, what: str) -> None:
        self._times = day.times[what]

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._times.append(time.perf_counter() - self._began)


def _figures(times: list[float]) -> dict[str, float]:
    if not times:
        return {"count": 0}
    p50, p95 = np.percentile(times, [50, 95])
    return {
        "count": len(times),
        "p50_s": round(float(p50), 3),
        "p95_s": round(float(p95), 3),
        "most_s": round(max(times), 3),
    }


def _resident_mb(server: Server) -> float:
    """Memory of the web process (Linux)."""
    status = Path(f"/proc/{server.process.pid}/status")
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return round(int(lines["VmRSS"].split()[0]) / 1024, 1)


if __name__ == "__main__":
    main()
