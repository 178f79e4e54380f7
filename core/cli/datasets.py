"""The commands about datasets: add, sample, known, list, show, rename, remove, restore, purge."""

from __future__ import annotations

import dataclasses
import os
from functools import partial
from pathlib import Path
from typing import Any

from core import settings
from core.addresses import in_full, is_address, shown
from core.catalog import Catalog, DatasetRecord
from core.cli.command import NAME, Options, argument, command
from core.cli.layouts import LAYOUT, choice_of, is_chosen, say_together
from core.cli.output import Output, moment
from core.cli.running import run_job
from core.datasets import archives, formats, intake, known_sets, removal
from core.datasets.layout import Choice, kept_layout, load_choice
from core.datasets.sample import DEFAULT, SAMPLES
from core.errors import Cancelled, InvalidInput, LightboxError, NotFound
from core.jobs import kinds
from core.quality import curation, first_look
from core.quality.curation import curated, usable
from core.text import date, plural

in_data = partial(command, "Data")

# Skipped files that are listed where nobody asked for all.
_SHOWN = 5


@in_data(
    "dataset add",
    "add class folders: in a folder, a bucket or an archive",
    argument("path", metavar="PATH"),
    argument("--name"),
    *LAYOUT,
    argument("--encoding", help="of names in a .zip that doesn't say: cp1252, cp932, gb18030 …"),
    examples=(
        "photos",
        "photos.zip --name hands",
        "s3://bucket/photos",
        "photos --layout table --labels breed",
        "photos --together name:1",
    ),
)
def add(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    if not options.path.strip():
        # What a variable of the shell leaves that is not set; as a path it would be this folder.
        raise InvalidInput("No folder is named.", remedy="Say which: dataset add PATH")
    path = Path(options.path).expanduser()
    record = _new(catalog, path, options.name, choice_of(options), options.encoding)
    return _import(catalog, record, output)


def find_or_add(catalog: Catalog, options: Options, output: Output) -> DatasetRecord:
    """The dataset of the name that was given; or that of a folder or archive, added if it isn't
    there yet. A folder that is there is looked at again: what is in it now is meant.

    Args:
        options: with ``name``, and those that say how to read it
            (:data:`core.cli.layouts.LAYOUT`).

    Raises:
        NotFound: it is neither.
        InvalidInput: the folder can be read in several ways, or is read otherwise already.
    """
    name = options.name
    path = Path(name).expanduser()
    # ``os.path`` answers where ``Path`` would raise.
    there = is_address(path) or os.path.exists(path)  # noqa: PTH110
    try:
        record = catalog.datasets.find(name)
    except NotFound:
        if not there:
            raise
    else:
        _same_choice(catalog, record, options)
        if there and catalog.workspace.place_of(record.root) != in_full(path):
            output.text(
                f"“{record.name}” is a dataset, and something here is called so too; the dataset "
                f"is meant. For the other: {os.path.join(os.curdir, name)}"  # noqa: PTH118
            )
        return record
    if (is_address(path) or path.is_dir()) and (known := intake.of_folder(catalog, path)):
        _same_choice(catalog, known[0], options)
        output.text(
            f"This folder is the dataset “{known[0].name}”; looked at again for what has changed."
        )
        run_job(catalog, kinds.submit_scan(catalog, known[0].id), output)
        return catalog.datasets.get(known[0].id)
    added = _import(catalog, _new(catalog, path, layout=choice_of(options)), output)
    return catalog.datasets.get(added["id"])


def _same_choice(catalog: Catalog, record: DatasetRecord, options: Options) -> None:
    """That a dataset which is there is read as is asked for now.

    Raises:
        InvalidInput: it is not; reading it anew changes what was decided about its images.
    """
    if is_chosen(options) and load_choice(catalog.workspace, record.id) != choice_of(options):
        raise InvalidInput(
            f"The dataset “{record.name}” is there already, and is read in another way.",
            remedy=f'Change that first, with: dataset layout "{record.name}"',
        )


def _new(
    catalog: Catalog,
    path: Path,
    name: str | None = None,
    layout: Choice | None = None,
    encoding: str | None = None,
) -> DatasetRecord:
    """A folder or an archive as a dataset still to be imported."""
    if not path.is_file():
        restrict = settings.load().roots_are_set
        return intake.add_folder(catalog, path, name, restrict=restrict, layout=layout)
    if not archives.is_archive_name(path.name):
        raise InvalidInput(
            "This is neither a folder nor a .zip or .tar archive.",
            file=path,
            remedy="Unpack it, and add the folder." if formats.is_archive(path.name) else "",
        )
    return intake.add_archive(catalog, path, path.name, name, layout=layout, encoding=encoding)


@in_data(
    "dataset sample",
    "add a sample that needs no network",
    argument("key", nargs="?", choices=list(SAMPLES), default=DEFAULT),
    examples=("", "fruit"),
)
def sample(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    return _import(catalog, intake.add_sample(catalog, options.key), output)


@in_data(
    "dataset known",
    "list datasets that everybody knows, or add one",
    argument("key", nargs="?", metavar="KEY", help=", ".join(known_sets.KNOWN)),
    examples=("", "mnist"),
)
def known(catalog: Catalog, options: Options, output: Output) -> Any:
    if options.key is not None:
        return _import(catalog, intake.add_known(catalog, options.key), output)
    sets = known_sets.KNOWN.values()
    output.table(
        ("key", "images", "classes", "download", "licence", "what it is"),
        [
            (
                each.key,
                f"{each.images:,}",
                len(each.classes),
                "is here" if each.is_downloaded else f"{each.download_bytes / 1e6:.0f} MB",
                each.licence,
                each.sentence,
            )
            for each in sets
        ],
    )
    said = "key", "title", "sentence", "images", "classes", "download_bytes", "licence"
    return [{name: getattr(each, name) for name in (*said, "is_downloaded")} for each in sets]


def _import(catalog: Catalog, record: DatasetRecord, output: Output) -> dict[str, Any]:
    """Import a dataset, unless it is there already, and say what is in it."""
    if record.state == "ready":
        return _show(catalog, record, output)
    job = catalog.jobs.get(record.job_id) if record.job_id else None
    if job is None or job.finished:
        job = kinds.submit_import(catalog, record.id)
    try:
        run_job(catalog, job, output)
    except LightboxError:
        # Nothing of it can be used; leaving it would only take the name.
        removal.forget(catalog, record.id)
        raise
    except Cancelled as stopped:
        raise Cancelled(f'Stopped. Go on with: scan "{record.name}"') from stopped
    kept = kept_layout(catalog.workspace, record.id)
    if kept is not None and kept.doubt and not kept.chosen:
        # Nobody is asked on a command line, and a guess would train the wrong thing.
        removal.forget(catalog, record.id)
        ways = [kept.outline, *kept.others]
        raise InvalidInput(
            kept.doubt,
            remedy="Say which is meant: "
            + "; ".join(f"{way.options} ({way.sentence()})" for way in ways)
            + ".",
        )
    return _show(catalog, catalog.datasets.get(record.id), output)


@in_data(
    "dataset list",
    "list datasets",
    argument("--deleted", action="store_true", help="what is in the bin"),
    examples=("", "--deleted"),
)
def list_all(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    if options.deleted:
        return _list_bin(catalog, output)
    records = catalog.datasets.all()
    if not records:
        output.text("No datasets yet. Add one with: dataset add PATH, or: dataset sample")
        if catalog.workspace.keeper is not None and not os.environ.get("LIGHTBOX_DATABASE"):
            output.text(
                "The store has files only; other computers' lists are seen with LIGHTBOX_DATABASE."
            )
        if catalog.datasets.all(deleted=True):
            output.text("What was removed can be brought back; see: dataset list --deleted")
    else:
        output.table(
            ("name", "images", "classes", "version", "state", "from"),
            [(r.name, f"{r.images:,}", r.classes, r.version, r.state, r.origin) for r in records],
        )
    return [_dataset(catalog, record) for record in records]


def _list_bin(catalog: Catalog, output: Output) -> list[dict[str, Any]]:
    records = catalog.datasets.all(deleted=True)
    output.table(
        ("name", "images", "can be brought back until", "id"),
        [(r.name, f"{r.images:,}", date(removal.kept_until(r)), r.id) for r in records],
        none="No removed datasets.",
    )
    return [
        {**_dataset(catalog, record), "kept_until": moment(removal.kept_until(record))}
        for record in records
    ]


@in_data(
    "dataset show",
    "classes, sizes and what was skipped",
    NAME,
    argument("--skipped", action="store_true", help="list all files that were skipped"),
    examples=("hands", "hands --skipped"),
)
def show(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    return _show(catalog, record, output, most=None if options.skipped else _SHOWN)


@in_data(
    "dataset rename",
    "give a dataset another name",
    NAME,
    argument("new_name", metavar="NEW"),
    examples=('hands "hands of May"',),
)
def rename(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    renamed = catalog.datasets.rename(record.id, options.new_name)
    output.text(f"Renamed “{record.name}” to “{renamed.name}”.")
    return _dataset(catalog, renamed)


@in_data("dataset remove", "put a dataset into the bin; your images stay", NAME)
def remove(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    stopped = [run.name for run in removal.remove(catalog, record.id)]
    stays = " Your own folder is as it was." if record.origin == "folder" else ""
    output.text(f"Removed “{record.name}”.{stays}")
    (binned,) = (each for each in catalog.datasets.all(deleted=True) if each.id == record.id)
    until = removal.kept_until(binned)
    output.text(f'Until {date(until)} it comes back with: dataset restore "{record.name}"')
    for name in stopped:
        output.text(f"“{name}” was being trained on it: it is stopped, and nothing of it is kept.")
    return {"removed": record.id, "stopped": stopped, "kept_until": moment(until)}


@in_data(
    "dataset restore",
    "take a dataset out of the bin",
    argument("name", metavar="DATASET", help="its name or id; see: dataset list --deleted"),
    examples=("hands",),
)
def restore(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    binned = catalog.datasets.in_bin(options.name)
    record = kinds.restore_dataset(catalog, binned.id)
    called = f", now called “{record.name}”" if record.name != binned.name else ""
    output.text(f"“{binned.name}” is back{called}.")
    job = catalog.jobs.get(record.job_id) if record.job_id else None
    if job is not None and not job.finished:
        run_job(catalog, job, output)
    return _dataset(catalog, catalog.datasets.get(record.id))


@in_data(
    "dataset purge",
    "remove for good what is in the bin",
    argument("name", nargs="?", metavar="DATASET", help="only this one"),
    examples=("", "hands"),
)
def purge(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    only = catalog.datasets.in_bin(options.name).id if options.name is not None else None
    gone = removal.empty_bin(catalog, only=only)
    output.text(f"{plural(len(gone), 'dataset')} removed for good.")
    return [{"dataset": record.id, "name": record.name} for record in gone]


def _show(
    catalog: Catalog, record: DatasetRecord, output: Output, most: int | None = _SHOWN
) -> dict[str, Any]:
    """Say what is in a dataset, and return it.

    Args:
        most: skipped files to list; ``None`` for all.
    """
    table = curated(catalog, record.id)
    good = usable(table)
    counts = good["label"].value_counts().sort_index()
    said = sorted(curation.skipped(catalog, record.id))
    skipped = curation.lost(said)
    kept = kept_layout(catalog.workspace, record.id)
    classes = plural(len(counts), "class", "classes")
    output.text(f"{record.name}: {plural(len(good), 'usable image')} in {classes}")
    if kept is not None:
        for line in (kept.reason if kept.outline.kind != "classes" else "", *kept.notes):
            if line:
                output.text(line)
        say_together(kept, output)
    remarks = [
        *first_look.remarks(catalog, record),
        *first_look.too_small({str(label): int(n) for label, n in counts.items()}),
    ]
    for line in remarks:
        output.text(line)
    output.table(("class", "images"), [(label, f"{n:,}") for label, n in counts.items()])
    unread = table.loc[table["status"] != "ok", "problem"]
    broken = len(unread)
    why = str(unread.mode().iloc[0]) if broken else ""
    share = int((unread == why).sum())
    why = f" {why}" if share == broken else f" {share:,} of them: {why}"
    excluded = int(table["excluded"].sum())
    for number, what in (
        (broken, f"can't be read.{why}"),
        (excluded, "excluded"),
        (len(skipped), "other file skipped" if len(skipped) == 1 else "other files skipped"),
    ):
        if number:
            output.text(f"{number:,} {what}")
    for path, why in skipped[:most]:
        output.text(f"  {path}: {why}")
    if most is not None and len(skipped) > most:
        more = f"and {len(skipped) - most:,} more"
        output.text(f'  {more}; see all with: dataset show "{record.name}" --skipped')
    return {
        **_dataset(catalog, record),
        "class_counts": {str(label): int(n) for label, n in counts.items()},
        "unreadable": broken,
        "excluded": excluded,
        "skipped": [{"path": path, "why": why} for path, why in skipped],
        "remarks": remarks,
        "layout": dataclasses.asdict(kept) if kept is not None else None,
    }


def _dataset(catalog: Catalog, record: DatasetRecord) -> dict[str, Any]:
    said = "id", "name", "origin", "state", "version", "images", "classes"
    return {
        **{name: getattr(record, name) for name in said},
        "root": shown(catalog.workspace.place_of(record.root)),
        "problem": record.problem,
    }
