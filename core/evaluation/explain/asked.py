"""An OpenVINO model with several inputs and outputs, ready to be asked."""

from __future__ import annotations

from typing import Any

import numpy as np

from core import settings
from core.quiet import openvino


class Asked:
    """A compiled model; safe to share between threads, since each takes a request of its own.

    Args:
        model: its first input takes pixels, which are given as bytes.
    """

    def __init__(self, model: Any) -> None:
        ov = openvino()
        steps = ov.preprocess.PrePostProcessor(model)
        steps.input(0).tensor().set_element_type(ov.Type.u8)
        self._compiled = ov.Core().compile_model(
            steps.build(),
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": "f32",
                "PERFORMANCE_HINT": "LATENCY",
                **settings.openvino_threads(),
            },
        )
        self._idle: list[Any] = []

    def __call__(self, *inputs: np.ndarray) -> list[np.ndarray]:
        """Copies of all outputs, in their order, for one batch of inputs, in theirs."""
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        request.infer({place: np.ascontiguousarray(value) for place, value in enumerate(inputs)})
        outputs = range(len(self._compiled.outputs))
        answer = [np.array(request.get_output_tensor(place).data) for place in outputs]
        self._idle.append(request)
        return answer
