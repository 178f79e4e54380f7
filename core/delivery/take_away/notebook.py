"""A Jupyter notebook that rebuilds a run from its class folders without Lightbox.

Plain Keras, NumPy, Pillow, scikit-learn and Matplotlib, written out for the options that the run
uses and no others, to be read by somebody who wants to know how it is done. The images are divided
exactly as the run divided them; the decoding, the network, the order, the variations and the
schedule are the run's. Only frozen features are computed by another library, so answers can differ
where the model hesitates.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.catalog import Catalog
from core.delivery.take_away.cells import Cell, data, network, results, training, varying
from core.delivery.take_away.material import Material, checked_target, load_material
from core.errors import InvalidInput, NotFound
from core.quality.curation import curated
from core.workspace import atomic_path

SUFFIXES = (".ipynb",)
# Images of these modes can have transparent parts, and those of these more than 8 bits.
_TRANSPARENT = {"P", "RGBA", "LA", "PA", "La", "RGBa"}
_DEEP = ("I", "F")


def write_notebook(catalog: Catalog, run_id: str, file: Path) -> Path:
    """Write the notebook of a run to a file, in place of one that is there; returns its full path.

    Raises:
        InvalidInput: the file's name does not end in ``.ipynb``, nothing can be written there, or
            the model was trained elsewhere.
        NotFound: there is no such run, or it is not finished.
    """
    target = checked_target(file, SUFFIXES, "A notebook")
    text = notebook_json(load_material(catalog, run_id))
    with atomic_path(target) as part:
        part.write_text(text, encoding="utf-8")
    return target


def notebook_json(material: Material) -> str:
    """The notebook as text: JSON of nbformat 4.5."""
    return json.dumps(notebook(material), indent=1, ensure_ascii=True) + "\n"


def notebook(material: Material) -> dict[str, Any]:
    """The notebook as JSON data.

    Raises:
        InvalidInput: the model was trained elsewhere, so there is no training to rebuild.
    """
    if material.spec.recipe == "imported":
        raise InvalidInput(
            "This model was trained elsewhere, so how it was trained is not known here.",
            remedy="Take its report or model card instead.",
        )
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
    spec = material.spec
    modes, formats = _kinds(material)
    trained = training.conditions(material)
    holds = {
        **network.conditions(spec),
        **varying.conditions(spec),
        **trained,
        "scored": trained["by_f1"] or trained["by_balanced"],
        "transparent": bool(modes & _TRANSPARENT),
        "deep": any(mode.startswith(_DEEP) for mode in modes),
        "jpegs": bool(formats & {"JPEG", "MPO"}),
        "stretch": spec.resize == "stretch",
        "crop": spec.resize == "crop",
        "pad": spec.resize == "pad",
        "vast": data.is_vast(material),
    }
    return [
        *data.cells(material, holds),
        *varying.cells(spec, holds),
        *network.cells(material, holds),
        *training.cells(material, holds),
        *results.cells(material, holds),
    ]


def _kinds(material: Material) -> tuple[set[str], set[str]]:
    """Modes and formats (Pillow's names) of the run's images; all where it is not known any
    more."""
    run = material.run
    try:
        table = curated(material.catalog, run.dataset_id, run.dataset_version)
    except NotFound:
        return {"RGBA", "I"}, {"JPEG"}
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
