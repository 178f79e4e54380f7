"""A Jupyter notebook that rebuilds a run from its class folders without Lightbox.

Keras, NumPy, Pillow, scikit-learn and Matplotlib; the functions that trained, cut out of Lightbox
for the options that the run uses and no others, to be read by somebody who wants to know how it is
done. The images are divided exactly as the run divided them; the decoding, the network, the order,
the variations and the schedule are the run's. Only frozen features are computed by another library,
so answers can differ where the model hesitates.
"""

from __future__ import annotations

import json
from typing import Any

from core.catalog import RunRecord
from core.delivery.take_away.cells import Cell, code, data, network, results, training, varying
from core.delivery.take_away.cut import Cutter, names_used
from core.delivery.take_away.material import Material
from core.errors import InvalidInput, NotFound
from core.quality.curation import curated


def notebook_json(material: Material) -> str:
    """The notebook as text: JSON of nbformat 4.5."""
    return json.dumps(notebook(material), indent=1, ensure_ascii=True) + "\n"


def why_not(run: RunRecord) -> str:
    """Why there is no notebook of a run, in a sentence; empty where there is one."""
    if run.imported:
        return "This model was trained elsewhere, so how it was trained is not known here."
    if run.spec.get("minutes") and not run.summary.head:
        return "Auto has fine-tuned this model’s network, which a notebook can’t repeat yet."
    return ""


def notebook(material: Material) -> dict[str, Any]:
    """The notebook as JSON data.

    Raises:
        InvalidInput: the model was trained elsewhere, so there is no training to rebuild; or Auto
            has fine-tuned it, which no notebook repeats.
    """
    why = why_not(material.run)
    if why:
        raise InvalidInput(why, remedy="Take its report or model card instead.")
    return {
        "cells": [_as_json(number, cell) for number, cell in enumerate(cells(material))],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def cells(material: Material) -> list[Cell]:
    """All cells, in order."""
    spec, cutter = material.spec, Cutter()
    holds = {**network.conditions(spec), **training.conditions(material)}
    made = [
        *data.cells(material, cutter, data.known_of_images(*_kinds(material))),
        *varying.cells(spec, cutter, on_pixels=holds["on_pixels"]),
        *network.cells(material, cutter, holds),
        *training.cells(material, cutter, holds),
        *results.cells(material, validated=holds["validated"]),
    ]
    return [*data.opening(material), code(*_imports(made, cutter)), *made]


# What the cells themselves use; what was cut out says for itself what it needs.
_IMPORTS = {
    "ConfusionMatrixDisplay": "from sklearn.metrics import ConfusionMatrixDisplay",
    "Image": "from PIL import Image",
    "Path": "from pathlib import Path",
    "SimpleNamespace": "from types import SimpleNamespace",
    "ThreadPoolExecutor": "from concurrent.futures import ThreadPoolExecutor",
    "balanced_accuracy_score": "from sklearn.metrics import balanced_accuracy_score",
    "base64": "import base64",
    "classification_report": "from sklearn.metrics import classification_report",
    "confusion_matrix": "from sklearn.metrics import confusion_matrix",
    "f1_score": "from sklearn.metrics import f1_score",
    "find_spec": "from importlib.util import find_spec",
    "io": "import io",
    "json": "import json",
    "keras": "import keras",
    "layers": "from keras import layers",
    "math": "import math",
    "np": "import numpy as np",
    "plt": "import matplotlib.pyplot as plt",
    "zlib": "import zlib",
}
_WIDTH = 100
_THEIRS = ("keras", "matplotlib", "numpy", "PIL", "scipy", "sklearn")


def _imports(made: list[Cell], cutter: Cutter) -> list[str]:
    """The lines that bring what these cells use: Python's own, then others'."""
    used = {name for cell in made if cell.kind == "code" for name in names_used(cell.source)}
    lines = {line for name, line in (_IMPORTS | cutter.imports).items() if name in used}
    theirs = {line for line in lines if line.split()[1].split(".")[0] in _THEIRS}
    return [
        *_sorted(lines - theirs | {"import os"}),
        "",
        'os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow says less',
        *_sorted(theirs),
    ]


def _sorted(lines: set[str]) -> list[str]:
    """Imports as formatters have them, those from one module together."""
    modules: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("from"):
            _, module, _, names = line.split(maxsplit=3)
            modules.setdefault(module, []).append(names)
    whole = [line for line in lines if line.startswith("import")]
    joined = []
    for module, each in modules.items():
        line = f"from {module} import {', '.join(sorted(each))}"
        if len(line) > _WIDTH:
            inside = "".join(f"    {name},\n" for name in sorted(each))
            line = f"from {module} import (\n{inside})"
        joined.append(line)
    return [*sorted(whole, key=str.lower), *sorted(joined, key=str.lower)]


def _kinds(material: Material) -> tuple[set[str], set[str]]:
    """Modes and formats (Pillow's names) of the run's images; all where it is not known any
    more."""
    run = material.run
    try:
        table = curated(material.catalog, run.dataset_id, run.dataset_version)
    except NotFound:
        return {"RGBA", "I"}, {"JPEG", "PNG"}
    table = table[table["path"].isin(material.split["path"])]
    return set(table["mode"].astype(str)), set(table["format"].astype(str))


def _as_json(number: int, cell: Cell) -> dict[str, Any]:
    lines = cell.source.splitlines(keepends=True)
    entry: dict[str, Any] = {
        "cell_type": cell.kind,
        "id": f"cell-{number:02d}",
        "metadata": {"jupyter": {"source_hidden": True}} if cell.hidden else {},
        "source": lines,
    }
    if cell.kind == "code":
        entry |= {"execution_count": None, "outputs": []}
    return entry
