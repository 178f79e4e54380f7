"""The commands mistakes and map: single answers with what they were learned from, and all at a
glance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.catalog import Catalog, RunRecord
from core.cli.command import RUN, Options, argument, command
from core.cli.output import Output
from core.evaluation.mistakes import ORDERS, WHICH, said_of, select, top
from core.evaluation.predictions import load_predictions
from core.evaluation.study.embedding import METHODS, NAMES, draw_umap, has_map, load_map
from core.evaluation.study.nearest import COLUMNS
from core.evaluation.study.phases import Study, load_study
from core.evaluation.study.run import run_study
from core.text import cell, percent
from core.workspace import atomic_path, writable_place

_TOP = 3
_ON = argument("--on", type=Path, metavar="FOLDER", help="that it was tested on")


@command(
    "Results",
    "mistakes",
    "what a run got wrong, and what it learned that from",
    RUN,
    _ON,
    argument("--show", choices=WHICH, default="wrong", help="which answers"),
    argument("--true", metavar="C", help="only images of this class"),
    argument("--predicted", metavar="C", help="only images answered with this class"),
    argument("--sort", choices=ORDERS, help="surest first, least sure first, or by loss"),
    argument("--limit", type=int, default=20, metavar="N", help="default 20"),
    examples=('"hands 1"', '"hands 1" --true red --limit 5'),
)
def mistakes(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run, on = _which(catalog, options)
    predictions = load_predictions(catalog.workspace, run.id, on)
    rows = select(
        predictions,
        options.show,
        true=options.true,
        predicted=options.predicted,
        order=options.sort,
    )
    shown = rows[: max(0, options.limit)]
    near = _near(
        _studied(catalog, run, on, "nearest", output), set(predictions.table["path"][shown])
    )
    output.text(f"{len(rows):,} of {len(predictions):,} images, {len(shown):,} of them shown")
    found = []
    for row in shown:
        path = str(predictions.table["path"].iloc[row])
        one = {
            "path": path,
            "true": predictions.labels[predictions.true[row]],
            "predicted": predictions.labels[predictions.predicted[row]],
            "confidence": round(float(predictions.confidence[row]), 6),
            "loss": round(float(predictions.loss[row]), 6),
            "top": [[label, round(share, 6)] for label, share in top(predictions, int(row), _TOP)],
            "nearest": near.get(path, []),
        }
        found.append(one)
        what, then = said_of(predictions, int(row))
        output.text(f"\n{path}\n  {what}, {then}; loss {one['loss']:.3g}")
        for each in one["nearest"]:
            output.text(f"  like  {each['path']}  “{each['label']}”  {each['similarity']:.2f}")
    if found and on == "test":
        for dataset in catalog.datasets.all():
            if dataset.id == run.dataset_id:
                output.text(f'\nIf a label is wrong: relabel "{dataset.name}" CLASS IMAGE')
    return {"run": run.id, "on": on, "found": len(rows), "images": found}


@command(
    "Results",
    "map",
    "test images as points: alike lies by alike",
    RUN,
    _ON,
    argument("--method", choices=METHODS, default="tsne"),
    argument("--csv", type=Path, metavar="FILE", help="write the points as a table"),
    examples=('"hands 1"', '"hands 1" --csv points.csv'),
)
def draw_map(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    target = writable_place(options.csv) if options.csv is not None else None
    run, on = _which(catalog, options)
    study = _studied(catalog, run, on, "map", output)
    if options.method == "umap" and not has_map(study, "umap"):
        draw_umap(catalog, run.id, on, output.progress)
    made = load_map(study, options.method)
    predictions = load_predictions(catalog.workspace, run.id, on)
    known = predictions.table.set_index("path").loc[made.table["path"], ["label", "predicted"]]
    table = made.table.assign(
        true=known["label"].to_numpy(), predicted=known["predicted"].to_numpy()
    )
    if target is not None:
        with atomic_path(target) as part:
            names = {each: table[each].map(cell) for each in ("true", "predicted")}
            table.assign(**names).to_csv(part, index=False)
    output.text(
        f"{NAMES[made.method]} map of {len(table):,} of {made.of:,} images, with "
        f"{made.mistakes:,} of "
        f"{made.of_mistakes:,} mistakes"
    )
    if any(made.explained):
        across, up = made.explained
        output.text(f"  across {percent(across, 0)} of all differences, upwards {percent(up, 0)}")
    if options.csv is None:
        output.text("  Write the points as a table with --csv FILE, or print them with --json")
    return {
        "run": run.id,
        "on": on,
        "method": made.method,
        "explained": list(made.explained),
        "of": made.of,
        "mistakes": made.mistakes,
        "of_mistakes": made.of_mistakes,
        "points": table.to_dict("records"),
    }


def _which(catalog: Catalog, options: Options) -> tuple[RunRecord, str]:
    run = catalog.runs.find(options.run)
    if options.on is None:
        return run, "test"
    return run, catalog.workspace.store_path(options.on.expanduser())


def _studied(catalog: Catalog, run: RunRecord, on: str, phase: str, output: Output) -> Study:
    """The study, done now if this phase of it is not there yet."""
    study = load_study(catalog.workspace, run.id, on)
    if not study.has(phase):
        study = run_study(catalog, run.id, on, output.progress, again=True)
    if phase in study.failed:
        output.text(f"What {phase} needs could not be found out: {study.failed[phase]}")
    return study


def _near(study: Study, paths: set[str]) -> dict[str, list[dict[str, Any]]]:
    """The nearest training images of some images, by path."""
    if not study.has("nearest"):
        return {}
    table = study.table("nearest", COLUMNS)
    near = table[table["path"].isin(paths)][["path", "near", "label", "similarity"]]
    found: dict[str, list[dict[str, Any]]] = {}
    for path, other, label, similarity in near.itertuples(index=False):
        one = {"path": other, "label": label, "similarity": round(float(similarity), 4)}
        found.setdefault(str(path), []).append(one)
    return found
