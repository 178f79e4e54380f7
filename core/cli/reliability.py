"""The command about reliability: how sure a model is, when it had better not answer, where it is
worse."""

from __future__ import annotations

from typing import Any

from core.catalog import Catalog
from core.cli.command import RUN, Options, argument, command
from core.cli.compare import tested_on
from core.cli.numbers import share
from core.cli.output import Output
from core.cli.telling import tell
from core.evaluation.document.result import load_result
from core.evaluation.document.section import built
from core.evaluation.predictions import validation_predictions
from core.evaluation.trust import words as words
from core.evaluation.trust.coverage import answered_at, at_threshold, suggest
from core.evaluation.trust.reliability import rows_of
from core.text import percent


@command(
    "Results",
    "reliability",
    "how far one can rely on a run's answers",
    RUN,
    argument("--on", metavar="FOLDER", help="a folder that it was tested on"),
    argument(
        "--sure-from",
        "--threshold",
        type=share,
        dest="sure_from",
        metavar="SURE",
        help="answer only when at least so sure; 0 to 1, by default as for: run sure",
    ),
    argument(
        "--accuracy",
        type=share,
        default=0.99,
        metavar="WANTED",
        help="suggest the lowest threshold that reaches it; 0 to 1, default 0.99",
    ),
    examples=('"hands 1"', '"hands 1" --sure-from 0.8'),
)
def reliability(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    run = catalog.runs.find(options.run)
    on = tested_on(catalog, run, options.on)
    result = load_result(catalog, run, on, output.progress)
    found, predictions = result.reliability, result.predictions
    validation = validation_predictions(catalog.workspace, run.id)
    limit = result.sure.threshold if options.sure_from is None else options.sure_from
    point = at_threshold(predictions, limit)
    suggestion = suggest(options.accuracy, validation, predictions)
    below = ~answered_at(predictions, limit)
    sections = built(result, "terminal", "reliability")
    answer, sentence = result.reliance
    output.text(f"Run “{run.name}” on {'its test set' if on == 'test' else on}")
    tell(sections, output)
    output.text()
    output.text("As sure as is asked for")
    output.text(f"  {words.sentence_of_point(point)}")
    if found.validation_images:
        wanted = percent(suggestion.wanted, 0)
        output.text(f"  For {wanted}: {words.sentence_of_suggestion(suggestion)}")
    return {
        **found.model_dump(mode="json"),
        "answer": answer,
        "sentence": sentence,
        "cautions": words.cautions(found),
        "at": point.model_dump(mode="json"),
        "suggested": suggestion.model_dump(mode="json"),
        "left_to_you": predictions.table.loc[below, "path"].tolist(),
        "worse": {
            each.said: predictions.table.loc[
                rows_of(catalog.workspace, run.id, on, each), "path"
            ].tolist()
            for each in found.slices
            if each.worse
        },
        "sections": [each.as_json() for each in sections],
    }
