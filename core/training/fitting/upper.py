"""The upper part of a pretrained network, trained as often as asked on what the rest gives.

The lower part runs once, on OpenVINO, for each image as it is and for a few varied views; what it
gives is kept in memory. Normalisation stays as it was trained, and the weights that come out are
the moving average of those of all steps (Polyak & Juditsky, 1992), so a fit needs no validation to
choose an epoch: how long it takes is known before, and folds are judged by what they have not seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from core.errors import Cancelled
from core.features import hardware
from core.features.backbones import convert
from core.features.backbones.build import build
from core.features.backbones.closer import looking_closely
from core.features.runtime import Compiled, save_ir
from core.features.weights import weights
from core.runs.files import CHECKPOINT
from core.text import percent
from core.training.augmentation.options import Augmentation
from core.training.auto import seen
from core.training.auto.looks import Look
from core.training.context import TrainingContext
from core.training.fitting import cut
from core.training.frozen import variations
from core.training.heads.head import Step

_RATE = 1e-3
_WARM_UP = 0.1
_DECAY = 0.02
_AVERAGE = 0.98
_DROPOUT = 0.3
_SMOOTHING = 0.1
BATCH = 32
# Views of each image that are learned from, besides the image as it is: closer looks, and then
# varied ones; fewer where they would not fit in memory.
_VIEWS = 3
_MEMORY_BYTES = 600e6
# How many times longer it takes to learn from an image than to look at it, with all from the fourth
# stage on (``True``) and with the last two stages.
SLOWER = {True: 6.0, False: 3.5}


@dataclass(frozen=True)
class Images:
    """What is trained on.

    Attributes:
        pixels: from positions to uint8 images (m, size, size, 3).
        digests: content hash of each.
        labels: int64, shape (n,).
        weights: shape (n,), mean 1: how much each counts.
    """

    pixels: Callable[[NDArray[np.int64]], NDArray[np.uint8]]
    digests: list[str]
    labels: NDArray[np.int64]
    weights: NDArray[np.float64]


class Upper:
    """One network, cut below the layer that its features begin with.

    Args:
        look: of a single network.
        deep: begin at its middle, and not only where its means begin.
        vary: how varied views differ from the images.
        say: hears of progress.
    """

    def __init__(
        self,
        context: TrainingContext,
        look: Look,
        images: Images,
        vary: Augmentation,
        say: Callable[[str], None],
        *,
        deep: bool,
    ) -> None:
        self._context, self._images, self._say = context, images, say
        (backbone,) = seen.backbones_of(look)
        gray = context.spec.color == "gray"
        self._body = build(backbone, look.size, weights(backbone.key), gray=gray)
        self._title = backbone.title
        taps = [backbone.taps[0], *(tap for tap, _ in backbone.peaks), *[backbone.tuned] * deep]
        place = _below(self._body, [tap.rpartition(":")[2] for tap in taps])
        bottom, self._top = cut.split(self._body, place)
        self._first = self._top.get_weights()
        for layer in self._top.layers:
            if isinstance(layer, layers.BatchNormalization):
                layer.trainable = False
        # Its answers are the mean of these looks.
        self._closer: tuple[float, ...] = ()
        self._maps = self._looked(bottom, place.name, vary, look.closer)
        self._model: Any = None
        self._start: list[NDArray[Any]] = []

    @property
    def images(self) -> int:
        return len(self._images.labels)

    def fit(self, rows: NDArray[np.int64], head: Step, epochs: int, note: str) -> None:
        """Train from the network's first weights, on some of the images.

        Args:
            head: from features to scores, fitted on these rows.
            note: what this is, for whoever watches.

        Raises:
            Cancelled: the person wants it to end.
        """
        self._top.set_weights(self._first)
        self._learn(self._compiled(head), rows, _RATE, epochs, note)

    def go_on(self, rows: NDArray[np.int64], epochs: int, note: str) -> None:
        """Train from what was fitted last, on more of the images, at half of the rate.

        Raises:
            Cancelled: the person wants it to end.
        """
        self._learn(self._compiled(self.head), rows, _RATE / 2, epochs, note)

    def _learn(
        self, model: Any, rows: NDArray[np.int64], rate: float, epochs: int, note: str
    ) -> None:
        classes = int(model.output_shape[-1])
        batches = _Batches(self._maps, rows, self._images, classes, self._context.spec.seed)
        steps = epochs * len(batches)
        pace = _Pace(
            self._context, steps, rate, lambda done: self._say(f"{note}, {percent(done, 0)}")
        )
        keras.utils.set_random_seed(self._context.spec.seed)
        model.fit(batches, epochs=epochs, verbose=0, shuffle=False, callbacks=[pace])
        if pace.ended:
            raise Cancelled

    def scores(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Of some images as they are, by the network as it was fitted last: shape (m, classes)."""
        found = []
        for start in range(0, len(rows), 512):
            self._context.report.check()
            some = rows[start : start + 512]
            looks = [
                self._top.predict(np.asarray(maps[some], np.float32), batch_size=64, verbose=0)
                for maps in self._maps[: 1 + len(self._closer)]
            ]
            found.append(self.head(np.mean(looks, axis=0)))
        return np.concatenate(found)

    @property
    def network(self) -> Any:
        """From pixels to features, as it was fitted last; all of it can be trained on."""
        for layer in self._body.layers:
            layer.trainable = True
        return looking_closely(self._body, self._closer) if self._closer else self._body

    @property
    def head(self) -> Step:
        """From features to scores, as it was fitted last with the network."""
        kernel, bias = self._model.get_layer("scores").get_weights()
        return Step(kernel, bias)

    def speed(self, head: Step) -> float:
        """Images a second that it learns from, after it was traced."""
        rows = np.arange(min(self.images, 8 * BATCH))
        self.fit(rows, head, 1, f"Preparing {self._title}")
        began = self._context.now()
        self.fit(rows, head, 1, f"Preparing {self._title}")
        return len(rows) / max(1e-3, self._context.now() - began)

    def _compiled(self, head: Step) -> Any:
        """From the cut to probabilities, as if just compiled; traced only once."""
        if self._model is None:
            x = layers.Dropout(_DROPOUT)(self._top.outputs[0])
            x = layers.Dense(head.bias.size, dtype="float32", name="scores")(x)
            self._model = keras.Model(self._top.inputs[0], layers.Softmax(dtype="float32")(x))
            self._model.compile(
                keras.optimizers.AdamW(
                    _RATE, weight_decay=_DECAY, use_ema=True, ema_momentum=_AVERAGE
                ),
                keras.losses.CategoricalCrossentropy(label_smoothing=_SMOOTHING),
                jit_compile=False,
            )
            self._model.optimizer.build(self._model.trainable_variables)
            self._start = [
                np.array(keras.ops.convert_to_numpy(each))
                for each in self._model.optimizer.variables
            ]
        for variable, value in zip(self._model.optimizer.variables, self._start, strict=True):
            variable.assign(value)
        self._model.get_layer("scores").set_weights([head.kernel, head.bias])
        return self._model

    def _looked(
        self, bottom: Any, name: str, vary: Augmentation, closer: tuple[float, ...]
    ) -> list[NDArray[np.float16]]:
        """What the lower part gives of all images: one array a view, first of them as they are and
        then of closer looks."""
        path = self._context.folder / CHECKPOINT / f"below-{name}.xml"
        save_ir(bottom, path)
        shape = tuple(int(side) for side in bottom.output_shape[1:])
        count = self.images
        fitting = int(_MEMORY_BYTES / max(1, 2 * count * math.prod(shape))) - 1
        fitting = max(0, min(_VIEWS, fitting))
        self._closer = closer[:fitting]
        views = variations(vary, fitting - len(self._closer))
        whole = Compiled(path, hardware.resolve("auto"))
        closely = [
            Compiled(convert.load_closer(path, share), hardware.resolve("auto"))
            for share in self._closer
        ]
        looks = [(0, whole), *((0, each) for each in closely)]
        looks += [(view, whole) for view in range(1, views.views + 1)]
        maps = []
        for number, (view, below) in enumerate(looks):
            made = np.empty((count, *shape), np.float16)
            for start in range(0, count, 64):
                self._context.report.check()
                rows = np.arange(start, min(count, start + 64))
                images = self._images.pixels(rows)
                if view:
                    digests = self._images.digests[start : start + 64]
                    images = views.make(images, digests, view)
                made[rows] = below.predict(images)
                done = (number * count + start) / (count * len(looks))
                self._say(f"Looking with the lower part of {self._title}, {percent(done, 0)}")
            maps.append(made)
        return maps


class _Batches(keras.utils.PyDataset):
    """Each image once an epoch, in one of its views by chance."""

    def __init__(
        self,
        maps: list[NDArray[np.float16]],
        rows: NDArray[np.int64],
        images: Images,
        classes: int,
        seed: int,
    ) -> None:
        super().__init__()
        self._maps, self._rows, self._images, self._classes = maps, rows, images, classes
        self._rng = np.random.default_rng(seed)
        self.on_epoch_end()

    def on_epoch_end(self) -> None:
        self._order = self._rng.permutation(self._rows)
        self._view = self._rng.integers(0, len(self._maps), len(self._rows))

    def __len__(self) -> int:
        return -(-len(self._rows) // BATCH)

    def __getitem__(self, number: int) -> tuple[NDArray, NDArray, NDArray]:
        at = slice(number * BATCH, (number + 1) * BATCH)
        rows = self._order[at]
        seen = [self._maps[view][row] for view, row in zip(self._view[at], rows, strict=True)]
        targets = np.eye(self._classes, dtype=np.float32)[self._images.labels[rows]]
        weights = self._images.weights[rows].astype(np.float32)
        return np.asarray(seen, np.float32), targets, weights


class _Pace(keras.callbacks.Callback):
    """The learning rate of every step (warm-up, then half a cosine), and an ear for the end."""

    def __init__(
        self, context: TrainingContext, steps: int, rate: float, say: Callable[[float], None]
    ) -> None:
        super().__init__()
        self._report, self._steps, self._rate, self._say = context.report, steps, rate, say
        self._step, self.ended = 0, False

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        warm = max(1, round(_WARM_UP * self._steps))
        after = (self._step - warm) / max(1, self._steps - warm)
        part = (self._step + 1) / warm if after < 0 else 0.5 * (1 + math.cos(math.pi * after))
        self.model.optimizer.learning_rate = self._rate * part
        self._step += 1

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self._step % 8 == 0:
            self._say(self._step / self._steps)
        if self._report.wishes().stop:
            self.ended = self.model.stop_training = True


def _below(body: Any, taps: list[str]) -> Any:
    """The layer before the lowest of some taps at which the least has to be handed over.

    A tap may lie inside a block, beside its shortcut.
    """
    order = [layer.name for layer in body.operations]
    lowest = min(order.index(tap) for tap in taps if tap in order)
    before = [below for layer, below in cut.places(body) if order.index(layer.name) < lowest]
    return cut.place_for(body, max(before))
