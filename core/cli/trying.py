"""The commands around trying a model: familiar, correct, corrections, demo-link."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.catalog import Catalog
from core.cli.output import Output, when
from core.cli.running import run_job
from core.delivery.take_away.links import create_link, links, revoke_link
from core.errors import NotFound
from core.evaluation.out_of_distribution import find_familiar, make_familiar
from core.inference import corrections as kept
from core.jobs import handlers
from core.workspace import atomic_path

Options = argparse.Namespace


def familiar(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    found = find_familiar(catalog.workspace, run.id)
    measure = found.measure if found else make_familiar(catalog, run.id, output.progress)
    output.text(
        f"“{run.name}” marks images that are further from its training images than 99 % of its "
        f"{measure.validation:,} validation images."
    )
    return {"run": run.id, "validation": measure.validation, "limit": round(measure.limit, 4)}


def correct(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    from core.inference.predictor import open_predictor

    run = catalog.runs.find(options.run)
    try:
        data = options.file.expanduser().read_bytes()
    except OSError as error:
        raise NotFound("That file can't be opened.", file=options.file) from error
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
    output.text("It goes into the dataset with: corrections DATASET --add")
    return made.model_dump()


def corrections(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.dataset)
    workspace = catalog.workspace
    if options.drop is not None:
        kept.drop_correction(workspace, record.id, options.drop)
        output.text("Left out. Bring it back with --restore.")
    elif options.restore is not None:
        kept.restore_correction(workspace, record.id, options.restore)
        output.text("It is back.")
    elif options.zip is not None:
        with atomic_path(options.zip.expanduser().resolve()) as part:
            part.write_bytes(kept.corrections_zip(workspace, record.id))
        output.text(f"Wrote them to {options.zip}")
    elif options.add:
        added = kept.add_corrections(catalog, record.id)
        run_job(catalog, handlers.submit_scan(catalog, record.id), output)
        output.text(f"Added to “{record.name}”: {added:,}")
        return {"dataset": record.id, "added": added, "corrections": []}
    items = kept.corrections(workspace, record.id)
    if items:
        output.table(
            ("id", "file", "is", "answer", "by"),
            [(item.id, item.name, item.label, item.predicted, item.by) for item in items],
        )
    else:
        output.text("Nothing has been corrected. Correct an answer with: correct RUN FILE CLASS")
    return {"dataset": record.id, "added": 0, "corrections": [item.model_dump() for item in items]}


def demo_link(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    workspace = catalog.workspace
    if options.revoke is not None:
        if all(link.token != options.revoke for link in links(workspace, run.id, "demo")):
            raise NotFound(
                "There is no such demo link to this run.", remedy="See those there are: --list."
            )
        revoke_link(workspace, options.revoke)
        output.text("The link leads nowhere from now on.")
    elif not options.list:
        link = create_link(catalog, run.id, "demo")
        output.text(f"Below the address of the app: {link.address}")
        output.text("Whoever has it can try this model, and nothing else.")
    found = links(workspace, run.id, "demo")
    if options.list:
        output.table(
            ("made", "by", "address"),
            [(when(link.made_at), link.by, link.address) for link in found],
        )
    return {
        "run": run.id,
        "links": [{**link.model_dump(), "address": link.address} for link in found],
    }


def add_verbs(verbs: Any, add: Any) -> None:
    """The grammar of these commands."""
    command = add(
        verbs, "familiar", familiar, "learn what a run's training images look like, to mark others"
    )
    command.add_argument("run", metavar="RUN")
    command = add(verbs, "correct", correct, "keep an image that was answered wrongly")
    command.add_argument("run", metavar="RUN")
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("label", metavar="CLASS", help="what it is")
    command = add(verbs, "corrections", corrections, "look through what was corrected")
    command.add_argument("dataset", metavar="DATASET")
    what = command.add_mutually_exclusive_group()
    what.add_argument("--drop", metavar="ID", help="leave one out")
    what.add_argument("--restore", metavar="ID", help="bring one back")
    what.add_argument("--add", action="store_true", help="put all into the dataset")
    what.add_argument("--zip", type=Path, metavar="FILE", help="write all as class folders")
    command = add(verbs, "demo-link", demo_link, "make a link to try a run's model, and no more")
    command.add_argument("run", metavar="RUN")
    what = command.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="list the links that there are")
    what.add_argument("--revoke", metavar="TOKEN", help="take a link back")
