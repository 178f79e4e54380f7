"""How soon each section of Results opens for a large test, and what its figures cost the worker.

    python -m benchmarks.results [--images 10000] [--classes 100] [--keep FOLDER] [--quick]

Makes a dataset of small images whose class is a coarse pattern of colours under noise, and a model
that knows the patterns, so that nothing is trained but everything is answered as usual. Then a real
server and a real Chromium open the page and turn to each section twice. Prints one JSON document;
times are in seconds, from the click until the section is there and the page's script has ended.
"""

from __future__ import annotations

import io
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from benchmarks.common import parser_of
from benchmarks.pages import timed
from tests.browser import journey
from tests.browser.conftest import Server, running_app

_SIZE, _CELLS = 32, 4
_TRAINED = 3
_ROUNDS = 5


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--images", type=int, default=10_000, help="test images")
    parser.add_argument("--classes", type=int, default=100)
    parser.add_argument("--keep", type=Path, help="keep the workspace there, to look at it")
    options = parser.parse_args()
    if options.quick:
        options.images, options.classes = 300, 10
    result: dict[str, Any] = {
        "benchmark": "results",
        "images": options.images,
        "classes": options.classes,
    }
    with tempfile.TemporaryDirectory() as folder:
        home = (options.keep or Path(folder) / "home").expanduser().resolve()
        os.environ["LIGHTBOX_HOME"] = str(home)
        result |= _prepare(Path(folder) / "photos", options.images, options.classes)
        with running_app(home, Path(folder) / "app.log") as server:
            result |= _measure(server)
    print(json.dumps(result))


def _prepare(photos: Path, images: int, classes: int) -> dict[str, Any]:
    """The dataset and its evaluated run."""
    from core.catalog import RunSummary, open_catalog
    from core.datasets.intake import add_folder
    from core.evaluation.evaluate import evaluate_run
    from core.evaluation.figures.compute import compute_figures
    from core.quality.curation import curated
    from core.quality.scan import scan
    from core.training.start import suggest_spec
    from core.workspace import open_workspace

    random = np.random.default_rng(0)
    patterns = random.integers(40, 215, (classes, _CELLS, _CELLS, 3)).astype(np.float32)
    # Every tenth class looks much like the one before it, so that some are mixed up more.
    for number in range(9, classes, 10):
        patterns[number] = patterns[number - 1] + random.normal(0, 12, patterns[0].shape)
    labels = [f"class {number:03d}" for number in range(classes)]
    _write(photos, patterns, labels, images + _TRAINED * classes)
    catalog = open_catalog(open_workspace())
    dataset = add_folder(catalog, photos, "large", restrict=False)
    scan(catalog, dataset.id)
    table = curated(catalog, dataset.id)[["path", "label", "hash"]].copy()
    place = table.groupby("label").cumcount()
    table["split"] = np.where(place < _TRAINED, "train", "test")
    spec = suggest_spec(catalog, dataset.id, "scratch")
    job = catalog.jobs.hold("train", {}, lane="train", subject=dataset.id)
    run = catalog.runs.add(
        "large 1",
        dataset_id=dataset.id,
        dataset_version=1,
        job_id=job.id,
        spec=spec.model_dump(mode="json"),
        summary=RunSummary(epochs=1, best_epoch=1, parameters=int(patterns.size)),
    )
    folder = catalog.workspace.run(run.id)
    _save_model(folder, patterns, labels)
    table.reset_index(drop=True).to_parquet(folder / "split.parquet", index=False)
    pd.DataFrame().to_json(folder / "history.json")
    started = time.perf_counter()
    evaluation = evaluate_run(catalog, run.id)
    evaluated = time.perf_counter() - started
    catalog.jobs.finish(job.id, "done")
    return {
        "accuracy": round(evaluation.accuracy, 4),
        "evaluate_s": round(evaluated, 2),
        "figures_s": timed(compute_figures, catalog, run.id),
    }


def _write(folder: Path, patterns: np.ndarray, labels: list[str], count: int) -> None:
    random = np.random.default_rng(1)
    for label in labels:
        (folder / label).mkdir(parents=True)
    for number in range(count):
        at = number % len(labels)
        coarse = patterns[at] + random.normal(0, 55, patterns[at].shape)
        fine = coarse.repeat(_SIZE // _CELLS, 0).repeat(_SIZE // _CELLS, 1)
        pixels = np.clip(fine + random.normal(0, 20, fine.shape), 0, 255).astype(np.uint8)
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "PNG", compress_level=1)
        (folder / labels[at] / f"{number:06d}.png").write_bytes(out.getvalue())


def _save_model(folder: Path, patterns: np.ndarray, labels: list[str]) -> None:
    """A model that takes an image for the class whose pattern is nearest to its own."""
    from core.quiet import openvino
    from core.workspace import write_json

    ov = openvino()
    op = ov.opset13
    step = _SIZE // _CELLS
    flat = ((patterns - 127.5) / 127.5).reshape(len(patterns), -1)
    pixels = op.parameter([-1, _SIZE, _SIZE, 3], np.float32)
    parts = op.reshape(pixels, np.array([-1, _CELLS, step, _CELLS, step, 3]), False)
    means = op.reduce_mean(parts, np.array([2, 4]), False)
    own = op.reshape(means, np.array([-1, flat.shape[1]]), False)
    scaled = op.divide(op.subtract(own, np.float32(127.5)), np.float32(127.5))
    product = op.matmul(scaled, (2 * flat.T).astype(np.float32), False, False)
    nearness = op.subtract(product, (flat**2).sum(1).astype(np.float32)[None])
    answer = op.softmax(op.multiply(nearness, np.float32(1.5)), 1)
    folder.mkdir(parents=True, exist_ok=True)
    ov.save_model(ov.Model([answer], [pixels]), str(folder / "model.xml"), compress_to_fp16=False)
    write_json(
        folder / "model.json",
        {"classes": labels, "image_size": _SIZE, "fit": "stretch", "recipe": "scratch"},
    )


def _measure(server: Server) -> dict[str, Any]:
    with journey.visiting(server.url) as page:
        # The server's own start is not what is measured.
        page.goto(server.url)
        journey.settled(page)
        result: dict[str, Any] = {"page_first_s": timed(_open, page, server)}
        # What Streamlit itself needs in the browser: a page with nothing but a sentence.
        bare = [timed(_open_bare, page, server) for _ in range(_ROUNDS)]
        result["bare_page_s"] = round(statistics.median(bare), 3)
        again = [timed(_open, page, server) for _ in range(_ROUNDS)]
        result["page_again_s"] = round(statistics.median(again), 3)
        tabs = page.get_by_role("radiogroup", name="Section").get_by_role("radio")
        names = [tabs.nth(n).inner_text() for n in range(tabs.count())]
        sections: dict[str, Any] = {}
        for name in [*names[1:], names[0]]:
            first = timed(_turn, page, name)
            again = []
            for _ in range(_ROUNDS):
                _turn(page, names[0] if name != names[0] else names[1])
                again.append(timed(_turn, page, name))
            sections[name] = {"first_s": first, "again_s": round(statistics.median(again), 3)}
            if page.get_by_text("inside Lightbox").count():
                sections[name]["failed"] = True
    return {**result, "sections": sections}


def _open(page: Any, server: Server) -> None:
    page.goto(f"{server.url}/results")
    page.get_by_role("heading", name="Right on").wait_for()
    page.get_by_role("radiogroup", name="Section").wait_for()
    _drawn(page)


def _open_bare(page: Any, server: Server) -> None:
    page.goto(f"{server.url}/shared?token=none")
    page.get_by_text("link").first.wait_for()
    _drawn(page)


def _drawn(page: Any) -> None:
    """Wait until the script has ended and all charts are drawn."""
    journey.settled(page)
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=stSkeleton]') && "
        "[...document.querySelectorAll('[data-testid=stPlotlyChart]')]"
        ".every(e => e.querySelector('.main-svg'))"
    )


def _turn(page: Any, name: str) -> None:
    """Turn to a section, and wait until it is drawn."""
    journey.section(page, name)
    _drawn(page)


if __name__ == "__main__":
    main()
