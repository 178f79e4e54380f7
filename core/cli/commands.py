"""What each command does: call a room, print its answer, return it for ``--json``."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import os
import signal
import socket
from pathlib import Path
from typing import Any

from core import settings
from core.catalog import Catalog, DatasetRecord, JobRecord
from core.cli.output import Output
from core.datasets import archives, intake
from core.errors import InvalidInput, LightboxError, NotFound
from core.evaluation.evaluate import evaluate_folder, load_evaluation
from core.evaluation.records import Evaluation, worst_confusions
from core.jobs import handlers
from core.jobs.execute import execute
from core.jobs.reporter import DatabaseReporter
from core.quality import curation, findings
from core.quality.curation import curated, usable
from core.training import recipes
from core.training.start import create_run, suggest_spec
from core.workspace import atomic_path

Options = argparse.Namespace


class JobFailed(LightboxError):
    """A job that this command started ended without success; its own sentence."""


class JobDefect(Exception):
    """A job that this command started met a defect of ours, which is in the logs already."""


def run_job(catalog: Catalog, job: JobRecord, output: Output) -> JobRecord:
    """Do a queued job in this process. Ctrl-C asks it to stop; a second one ends the command.

    Raises:
        JobFailed, JobDefect: with the job's sentence.
    """
    claimed = catalog.jobs.claim(
        handlers.HANDLERS[job.kind].lane, pid=os.getpid(), host=socket.gethostname(), job_id=job.id
    )
    if claimed is None:
        return _wait(catalog, job.id)
    started: list[DatabaseReporter] = []

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for report in started:
            report.cancel()

    before = signal.signal(signal.SIGINT, stop)
    try:
        ended = execute(catalog, claimed, output.progress, started)
    finally:
        signal.signal(signal.SIGINT, before)
    return _succeeded(ended)


def _wait(catalog: Catalog, job_id: str) -> JobRecord:
    """A worker of a running app was quicker: wait for it."""
    import threading

    pause = threading.Event()
    while not (job := catalog.jobs.get(job_id)).finished:
        pause.wait(0.3)
    return _succeeded(job)


def _succeeded(job: JobRecord) -> JobRecord:
    if job.error_id:
        raise JobDefect(job.error)
    if job.state != "done":
        raise JobFailed(job.error or f"It was {job.state}.")
    return job


def dataset_add(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    path: Path = options.path.expanduser()
    if path.is_file():
        if not archives.is_archive_name(path.name):
            raise InvalidInput(
                "This is neither a folder nor a .zip or .tar archive.", file=options.path
            )
        record = intake.add_archive(catalog, path, path.name, options.name)
    else:
        record = intake.add_folder(
            catalog, path, options.name, restrict=settings.load().roots_are_set
        )
    return _import(catalog, record, output)


def dataset_sample(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = intake.add_sample(catalog)
    if record.state == "ready":
        return _show(catalog, record, output)
    return _import(catalog, record, output)


def _import(catalog: Catalog, record: DatasetRecord, output: Output) -> dict[str, Any]:
    try:
        run_job(catalog, handlers.submit_import(catalog, record.id), output)
    except LightboxError:
        # Nothing of it can be used; leaving it would only take the name.
        intake.remove(catalog, record.id)
        raise
    return _show(catalog, catalog.datasets.get(record.id), output)


def dataset_list(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    records = catalog.datasets.all()
    if not records:
        output.text("No datasets yet. Add one with: dataset add PATH, or: dataset sample")
    else:
        output.table(
            ("name", "images", "classes", "version", "state", "from"),
            [(r.name, f"{r.images:,}", r.classes, r.version, r.state, r.origin) for r in records],
        )
    return [_dataset(catalog, record) for record in records]


def dataset_show(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    return _show(catalog, catalog.datasets.find(options.name), output)


def dataset_rename(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    renamed = catalog.datasets.rename(record.id, options.new_name)
    output.text(f"Renamed “{record.name}” to “{renamed.name}”.")
    return _dataset(catalog, renamed)


def dataset_remove(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    intake.remove(catalog, record.id)
    output.text(f"Removed “{record.name}”. Your own folder is as it was.")
    return {"removed": record.id}


def _show(catalog: Catalog, record: DatasetRecord, output: Output) -> dict[str, Any]:
    table = curated(catalog, record.id)
    good = usable(table)
    counts = good["label"].value_counts().sort_index()
    skipped = curation.skipped(catalog, record.id)
    output.text(f"{record.name}: {len(good):,} usable images in {len(counts)} classes")
    output.table(("class", "images"), [(label, f"{n:,}") for label, n in counts.items()])
    broken = int((table["status"] != "ok").sum())
    excluded = int(table["excluded"].sum())
    for number, what in (
        (broken, "can't be read"),
        (excluded, "excluded"),
        (len(skipped), "other files skipped"),
    ):
        if number:
            output.text(f"{number:,} {what}")
    for path, why in skipped[:5]:
        output.text(f"  {path}: {why}")
    return {
        **_dataset(catalog, record),
        "class_counts": {str(label): int(n) for label, n in counts.items()},
        "unreadable": broken,
        "excluded": excluded,
        "skipped": [{"path": path, "why": why} for path, why in skipped],
    }


def _dataset(catalog: Catalog, record: DatasetRecord) -> dict[str, Any]:
    root = catalog.workspace.load_path(record.root)
    return {
        **{key: getattr(record, key) for key in ("id", "name", "origin", "state", "version")},
        "images": record.images,
        "classes": record.classes,
        "root": str(root),
        "problem": record.problem,
    }


def scan(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    run_job(catalog, handlers.submit_scan(catalog, record.id), output)
    table = curated(catalog, record.id)
    found = findings.find(table)
    output.text(f"{len(table):,} images, {len(usable(table)):,} of them usable")
    if not found:
        output.text("Nothing deserves a look.")
    for finding in found:
        output.text(f"\n{finding.title}: {len(finding.paths):,}  [{finding.key}]")
        output.text(f"  {finding.sentence} {finding.suggestion}")
        for path in finding.paths[:5]:
            output.text(f"  {path}")
    return {
        "dataset": record.id,
        "version": catalog.datasets.get(record.id).version,
        "images": len(table),
        "usable": len(usable(table)),
        "findings": [dataclasses.asdict(finding) for finding in found],
        "skipped": curation.skipped(catalog, record.id),
    }


def decide(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    paths = list(options.paths)
    why = options.why
    if options.finding:
        table = curated(catalog, record.id)
        found = {finding.key: finding for finding in findings.find(table)}
        if options.finding not in found:
            raise NotFound(
                f"There is no finding “{options.finding}” in this dataset now.",
                remedy=("There are: " + ", ".join(found) + ".") if found else "",
            )
        finding = found[options.finding]
        extra = options.extra_copies
        paths += findings.extra_copies(finding, table) if extra else finding.paths
        why = why or finding.title
    change = curation.decide(catalog, record.id, options.action, paths, why=why)
    if change is None:
        raise InvalidInput("No image was named.", remedy="Name images, or use --finding KEY.")
    now = catalog.datasets.get(record.id)
    count = len(change.payload["paths"])
    output.text(
        f"{curation.DECISIONS[options.action]}: {count:,} image{'s' if count != 1 else ''}. "
        f"{now.images:,} are usable now. Take it back with: undo “{record.name}” {change.version}"
    )
    return {"dataset": record.id, "version": change.version, "images": now.images, "changed": count}


def undo(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    lines = curation.history(catalog, record.id)
    standing = [x.version for x in lines if x.action not in ("index", "undo") and not x.undone]
    versions = standing if options.all else options.versions or standing[:1]
    change = curation.undo(catalog, record.id, versions)
    undone = len(change.payload["versions"]) if change else 0
    output.text(f"Taken back: {undone} decision{'s' if undone != 1 else ''}.")
    return {"dataset": record.id, "undone": change.payload["versions"] if change else []}


def history(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    record = catalog.datasets.find(options.name)
    lines = curation.history(catalog, record.id)
    output.table(
        ("version", "when", "who", "what", "images", "why"),
        [
            (x.version, _when(x.at), x.author, x.what + (" (undone)" if x.undone else ""), x.images,
             x.why)
            for x in lines
        ],
    )  # fmt: skip
    return [dataclasses.asdict(line) for line in lines]


def list_recipes(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    for recipe in recipes.RECIPES.values():
        output.text(f"{recipe.key}: {recipe.title}. {recipe.sentence}")
    return [dataclasses.asdict(recipe) for recipe in recipes.RECIPES.values()]


def train(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    values = {}
    for setting in options.settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise InvalidInput(f"“{setting}” is not of the form key=value.")
        values[key.strip()] = value.strip()
    spec = suggest_spec(catalog, record.id, options.recipe).with_values(values)
    run = create_run(catalog, spec, options.run_name)
    run_job(catalog, catalog.jobs.get(run.job_id), output)
    return report_run(catalog, run.id, output)


def report_run(catalog: Catalog, run_id: str, output: Output) -> dict[str, Any]:
    """Print how a finished run went, and return it."""
    run = catalog.runs.get(run_id)
    summary = run.summary
    seconds = summary["seconds"]
    output.text(f"Run “{run.name}” is done after {sum(seconds.values()):.1f} s")
    parts = "  ".join(f"{name} {value:.1f}" for name, value in seconds.items())
    output.text(f"  seconds: {parts}")
    if summary.get("validation_accuracy") is not None:
        output.text(
            f"  validation accuracy {summary['validation_accuracy']:.1%} "
            f"(epoch {summary['best_epoch']} of {summary['epochs']})"
        )
    evaluation = load_evaluation(catalog.workspace, run.id)
    _say_accuracy(evaluation, output)
    return {
        "run": run.id,
        "name": run.name,
        "spec": run.spec,
        "seconds": seconds,
        "total_seconds": round(sum(seconds.values()), 3),
        "epochs": summary["epochs"],
        "best_epoch": summary["best_epoch"],
        "stopped": summary["stopped"],
        "precision": summary["precision"],
        "parameters": summary["parameters"],
        "export_difference": summary["export_difference"],
        "validation_accuracy": summary["validation_accuracy"],
        "test_accuracy": evaluation.accuracy,
        "test_interval": [evaluation.interval.low, evaluation.interval.high],
        "test_images": evaluation.images,
        "warnings": summary["warnings"],
    }


def _say_accuracy(evaluation: Evaluation, output: Output) -> None:
    low, high = evaluation.interval.low, evaluation.interval.high
    output.text(
        f"  test accuracy {evaluation.accuracy:.1%}: right on {evaluation.correct:,} of "
        f"{evaluation.images:,} images it had never seen, likely between {low:.1%} and {high:.1%}"
    )
    output.text(
        f"  always answering “{evaluation.baseline_label}” would be right on "
        f"{evaluation.baseline:.1%}"
    )


def runs(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    records = catalog.runs.all()
    names = {record.id: record.name for record in catalog.datasets.all()}
    if not records:
        output.text("No runs yet. Train one with: train NAME")
    else:
        output.table(
            ("name", "dataset", "recipe", "state", "test accuracy", "when"),
            [
                (
                    run.name,
                    names.get(run.dataset_id, "(removed)"),
                    run.spec["recipe"],
                    run.state,
                    f"{run.summary['test_accuracy']:.1%}"
                    if "test_accuracy" in run.summary
                    else "–",
                    _when(run.created_at),
                )
                for run in records
            ],
        )
    return [dataclasses.asdict(run) for run in records]


def evaluate(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    if options.on is None:
        evaluation = load_evaluation(catalog.workspace, run.id)
    else:
        evaluation = evaluate_folder(
            catalog, run.id, options.on.expanduser().resolve(), output.progress
        )
    output.text(f"Run “{run.name}” on {'its test set' if evaluation.on == 'test' else options.on}")
    _say_accuracy(evaluation, output)
    output.table(
        ("class", "precision", "recall", "F1", "images"),
        [
            (row.label, f"{row.precision:.3f}", f"{row.recall:.3f}", f"{row.f1:.3f}", row.support)
            for row in [*evaluation.report, evaluation.macro, evaluation.weighted]
        ],
    )
    for pair in worst_confusions(evaluation, 3):
        output.text(f"  “{pair.true}” taken for “{pair.predicted}”: {pair.count} of {pair.support}")
    if evaluation.left_out:
        output.text(f"  left out: {len(evaluation.left_out):,}")
        for path, why in evaluation.left_out[:3]:
            output.text(f"    {path}: {why}")
    return evaluation.model_dump(mode="json")


def predict(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    from core.inference.predictor import open_predictor, to_csv

    run = catalog.runs.find(options.run)
    predictor = open_predictor(catalog.workspace, run.id)
    files = []
    for path in options.files:
        try:
            files.append((str(path), path.expanduser().read_bytes()))
        except OSError as error:
            raise NotFound("That file can't be opened.", file=path) from error
    answers = predictor.predict(files, top=options.top)
    for answer in answers:
        if answer.error:
            output.text(f"{answer.name}: {answer.error}")
        else:
            top = "  ".join(f"{label} {p:.1%}" for label, p in answer.top)
            output.text(f"{answer.name}: {top}")
    if options.csv is not None:
        with atomic_path(options.csv.expanduser().resolve()) as part:
            part.write_text(to_csv(answers, predictor.classes), encoding="utf-8")
    if all(answer.error for answer in answers):
        raise InvalidInput("None of these files is an image that Lightbox can read.")
    return [dataclasses.asdict(answer) for answer in answers]


def _when(at: float) -> str:
    return datetime.datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M")
