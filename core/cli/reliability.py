"""The command about reliability: how sure a model is, when it had better not answer, where it is
worse."""

from __future__ import annotations

from typing import Any

from core.catalog import Catalog
from core.cli.command import RUN, Options, argument, command
from core.cli.output import Output
from core.evaluation.predictions import load_predictions, validation_predictions
from core.evaluation.tested import find_tested
from core.evaluation.trust import words as words
from core.evaluation.trust.coverage import Point, Suggestion, answered_at, at_threshold, suggest
from core.evaluation.trust.disturbances import KINDS
from core.evaluation.trust.reliability import Reliability, rows_of
from core.evaluation.trust.reliability import reliability as load
from core.text import percent

_SLICES_SHOWN = 10


@command(
    "reliability",
    "Results",
    "how far one can rely on a run's answers",
    RUN,
    argument("--on", metavar="FOLDER", help="a folder that it was tested on"),
    argument(
        "--threshold",
        type=float,
        default=0.9,
        metavar="SURE",
        help="answer only when at least so sure; 0 to 1, default 0.9",
    ),
    argument(
        "--accuracy",
        type=float,
        default=0.99,
        metavar="WANTED",
        help="suggest the lowest threshold that reaches it; 0 to 1, default 0.99",
    ),
    examples=('"hands 1"', '"hands 1" --threshold 0.8'),
)
def reliability(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    on = "test"
    if options.on is not None:
        on = find_tested(catalog.workspace, run.id, options.on).on
    found = load(catalog, run.id, on, output.progress)
    predictions = load_predictions(catalog.workspace, run.id, on)
    validation = validation_predictions(catalog.workspace, run.id)
    test = (predictions.confidence, predictions.correct)
    document = found.model_dump(mode="json")
    output.text(f"Run “{run.name}” on {'its test set' if on == 'test' else on}")
    answer, sentence = words.can_i_rely_on_it(found)
    output.text(sentence)
    document["answer"], document["sentence"] = answer, sentence
    document["cautions"] = words.cautions(found)
    _say_calibration(found, output)
    point = at_threshold(*test, options.threshold)
    suggestion = suggest(options.accuracy, (validation.confidence, validation.correct), test)
    _say_coverage(found, point, suggestion, output)
    document["at"] = point.model_dump(mode="json")
    document["suggested"] = suggestion.model_dump(mode="json")
    below = ~answered_at(predictions.confidence, options.threshold)
    document["left_to_you"] = predictions.table.loc[below, "path"].tolist()
    _say_robustness(found, output)
    _say_slices(found, output)
    document["worse"] = {
        each.said: predictions.table.loc[
            rows_of(catalog.workspace, run.id, on, each), "path"
        ].tolist()
        for each in found.slices
        if each.worse
    }
    return document


def _say_calibration(found: Reliability, output: Output) -> None:
    output.text()
    output.text("Its confidence")
    output.text(f"  {words.sentence_of_calibration(found.before)}")
    before = found.before
    output.text(
        f"  expected calibration error {percent(before.ece, 1)} (95 % bootstrap interval "
        f"{percent(before.ece_low, 1)} to {percent(before.ece_high, 1)}), "
        f"maximum {percent(before.mce, 1)}"
    )
    output.text(f"  {words.sentence_of_temperature(found)}")


def _say_coverage(found: Reliability, point: Point, suggestion: Suggestion, output: Output) -> None:
    output.text()
    output.text("Answering only when sure enough")
    output.text(f"  {words.sentence_of_point(point)}")
    if found.validation_images:
        output.text(
            f"  for {percent(suggestion.wanted, 0)}: {words.sentence_of_suggestion(suggestion)}"
        )
    else:
        output.text("  Without validation images, no threshold can be suggested.")


def _say_robustness(found: Reliability, output: Output) -> None:
    output.text()
    output.text("On worse photos")
    robustness = found.robustness
    if robustness is None:
        output.text(f"  Not tried yet. Try it with: study {found.run_id}")
        return
    output.text(f"  {words.sentence_of_robustness(robustness)}")
    output.table(
        ("disturbance", "mild", "medium", "strong"),
        [
            (
                f"  {kind.title}",
                *(
                    (
                        f"{percent(test.right.share, 0)}{' *' if test.worse else ''} "
                        f"({kind.short(test.strength)})"
                    )
                    for test in robustness.tests
                    if test.kind == kind.key
                ),
            )
            for kind in KINDS.values()
        ],
    )
    output.text(
        f"  undisturbed {percent(robustness.plain.share, 0)}; on {robustness.images:,} of "
        f"{robustness.of:,} test images; * worse by more than chance (McNemar, Benjamini-Hochberg)"
    )


def _say_slices(found: Reliability, output: Output) -> None:
    output.text()
    output.text("Kinds of images")
    output.text(f"  {words.sentence_of_slices(found)}")
    shown = [each for each in found.slices if each.worse][:_SLICES_SHOWN]
    for each in shown:
        output.text(f"  {words.sentence_of_slice(each)}")
