"""The commands about whole folders of images: answer them, sort them, look at earlier ones."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path
from typing import Any

from core import settings
from core.addresses import in_full
from core.catalog import Catalog
from core.cli.command import RUN, Options, argument, command
from core.cli.numbers import share
from core.cli.output import Output, when
from core.cli.running import run_job
from core.datasets import archives
from core.datasets.intake import check_allowed
from core.datasets.upload import UploadStage
from core.delivery.imported.labels import parse_labels, read_labels
from core.delivery.imported.start import begin_import
from core.errors import InvalidInput, LightboxError, disk_errors
from core.inference.batch_results import format_of, look, summarise, write_results
from core.inference.batch_sort import as_json, sort_batch
from core.inference.batch_store import (
    Batch,
    batches,
    delete_batch,
    done_of,
    job_of,
    new_batch,
)
from core.jobs.kinds import resume_batch, submit_batch
from core.quality.packing import check_target
from core.text import as_text, percent, plural, rate
from core.training.foreign.judge import PIXELS
from core.workspace import ensure_space, new_token, writable_place


@command(
    "Predict",
    "predict-batch",
    "ask a run about a whole folder",
    RUN,
    argument("folder", type=Path, metavar="FOLDER", help="folders inside count too; or an archive"),
    argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=".csv (a class like =1 has an apostrophe before it, for spreadsheets), "
        ".json (one array), .jsonl (an object a line) or .parquet",
    ),
    argument(
        "--sort-into", type=Path, metavar="FOLDER", help="copy images into class folders, or a .zip"
    ),
    argument(
        "--sure-from",
        "--threshold",
        type=share,
        dest="sure_from",
        metavar="SURE",
        help="answers less sure than this are “unsure”; 0 to 1, by default as for: run sure",
    ),
    examples=('"hands 1" photos', '"hands 1" photos --out answers.csv --sort-into sorted'),
)
def predict_batch(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    """Answer a folder, or go on with the batch about it that was cut off."""
    target = None
    if options.out is not None:
        format_of(options.out.name)
        target = writable_place(options.out)
    if options.sort_into is not None:
        writable_place(options.sort_into, folder=options.sort_into.suffix.lower() != ".zip")
    run = catalog.runs.find(options.run)
    folder = check_allowed(options.folder) if settings.load().roots_are_set else options.folder
    folder = in_full(folder)
    is_file = os.path.isfile(folder)  # noqa: PTH113  (answers where ``Path`` would raise)
    if options.sort_into is not None:
        # Before anything is answered, which may take hours.
        check_target(options.sort_into, options.sort_into.suffix.lower() == ".zip", [folder])
    unfinished = None if is_file else _unfinished(catalog, run.id, folder)
    if unfinished is not None:
        batch = unfinished.model_copy(update={"threshold": options.sure_from})
        output.text(f"Going on with the batch of {when(batch.at)}.")
        job = resume_batch(catalog, unfinished)
    else:
        batch = (
            _of_archive(catalog, run.id, folder, options.sure_from)
            if is_file
            else new_batch(catalog, run.id, folder, threshold=options.sure_from)
        )
        job = submit_batch(catalog, batch)
    run_job(catalog, job, output)
    found = _about(catalog, batch, output)
    if target is not None:
        write_results(catalog.workspace, batch, target, options.sure_from)
        output.text(f"  answers: {target}")
        found["out"] = str(target)
    if options.sort_into is not None:
        done = sort_batch(
            catalog,
            batch,
            options.sort_into,
            archive=options.sort_into.suffix.lower() == ".zip",
            threshold=options.sure_from,
            report=output.progress,
        )
        output.text(f"  {plural(done.images, 'image')} copied into {done.path}")
        for place, label in done.named.items():
            output.text(f"    the folder “{place}” is of the class “{label}”")
        found["sorted"] = as_json(done)
    return found


@command(
    "Predict",
    "batches",
    "the folders that a run was asked about",
    RUN,
    argument("--delete", metavar="ID", help="forget one, as batches lists them"),
)
def list_batches(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    run = catalog.runs.find(options.run)
    known = batches(catalog.workspace, run.id)
    if options.delete is not None:
        chosen = next((each for each in known if each.id == options.delete), None)
        if chosen is None:
            raise InvalidInput(
                "This run has no batch of that id.",
                file=options.delete,
                remedy="List them without --delete.",
            )
        delete_batch(catalog, chosen)
        known = [each for each in known if each.id != chosen.id]
    found = []
    for each in known:
        job, done = job_of(catalog, each), done_of(catalog.workspace, each)
        state = job.state if job is not None else "done" if done else "interrupted"
        found.append(
            {
                **each.model_dump(mode="json"),
                "state": state,
                "done": done.model_dump(mode="json") if done else None,
            }
        )
    output.table(
        ("id", "images", "state", "begun", "name"),
        [
            (
                each["id"],
                each["done"]["images"] if each["done"] else "–",
                each["state"],
                when(each["at"]),
                each["name"],
            )
            for each in found
        ],
    )
    return found


@command(
    "Library",
    "import-model",
    "take in a model that was trained elsewhere",
    argument("file", type=Path, metavar="FILE.keras"),
    argument(
        "--labels",
        required=True,
        metavar="FILE|NAMES",
        help="its classes in the order of its outputs: a text file, one a line; a JSON list; or "
        "the names with commas between",
    ),
    argument("--dataset", metavar="NAME", help="to test it on"),
    argument("--name", dest="run_name", metavar="RUN", help="name of the new run"),
    argument("--pixels", choices=PIXELS, help="values that it was trained on"),
    argument("--size", type=int, metavar="PIXELS", help="where the file leaves it open"),
    examples=("theirs.keras --labels labels.txt", "theirs.keras --labels cat,dog --pixels 0..1"),
)
def import_model(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    given = Path(options.labels).expanduser()
    typed = "," in options.labels or options.labels.lstrip().startswith("[")
    labels = parse_labels(options.labels) if typed else read_labels(given)
    dataset = catalog.datasets.find(options.dataset) if options.dataset else None
    run = begin_import(
        catalog,
        options.file.expanduser(),
        labels,
        name=options.run_name or "",
        dataset_id=dataset.id if dataset else "",
        pixels=options.pixels,
        size=options.size,
    )
    run_job(catalog, catalog.jobs.get(run.job_id), output)
    run = catalog.runs.get(run.id)
    output.text(f"Imported as “{run.name}”, with {run.summary.parameters:,} weights")
    for text in run.summary.warnings:
        output.text(f"  {text}")
    accuracy = run.summary.test_accuracy
    if accuracy is not None:
        tested = run.summary.test_images or 0
        output.text(f"  right on {rate(accuracy, tested)} of {tested:,} test images")
    return {"run": run.id, "name": run.name, "labels": labels, **run.summary.as_json()}


def _of_archive(catalog: Catalog, run_id: str, file: Path, threshold: float) -> Batch:
    """A batch about the images in an archive, of which the workspace keeps its own.

    Raises:
        InvalidInput: it is none.
        NoSpace: it doesn't fit on the disk.
    """
    if not archives.is_archive_name(file.name):
        raise InvalidInput(
            "This is neither a folder nor a .zip or .tar archive.",
            file=as_text(str(file)),
            remedy="To ask about single images: predict RUN FILE.",
        )
    token = new_token()
    stage = UploadStage(catalog.workspace, token)
    try:
        ensure_space(stage.archive.parent, file.stat().st_size, "copying the archive")
        with disk_errors("copying the archive"):
            shutil.copyfile(file, stage.archive)
        name = as_text(file.name)
        return new_batch(catalog, run_id, archive=token, name=name, threshold=threshold)
    except LightboxError:
        stage.abandon()
        raise


def _unfinished(catalog: Catalog, run_id: str, folder: Path) -> Batch | None:
    """The newest batch about a folder, if it was cut off in the middle."""
    stored = catalog.workspace.store_path(folder)
    about = (each for each in batches(catalog.workspace, run_id) if each.folder == stored)
    batch = next(about, None)
    job = job_of(catalog, batch) if batch is not None else None
    return batch if job and job.state in ("interrupted", "failed", "cancelled") else None


def _about(catalog: Catalog, batch: Batch, output: Output) -> dict[str, Any]:
    workspace = catalog.workspace
    counted, done = summarise(workspace, batch), done_of(workspace, batch)
    assert done is not None, "a batch that ended without an error is done"
    output.text(
        f"{plural(counted.images, 'image')}, {done.rate:.0f} a second; {counted.unsure:,} less "
        f"sure than {percent(counted.threshold, 0)}, {counted.unreadable:,} can't be read"
    )
    output.table(("images", "class"), [(f"{n:,}", label) for label, n in counted.classes.items()])
    if counted.sentence:
        output.text(f"  {counted.sentence}")
    elif counted.unfamiliar is None and counted.images > counted.unreadable:
        output.text("  Whether they look like its training images isn’t known: ood RUN says why.")
    unreadable = look(workspace, batch, "unreadable")
    for path, error in zip(unreadable["path"][:20], unreadable["error"][:20], strict=True):
        output.text(f"  {path}: {error}")
    if len(unreadable) > 20:
        output.text(f"  and {len(unreadable) - 20:,} more")
    return {
        "batch": batch.id,
        **dataclasses.asdict(counted),
        "seconds": done.seconds,
        "images_per_second": round(done.rate, 1),
        "not_read": unreadable[["path", "error"]].to_dict("records"),
    }
