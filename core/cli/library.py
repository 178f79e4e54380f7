"""The commands that keep runs in order: runs, and run rename, tag, star, archive, delete …"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

from core.catalog import Catalog, RunRecord
from core.cli.output import Output, when
from core.evaluation import library
from core.evaluation.tested import find_tested, folders_tested, forget_tested
from core.training.spec import parse_spec

Options = argparse.Namespace


def runs(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    everything = library.entries(catalog, deleted=options.deleted)
    found = library.search(
        everything,
        options.search or "",
        dataset=options.dataset,
        recipe=options.recipe,
        state=options.state,
        tag=options.tag,
        starred=options.starred,
        archived=None if options.deleted or options.all else options.archived,
        sort=options.sort,
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
    run = entry.run
    return (
        f"{'* ' if run.starred else ''}{run.name}{' (archived)' if run.archived else ''}",
        entry.dataset or "(removed)",
        str(run.spec.get("recipe", "")),
        run.state,
        "–" if entry.accuracy is None else f"{entry.accuracy:.1%}",
        f"{entry.disk / 1e6:.1f} MB",
        when(run.created_at),
        ", ".join(run.tags),
    )


def rename(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    return _said(catalog.runs.rename(run.id, options.new_name), f"was “{run.name}”", output)


def tag(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    run = catalog.runs.set_tags(run.id, [*run.tags, *options.tags])
    return _said(run, f"has the tags {', '.join(run.tags)}", output)


def untag(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    off = {each.casefold() for each in options.tags}
    run = catalog.runs.set_tags(run.id, [each for each in run.tags if each.casefold() not in off])
    return _said(run, f"has the tags {', '.join(run.tags) or '–'}", output)


def note(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.note(catalog.runs.find(options.run).id, options.text)
    return _said(run, "has these notes" if run.notes else "has no notes any more", output)


def star(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.star(catalog.runs.find(options.run).id, options.on)
    return _said(run, "is starred" if run.starred else "is not starred any more", output)


def archive(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.archive(catalog.runs.find(options.run).id, options.on)
    return _said(run, "is archived" if run.archived else "is offered again", output)


def delete(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    others = library.starting_from(catalog, run)
    run = catalog.runs.delete(run.id)
    said = _said(run, "is in the bin for a week; to take it out: run restore RUN", output)
    if others:
        names = ", ".join(f"“{other.name}”" for other in others[:5])
        output.text(f"  It is what {names} started from; these keep what they have learned.")
    return said | {"started_from_it": [other.name for other in others]}


def restore(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.restore(catalog.runs.find(options.run, deleted=True).id)
    return _said(run, "is back", output)


def empty_bin(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    """Remove for good what is in the bin."""
    gone = library.empty_bin(catalog)
    output.text(f"{len(gone):,} run{'' if len(gone) == 1 else 's'} removed for good.")
    return [{"run": run.id, "name": run.name} for run in gone]


def settings(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    """A run's settings, and the command that trains with them again."""
    run = catalog.runs.find(options.run)
    spec = parse_spec(run.spec).model_dump(mode="json")
    datasets = {record.id: record.name for record in catalog.datasets.all()}
    name = datasets.get(run.dataset_id)
    command = shlex.join(["python", "-m", "core", "train", name or "DATASET", "--like", run.name])
    for key, value in spec.items():
        output.text(f"{key}: {value}")
    output.text(f"To train the same again: {command}")
    return {"run": run.id, "name": run.name, "spec": spec, "command": command}


def tests(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    """The folders that a run was tested on."""
    run = catalog.runs.find(options.run)
    found = folders_tested(catalog.workspace, run.id)
    if not found:
        output.text("Only on its own test set. To test it on a folder: evaluate RUN --on FOLDER")
    for each in found:
        place = catalog.workspace.load_path(each.on)
        output.text(f"{each.name}  {place}{'  (uploaded)' if each.uploaded else ''}")
        for sentence in each.sentences():
            output.text(f"  {sentence}")
    return [each.model_dump(mode="json") for each in found]


def forget_test(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    """Delete what came of a test on a folder."""
    run = catalog.runs.find(options.run)
    tested = find_tested(catalog.workspace, run.id, options.folder)
    forget_tested(catalog.workspace, run.id, tested.on)
    output.text(f"The test of “{run.name}” on “{tested.name}” is deleted.")
    if not tested.uploaded and Path(tested.on).is_dir():
        output.text("  The folder itself stays as it is.")
    return {"run": run.id, "on": tested.on}


def _said(run: RunRecord, what: str, output: Output) -> dict[str, Any]:
    output.text(f"“{run.name}” {what}.")
    return {
        "run": run.id,
        "name": run.name,
        "starred": run.starred,
        "archived": run.archived,
        "tags": list(run.tags),
        "notes": run.notes,
        "deleted_at": run.deleted_at,
    }
