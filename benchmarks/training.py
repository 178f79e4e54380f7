"""How fast training is, beside what people use today, in one run on one machine.

    python -m benchmarks.training PHOTOS [--baselines FOLDER] [--only PART …] [--quick]

PHOTOS is a folder of class folders; FOLDER has ``notebook_cnn.py`` and
``keras_transfer_tutorial.py`` (what people copy today, timed), which are left out without it. Each
part runs in a process of its own; TensorFlow's import is left out on all sides. Parts:

``recipes``   seconds from the start (photos not yet decoded, nothing cached) to each epoch's end,
              with its validation accuracy, and to the tested model; Quick again with everything
              cached
``step``      images a second of training from scratch through input pipeline, callbacks and
              database, beside Keras alone on a batch that lies in memory, and beside Keras alone
              fed by the same pipeline; alternating. Also by the processor's time, which hardly
              depends on what else the computer does
``first``     seconds from the request to the first point of a curve (of Auto: to its first model),
              with a warm worker
``memory``    the most that training holds with 60,000 images beyond what it holds with 600

Prints one JSON document; seconds of the clock on the wall.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import imported, parser_of, photos_of
from core.catalog import Catalog, open_catalog
from core.datasets.intake import add_folder
from core.progress import Reporter
from core.workspace import open_workspace

ROOT = Path(__file__).resolve().parents[1]
RECIPES = ("quick", "scratch", "balanced")
MANY = 60_000
_STEPS = 120


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("photos", type=Path, nargs="?", help="class folders")
    parser.add_argument("--baselines", type=Path, help="folder of the scripts to compare with")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--part", choices=PARTS, help="do one part in this process")
    given = parser.parse_args()
    if given.part:
        print(json.dumps(PARTS[given.part](given.photos, given.quick)))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(_measure(given, photos_of(given, Path(folder))), indent=1))


def _measure(given: argparse.Namespace, photos: Path) -> dict[str, Any]:
    answer: dict[str, Any] = {"benchmark": "training", "photos": photos.name}
    if given.baselines:
        answer["baselines"] = {
            script.stem: _baseline(script, photos)
            for script in sorted(given.baselines.glob("*.py"))
            if script.stem in ("notebook_cnn", "keras_transfer_tutorial")
        }
    quick = ["--quick"] if given.quick else []
    for part in given.only:
        command = [sys.executable, "-m", "benchmarks.training", str(photos), "--part", part]
        answer[part] = _last_json([*command, *quick])
    return answer


def _baseline(script: Path, photos: Path) -> dict[str, Any]:
    return _last_json([sys.executable, str(script), str(photos)])


def _last_json(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


class _Clock(Reporter):
    """Remembers when epochs ended, in seconds since it was made."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.epochs: list[tuple[float, float]] = []
        self.first: float | None = None

    def event(self, kind: str, **payload: Any) -> None:
        now = round(time.perf_counter() - self.started, 2)
        if kind == "batch" and self.first is None:
            self.first = now
        if kind == "epoch":
            self.epochs.append((now, payload["val_accuracy"]))


def _recipes(photos: Path, quick: bool) -> dict[str, Any]:
    from core.evaluation.evaluate import evaluate_run
    from core.training.fitting.warmup import tidy_up, warm_up
    from core.training.run import train_run
    from core.training.start import create_run, suggest_spec

    warm_up()
    found: dict[str, Any] = {}
    for recipe in RECIPES[:1] if quick else RECIPES:
        with tempfile.TemporaryDirectory() as home:
            catalog, dataset_id = imported(photos, "photos", Path(home))
            for when in ("first", "again") if recipe == "quick" and not quick else ("first",):
                run = create_run(catalog, suggest_spec(catalog, dataset_id, recipe))
                clock = _Clock()
                summary = train_run(catalog, run.id, clock)
                fitted = round(time.perf_counter() - clock.started, 2)
                evaluation = evaluate_run(catalog, run.id)
                accuracies = [accuracy for _, accuracy in clock.epochs]
                found[f"{recipe}, {when}"] = {
                    "first_point": clock.first,
                    "seconds_of_epochs": clock.epochs[-1][0],
                    "best_validation_accuracy": max(accuracies),
                    "seconds_to": {
                        str(wanted): next((at for at, a in clock.epochs if a >= wanted), None)
                        for wanted in (0.939, 0.95, 0.97, 0.98, 0.99)
                    },
                    "seconds_to_saved_model": fitted,
                    "seconds_to_tested_model": round(time.perf_counter() - clock.started, 2),
                    "test_accuracy": round(evaluation.accuracy, 4),
                    "by_phase": summary.seconds,
                    "memory_mb": summary.memory_mb,
                    "history": clock.epochs,
                }
                tidy_up()
            catalog.engine.dispose()
    return found


def _step(photos: Path, quick: bool) -> dict[str, Any]:
    import keras
    import tensorflow as tf

    from core.jobs.reporter import DatabaseReporter
    from core.training import architectures
    from core.training.architectures import BuildConfig
    from core.training.architectures.facts import facts
    from core.training.fitting.batches import Batches, Examples
    from core.training.fitting.compiling import building_in
    from core.training.fitting.warmup import warm_up
    from core.training.run import train_run
    from core.training.start import create_run, suggest_spec

    warm_up()
    size, batch, rounds = 64, 32, 1 if quick else 3
    classes = len([entry for entry in photos.iterdir() if entry.is_dir()])
    ours: list[float] = []
    bare: list[float] = []
    worked: list[float] = []
    bare_worked: list[float] = []
    fed_worked: list[float] = []
    some = np.random.default_rng(0).integers(0, 256, (_STEPS * batch, size, size, 3), np.uint8)
    examples = Examples([some], np.arange(len(some)), np.arange(len(some)) % classes, classes)
    with tempfile.TemporaryDirectory() as home:
        catalog, dataset_id = imported(photos, "photos", Path(home))
        spec = suggest_spec(catalog, dataset_id, "scratch").with_values(
            {"image_size": size, "batch_size": batch, "epochs": 3}
        )
        for _ in range(rounds):
            run = create_run(catalog, spec)
            job = catalog.jobs.claim("train", pid=os.getpid(), host="", job_id=run.job_id)
            assert job is not None
            costs = _Costs()
            with DatabaseReporter(catalog, job, costs) as report:
                summary = train_run(catalog, run.id, report)
            # What the page shows: images a second, validation left out.
            events = catalog.jobs.events(run.job_id, kinds=("batch",))
            ours += _steady([(each.at, each.payload) for each in events], batch)
            worked += _steady(costs.seen, batch)
            with building_in(summary.precision or "float32"):
                model = architectures.build("compact", BuildConfig(size, classes))
            model.compile(
                keras.optimizers.AdamW(1e-3, weight_decay=0.02),
                keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
                metrics=["accuracy"],
                jit_compile=False,
            )
            pixels = tf.random.uniform((batch, size, size, 3), 0, 255)
            labels = tf.one_hot(tf.random.uniform((batch,), 0, classes, tf.int32), classes)
            in_memory = tf.data.Dataset.from_tensors((pixels, labels)).repeat(_STEPS)
            fed = Batches(examples, batch_size=batch, seed=1, augmentation=spec.augmentation)
            for steps, at in ((in_memory, bare_worked), (fed, fed_worked)):
                watch = _Steps()
                model.fit(steps, verbose=0, shuffle=False, callbacks=[watch])
                at.append(batch * len(watch.worked[20:]) / sum(watch.worked[20:]))
                if steps is in_memory:
                    bare += [batch / seconds for seconds in watch.seconds[20:]]
            keras.backend.clear_session()
        catalog.engine.dispose()
    mine, theirs = statistics.median(ours), statistics.median(bare)
    operations = 3 * facts("compact").flops * mine
    peak = _peak()
    return {
        "pixels": size,
        "batch": batch,
        "images_per_s": round(mine, 1),
        "bare_keras_images_per_s": round(theirs, 1),
        "share": round(mine / theirs, 3),
        "share_by_processor": round(statistics.median(worked) / statistics.median(bare_worked), 3),
        "share_of_the_same_pipeline_by_processor": round(
            statistics.median(worked) / statistics.median(fed_worked), 3
        ),
        "gflops": round(operations / 1e9, 1),
        "matrix_product_peak_gflops": round(peak / 1e9, 1),
        "share_of_peak": round(operations / peak, 3),
    }


class _Costs(Reporter):
    """Remembers what the processor had done when batches were reported, in seconds."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, dict[str, Any]]] = []

    def event(self, kind: str, **payload: Any) -> None:
        if kind == "batch":
            self.seen.append((time.process_time(), payload))


def _steady(seen: list[tuple[float, dict[str, Any]]], batch: int) -> list[float]:
    """Images a second between reported batches of one epoch, the first epoch left out."""
    rates = []
    for (began, first), (ended, second) in itertools.pairwise(seen):
        if first["epoch"] == second["epoch"] > 1:
            rates.append((second["batch"] - first["batch"]) * batch / (ended - began))
    return rates


def _peak() -> float:
    """Operations a second of a product of two large float32 matrices, all cores."""
    n = 3072
    left, right = np.ones((n, n), np.float32), np.ones((n, n), np.float32)
    best = 0.0
    for _ in range(6):
        started = time.perf_counter()
        left @ right
        best = max(best, 2 * n**3 / (time.perf_counter() - started))
    return best


def _first(photos: Path, quick: bool) -> dict[str, Any]:
    from core.jobs import kinds
    from core.jobs.supervisor import Supervisor
    from core.training.start import create_run, suggest_spec

    found = {}
    with tempfile.TemporaryDirectory() as home:
        catalog, dataset_id = imported(photos, "photos", Path(home))
        supervisor = Supervisor(catalog.workspace, lanes=("train",))
        supervisor.start()
        try:
            log = catalog.workspace.logs / "worker-train.log"
            _wait(lambda: log.exists() and "warm" in log.read_text(errors="replace"), 120)
            cases = list(itertools.product(("auto", "quick", "scratch"), (False, True)))
            for recipe, prepared in cases[:1] if quick else cases:
                spec = suggest_spec(catalog, dataset_id, recipe)
                if prepared:
                    job = kinds.submit_prepare(catalog, spec)
                    assert job is not None
                    _wait(partial(_finished, catalog, job.id), 120)
                name = (
                    f"{recipe}, settings were looked at before" if prepared else f"{recipe}, cold"
                )
                started = time.time()
                run = create_run(catalog, spec)
                point = "rung" if spec.minutes else "batch"
                _wait(partial(catalog.jobs.latest_event, run.job_id, point), 120)
                event = catalog.jobs.events(run.job_id, kinds=(point,))[0]
                found[name] = round(event.at - started, 2)
                catalog.jobs.request_cancel(run.job_id, discard=True)
                _wait(partial(_finished, catalog, run.job_id), 120)
        finally:
            supervisor.stop()
        catalog.engine.dispose()
    return found


def _memory(_photos: Path, quick: bool) -> dict[str, Any]:
    """The same training on few and on many images, each in a process of its own."""
    found: dict[str, Any] = {}
    most = 1200 if quick else MANY
    with tempfile.TemporaryDirectory() as folder:
        for recipe in ("scratch",) if quick else ("scratch", "quick", "auto"):
            for images in (600, most):
                call = f"train_made({images}, {recipe!r}, {folder!r})"
                code = f"from benchmarks.training import train_made; {call}"
                found[f"{recipe}, {images}"] = _last_json([sys.executable, "-c", code])
            many, few = found[f"{recipe}, {most}"], found[f"{recipe}, 600"]
            found[f"{recipe}, growth_mb"] = many["own_mb"] - few["own_mb"]
    return found


def train_made(images: int, recipe: str, folder: str) -> None:
    """Train on made pictures and print the most memory that was held.

    ``own_mb`` is the process's own memory; ``with_files_mb`` counts pages of memory-mapped files
    too, which the system takes back when it needs them.
    """
    from core.quality.scan import scan
    from core.training.run import train_run
    from core.training.start import create_run, suggest_spec

    root = Path(folder) / f"made-{images}"
    if not root.exists():
        _make(root, images)
    catalog = open_catalog(open_workspace(Path(folder) / f"home-{images}-{recipe}"))
    record = add_folder(catalog, root, "made", restrict=False)
    scan(catalog, record.id)
    spec = suggest_spec(catalog, record.id, recipe).with_values({"epochs": 2})
    run = create_run(catalog, spec)
    watch = _Memory()
    watch.start()
    train_run(catalog, run.id)
    watch.stop.set()
    watch.join()
    print(json.dumps({"own_mb": watch.own, "with_files_mb": watch.all}))


class _Memory(threading.Thread):
    """Looks at this process's memory ten times a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.stop = threading.Event()
        self.own = self.all = 0

    def run(self) -> None:
        while not self.stop.wait(0.1):
            status = dict(
                line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines()
            )
            own, everything = (int(status[key].split()[0]) // 1024 for key in ("RssAnon", "VmRSS"))
            self.own, self.all = max(self.own, own), max(self.all, everything)


def _make(root: Path, images: int) -> None:
    """Pictures of ten classes of colour with noise, 100 × 75, as JPEG."""
    from PIL import Image

    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 90, (75, 100, 3), dtype=np.uint8) for _ in range(64)]
    for label in range(10):
        (root / str(label)).mkdir(parents=True)
    for number in range(images):
        label = number % 10
        picture = noise[number // 10 % 64].copy()
        picture += np.array([label * 16, 160 - label * 16, number % 97], np.uint8)
        Image.fromarray(picture).save(root / str(label) / f"{number:06d}.jpg", quality=80)


def _finished(catalog: Catalog, job_id: str) -> bool:
    return catalog.jobs.get(job_id).finished


def _wait(done: Callable[[], object], limit_s: float) -> None:
    until = time.monotonic() + limit_s
    while not done():
        if time.monotonic() > until:
            raise SystemExit("It took too long.")
        time.sleep(0.02)


class _Steps:
    """Made a Keras callback when used, since Keras may only be imported then."""

    def __new__(cls) -> Any:
        import keras

        class Steps(keras.callbacks.Callback):
            def __init__(self) -> None:
                super().__init__()
                self.seconds: list[float] = []
                self.worked: list[float] = []
                self.last = self.last_worked = 0.0

            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
                # From end to end, since what Keras does between two steps is a part of each.
                now, worked = time.perf_counter(), time.process_time()
                self.seconds.append(now - self.last)
                self.worked.append(worked - self.last_worked)
                self.last, self.last_worked = now, worked

        return Steps()


PARTS: dict[str, Callable[[Path, bool], dict[str, Any]]] = {
    "recipes": _recipes,
    "step": _step,
    "first": _first,
    "memory": _memory,
}


if __name__ == "__main__":
    main()
