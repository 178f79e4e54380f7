"""The commands that keep runs in order: runs, and run rename, tag, star, archive, delete …"""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path
from typing import Any

from core.catalog import Catalog, RunRecord
from core.cli.command import RUN, Options, argument, command, one_of
from core.cli.numbers import share
from core.cli.output import Output, when
from core.evaluation import library
from core.evaluation.library import SORTS, as_kept
from core.evaluation.tested import find_tested, folders_tested, forget_tested
from core.evaluation.threshold import move_sure, sentence_of_sure, sure_from
from core.text import percent, plural, rate
from core.training.spec import parse_spec

in_library = partial(command, "Library")


@in_library(
    "runs",
    "list runs",
    argument("--search", metavar="WORDS", help="in names, tags, notes and settings"),
    *(
        argument(f"--{name}", help=f"only runs of this {name}")
        for name in ("dataset", "recipe", "state", "tag")
    ),
    argument("--starred", action="store_true", help="only starred ones"),
    one_of(
        argument("--archived", action="store_true", help="only archived ones"),
        argument("--all", action="store_true", help="archived ones too"),
        argument("--deleted", action="store_true", help="what is in the bin"),
    ),
    argument("--sort", choices=SORTS, default="newest"),
    examples=("", "--dataset hands --starred --search quick"),
)
def runs(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    everything = library.entries(catalog, deleted=options.deleted)
    found = library.search(
        everything,
        library.Query(
            words=options.search or "",
            dataset=options.dataset,
            recipe=options.recipe,
            state=options.state,
            tag=options.tag,
            starred=options.starred,
            archived=None if options.deleted or options.all else options.archived,
            sort=options.sort,
        ),
    )
    if not found:
        output.text(
            "No run is like that." if everything else "No runs yet. Train one with: train NAME"
        )
    else:
        output.table(
            ("name", "dataset", "recipe", "state", "test accuracy", "size", "when", "tags"),
            [_line(entry) for entry in found],
        )
        total = sum(entry.disk for entry in everything)
        output.text(
            f"{len(found):,} of {len(everything):,}; all take {total / 1e6:,.1f} MB on disk"
        )
    return [entry.as_json() for entry in found]


def _line(entry: library.Entry) -> tuple[str, ...]:
    run, right = entry.run, "–"
    if entry.accuracy is not None:
        thin = library.thin_test(run)
        right = rate(entry.accuracy, entry.images) + (f" ({thin})" if thin else "")
    return (
        f"{'* ' if run.starred else ''}{run.name}{' (archived)' if run.archived else ''}",
        entry.of,
        str(run.spec.get("recipe", "")),
        run.state,
        right,
        f"{entry.disk / 1e6:.1f} MB",
        when(run.created_at),
        ", ".join(run.tags),
    )


@in_library(
    "run rename",
    "give a run another name",
    RUN,
    argument("new_name", metavar="NEW"),
    examples=('"hands 1" "hands of May"',),
)
def rename(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    return _said(catalog.runs.rename(run.id, options.new_name), f"was “{run.name}”", output)


@in_library(
    "run tag",
    "give a run tags",
    RUN,
    argument("tags", nargs="+", metavar="TAG"),
    examples=('"hands 1" for-the-museum',),
)
def tag(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    run = catalog.runs.set_tags(run.id, [*run.tags, *options.tags])
    return _said(run, f"has the tags {', '.join(run.tags)}", output)


@in_library(
    "run sure",
    "from which confidence on a run's answers count; or move it",
    RUN,
    one_of(
        argument(
            "sure_from", nargs="?", type=share, metavar="SURE", help="0.95 or 95, for everybody"
        ),
        argument("--suggested", action="store_true", help="as chosen on validation images"),
    ),
    examples=('"hands 1"', '"hands 1" 0.9', '"hands 1" --suggested'),
)
def sure(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    if options.suggested or options.sure_from is not None:
        move_sure(catalog.workspace, run.id, options.sure_from)
    found = sure_from(catalog.workspace, run.id)
    output.text(f"Answers of “{run.name}” count from {percent(found.threshold)} on.")
    output.text(f"  {sentence_of_sure(found)}")
    return {"run": run.id, **found.model_dump(mode="json"), "moved": found.moved}


@in_library(
    "run untag",
    "take tags off a run",
    RUN,
    argument("tags", nargs="+", metavar="TAG"),
    examples=('"hands 1" for-the-museum',),
)
def untag(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    off = {each.casefold() for each in options.tags}
    run = catalog.runs.set_tags(run.id, [each for each in run.tags if each.casefold() not in off])
    return _said(run, f"has the tags {', '.join(run.tags) or '–'}", output)


@in_library(
    "run note",
    "write notes about a run, in place of earlier ones",
    RUN,
    argument("text", metavar="TEXT"),
    examples=('"hands 1" "with the old camera"',),
)
def note(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.note(catalog.runs.find(options.run).id, options.text)
    return _said(run, "has these notes" if run.notes else "has no notes any more", output)


@in_library("run unstar", "take the star off a run", RUN)
@in_library("run star", "mark a run as one of the best", RUN)
def star(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.star(catalog.runs.find(options.run).id, options.command.name == "run star")
    return _said(run, "is starred" if run.starred else "is not starred any more", output)


@in_library("run unarchive", "offer a run again", RUN)
@in_library("run archive", "offer a run no longer", RUN)
def archive(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.archive(
        catalog.runs.find(options.run).id, options.command.name == "run archive"
    )
    return _said(run, "is archived" if run.archived else "is offered again", output)


@in_library("run delete", "put a run into the bin", RUN)
def delete(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    others = library.starting_from(catalog, run)
    run = catalog.runs.delete(run.id)
    said = _said(run, "is in the bin for a week; to take it out: run restore RUN", output)
    if others:
        names = ", ".join(f"“{other.name}”" for other in others[:5])
        output.text(f"  It is what {names} started from; these keep what they have learned.")
    return said | {"started_from_it": [other.name for other in others]}


@in_library("run restore", "take a run out of the bin", RUN)
def restore(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.restore(catalog.runs.find(options.run, deleted=True).id)
    return _said(run, "is back", output)


@in_library("run empty-bin", "remove for good what is in the bin")
def empty_bin(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    gone = library.empty_bin(catalog)
    output.text(f"{plural(len(gone), 'run')} removed for good.")
    return [{"run": run.id, "name": run.name} for run in gone]


@in_library("run settings", "show a run's settings, to train with them again", RUN)
def settings(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    spec = parse_spec(run.spec).model_dump(mode="json")
    datasets = {record.id: record.name for record in catalog.datasets.all()}
    name = datasets.get(run.dataset_id)
    command = shlex.join(["python", "-m", "core", "train", name or "DATASET", "--like", run.name])
    for key, value in spec.items():
        output.text(f"{key}: {value}")
    output.text(f"To train the same again: {command}")
    return {"run": run.id, "name": run.name, "spec": spec, "command": command}


@in_library("run tests", "list the folders that a run was tested on", RUN)
def tests(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    run = catalog.runs.find(options.run)
    found = folders_tested(catalog.workspace, run.id)
    if not found:
        output.text("Only on its own test set. To test it on a folder: evaluate RUN --on FOLDER")
    for each in found:
        place = catalog.workspace.place_of(each.on)
        output.text(f"{each.name}  {place}{'  (uploaded)' if each.uploaded else ''}")
        for sentence in each.sentences():
            output.text(f"  {sentence}")
    return [each.model_dump(mode="json") for each in found]


@in_library(
    "run forget-test",
    "delete what came of a test on a folder",
    RUN,
    argument("folder", metavar="FOLDER", help="as tests lists it"),
    examples=('"hands 1" photos',),
)
def forget_test(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    tested = find_tested(catalog.workspace, run.id, options.folder)
    forget_tested(catalog.workspace, run.id, tested.on)
    output.text(f"The test of “{run.name}” on “{tested.name}” is deleted.")
    if not tested.uploaded and Path(tested.on).is_dir():
        output.text("  The folder itself stays as it is.")
    return {"run": run.id, "on": tested.on}


def _said(run: RunRecord, what: str, output: Output) -> dict[str, Any]:
    output.text(f"“{run.name}” {what}.")
    return {"run": run.id, "name": run.name, **as_kept(run)}
