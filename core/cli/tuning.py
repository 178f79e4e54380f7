"""Commands about how to train: architectures, predicted times, learning rates, searches."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from functools import partial
from pathlib import Path
from typing import Any

from core.catalog import Catalog
from core.cli.command import NAME, Options, argument, command
from core.cli.models import RECIPE, settings_argument, settings_of
from core.cli.output import Output
from core.cli.running import run_job
from core.errors import NotFound
from core.jobs import kinds
from core.quality.curation import curated, usable
from core.text import percent, plural
from core.training import architectures, recipes, search, stack
from core.training.ahead import recipe_specs
from core.training.architectures.facts import facts
from core.training.estimate import estimate
from core.training.start import suggest_spec
from core.training.templates import TEMPLATES

in_train = partial(command, "Train")


@in_train(
    "recipes",
    "the ways of training",
    argument("--for", dest="dataset", metavar="NAME", help="with predicted times"),
    examples=("", "--for hands"),
)
def list_recipes(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    if options.dataset is not None:
        return predicted(catalog, catalog.datasets.find(options.dataset).id, output)
    for recipe in recipes.RECIPES.values():
        output.text(f"{recipe.key}: {recipe.title}. {recipe.sentence}")
    return [dataclasses.asdict(recipe) for recipe in recipes.RECIPES.values()]


@in_train("architectures", "networks to choose from")
def list_architectures(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for network in architectures.ARCHITECTURES.values():
        about = None if network.key == "custom" else facts(network.key)
        found.append(
            {
                "key": network.key,
                "title": network.title,
                "sentence": network.sentence,
                "usual_size": network.usual,
                "smallest_size": network.smallest,
                "pretrained": network.backbone is not None,
                "parameters": about.parameters if about else None,
                "flops": about.flops if about else None,
            }
        )
    output.table(
        ("name", "parameters", "million operations", "usual size", "pretrained", "what it is"),
        [
            (
                row["key"],
                f"{row['parameters']:,}" if row["parameters"] else "–",
                f"{row['flops'] / 1e6:,.0f}" if row["flops"] else "–",
                f"{row['usual_size']} px",
                "yes" if row["pretrained"] else "no",
                row["sentence"],
            )
            for row in found
        ],
    )
    return found


@in_train(
    "layers",
    "check an own network, or show templates",
    argument("file", nargs="?", type=Path, metavar="FILE.json"),
    argument("--size", type=int, default=64, metavar="PIXELS"),
    argument("--classes", type=int, default=10),
    argument("--gray", action="store_true", help="images without colour"),
    examples=("", "network.json --size 32 --classes 3"),
)
def layers(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    if options.file is None:
        for title, (sentence, template) in TEMPLATES.items():
            output.text(f"{title}: {sentence}")
            output.text(stack.to_json(template))
        return {
            title: {"sentence": sentence, "layers": [one.model_dump() for one in template]}
            for title, (sentence, template) in TEMPLATES.items()
        }
    try:
        text = options.file.expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise NotFound("That file can't be read.", file=options.file) from error
    channels = 1 if options.gray else 3
    made = stack.from_json(text)
    rows = stack.trace(made, options.size, channels, options.classes)
    output.table(
        ("layer", "output", "parameters", "operations", ""),
        [
            (
                row.name,
                " × ".join(map(str, row.shape)) if row.shape else "–",
                f"{row.parameters:,}",
                f"{row.flops:,}",
                row.error,
            )
            for row in rows
        ],
    )
    stack.check(made, options.size, channels, options.classes)
    return {"layers": [dataclasses.asdict(row) for row in rows]}


@in_train("measure", "measure how fast this computer trains", NAME)
def measure(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    record = catalog.datasets.find(options.name)
    run_job(catalog, kinds.submit_measure(catalog, record.id), output)
    return predicted(catalog, record.id, output)


def predicted(catalog: Catalog, dataset_id: str, output: Output) -> list[dict[str, Any]]:
    """Print what each recipe will take on a dataset, and return it."""
    table = usable(curated(catalog, dataset_id))
    found = []
    for spec in recipe_specs(catalog, dataset_id, table):
        taken = estimate(catalog, spec, table)
        recipe = recipes.get(spec.recipe)
        said = (
            f"about {taken.seconds:,.0f} s and {taken.memory_mb:,} MB of memory"
            if taken
            else "not measured on this computer yet"
        )
        output.text(f"{recipe.key}: {recipe.title}, {said}. {recipe.sentence}")
        found.append(
            {
                **dataclasses.asdict(recipe),
                "estimate": dataclasses.asdict(taken) if taken else None,
            }
        )
    return found


_COMMON = settings_argument("a setting that all have in common")


@in_train(
    "find-rate",
    "find a learning rate",
    NAME,
    RECIPE,
    _COMMON,
    examples=("hands --recipe scratch",),
)
def find_rate(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    spec = suggest_spec(catalog, record.id, options.recipe).with_values(
        settings_of(options.settings)
    )
    job = run_job(catalog, kinds.submit_find_rate(catalog, spec), output)
    event = catalog.jobs.latest_event(job.id, "rates")
    found = event.payload if event is not None else {}
    if found.get("suggestion") is None:
        output.text("The loss never fell clearly, so no learning rate can be suggested.")
    else:
        output.text(
            f"Suggested learning rate: {found['suggestion']:g} (now {spec.learning_rate:g})"
        )
    return dict(found)


@in_train(
    "search",
    "train with different settings and compare",
    NAME,
    RECIPE,
    _COMMON,
    argument(
        "--try",
        action="append",
        default=[],
        required=True,
        metavar="KEY=V1,V2",
        dest="tries",
        help="values of a setting to try",
    ),
    argument("--random", type=int, metavar="N", help="only N combinations, by chance"),
    argument("--seed", type=int, default=1, help="decides which"),
    argument("--name", dest="run_name", metavar="RUN", help="what the runs are called"),
    examples=("hands --try dropout=0,0.5", "hands --try epochs=2,3 --try seed=1,2 --random 3"),
)
def search_settings(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = catalog.datasets.find(options.name)
    spec = suggest_spec(catalog, record.id, options.recipe).with_values(
        settings_of(options.settings)
    )
    choices = {
        key: [value.strip() for value in values.split(",")]
        for key, values in settings_of(options.tries).items()
    }
    runs = search.start_search(
        catalog, spec, choices, count=options.random, seed=options.seed, name=options.run_name
    )
    output.text(f"{plural(len(runs), 'run')} to do")
    try:
        for run in runs:
            if output.stopping:
                break
            output.text(f"{run.name}: {search.in_words(run.summary.tried)}")
            run_job(catalog, catalog.jobs.get(run.job_id), output)
    finally:
        if output.stopping:
            # Those that wait are not begun by somebody else, either.
            for run in runs:
                catalog.jobs.request_cancel(run.job_id)
    table = search.results([catalog.runs.get(run.id) for run in runs])
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    tried = list(choices)
    output.table(
        ("run", *tried, "validation accuracy", "seconds"),
        [(row["run"], *(row[key] for key in tried), *_how(row)) for row in rows],
    )
    return {"search": runs[0].summary.search, "runs": rows}


def _how(row: dict[Hashable, Any]) -> tuple[str, str]:
    """How right it is and how long it took; of one that has no model, what became of it."""
    if row["state"] != "done":
        return row["state"], "–"
    return percent(row["validation_accuracy"]), f"{row['seconds']:.1f}"
