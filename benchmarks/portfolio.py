"""How good recipes are on sets that nobody tuned them for, beside a simple head, in one run.

    python -m benchmarks.portfolio [--sets NAME …] [--recipes NAME …] [--seeds N …] [--processor]
        [--quick]
    python -m benchmarks.portfolio --summary LINES.jsonl

The sets lie in ``data`` below the folder that ``LIGHTBOX_SHARED`` names. Recipes are Lightbox's,
``auto:N`` (Auto with N minutes), and ``simple``: scikit-learn's logistic regression (C = 0.1) on
the pooled last layer of a frozen network, at 160 and at 224 pixels. Prints a JSON line for each
set, seed and recipe: test accuracy with its interval, seconds by phase and of the processor, all
that Auto tried and when it was known, and how busy the machine was. With ``--processor`` Auto's
minutes and all seconds are those that the processor would have needed on a quiet machine
(:func:`core.training.auto.clock.processor`): for machines that others use too. ``--summary`` reads
such lines: means, and mean ranks.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import imported, parser_of
from core.catalog import Catalog
from core.quality.curation import curated, usable
from core.training.auto.clock import processor

SETS = {
    "hands": "sign-language-digits",
    "coffee": "coffee_leaf",
    "xray": "chest_xray",
    "aerial": "ucmerced",
    "clothing": "clothing",
    "sketches": "sketches",
    "boards": "pcb_defects",
}
RECIPES = ("simple", "quick", "auto:1", "auto:5")
_SIMPLE_SIZES = (160, 224)
_LAST = 1280


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--sets", nargs="*", choices=SETS, default=list(SETS))
    parser.add_argument("--recipes", nargs="*", default=list(RECIPES))
    parser.add_argument("--seeds", nargs="*", type=int, default=[1])
    parser.add_argument("--network", default="efficientnet_lite0", help="of the simple head")
    parser.add_argument("--processor", action="store_true", help="count the processor's time")
    parser.add_argument("--summary", type=Path, metavar="LINES.jsonl")
    given = parser.parse_args()
    if given.summary:
        print(summary(given.summary.read_text(encoding="utf-8").splitlines()))
        return
    if given.quick:
        given.sets, given.recipes, given.seeds = given.sets[:1], ["simple", "quick"], [1]
    if not os.environ.get("LIGHTBOX_SHARED"):
        raise SystemExit("Say where the sets lie: LIGHTBOX_SHARED=FOLDER, with data/ in it.")
    shared = Path(os.environ["LIGHTBOX_SHARED"]) / "data"
    now = processor if given.processor else time.perf_counter
    # Imported here, so that no recipe pays for Keras.
    from core.training.fitting.warmup import tidy_up

    for name in given.sets:
        for seed in given.seeds:
            for recipe in given.recipes:
                with tempfile.TemporaryDirectory() as home:
                    catalog, dataset_id = imported(shared / SETS[name], name, Path(home))
                    found = (
                        _simple(catalog, dataset_id, seed, given.network, now)
                        if recipe == "simple"
                        else [_run(catalog, dataset_id, seed, recipe, now)]
                    )
                # As a worker does between two jobs.
                tidy_up()
                for line in found:
                    said = {"set": name, "seed": seed, **line, "load": os.getloadavg()[0]}
                    print(json.dumps(said), flush=True)


def _run(
    catalog: Catalog, dataset_id: str, seed: int, recipe: str, now: Callable[[], float]
) -> dict[str, Any]:
    from core.evaluation.evaluate import evaluate_run
    from core.training.run import train_run
    from core.training.start import create_run, suggest_spec

    key, _, minutes = recipe.partition(":")
    values: dict[str, Any] = {"seed": seed, **({"minutes": float(minutes)} if minutes else {})}
    run = create_run(catalog, suggest_spec(catalog, dataset_id, key).with_values(values))
    began, busy = now(), time.process_time()
    summary = train_run(catalog, run.id, now=now)
    evaluation = evaluate_run(catalog, run.id)
    return {
        "recipe": recipe,
        "accuracy": evaluation.accuracy,
        "interval": [evaluation.interval.low, evaluation.interval.high],
        "images": evaluation.images,
        "validated": summary.validation_accuracy,
        "seconds": round(now() - began, 1),
        "processor_s": round(time.process_time() - busy, 1),
        "counted": "processor" if now is processor else "clock",
        "phases": summary.seconds,
        "kept": next((r["what"] for r in reversed(summary.ladder) if r["kept"]), recipe),
        "ladder": list(summary.ladder),
    }


def _simple(
    catalog: Catalog, dataset_id: str, seed: int, network: str, now: Callable[[], float]
) -> list[dict[str, Any]]:
    """The simple head at each size; training and validation images are learned from."""
    from sklearn.linear_model import LogisticRegression

    from core.datasets.pixels import Files, load_pixels
    from core.features import hardware
    from core.features.backbones import convert
    from core.features.runtime import Compiled
    from core.training import recipes
    from core.training.start import suggest_spec

    spec = suggest_spec(catalog, dataset_id, "quick").with_values({"seed": seed})
    table = usable(curated(catalog, dataset_id)).reset_index(drop=True)
    split = recipes.plan(spec, table).to_numpy()
    labels = table["label"].to_numpy(dtype=str)
    root = catalog.workspace.load_path(catalog.datasets.get(dataset_id).root)
    found = []
    for size in _SIMPLE_SIZES:
        began, busy = now(), time.process_time()
        pixels = load_pixels(catalog.workspace, dataset_id, Files(root, table, size))
        model = convert.load(catalog.workspace, network, size)
        seen = Compiled(model, hardware.resolve("auto")).predict(
            pixels.take(np.arange(len(table)))
        )[:, -_LAST:]
        learned, tested = split != "test", split == "test"
        head = LogisticRegression(C=0.1, max_iter=1000).fit(seen[learned], labels[learned])
        found.append(
            {
                "recipe": f"simple {size}",
                "accuracy": float(head.score(seen[tested], labels[tested])),
                "images": int(tested.sum()),
                "seconds": round(now() - began, 1),
                "processor_s": round(time.process_time() - busy, 1),
            }
        )
    return found


def summary(lines: list[str]) -> str:
    """A table in Markdown: mean accuracy over seeds by set and recipe, the mean over the sets, and
    the mean rank (1 is best) among the recipes that were measured on all of them."""
    cells: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        if line.strip():
            entry = json.loads(line)
            cells[entry["set"]][entry["recipe"]].append(entry["accuracy"])
    recipes = sorted({recipe for row in cells.values() for recipe in row})
    means = {
        name: {recipe: float(np.mean(values)) for recipe, values in row.items()}
        for name, row in cells.items()
    }
    rows = ["| set | " + " | ".join(recipes) + " |", "|---" * (len(recipes) + 1) + "|"]
    for name, row in means.items():
        shown = [f"{row[recipe]:.3f}" if recipe in row else "–" for recipe in recipes]
        rows.append(f"| {name} | " + " | ".join(shown) + " |")
    whole = [recipe for recipe in recipes if all(recipe in row for row in means.values())]
    rank = {
        recipe: np.mean(
            [1 + sum(row[other] > row[recipe] for other in whole) for row in means.values()]
        )
        for recipe in whole
    }
    average = {recipe: np.mean([row[recipe] for row in means.values()]) for recipe in whole}
    for title, values in (("mean", average), ("mean rank", rank)):
        shown = [f"{values[recipe]:.3f}" if recipe in values else "–" for recipe in recipes]
        rows.append(f"| {title} | " + " | ".join(shown) + " |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
