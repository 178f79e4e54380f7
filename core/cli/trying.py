"""The commands around trying a model: ood, correct, corrections."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from core.catalog import Catalog
from core.cli.command import RUN, Options, argument, command, one_of
from core.cli.output import Output
from core.cli.running import run_job
from core.errors import NotFound
from core.evaluation.comparison.learned import learned
from core.evaluation.out_of_distribution import find_detector, fit_detector
from core.inference import corrections as kept
from core.inference.beginning import begin_class
from core.inference.taught import taught, unlearn
from core.jobs import kinds
from core.text import plural
from core.training.start import learn_again
from core.workspace import atomic_path, writable_place

_SHOWN = 5


@command(
    "Predict",
    "ood",
    "learn what its training images look like, to mark others",
    RUN,
    formerly="familiar",
)
def ood(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    found = find_detector(catalog.workspace, run.id)
    measure = found.measure if found else fit_detector(catalog, run.id, output.progress)
    output.text(
        f"“{run.name}” marks images that are further from its training images than 99 % of its "
        f"{measure.validation:,} validation images."
    )
    return {"run": run.id, "validation": measure.validation, "limit": round(measure.limit, 4)}


@command(
    "Predict",
    "correct",
    "keep an image that was answered wrongly",
    RUN,
    argument("file", type=Path, metavar="FILE"),
    argument("label", metavar="CLASS", help="what it is"),
    one_of(
        argument(
            "--learn",
            action="store_true",
            help="put it into the dataset at once, and let the run learn again",
        ),
        argument(
            "--new",
            action="store_true",
            help="it is of a class that the model doesn't know, which begins with it",
        ),
    ),
    examples=('"hands 1" a.jpg red', '"hands 1" a.jpg red --learn', '"hands 1" b.jpg ok --new'),
)
def correct(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    from core.inference.predictor import open_predictor

    run = catalog.runs.find(options.run)
    try:
        data = options.file.expanduser().read_bytes()
    except OSError as error:
        raise NotFound("That file can't be opened.", file=options.file) from error
    if options.new:
        begun = begin_class(catalog, run.id, options.file.name, data, options.label)
        run_job(catalog, kinds.submit_scan(catalog, run.dataset_id), output)
        output.text(begun.sentence)
        return {"dataset": run.dataset_id, **dataclasses.asdict(begun)}
    (answer,) = open_predictor(catalog.workspace, run.id).predict([(options.file.name, data)], 1)
    made = kept.correct(
        catalog,
        run.id,
        options.file.name,
        data,
        options.label,
        predicted=answer.label,
        confidence=answer.confidence,
    )
    output.text(f"Kept as “{made.label}” (the model said “{made.predicted}”): {made.id}")
    if options.learn:
        kept.add_corrections(catalog, run.dataset_id, made.id)
        run_job(catalog, kinds.submit_scan(catalog, run.dataset_id), output)
        return {**made.model_dump(), "learned": _learn(catalog, run.id, None, output)}
    output.text("It goes into the dataset with: corrections DATASET --add")
    return made.model_dump()


@command(
    "Train",
    "learn",
    "let a run learn again from its dataset as it is now",
    RUN,
    argument("--name", dest="run_name", metavar="NEW", help="name of the new run"),
    argument(
        "--back",
        action="store_true",
        help="of a run that learned again: leave out its new images, and put it into the bin",
    ),
    examples=('"hands 1"',),
)
def learn(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    """A new run with the settings of an earlier one and the same images held out. Where Auto had
    chosen what decides at the end, only that is fitted anew, which takes seconds."""
    run = catalog.runs.find(options.run)
    if not options.back:
        return _learn(catalog, run.id, options.run_name, output)
    found = unlearn(catalog, run)
    output.text(
        f"{plural(len(found.added), 'image')} left out again: undo brings back. “{run.name}” is in "
        f"the bin; go on with “{found.before.name}”."
    )
    return {"run": run.id, "before": found.before.id, "left_out": list(found.added)}


def _learn(catalog: Catalog, run_id: str, name: str | None, output: Output) -> dict[str, Any]:
    run = learn_again(catalog, run_id, name)
    run_job(catalog, catalog.jobs.get(run.job_id), output)
    found = learned(catalog, catalog.runs.get(run.id))
    assert found is not None
    output.text(f"“{run.name}” learned again from {plural(len(found.added), 'new image')}.")
    output.text(found.sentence)
    now = taught(catalog, found)
    if now.sentence:
        output.text(now.sentence)
    output.text(f'To go back: learn "{run.name}" --back')
    for rows, what in ((found.matched.better, "right"), (found.matched.worse, "wrong")):
        for row in rows.head(_SHOWN).to_dict("records"):
            output.text(
                f"  {what} now: {row['path_second']} (“{row['label']}”; before "
                f"“{row['predicted_first']}”, now “{row['predicted_second']}”)"
            )
    seconds = catalog.runs.get(run.id).summary.seconds
    known = {"taught": len(now.labels), "taught_right": now.right}
    return {"run": run.id, "seconds": seconds, **known, **found.as_json()}


@command(
    "Predict",
    "corrections",
    "look through what was corrected",
    argument("dataset", metavar="DATASET"),
    one_of(
        argument("--drop", metavar="ID", help="leave one out"),
        argument("--restore", metavar="ID", help="bring one back"),
        argument("--add", action="store_true", help="put all into the dataset"),
        argument("--zip", type=Path, metavar="FILE", help="write all as class folders"),
    ),
    examples=("hands", "hands --zip corrections.zip"),
)
def corrections(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.dataset)
    workspace = catalog.workspace
    if options.drop is not None:
        kept.drop_correction(workspace, record.id, options.drop)
        output.text("Left out. Bring it back with --restore.")
    elif options.restore is not None:
        kept.drop_correction(workspace, record.id, options.restore, dropped=False)
        output.text("It is back.")
    elif options.zip is not None:
        with atomic_path(writable_place(options.zip)) as part:
            part.write_bytes(kept.corrections_zip(workspace, record.id))
        output.text(f"Wrote them to {options.zip}")
    elif options.add:
        added = kept.add_corrections(catalog, record.id)
        run_job(catalog, kinds.submit_scan(catalog, record.id), output)
        output.text(f"Added to “{record.name}”: {added:,}")
        return {"dataset": record.id, "added": added, "corrections": []}
    items = kept.corrections(workspace, record.id)
    output.table(
        ("id", "file", "is", "answer", "by"),
        [(item.id, item.name, item.label, item.predicted, item.by) for item in items],
        none="Nothing has been corrected. Correct an answer with: correct RUN FILE CLASS",
    )
    return {"dataset": record.id, "added": 0, "corrections": [item.model_dump() for item in items]}
