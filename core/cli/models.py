"""The commands about models: recipes, train, list, evaluate, predict."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from core.catalog import Catalog
from core.cli.output import Output, when
from core.cli.running import run_job
from core.errors import InvalidInput, NotFound
from core.evaluation.evaluate import evaluate_folder, load_evaluation
from core.evaluation.records import Evaluation, worst_confusions
from core.training import recipes, stack
from core.training.start import create_run, suggest_spec
from core.workspace import atomic_path

Options = argparse.Namespace


def list_recipes(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    if options.dataset is not None:
        from core.cli.tuning import predicted

        return predicted(catalog, catalog.datasets.find(options.dataset).id, output)
    for recipe in recipes.RECIPES.values():
        output.text(f"{recipe.key}: {recipe.title}. {recipe.sentence}")
    return [dataclasses.asdict(recipe) for recipe in recipes.RECIPES.values()]


def train(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    values: dict[str, Any] = dict(settings_of(options.settings))
    if options.layers is not None:
        values |= {"architecture": "custom", "stack": load_layers(options.layers)}
    spec = suggest_spec(catalog, record.id, options.recipe).with_values(values)
    run = create_run(catalog, spec, options.run_name)
    run_job(catalog, catalog.jobs.get(run.job_id), output)
    return report_run(catalog, run.id, output)


def settings_of(given: list[str]) -> dict[str, str]:
    """Settings given as ``key=value``.

    Raises:
        InvalidInput: one is not of that form.
    """
    values = {}
    for setting in given:
        key, equals, value = setting.partition("=")
        if not equals:
            raise InvalidInput(f"“{setting}” is not of the form key=value.")
        values[key.strip()] = value.strip()
    return values


def load_layers(file: Path) -> list[dict[str, Any]]:
    """The layers of an own network, from JSON.

    Raises:
        InvalidInput: the file can't be read, or a layer is wrong.
    """
    try:
        text = file.expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InvalidInput(
            "That file of layers can't be read.", remedy="Check the path."
        ) from error
    return [layer.model_dump() for layer in stack.from_json(text)]


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
                    when(run.created_at),
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
