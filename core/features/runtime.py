"""A compiled OpenVINO model: uint8 images in, float32 rows out. Needs no TensorFlow."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.quiet import openvino

# Images a request: more push one another's maps out of the processor's caches.
_BATCH = 4


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
        self._side_by_side = int(self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
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
        if len(images) <= _BATCH:
            (request,) = self._take(1)
            request.infer({0: np.ascontiguousarray(images)})
            result[:] = request.get_output_tensor(0).data
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
            answer = request.get_output_tensor(0).data
            result[start : start + len(answer)] = answer
            requests.append(request)
            if done is not None:
                done(min(start + _BATCH, len(images)))

        for start in range(0, len(images), _BATCH):
            if not requests:
                collect()
            request = requests.pop()
            request.start_async({0: np.ascontiguousarray(images[start : start + _BATCH])})
            running.append((request, start))
        while running:
            collect()
        self._idle.extend(requests)
        return result

    def _take(self, count: int) -> list[Any]:
        taken = []
        for _ in range(count):
            try:
                taken.append(self._idle.pop())
            except IndexError:
                taken.append(self._compiled.create_infer_request())
        return taken
