"""How long a wrong answer takes to be learned from: from the click to the tested model.

    python -m benchmarks.correction PHOTOS [--rounds N] [--minutes N] [--quick]

PHOTOS is a folder of class folders. A model is trained on it by Auto. Then, for each round, workers
are started as the app starts them and a photo that was answered wrongly is put right at once
(``cold``), and another one once these workers have nothing more to do (``warm``). Each photo is one
of PHOTOS, turned a little, so that no file of it is known.

Prints one JSON line: seconds of the clock on the wall, the median and each; the processor's seconds
of all workers of a round.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.common import imported, parser_of, photos_of
from core.catalog import Catalog, RunRecord
from core.datasets.formats import SUFFIXES

_POLL_S = 0.02
_LONGEST_S = 600.0


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("photos", type=Path, nargs="?", help="class folders")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=0.5, help="of Auto, for the model")
    given = parser.parse_args()
    if given.quick:
        given.rounds, given.minutes = 1, 0.1
    with tempfile.TemporaryDirectory() as folder:
        photos, home = photos_of(given, Path(folder)), Path(folder) / "home"
        # Photos that are added to a folder lie below it, and workers take it from here.
        os.environ["LIGHTBOX_HOME"] = str(home)
        catalog, dataset_id = imported(photos, "photos", home)
        run = _trained(catalog, dataset_id, given.minutes)
        files = sorted(each for each in photos.rglob("*") if each.suffix.lower() in SUFFIXES)
        print(json.dumps(_measured(catalog, run, files, given.rounds)))


def _trained(catalog: Catalog, dataset_id: str, minutes: float) -> RunRecord:
    from core.evaluation.evaluate import evaluate_run
    from core.training.run import train_run
    from core.training.start import create_run, suggest_spec

    spec = suggest_spec(catalog, dataset_id, "auto").with_values({"minutes": minutes})
    run = create_run(catalog, spec)
    train_run(catalog, run.id)
    evaluate_run(catalog, run.id)
    catalog.jobs.finish(run.job_id, "done")
    return catalog.runs.get(run.id)


def _measured(catalog: Catalog, run: RunRecord, files: list[Path], rounds: int) -> dict[str, Any]:
    from core.jobs.supervisor import Supervisor

    seconds: dict[str, list[float]] = {"cold": [], "warm": []}
    processor: list[float] = []
    photo = itertools.count(1)
    for _ in range(rounds):
        before = _of_children()
        supervisor = Supervisor(catalog.workspace)
        supervisor.start()
        try:
            for kind in seconds:
                seconds[kind].append(_put_right(catalog, run, files, next(photo)))
                _wait_for_idle(catalog)
        finally:
            supervisor.stop()
        processor.append(round(_of_children() - before, 1))
    return {
        "benchmark": "correction",
        "photos": len(files),
        "network": run.summary.networks,
        "head": run.summary.head,
        **{kind: round(statistics.median(each), 2) for kind, each in seconds.items()},
        "each": {kind: [round(one, 2) for one in each] for kind, each in seconds.items()},
        "processor_seconds_a_round": processor,
    }


def _put_right(catalog: Catalog, run: RunRecord, files: list[Path], number: int) -> float:
    """What the studio does on the click; seconds until the model that has learned is tested."""
    from core.inference.corrections import add_corrections, correct
    from core.jobs import kinds

    file = files[number * len(files) // 100 % len(files)]
    turned = io.BytesIO()
    Image.open(file).convert("RGB").rotate(3 + number).save(turned, "PNG")
    known = {each.id for each in catalog.runs.all(run.dataset_id)}
    began = time.perf_counter()
    made = correct(catalog, run.id, f"photo {number}.png", turned.getvalue(), file.parent.name)
    add_corrections(catalog, run.dataset_id, made.id)
    kinds.submit_scan(catalog, run.dataset_id, then_learn=run.id)
    while time.perf_counter() - began < _LONGEST_S:
        new = [each for each in catalog.runs.all(run.dataset_id) if each.id not in known]
        if new and new[0].state == "done":
            return time.perf_counter() - began
        if new and new[0].state in ("failed", "interrupted"):
            raise SystemExit(new[0].error)
        time.sleep(_POLL_S)
    raise SystemExit("It was not learned from.")


def _wait_for_idle(catalog: Catalog) -> None:
    while catalog.jobs.all(states=("queued", "running")):
        time.sleep(_POLL_S)


def _of_children() -> float:
    now = os.times()
    return now.children_user + now.children_system


if __name__ == "__main__":
    main()
