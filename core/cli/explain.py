"""The commands explain and study: what a model looked at, and what is found out once about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.catalog import Catalog, RunRecord
from core.cli.command import RUN, Options, argument, command
from core.cli.output import Output
from core.errors import InvalidInput, NotFound, UnreadableImage
from core.evaluation.explain.explainer import Explainer, ninths, open_explainer
from core.evaluation.explain.originals import read_original
from core.evaluation.explain.overlay import framed, overlay
from core.evaluation.mistakes import select
from core.evaluation.predictions import load_predictions
from core.evaluation.study.run import run_study
from core.text import percent
from core.workspace import atomic_path, writable_place

_MOST_MISTAKES = 20
_SIDE = 448
_OPACITY = 0.6
_ROWS, _COLUMNS = ("top", "middle", "bottom"), ("left", "centre", "right")


@command(
    "Results",
    "explain",
    "where in images a run sees a class",
    RUN,
    argument("files", nargs="*", type=Path, metavar="IMAGE", help="default: its mistakes"),
    argument("--class", dest="label", metavar="CLASS", help="default: the answer"),
    argument("--out", type=Path, metavar="FOLDER", help="write pictures with heat maps"),
    examples=('"hands 1"', '"hands 1" a.jpg b.jpg --out heat-maps'),
)
def explain(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    folder = writable_place(options.out, folder=True) if options.out is not None else None
    run = catalog.runs.find(options.run)
    explainer = open_explainer(catalog.workspace, run.id)
    if options.label is not None and options.label not in explainer.info.classes:
        raise InvalidInput(
            f"The model doesn't know the class “{options.label}”.",
            remedy=explainer.info.knows,
        )
    if options.files:
        named = [(str(file), _read(file)) for file in options.files]
    else:
        named = _mistakes(catalog, run, output)
    found = [
        _explained(explainer, number, name, data, options.label, folder, output)
        for number, (name, data) in enumerate(named, 1)
    ]
    return {
        "run": run.id,
        "method": explainer.method,
        "why_not_gradients": explainer.why_not,
        "images": found,
    }


def _read(file: Path) -> bytes:
    try:
        return file.expanduser().read_bytes()
    except OSError as error:
        raise NotFound("That file can't be opened.", file=file) from error


def _mistakes(catalog: Catalog, run: RunRecord, output: Output) -> list[tuple[str, bytes]]:
    """The test images that it was wrong about, the surest first."""
    predictions = load_predictions(catalog.workspace, run.id)
    wrong = select(predictions, "wrong")[:_MOST_MISTAKES]
    if not len(wrong):
        output.text("It was right about every test image. Name images to see what it looks at.")
    paths = predictions.table["path"].iloc[wrong]
    return [(path, read_original(catalog, run, "test", path)) for path in paths]


def _explained(
    explainer: Explainer,
    number: int,
    name: str,
    data: bytes,
    label: str | None,
    folder: Path | None,
    output: Output,
) -> dict[str, Any]:
    try:
        pixels = explainer.info.decode(data, file=name)
    except UnreadableImage as error:
        output.text(f"{name}: {error}")
        return {"name": name, "error": str(error)}
    probabilities = explainer.answer(pixels[None])[0][0]
    answer = int(probabilities.argmax())
    wanted = answer if label is None else explainer.info.classes.index(label)
    heat = explainer.heat(pixels[None], np.array([wanted]))[0]
    shares = ninths(heat)
    said: dict[str, Any] = {
        "name": name,
        "error": "",
        "answer": explainer.info.classes[answer],
        "class": explainer.info.classes[wanted],
        "probability": round(float(probabilities[wanted]), 6),
        "heat": heat.round(4).tolist(),
        "ninths": shares.round(4).tolist(),
    }
    where = "nothing in it speaks for that"
    if shares.any():
        row, column = divmod(int(shares.argmax()), 3)
        where = f"{percent(shares.max(), 0)} of the heat is at the {_ROWS[row]} {_COLUMNS[column]}"
    output.text(f"{name}: “{said['class']}” {percent(said['probability'])}, {where}")
    if folder is not None:
        picture = framed(explainer.info.open(data, file=name).image, explainer.info.fit, _SIDE)
        # Numbered, since images of different folders may have one name.
        target = folder / f"{number:03d}-{Path(name).stem}.png"
        with atomic_path(target) as part:
            Image.fromarray(overlay(picture, heat, _OPACITY)).save(part)
        said["file"] = str(target)
    return said


@command(
    "Results",
    "study",
    "find out all that Results shows of a run",
    RUN,
    argument("--on", type=Path, metavar="FOLDER", help="that it was tested on"),
)
def study(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    on = "test" if options.on is None else catalog.workspace.store_path(options.on.expanduser())
    found = run_study(catalog, run.id, on, output.progress, again=True)
    output.text(f"What was found out about “{run.name}” lies in {found.folder}")
    output.table(
        ("phase", "seconds"), [(name, f"{value:.1f}") for name, value in found.seconds.items()]
    )
    for name, why in found.failed.items():
        output.text(f"  {name}: {why}")
    return {
        "run": run.id,
        "on": on,
        "folder": str(found.folder),
        "seconds": found.seconds,
        "failed": found.failed,
    }
