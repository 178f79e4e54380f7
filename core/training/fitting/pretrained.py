"""Transfer learning: a head on a frozen backbone's features, then fine-tuning of the top.

Features of the images as they are come first, so that the curve begins at once; one more varied
view of each is computed before each of the next epochs, by OpenVINO, and kept. Fine-tuning cuts the
backbone in two: OpenVINO runs the frozen bottom inside the input pipeline, Keras trains the rest.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from core.datasets.pixels import Pixels
from core.errors import Cancelled
from core.features import backbones
from core.features.backbones import convert
from core.features.backbones.build import build
from core.features.cache import FeatureViews
from core.features.runtime import Compiled, save_ir
from core.features.weights import weights
from core.runs.files import CHECKPOINT
from core.training import frozen
from core.training.architectures import pretrained
from core.training.architectures.family import MOMENTUM
from core.training.context import Data, TrainingContext
from core.training.fitting import cut, devices
from core.training.fitting.batches import Batches, Examples
from core.training.fitting.callbacks.base import FitPhase
from core.training.fitting.compiling import building_in
from core.training.fitting.fit import Run, epochs_done, fit
from core.training.fitting.start import source_of, start_from
from core.training.fitting.whole import pixel_batches, samples
from core.training.speeds import Speed


class _Body:
    """The backbone of a run, as Keras model (made when first needed) and as OpenVINO's IR.

    Attributes:
        tag: what the features depend on besides backbone, size and precision.
    """

    def __init__(self, context: TrainingContext) -> None:
        spec = context.spec
        self.context, self.backbone = context, backbones.get(context.architecture.backbone or "")
        self.gray = spec.color == "gray"
        self.file: Path | None = None
        self.tag = ""
        if spec.weights != "imagenet":
            self.file, self.tag = source_of(context)
        self.cache_tag = frozen.tag(spec, self.tag)

    def keras(self) -> Any:
        """A new Keras model, float32 or whatever precision it is made in."""
        size = self.context.spec.image_size
        if self.file is None:
            return build(self.backbone, size, weights(self.backbone.key), gray=self.gray)
        if self.file.suffix != ".keras":
            return build(self.backbone, size, self.file, gray=self.gray)
        body = build(self.backbone, size, None, gray=self.gray)
        start_from(self.context, body, self.file)
        return body

    def ir(self) -> Path:
        """The model that computes features."""
        workspace, size = self.context.catalog.workspace, self.context.spec.image_size
        if self.file is None:
            return convert.load(
                workspace, self.backbone.key, size, self.context.report, gray=self.gray
            )
        name = f"{self.backbone.version}-{size}-{self.cache_tag}.xml"
        path = workspace.cache / "backbones" / name
        if not path.exists() or not path.with_suffix(".bin").exists():
            save_ir(self.keras(), path)
        return path


def fit_pretrained(context: TrainingContext, data: Data, run: Run) -> tuple[Any, bool]:
    """Returns the model in float32, uncompiled, and whether the person stopped it."""
    body = _Body(context)
    with context.phase("features"):
        features = _features(context, data, body)
    context.report.check()
    with context.phase("fit"):
        head, stopped = _fit_head(context, data, run, body, features)
        whole = body.keras()
        if context.spec.tuning.epochs and not stopped:
            tuned, last, stopped = _tune(context, data, run, body, whole, head)
            if run.fit_state.best_epoch > context.spec.epochs:
                whole.set_weights(tuned.get_weights())
                head.set_weights(last.get_weights())
    return pretrained.assemble(whole, head), stopped


def try_rates(context: TrainingContext, data: Data, run: Run) -> None:
    """Train the head only, with whatever the run has in the place of reporting."""
    body = _Body(context)
    _fit_head(context, data, run, body, _features(context, data, body))


def prepare_features(context: TrainingContext, data: Data) -> None:
    """Compute features of the images as they are, ahead of the training."""
    _views(context, data, _Body(context)).compute(0)


def try_features(context: TrainingContext, data: Data) -> dict[str, Speed]:
    """How long features take: of images as they are, and of varied views."""
    body = _Body(context)
    features = _views(context, data, body)
    # The first batch compiles the backbone.
    once, each = _timed(features, 0, len(data.train))
    found = {"features": Speed(once, each)}
    if features.views:
        found["views"] = Speed(0.0, _timed(features, 1, len(data.train))[1])
    return found


def _timed(features: FeatureViews, view: int, images: int) -> tuple[float, float]:
    """Seconds once, and seconds an image; (0, 0) where all were known before."""
    first = min(64, images // 2)
    started = time.monotonic()
    new = features.compute(view, np.arange(first))
    middle = time.monotonic()
    more = features.compute(view, np.arange(first, images))
    each = (time.monotonic() - middle) / more if more else 0.0
    return (max(0.0, middle - started - each * new), each)


def _views(context: TrainingContext, data: Data, body: _Body) -> FeatureViews:
    """Features of training and then validation images, to be computed view by view.

    The test images' are not needed: the assembled model is what is tested.
    """
    pixels = Pixels(data.pixels.store, data.pixels.slots[data.learned], [], 0)
    return frozen.views(
        context.catalog.workspace,
        context.spec,
        frozen.extractor(context.spec, context.precision, body.ir(), body.tag),
        pixels,
        context.spec.as_decoded.names(data.table["hash"].to_numpy()[data.learned]),
        len(data.train),
        context.report,
    )


def _features(context: TrainingContext, data: Data, body: _Body) -> FeatureViews:
    """Those of the images as they are are computed already."""
    features = _views(context, data, body)
    if features.compute(0) == 0:
        context.report.event("note", text="All features were computed before; using them again.")
    return features


def _fit_head(
    context: TrainingContext, data: Data, run: Run, body: _Body, features: FeatureViews
) -> tuple[Any, bool]:
    spec, count = context.spec, len(context.classes)
    at_train = np.arange(len(data.train))
    at_validation = np.arange(len(data.train), len(data.train) + len(data.validation))
    store, slots = features.view(0)

    def prepare(epoch: int) -> None:
        """One more view before each epoch, until there are all."""
        while train.views <= min(epoch, features.views):
            number = train.views
            try:
                with context.aside("features"):
                    features.compute(number, at_train)
            except Cancelled:
                if context.report.wishes().stop != "keep":
                    raise
                return  # the next batch hears it too, and keeps what was learned
            store, slots = features.view(number)
            train.add_view(store, slots[at_train])

    shown = at_validation[np.searchsorted(data.validation, data.samples())]
    part = FitPhase(
        "head" if spec.tuning.epochs else "",
        spec,
        len(data.train),
        data.batch_size,
        context.classes,
        samples(data, store[slots[shown]]),
        prepare,
    )
    train = Batches(
        Examples([store], slots[at_train], data.labels[data.train], count),
        batch_size=data.batch_size,
        seed=spec.seed,
        balance=spec.balance,
        epoch=epochs_done(run.fit_state, part),
    )
    validation = (
        Batches(
            Examples([store], slots[at_validation], data.labels[data.validation], count),
            batch_size=512,
            seed=None,
        )
        if len(at_validation)
        else None
    )
    # Not before: whether a backbone had to be built must not change what is drawn.
    keras.utils.set_random_seed(spec.seed)
    with devices.spread():
        head = pretrained.head(body.backbone.features, count, spec.dropout)
    stopped = fit(run, head, train, validation, part)
    made = pretrained.head(body.backbone.features, count, spec.dropout)
    made.set_weights(head.get_weights())
    return made, stopped


def _tune(
    context: TrainingContext, data: Data, run: Run, body: _Body, whole: Any, head: Any
) -> tuple[Any, Any, bool]:
    """Train the top of the backbone and the head together, on what the frozen bottom gives.

    Args:
        whole: the backbone in float32, of which the bottom is taken; left as it is.

    Returns:
        The backbone, the head, and whether the person stopped it.
    """
    spec = context.spec
    keras.utils.set_random_seed(spec.seed + 1)
    with devices.spread(), building_in(context.precision):
        top = tuned = body.keras()
        preprocess = None
        for layer in tuned.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = MOMENTUM
        place = cut.place_for(whole, spec.frozen)
        if place is not None:
            top = cut.split(tuned, tuned.get_layer(place.name))[1]
            preprocess = _quick(cut.split(whole, place)[0], context, place.name)
        last = pretrained.head(body.backbone.features, len(context.classes), spec.dropout)
        model = keras.Model(top.inputs[0], last(top.outputs[0]), name="tuned")
    last.set_weights(head.get_weights())
    shown = data.pixels.take(data.samples())
    if preprocess is not None and len(shown):
        shown = preprocess(shown)
    examples = samples(data, shown)
    part = FitPhase("tuning", spec, len(data.train), data.batch_size, context.classes, examples)
    train, validation = pixel_batches(context, data, epochs_done(run.fit_state, part), preprocess)
    return tuned, last, fit(run, model, train, validation, part)


def _quick(bottom: Any, context: TrainingContext, name: str) -> Any:
    """The frozen bottom on OpenVINO, in float32: what it gives is trained on as it is."""
    path = context.folder / CHECKPOINT / f"bottom-{name}.xml"
    save_ir(bottom, path)
    return Compiled(path, "float32").predict
