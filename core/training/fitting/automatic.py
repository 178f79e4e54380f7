"""What Auto has found as one Keras model, and fine-tuning where there is time for it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.catalog import RunSummary
from core.features.weights import weights
from core.progress import ToTheEnd
from core.runs.files import RunFiles
from core.training import architectures
from core.training.architectures import pretrained
from core.training.augmentation.options import Augmentation
from core.training.auto import seen
from core.training.auto.clock import Clock, Paced, finish_s
from core.training.auto.kept import Kept, chosen_of
from core.training.auto.ladder import left_out, story
from core.training.auto.search import Search
from core.training.context import Data, TrainingContext
from core.training.fitting.tuning import Tuning, bodies_of
from core.training.heads.head import as_model
from core.training.spec import TrainSpec


@dataclass(frozen=True)
class Automatic:
    """What came of it.

    Attributes:
        model: float32, uncompiled, from pixels to probabilities.
        spec: the run's, with what was chosen.
        stopped: whether the person has ended the search.
        summary: what there is to say of it: how good it is, what it looks with, what was tried.
        images: on which its export is checked, uint8, as the model takes them.
    """

    model: Any
    spec: TrainSpec
    stopped: bool
    summary: RunSummary
    images: NDArray[np.uint8]


def fit_automatically(context: TrainingContext, data: Data) -> Automatic:
    """Search for as long as the spec says, and make the best a model.

    Raises:
        WeightsMissing: no network's weights are on this computer.
        Cancelled: ended before there was anything to keep, or with nothing to be kept.
    """
    finish = finish_s(len(data.table))
    files = RunFiles(context.catalog.workspace, context.folder.name)
    kept = Kept(files.checkpoint / "search.json", context.spec, data)
    clock = Clock(60 * context.spec.minutes, finish, context.now, kept.spent)
    again = chosen_of(context.catalog, context.spec, len(data.learned))
    # What learns again needs seconds of the time that a search may take.
    report = context.report if again is not None else Paced(context.report, clock)
    paced = dataclasses.replace(context, report=report)
    search = Search(paced, data, clock, kept)
    with context.phase("search"):
        weights(architectures.get(context.spec.architecture).backbone or "", context.report)
        found = search.run() if again is None else search.again(again)
    spec = context.spec.model_copy(update={**found.look.values, "augmentation": Augmentation()})
    # Of classes of one image each none can be held back, so answers about them say nothing.
    apart = int(np.bincount(data.labels[search.rows]).max()) > 1
    model, accuracy, head = None, found.judged.accuracy, found.judged.head
    judged = search.images if apart else 0
    why = "It ended early, since nothing was left to try."
    stopped, tuned = search.stopped, None
    if again is not None:
        why = "Only the last step was fitted anew, as Auto had chosen it before."
    elif not stopped:
        tuning = Tuning(paced, data, search, found, clock)
        with context.phase("tuning"):
            tuned, stopped = tuning.run()
        if tuned is not None:
            model = pretrained.assemble(tuned.body, as_model(tuned.steps))
            accuracy, head, judged = tuned.accuracy, "", len(tuned.rows) if apart else 0
            _keep(context, data, tuned.rows, tuned.probabilities)
        if search.settled:
            why = "It ended early: so few are wrong that nothing could be shown to be better."
        elif untried := [*search.untried, *tuning.untried]:
            why = left_out(untried)
    if stopped:
        why = "You ended it; the best until then was kept."
    if model is None:
        with context.phase("fit"):
            body = pretrained.side_by_side(bodies_of(spec, found.look))
            model = pretrained.assemble(body, as_model(found.steps))
            _keep(context, data, found.rows, found.judged.probabilities)
            files.write_axes(found.before.kernel, found.before.bias)
    rows = data.checked()
    # Those that the export is checked on are read even where the person has ended the search.
    heedless = dataclasses.replace(context, report=ToTheEnd(context.report))
    images = seen.Seen(heedless, data, rows).pixels(found.look).take(np.arange(len(rows)))
    summary = RunSummary(
        validation_accuracy=accuracy if judged else None,
        judged=judged,
        head=head,
        networks=found.look.networks if head else (),
        peaks=found.look.peaks,
        closer=found.look.closer,
        chosen=found.judged.settings if head else {},
        sharpness=found.judged.sharpness,
        story=story(search.rungs, judged, why),
        ladder=tuple(rung.model_dump(mode="json") for rung in search.rungs),
    )
    return Automatic(model, spec, stopped, summary, images)


def _keep(
    context: TrainingContext, data: Data, rows: NDArray[np.int64], said: NDArray[np.float64]
) -> None:
    """The model was fitted on the validation images too, so what it says of them now proves
    nothing; what was said without them is kept in their place."""
    columns = [f"p_{n}" for n in range(len(context.classes))]
    table = pd.DataFrame(said.astype(np.float32), columns=columns)
    table.insert(0, "path", data.table["path"].to_numpy()[rows])
    RunFiles(context.catalog.workspace, context.folder.name).write_out_of_fold(table)
