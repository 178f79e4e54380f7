"""The commands about models: train, predict."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.catalog import Catalog, DatasetRecord
from core.catalog.queue import Has
from core.cli.command import RUN, Argument, Options, argument, command
from core.cli.datasets import find_or_add
from core.cli.layouts import LAYOUT
from core.cli.output import Output
from core.cli.running import run_job, saying_what_became, until_interrupted
from core.cli.telling import tell
from core.errors import InvalidInput, LightboxError
from core.evaluation.document.result import load_result
from core.evaluation.document.section import built
from core.evaluation.threshold import sure_from
from core.text import percent
from core.training import stack
from core.training.catalogue import help_text
from core.training.recipes import RECIPES
from core.training.setting import find as find_setting
from core.training.spec import TrainSpec, parse_spec
from core.training.start import create_run, suggest_spec
from core.workspace import atomic_path, writable_place

if TYPE_CHECKING:
    from core.inference.predictor import Prediction

# Images that are opened and answered together.
_GROUP = 64
RECIPE = argument("--recipe", help=", ".join(RECIPES))


def settings_argument(help: str) -> Argument:
    """``--set KEY=VALUE``, which :func:`settings_of` reads; help ends with all that can be set."""
    given = argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="settings", help=help
    )

    def add_to(parser: Any) -> None:
        given.add_to(parser)
        parser.epilog = f"{parser.epilog}\n\n{help_text()}"

    return Argument(add_to)


NEEDS = (
    argument("--needs", choices=("gpu",), help="only a computer that has one may do it"),
    argument(
        "--needs-memory", type=float, metavar="GB", help="only a computer with as much may do it"
    ),
)


def needs_of(options: Options) -> Has | None:
    """What ``--needs`` and ``--needs-memory`` say; ``None`` for nothing.

    Raises:
        InvalidInput: so much memory there can't be.
    """
    gigabytes = 0.0 if options.needs_memory is None else options.needs_memory
    if not 0 <= gigabytes < 1e6:
        raise InvalidInput(
            f"{gigabytes:g} GB of memory can't be asked for.", remedy="Give a number above 0."
        )
    if not gigabytes and not options.needs:
        return None
    return Has(round(gigabytes * 1e9), options.needs == "gpu")


# Settings that Auto takes as they are.
_LEFT_TO_PEOPLE = {"minutes", "seed", "color", "balance", "test", "validation", "architecture"}


@command(
    "Train",
    "train",
    "train on a dataset, or on a folder",
    argument("name", metavar="NAME", help="of a dataset; a folder or an archive is added as one"),
    RECIPE,
    argument(
        "--minutes", type=float, metavar="N", help="let Auto find what is best in so many minutes"
    ),
    argument("--layers", type=Path, metavar="FILE.json", help="an own network (see: layers)"),
    settings_argument("a setting, for example epochs=10, validation=0.2 or test=0.1"),
    argument("--name", dest="run_name", metavar="RUN", help="name of the new run"),
    argument("--like", metavar="RUN", help="begin with the settings of that run"),
    *NEEDS,
    *LAYOUT,
    examples=(
        "hands",
        "photos",
        "hands --minutes 0.2",
        "hands --recipe scratch --set epochs=3 --set image_size=32",
    ),
)
def train(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    record = find_or_add(catalog, options, output)
    values: dict[str, Any] = dict(settings_of(options.settings))
    if options.layers is not None:
        values |= {"architecture": "custom", "stack": load_layers(options.layers)}
    if options.minutes is not None:
        if options.recipe not in (None, "auto"):
            raise InvalidInput(
                "--minutes is for Auto; a recipe takes the time that it takes.",
                remedy="Leave --minutes or --recipe out.",
            )
        if not options.minutes > 0:
            raise InvalidInput("Auto needs some time.", remedy="Give --minutes 1, for example.")
        values["minutes"] = options.minutes
    spec = _begin_with(catalog, record, options).with_values(values)
    if (earlier := catalog.runs.named(options.run_name)) is not None:
        until_interrupted(catalog, catalog.jobs.get(earlier.job_id), output)
    run = create_run(catalog, spec, options.run_name, needs=needs_of(options))
    with saying_what_became(catalog, run.id):
        run_job(catalog, catalog.jobs.get(run.job_id), output)
        return report_run(catalog, run.id, output)


def _begin_with(catalog: Catalog, record: DatasetRecord, options: Options) -> TrainSpec:
    """The settings that a training begins with: those of another run, or of a recipe."""
    if options.like is None:
        recipe = options.recipe or ("auto" if options.minutes is not None else None)
        spec = suggest_spec(catalog, record.id, recipe)
        given = {setting.partition("=")[0].strip() for setting in options.settings}
        if recipe is None and spec.minutes and (given - _LEFT_TO_PEOPLE or options.layers):
            # Auto would decide that itself: who sets it wants a training that obeys.
            return suggest_spec(catalog, record.id, "quick")
        return spec
    if options.recipe is not None:
        raise InvalidInput("--like names the recipe too.", remedy="Leave --recipe out.")
    theirs = parse_spec(catalog.runs.find(options.like).spec)
    values = {"dataset_id": record.id, "dataset_version": record.version, "refits": ""}
    return theirs.model_copy(update=values)


def settings_of(given: list[str]) -> dict[str, str]:
    """Settings given as ``key=value``.

    Raises:
        InvalidInput: one is not of that form, or is given twice.
    """
    values: dict[str, str] = {}
    meant = set()
    for setting in given:
        key, equals, value = (each.strip() for each in setting.partition("="))
        if not equals:
            raise InvalidInput(f"“{setting}” is not of the form key=value.")
        known = find_setting(TrainSpec, key)
        name = key if known is None else known.key
        if name in meant:
            raise InvalidInput(f"“{key}” was given twice.", remedy="Give each setting once.")
        meant.add(name)
        values[key] = value
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
    seconds = summary.seconds
    if summary.stopped:
        output.text("Stopped early; what it had learned by then is kept.")
    output.text(f"Run “{run.name}” is done after {sum(seconds.values()):.1f} s")
    parts = "  ".join(f"{name} {value:.1f}" for name, value in seconds.items())
    output.text(f"  seconds: {parts}")
    if summary.story:
        output.text(f"  {summary.story}")
    elif summary.validation_accuracy is not None:
        output.text(
            f"  validation accuracy {percent(summary.validation_accuracy)} "
            f"(epoch {summary.best_epoch} of {summary.epochs})"
        )
    result = load_result(catalog, run)
    evaluation = result.evaluation
    tell(built(result, "terminal", "overview")[:1], output)
    return {
        "run": run.id,
        "name": run.name,
        "spec": run.spec,
        "seconds": seconds,
        "total_seconds": round(sum(seconds.values()), 3),
        "epochs": summary.epochs,
        "best_epoch": summary.best_epoch,
        "stopped": summary.stopped,
        "precision": summary.precision,
        "parameters": summary.parameters,
        "export_difference": summary.export_difference,
        "validation_accuracy": summary.validation_accuracy,
        "test_accuracy": evaluation.accuracy,
        "test_interval": [evaluation.interval.low, evaluation.interval.high],
        "test_images": evaluation.images,
        "warnings": list(summary.warnings),
    }


@command(
    "Predict",
    "predict",
    "ask a run about images",
    RUN,
    argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="images; folders and .zip files too. What can't be read keeps no other from an answer "
        "(exit code 2 only where nothing can)",
    ),
    argument("--strict", action="store_true", help="exit code 2 where any can't be read"),
    argument("--top", type=int, default=3, metavar="K"),
    argument("--csv", type=Path, metavar="FILE", help="write the answers as a table"),
    examples=(
        '"hands 1" a.jpg',
        '"hands 1" photos',
        '"hands 1" a.jpg b.jpg --top 2 --csv answers.csv',
    ),
)
def predict(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    """Answer images. Those that can't be opened or read have a sentence for an answer, and the
    others are answered; exit code 2 only where none is, or with --strict where one isn't."""
    from core.inference.given import FROM_BOXES, learned_from_boxes
    from core.inference.predictor import Prediction, open_predictor, to_csv

    target = writable_place(options.csv) if options.csv is not None else None
    run = catalog.runs.find(options.run)
    predictor = open_predictor(catalog.workspace, run.id)
    threshold = sure_from(catalog.workspace, run.id).threshold
    answers: list[Prediction] = []
    document = []
    for files, refused in _in_groups(options.files, output):
        some = predictor.predict(files, top=options.top)
        unlike = unlike_training(catalog, run.id, files) if files else []
        some += [Prediction(name, "", 0.0, (), why, 0.0) for name, why in refused]
        unlike += [None] * len(refused)
        for answer, out_of_distribution in zip(some, unlike, strict=True):
            if answer.error:
                # The sentence names it, too, mostly.
                output.text(f"{answer.name}: {answer.error.replace(f' ({answer.name})', '', 1)}")
            else:
                top = "  ".join(f"{label} {percent(p)}" for label, p in answer.top)
                mark = "  (not sure)" if answer.confidence < threshold else ""
                if out_of_distribution:
                    mark = "  (doesn't look like what it was trained on)"
                output.text(f"{answer.name}: {top}{mark}")
            unsure = None if answer.error else answer.confidence < threshold
            said = {"unfamiliar": out_of_distribution, "unsure": unsure}
            document.append({**dataclasses.asdict(answer), **said})
        answers += some
    if learned_from_boxes(catalog.workspace, run.id):
        output.text(FROM_BOXES)
    if target is not None:
        with atomic_path(target) as part:
            part.write_text(to_csv(answers, predictor.classes), encoding="utf-8")
    unread = [answer for answer in answers if answer.error]
    if len(unread) == len(answers):
        raise _none_of(unread)
    if unread and options.strict:
        # A program is told of each all the same.
        output.document(document)
        raise _none_of(unread)
    return document


def _none_of(refused: Sequence[Prediction]) -> InvalidInput:
    """Of which files there is no answer, and why: of the first of many."""
    if len(refused) == 1:
        name, error = refused[0].name, refused[0].error
        what, named, remedy = error.partition(f" ({name}).")
        return InvalidInput(f"{what}." if named else what, file=name, remedy=remedy.strip())
    why = [f"{each.name}: {each.error}" for each in refused[:3]]
    return InvalidInput(f"{len(refused):,} files can’t be answered.", remedy=" ".join(why))


def _in_groups(
    paths: list[Path], output: Output
) -> Iterator[tuple[list[tuple[str, bytes]], list[tuple[str, str]]]]:
    """Images of files, folders and archives, so many at a time that they fit into memory: name and
    content of each, and name and reason of what can't be opened; in the order of ``paths``."""
    from core.inference.batch_files import find_files
    from core.inference.given import open_given

    for path in paths:
        within = [path.expanduser()]
        try:
            if os.path.isdir(within[0]):  # noqa: PTH112  (answers where ``Path`` would raise)
                found = find_files(within[0], output.progress)
                within = [within[0] / name for name, _, _ in found]
        except LightboxError as error:
            yield [], [(str(path), error.title)]
            continue
        for start in range(0, len(within), _GROUP):
            files: list[tuple[str, bytes]] = []
            refused: list[tuple[str, str]] = []
            for each in within[start : start + _GROUP]:
                name = str(path if each == path.expanduser() else each)
                try:
                    files.append((name, each.read_bytes()))
                except (OSError, ValueError):
                    there = os.path.lexists(each)
                    why = "It can't be opened." if there else "There is no such file."
                    refused.append((name, why))
            given = open_given(files)
            yield given.files, [*refused, *given.refused]


def unlike_training(
    catalog: Catalog, run_id: str, files: list[tuple[str, bytes]]
) -> list[bool | None]:
    """For each image file whether it looks like nothing that a run was trained with; ``None`` where
    that can't be told. It is learned from the training images when it is first asked for."""
    from core.evaluation.out_of_distribution import learned_detector, out_of_distribution_files

    learned_detector(catalog, run_id)
    return out_of_distribution_files(catalog.workspace, run_id, files)
