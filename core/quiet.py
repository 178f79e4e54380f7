"""Imports of libraries that would otherwise talk: to the network, or all over the terminal.

OpenVINO's converter reports its use to an analytics service unless told otherwise; people's
work with Lightbox is nobody's business, so it is always imported through :func:`openvino`.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType


def openvino() -> ModuleType:
    """The ``openvino`` module, with its telemetry replaced by the stub that it ships itself.

    ``None`` in ``sys.modules`` makes ``import openvino_telemetry`` raise ImportError, which is
    the case that OpenVINO falls back to its stub for. It must stand there before the first
    import of ``openvino``, which is why nothing imports that directly.
    """
    if "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    return openvino


def silence_tensorflow() -> None:
    """Keep TensorFlow's start-up notes off stderr; call before it is imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
