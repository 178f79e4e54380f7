"""The command ``evaluate``: how good a run is, in words and in figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pandas as pd

from core.addresses import in_full
from core.catalog import Catalog
from core.cli.command import RUN, Options, argument, command, one_of
from core.cli.output import Output
from core.cli.telling import tell
from core.errors import InvalidInput
from core.evaluation.aim import set_aim
from core.evaluation.document.result import load_result
from core.evaluation.document.section import build, sections_for
from core.evaluation.evaluate import evaluate_folder, known_evaluation
from core.evaluation.figures.compute import figures, judged_by_aim, load_curves
from core.evaluation.figures.tables import FORMATS, Format, report_table
from core.evaluation.records import worst_confusions
from core.evaluation.tested import find_tested
from core.text import listed
from core.workspace import atomic_path, writable_place


@command(
    "Results",
    "evaluate",
    "how good a run is",
    RUN,
    argument("--on", type=Path, metavar="FOLDER", help="class folders of new images"),
    argument(
        "--table",
        nargs=2,
        metavar=("FORMAT", "FILE"),
        help=f"write the report by class, as {', '.join(FORMATS)}",
    ),
    examples=('"hands 1"', '"hands 1" --on photos --table csv classes.csv'),
)
def evaluate(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    """Say how good a run is; the document has the confusion matrix, scores with intervals, the
    verdict, the report, all pairs that are mixed up, points of the curves of each class, and in
    ``sections`` what is said of all that."""
    kind, target = "", Path()
    if options.table is not None:
        kind, target = options.table[0], Path(options.table[1])
        if kind not in FORMATS:
            raise InvalidInput(
                f"“{kind}” is not a kind of table.", remedy=f"Choose one of: {', '.join(FORMATS)}."
            )
        target = writable_place(target)
    run = catalog.runs.find(options.run)
    if options.on is None:
        evaluation = known_evaluation(catalog, run.id, output.progress)
    else:
        folder = in_full(options.on)
        evaluation = evaluate_folder(catalog, run.id, folder, output.progress)
    result = load_result(catalog, run, evaluation.on, output.progress)
    found = result.figures
    output.text(f"Run “{run.name}” on {'its test set' if evaluation.on == 'test' else options.on}")
    if options.on is not None:
        for sentence in find_tested(catalog.workspace, run.id, evaluation.on).sentences():
            output.text(f"  {sentence}")
    sections = [
        each
        for known in sections_for("terminal")
        if known.group != "reliability" and (each := build(known, result, "terminal"))
    ]
    tell(sections, output)
    if evaluation.left_out:
        output.text(f"  left out: {len(evaluation.left_out):,}")
        for path, why in evaluation.left_out[:3]:
            output.text(f"    {path}: {why}")
    if kind:
        with atomic_path(target) as part:
            table = report_table(evaluation, found.classes, cast(Format, kind))
            part.write_text(table, encoding="utf-8")
        output.text(f"Written: {target}")
    return {
        **evaluation.model_dump(mode="json"),
        "verdict": found.verdict.model_dump(mode="json"),
        "scores": [score.model_dump(mode="json") for score in found.scores],
        "classes": [row.model_dump(mode="json") for row in found.classes],
        "similarity_order": found.order,
        "pairs": [pair.model_dump(mode="json") for pair in worst_confusions(evaluation, None)],
        "sections": [each.as_json() for each in sections],
        "curves": curve_points(load_curves(catalog.workspace, run.id, evaluation.on)),
    }


@command(
    "Results",
    "verdict",
    "whether a run is good enough for what you want",
    RUN,
    one_of(
        argument("--aim", metavar="OF_100", help="so many of 100 must be recognised"),
        argument("--no-aim", action="store_true", help="take back what was said"),
    ),
    one_of(
        argument("--class", dest="label", metavar="CLASS", help="of this class; else of each"),
        argument("--together", action="store_true", help="of all photos, whatever their class"),
    ),
    examples=(
        '"hands 1" --aim 90',
        '"hands 1" --aim 95 --class red',
        '"hands 1" --aim 90 --together',
        '"hands 1"',
    ),
)
def verdict(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    """What models are for is said once, for all of a dataset, and kept; the answer is yes, no, or
    that there are too few test photos to tell."""
    run = catalog.runs.find(options.run)
    evaluation = known_evaluation(catalog, run.id, output.progress)
    if (options.label is not None or options.together) and options.aim is None:
        raise InvalidInput(
            "How many of these must be recognised?",
            remedy="Say it with --aim, as in --aim 90.",
        )
    if options.label is not None and options.label not in evaluation.labels:
        raise InvalidInput(
            f"The model doesn’t know the class “{options.label}”.",
            remedy=f"It knows {listed(evaluation.labels, 20)}.",
        )
    if options.aim is not None or options.no_aim:
        label, together = options.label or "", options.together
        set_aim(catalog, run.dataset_id, options.aim, label, together=together)
    judged = judged_by_aim(catalog, run.id)
    said = figures(catalog, run.id, report=output.progress).verdict
    for each in said.statements[:1] if judged is None else said.statements[:2]:
        output.text(each.text)
    if judged is None:
        output.text("Say what it is for to be told whether that is good enough: --aim 90")
    return {
        "run": run.id,
        **(judged.as_json() if judged else {"aim": None, "answer": None, "classes": []}),
        "statements": [each.model_dump() for each in said.statements],
    }


def curve_points(curves: pd.DataFrame) -> dict[str, dict[str, list[list[float]]]]:
    """Class → ``roc`` and ``pr`` → points, each ``[x, y, threshold]``."""
    points: dict[str, dict[str, list[list[float]]]] = {}
    for (label, kind), own in curves.groupby(["label", "kind"], sort=False):
        values = own[["x", "y", "threshold"]].to_numpy(float).round(6).tolist()
        points.setdefault(str(label), {})[str(kind)] = values
    return points
