"""A compiled OpenVINO model: uint8 images in, float32 rows out. Needs no TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.quiet import openvino

_BATCH = 16


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
        if isinstance(model, Path):
            model = core.read_model(str(model))
        # Pixels come as bytes and are turned into floats inside, a quarter of the copying.
        steps = ov.preprocess.PrePostProcessor(model)
        steps.input().tensor().set_element_type(ov.Type.u8)
        self._compiled = core.compile_model(
            steps.build(),
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
                "PERFORMANCE_HINT": "LATENCY" if answer_soon else "THROUGHPUT",
            },
        )
        self._ov = ov
        # Requests that no thread is using; taken and given back whole, so no lock is needed.
        self._idle: list[Any] = []

    def predict(self, images: np.ndarray, done: Callable[[int], None] | None = None) -> np.ndarray:
        """Answers for images.

        Args:
            images: uint8, shape (n, size, size, 3).
            done: called now and then with the number of images finished.

        Returns:
            float32, shape (n, outputs), in the order of the images.
        """
        outputs = int(self._compiled.output(0).partial_shape[1].get_length())
        result = np.zeros((len(images), outputs), np.float32)
        if not len(images):
            return result
        if len(images) <= _BATCH:
            # A queue costs 2 ms to set up, as much as the answer itself.
            try:
                request = self._idle.pop()
            except IndexError:
                request = self._compiled.create_infer_request()
            request.infer({0: np.ascontiguousarray(images)})
            result[:] = request.get_output_tensor(0).data
            self._idle.append(request)
            if done is not None:
                done(len(images))
            return result
        queue = self._ov.AsyncInferQueue(self._compiled)
        finished = 0

        def keep(request: Any, start: int) -> None:
            answer = request.get_output_tensor(0).data
            result[start : start + len(answer)] = answer

        queue.set_callback(keep)
        for start in range(0, len(images), _BATCH):
            queue.start_async({0: np.ascontiguousarray(images[start : start + _BATCH])}, start)
            finished += _BATCH
            if done is not None and start % (_BATCH * 8) == 0:
                done(min(finished, len(images)))
        queue.wait_all()
        return result
