"""A model for use elsewhere: formats (one file each), the check against Keras, and the .zip."""

from __future__ import annotations

from importlib import import_module

# Each registers what it has when it is imported; this is the order of offering them.
for _name in ("keras_file", "weights", "saved_model", "litert", "onnx_file", "openvino_ir"):
    import_module(f"{__name__}.{_name}")
