"""What Auto has found as one Keras model, and fine-tuning where there is time for it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.features import backbones
from core.features.backbones.build import build
from core.features.weights import weights
from core.runs.files import RunFiles
from core.training import architectures
from core.training.architectures import pretrained
from core.training.augmentation.options import Augmentation
from core.training.auto import seen
from core.training.auto.chosen import chosen_of
from core.training.auto.clock import Clock, Paced, Until
from core.training.auto.ladder import Rung, story
from core.training.auto.search import Found, Search
from core.training.context import Data, TrainingContext
from core.training.fitting.fit import Run
from core.training.fitting.pretrained import fit_pretrained
from core.training.heads.layers import as_model
from core.training.spec import TrainSpec

# Standard errors by which fine-tuning must be ahead of the head (McNemar) to be kept.
_BEYOND_CHANCE = 2.0
# Needed at the end to save, check and test a model: seconds, and seconds an image.
_FINISH_S, _FINISH_EACH_S = 6.0, 0.003
# Images a second that fine-tuning learns from at a look's work of 1, with two cores; a first guess
# that the clock corrects by ending it.
_TUNED_PER_S = 60.0
_FEWEST_EPOCHS, _MOST_EPOCHS = 3, 20
# Less time than this is better spent on nothing.
_TUNING_S = 60.0


@dataclass(frozen=True)
class Automatic:
    """What came of it.

    Attributes:
        model: float32, uncompiled, from pixels to probabilities.
        spec: the run's, with what was chosen.
        stopped: whether the person has ended the search.
        accuracy: of answers about images that the model's kind was not fitted on.
        head: key of the head; "" of a network that was fine-tuned.
        rungs: all that was tried.
        story: the same in words.
        images: of some rows, uint8, as the model takes them.
        networks, chosen: that look side by side, and the settings of the head.
    """

    model: Any
    spec: TrainSpec
    stopped: bool
    accuracy: float
    head: str
    rungs: tuple[Rung, ...]
    story: str
    images: NDArray[np.uint8]
    networks: tuple[str, ...]
    chosen: dict[str, float]


def fit_automatically(context: TrainingContext, data: Data, run: Run, check_on: int) -> Automatic:
    """Search for as long as the spec says, and make the best a model.

    Args:
        check_on: how many images to give back, for the check of the export.

    Raises:
        WeightsMissing: no network's weights are on this computer.
        Cancelled: ended before there was anything to keep, or with nothing to be kept.
    """
    finish = _FINISH_S + _FINISH_EACH_S * len(data.table)
    clock = Clock(60 * context.spec.minutes, finish, context.now)
    paced = dataclasses.replace(context, report=Paced(context.report, clock))
    search = Search(paced, data, clock)
    again = chosen_of(context.catalog, context.spec, len(data.train) + len(data.validation))
    with context.phase("search"):
        weights(architectures.get(context.spec.architecture).backbone or "", context.report)
        found = search.run() if again is None else search.again(again)
    spec = context.spec.model_copy(update={**found.look.values, "augmentation": Augmentation()})
    model, accuracy, head, judged = None, found.accuracy, found.head, search.images
    rungs, why = list(search.rungs), "It ended early, since nothing was left to try."
    if search.stopped:
        why = "You ended it; the best until then was kept."
    elif again is not None:
        why = "Only the last step was fitted anew, as Auto had chosen it before."
    else:
        tuned = _tuned(context, data, run, found, clock)
        if tuned is not None:
            rungs.append(tuned.rung)
            context.report.event("rung", **tuned.rung.values)
            if tuned.rung.kept:
                model, spec, accuracy, head = tuned.model, tuned.spec, tuned.rung.accuracy, ""
                judged = len(data.validation)
        if search.out_of_time or tuned is not None:
            why = "More time would let it try more."
    if model is None:
        with context.phase("fit"):
            model = _assembled(spec, found)
            _keep(context, data, found)
    rows = np.concatenate([data.validation, data.train])[:check_on]
    images = seen.pixels_of(context, data, found.look, rows).take(np.arange(len(rows)))
    return Automatic(
        model,
        spec,
        search.stopped,
        accuracy,
        head,
        tuple(rungs),
        story(rungs, judged, why),
        images,
        found.look.networks if head else (),
        found.settings if head else {},
    )


def _assembled(spec: TrainSpec, found: Found) -> Any:
    gray = spec.color == "gray"
    bodies = []
    for network in found.look.networks:
        backbone = backbones.get(architectures.get(network).backbone or "")
        bodies.append(build(backbone, spec.image_size, weights(backbone.key), gray=gray))
    return pretrained.assemble(pretrained.side_by_side(bodies), as_model(found.steps))


def _keep(context: TrainingContext, data: Data, found: Found) -> None:
    """The model was fitted on the validation images too, so what it says of them now proves
    nothing; what it said without them is kept in their place. So is what it takes to fit it again.
    """
    columns = [f"p_{n}" for n in range(len(context.classes))]
    table = pd.DataFrame(found.probabilities.astype(np.float32), columns=columns)
    table.insert(0, "path", data.table["path"].to_numpy()[found.rows])
    files = RunFiles(context.catalog.workspace, context.folder.name)
    files.write_out_of_fold(table)
    files.write_axes(found.before.kernel, found.before.bias)


@dataclass(frozen=True)
class _Tuned:
    model: Any
    spec: TrainSpec
    rung: Rung


def _tuned(
    context: TrainingContext, data: Data, run: Run, found: Found, clock: Clock
) -> _Tuned | None:
    """Fine-tune the upper part of the network that was found, if there is time for it.

    Judged on the validation images, beside what the head said of the same ones without having been
    fitted on them.
    """
    epochs = int(clock.left * 0.8 * _TUNED_PER_S / found.look.work / max(1, len(data.train)))
    if clock.left < _TUNING_S or epochs < _FEWEST_EPOCHS or not len(data.validation):
        return None
    spec = context.spec.with_values(
        {
            **found.look.values,
            "augmentation": "light",
            "augmentation.flip_horizontal": False,
            "epochs": 3,
            "frozen": 0.6,
            "tuning.epochs": min(epochs, _MOST_EPOCHS),
            "tuning.learning_rate": 1e-3,
            "stopping.patience": 4,
            "stopping.metric": "accuracy",
        }
    )
    listening = dataclasses.replace(context, spec=spec, report=Until(context.report, clock))
    every = np.arange(len(data.table))
    pixels = seen.pixels_of(context, data, found.look, every)
    mine = dataclasses.replace(data, pixels=pixels, spec=spec)
    fitting = dataclasses.replace(
        run, spec=spec, report=listening.report, checkpoint=None, callbacks=()
    )
    model, _ = fit_pretrained(listening, mine, fitting)
    images = pixels.take(data.validation).astype(np.float32)
    answered = np.asarray(model.predict(images, batch_size=32, verbose=0)).argmax(axis=1)
    tuned = answered == data.labels[data.validation]
    before = found.probabilities.argmax(axis=1) == data.labels[found.rows]
    before = before[np.searchsorted(found.rows, data.validation)]
    # Only what is more than chance counts: of images that one is right on and the other is not. Its
    # best epoch was chosen on these very images, and it never saw them, as the head will.
    differing = int((tuned != before).sum())
    kept = int(tuned.sum()) - int(before.sum()) > _BEYOND_CHANCE * np.sqrt(differing)
    rung = Rung(
        seconds=round(clock.spent, 2),
        accuracy=round(float(tuned.mean()), 6),
        what=f"{found.look}, its upper part fine-tuned, judged on {len(tuned):,} images only",
        kept=bool(kept),
    )
    return _Tuned(model, spec, rung)
