"""Models for OpenVINO: converted from Keras, written, and compiled: uint8 images in, float32 rows
out. Only converting needs TensorFlow."""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core import settings
from core.errors import disk_errors
from core.quiet import openvino

# A request has as many images as make up a square of so many pixels: more push one another's maps
# out of the processor's caches, fewer leave more to what goes on around them. Chosen with
# EfficientNet-Lite0 at 32 to 224 pixels.
_SIDE, _MOST = 192, 16
# Weights up to so many bytes are constants in the graph that converters are given. As variables
# they are looked up among all others again and again, or written and read: more than half of the
# time that MobileNetV2 takes. Of more bytes in fewer variables, copying takes longer (VGG16).
_MOST_CONSTANT = 32_000_000


class Compiled:
    """A model that is ready to answer; safe to share between threads.

    Args:
        model: path of an ``.xml``, or an OpenVINO model.
        precision: ``float32`` or ``bfloat16``, for the arithmetic inside.
        answer_soon: put all cores to one image at a time, for single images while somebody
            waits; otherwise many images are worked on side by side, which is faster overall.
    """

    def __init__(
        self, model: Path | Any, precision: str = "float32", *, answer_soon: bool = False
    ) -> None:
        ov = openvino()
        core = ov.Core()
        model = core.read_model(str(model)) if isinstance(model, Path) else model.clone()
        # Pixels come as bytes and are turned into floats inside, a quarter of the copying.
        steps = ov.preprocess.PrePostProcessor(model)
        steps.input().tensor().set_element_type(ov.Type.u8)
        model = steps.build()
        self._batch = _images_a_request(model)
        # Of a known shape, which is a tenth faster; a lone image would have to wait for the others.
        self._fixed = not answer_soon and _fix(model, self._batch)
        self._compiled = core.compile_model(
            model,
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
                "PERFORMANCE_HINT": "LATENCY" if answer_soon else "THROUGHPUT",
                **settings.openvino_threads(),
            },
        )
        # Twice as many as are worked on at once, so that none of them waits for Python.
        self._side_by_side = 2 * int(
            self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
        )
        # Requests that no thread is using; taken and given back whole, so no lock is needed.
        self._idle: list[Any] = []

    def predict(self, images: np.ndarray, done: Callable[[int], None] | None = None) -> np.ndarray:
        """Answers for images.

        Args:
            images: uint8, shape (n, size, size, 3).
            done: called now and then with the number of images finished.

        Returns:
            float32, shape (n, outputs) or whatever the model gives an image, in the order of the
            images.
        """
        # The first is the number of images, which can be any.
        shape = [
            int(size.get_length()) for size in list(self._compiled.output(0).partial_shape)[1:]
        ]
        result = np.zeros((len(images), *shape), np.float32)
        if not len(images):
            return result
        batch = self._batch
        if len(images) <= batch:
            (request,) = self._take(1)
            request.infer({0: self._some(images, 0)})
            result[:] = request.get_output_tensor(0).data[: len(images)]
            self._idle.append(request)
            if done is not None:
                done(len(images))
            return result
        # Requests in turn rather than OpenVINO's queue: that one calls back into Python from its
        # own threads, and waits for them, holding Python's lock, when it is thrown away.
        requests = self._take(self._side_by_side)
        running: deque[tuple[Any, int]] = deque()

        def collect() -> None:
            request, start = running.popleft()
            request.wait()
            some = result[start : start + batch]
            some[:] = request.get_output_tensor(0).data[: len(some)]
            requests.append(request)
            if done is not None:
                done(min(start + batch, len(images)))

        for start in range(0, len(images), batch):
            if not requests:
                collect()
            request = requests.pop()
            request.start_async({0: self._some(images, start)})
            running.append((request, start))
        while running:
            collect()
        self._idle.extend(requests)
        return result

    def _some(self, images: np.ndarray, start: int) -> np.ndarray:
        """Images of one request, filled up with black ones where the shape is fixed."""
        some = images[start : start + self._batch]
        if self._fixed and len(some) < self._batch:
            black = np.zeros((self._batch - len(some), *some.shape[1:]), some.dtype)
            return np.concatenate([some, black])
        return np.ascontiguousarray(some)

    def _take(self, count: int) -> list[Any]:
        taken = []
        for _ in range(count):
            try:
                taken.append(self._idle.pop())
            except IndexError:
                taken.append(self._compiled.create_infer_request())
        return taken


def _images_a_request(model: Any) -> int:
    shape = model.input(0).partial_shape
    if shape[1].is_dynamic or shape[2].is_dynamic:
        return 4
    pixels = shape[1].get_length() * shape[2].get_length()
    return max(1, min(_MOST, round(_SIDE**2 / pixels)))


def _fix(model: Any, images: int) -> bool:
    """Whether a model could be made to take so many images, no more and no fewer."""
    shape = model.input(0).partial_shape
    if any(size.is_dynamic for size in list(shape)[1:]):
        return False
    try:
        model.reshape([images, *(size.get_length() for size in list(shape)[1:])])
    except RuntimeError:
        # What was trained elsewhere may count on the images in its middle.
        return False
    return True


def with_constants(model: Any) -> Callable[[Any], Any] | None:
    """What answers as a Keras model does, to be traced: its weights, as they are now, become
    constants of the graph. ``None`` where there are so many that this is no gain."""
    if 4 * model.count_params() > _MOST_CONSTANT:
        return None
    state = [
        [np.asarray(each) for each in variables]
        for variables in (model.trainable_variables, model.non_trainable_variables)
    ]
    return lambda images: model.stateless_call(*state, images, training=False)[0]


def save_ir(model: Any, path: Path) -> None:
    """Convert a Keras model and write ``path`` (.xml) and the .bin beside it, atomically."""
    import tensorflow as tf

    call = with_constants(model) or functools.partial(model, training=False)
    # Traced here: OpenVINO would call the model with a tuple, and Keras warn that it wants none.
    pixels = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name="pixels")
    answer = tf.function(lambda images: call(images), input_signature=[pixels], autograph=False)
    write_ir(openvino().convert_model(answer.get_concrete_function()), path)


def write_ir(model: Any, path: Path) -> None:
    """Write an OpenVINO model: ``path`` (.xml) and the .bin beside it, atomically."""
    with disk_errors("saving the model"):
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".ir-", dir=path.parent))
        try:
            openvino().save_model(model, str(folder / path.name), compress_to_fp16=False)
            # The .xml is looked for, so it comes last.
            weights = (folder / path.name).with_suffix(".bin")
            weights.replace(path.with_suffix(".bin"))
            (folder / path.name).replace(path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
