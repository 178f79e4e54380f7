"""The commands that lay models beside each other: compare, and similar."""

from __future__ import annotations

import dataclasses
from typing import Any

from core.catalog import Catalog, RunRecord
from core.cli.command import RUN, Options, argument, command
from core.cli.output import Output
from core.cli.telling import tell_parts
from core.errors import InvalidInput, NotFound
from core.evaluation.comparison.compare import Comparison
from core.evaluation.comparison.compare import compare as compare_two
from core.evaluation.comparison.differing import differing
from core.evaluation.comparison.latency import known_latency, measure_latency
from core.evaluation.comparison.pareto import cost, front
from core.evaluation.comparison.similar import (
    NOT_SEARCHED,
    find_similar,
    relation_in_words,
    resembling,
    without,
)
from core.evaluation.document.comparison import costs_table, metrics_table, verdict_parts
from core.evaluation.predictions import load_predictions
from core.evaluation.tested import find_tested

_SHOWN = 5


@command(
    "Results",
    "compare",
    "runs side by side: is one really better?",
    argument("runs", nargs="+", metavar="RUN", help="the first with each other one"),
    argument("--on", metavar="FOLDER", help="a folder that all were tested on"),
    examples=('"hands 1" "hands 2"',),
)
def compare(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    """One run against others: settings, accuracy, the images that got better and worse, cost."""
    runs = [catalog.runs.find(name) for name in options.runs]
    if len({run.id for run in runs}) < len(runs):
        raise InvalidInput("A run can’t be compared with itself.", remedy="Name different ones.")
    if len(runs) < 2:
        raise InvalidInput("One run alone can’t be compared.", remedy="Name two or more.")
    on = tested_on(catalog, runs[0], options.on)
    found = [compare_two(catalog, runs[0], other, on) for other in runs[1:]]
    settings = differing(catalog, runs)
    for run in runs:
        if known_latency(catalog.workspace, run.id) is None:
            measure_latency(catalog.workspace, run.id, output.progress)
    costs = [cost(catalog, run, on) for run in runs]
    for one in found:
        _say(one, output)
    if settings:
        output.text("Settings that differ:")
        output.table(
            ("setting", *(run.name for run in runs)),
            [(setting.title, *setting.values) for setting in settings],
        )
    else:
        output.text("Their settings are the same.")
    best = front([c.accuracy or 0.0 for c in costs], [c.milliseconds or 0.0 for c in costs])
    output.text("Accuracy, size and speed:")
    tell_parts([costs_table(costs)], output)
    return {
        "on": on,
        "comparisons": [one.as_json() for one in found],
        "settings": [dataclasses.asdict(setting) for setting in settings],
        "costs": [
            {**dataclasses.asdict(one), "on_the_front": bool(good)}
            for one, good in zip(costs, best, strict=True)
        ],
    }


def tested_on(catalog: Catalog, run: RunRecord, wanted: str | None) -> str:
    """What a run was tested on: its own test set, or the folder of this name; ``test`` is its own
    unless a folder is called so.

    Raises:
        NotFound: it was not tested on that.
        InvalidInput: several folders have that name.
    """
    if wanted is None:
        return "test"
    try:
        return find_tested(catalog.workspace, run.id, wanted).on
    except NotFound:
        if wanted == "test":
            return "test"
        raise


def _say(found: Comparison, output: Output) -> None:
    tell_parts(verdict_parts(found), output)
    if not found.paired.images:
        return
    tell_parts([metrics_table(found)], output)
    second, first = found.second.name, found.first.name
    for rows, what in ((found.matched.better, "right now"), (found.matched.worse, "wrong now")):
        output.text(f"  {len(rows):,} {what} in “{second}”, not in “{first}”")
        for row in rows.head(_SHOWN).itertuples():
            note = f" (label was “{row.label_first}”)" if row.relabelled else ""
            output.text(
                f"    {row.path}: is “{row.label}”{note}, “{row.predicted_first}” became "
                f"“{row.predicted_second}”"
            )


@command(
    "Results",
    "similar",
    "the score without images that resemble training images",
    RUN,
    argument("--on", metavar="FOLDER", help="a folder that it was tested on"),
    argument("--threshold", type=float, default=0.98, help="0.9 to 1; default 0.98"),
    examples=('"hands 1"', '"hands 1" --threshold 0.95'),
)
def similar(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    if not 0.9 <= options.threshold <= 1:
        raise InvalidInput(
            f"A threshold of {options.threshold:g} can’t be used.", remedy="Use 0.9 to 1."
        )
    run = catalog.runs.find(options.run)
    on = tested_on(catalog, run, options.on)
    predictions = load_predictions(catalog.workspace, run.id, on)
    found, searched = resembling(catalog, run, predictions)
    if on != "test" and not searched:
        find_similar(catalog, run, predictions, output.progress)
        found, searched = resembling(catalog, run, predictions)
    score = without(predictions, found, options.threshold, searched=searched)
    output.text(f"Run “{run.name}”: {score.sentence}")
    if not searched:
        output.text(f"  {NOT_SEARCHED}")
    rows = found[found["score"] >= options.threshold - 1e-6]
    for row in rows.head(_SHOWN).itertuples():
        output.text(
            f"    {row.path}: {relation_in_words(row.relation)} of {row.train_path} "
            f"({row.score:.3f})"
        )
    said = "threshold", "images", "correct", "accuracy", "alike", "alike_correct"
    return {
        "run": run.name,
        "on": on,
        **{name: getattr(score, name) for name in said},
        "accuracy_without": score.accuracy_without,
        "searched": score.searched,
        "interval": [score.with_all.low, score.with_all.high],
        "interval_without": [score.without.low, score.without.high],
        "images_alike": rows.to_dict("records"),
    }
