"""The smallest dataset that can be trained on: three colours, twelve tiny images each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from core.catalog import Catalog, DatasetRecord, open_catalog
from core.datasets.intake import add_folder
from core.progress import Wishes
from core.quality.scan import scan
from core.training.recipes import RECIPES
from core.training.spec import TrainSpec
from core.training.stack import Layer
from core.workspace import open_workspace
from tests.core.evaluation.coloured import CLASSES, write_colour
from tests.recording import RecordingReporter

EACH = 12


# Small enough to be traced in a second, with everything that is easily lost when a model is saved
# or restored: convolutions, batch normalisation and dropout.
STACK = tuple(
    Layer.model_validate(values)
    for values in (
        {"kind": "Conv2D", "filters": 8, "strides": 2},
        {"kind": "BatchNormalization"},
        {"kind": "Conv2D", "filters": 8, "strides": 2},
        {"kind": "BatchNormalization"},
        {"kind": "GlobalAveragePooling2D"},
        {"kind": "Dropout", "rate": 0.1},
        {"kind": "Dense", "filters": 12},
    )
)


# Whose answers depend on nothing but each image itself, and on no chance.
PLAIN = tuple(each for each in STACK if each.kind not in ("BatchNormalization", "Dropout"))


class Wishing(RecordingReporter):
    """Wishes what ``wish`` makes of the events so far."""

    def __init__(self, wish: Callable[[list[tuple[str, dict[str, Any]]]], Wishes]) -> None:
        super().__init__()
        self._wish = wish

    def wishes(self) -> Wishes:
        return self._wish(self.events)


class StopsAt(Wishing):
    """Asks to stop as soon as an event of ``kind`` with these values has come."""

    def __init__(self, kind: str, stop: Literal["keep", "discard"] = "keep", **values: Any) -> None:
        super().__init__(
            lambda events: Wishes(stop=stop) if seen(events, kind, **values) else Wishes()
        )


def seen(events: list[tuple[str, dict[str, Any]]], kind: str, **values: Any) -> bool:
    """Whether an event of ``kind`` with these values has come."""
    return any(each == kind and values.items() <= payload.items() for each, payload in events)


def told(report: RecordingReporter, kind: str) -> list[dict[str, Any]]:
    """What came with the events of one kind, in order."""
    return [payload for each, payload in report.events if each == kind]


def notes(report: RecordingReporter) -> str:
    return " ".join(payload["text"] for payload in told(report, "note"))


def new_catalog(home: Path) -> Catalog:
    return open_catalog(open_workspace(home))


def add_colours(
    catalog: Catalog, root: Path, folders: Mapping[str, str] | None = None, each: int = EACH
) -> DatasetRecord:
    """A scanned dataset of ``each`` images in every folder.

    Args:
        folders: folder below ``root`` → the colour that its images have; default: one a class.
    """
    seed = 0
    for folder, colour in (folders or {name: name for name in CLASSES}).items():
        for number in range(each):
            seed += 1
            write_colour(root / folder / f"{number:02d}.png", colour, seed)
    record = add_folder(catalog, root, root.name, restrict=False)
    scan(catalog, record.id)
    return catalog.datasets.get(record.id)


def spec_of(dataset: DatasetRecord, **changes: Any) -> TrainSpec:
    """A quick training: two epochs of :data:`STACK` at 24 pixels, the last batch of each partial.

    Args:
        changes: settings, as :meth:`TrainSpec.with_values` takes them with ``__`` for the dot, and
            also ``recipe``, whose settings are taken before the others.
    """
    recipe = changes.pop("recipe", None)
    values: dict[str, Any] = {
        "dataset_id": dataset.id,
        "dataset_version": dataset.version,
        "recipe": recipe or "scratch",
        "learning_rate": 0.02,
        **({"architecture": "custom", "stack": STACK} if recipe is None else {}),
        **(RECIPES[recipe].values if recipe is not None else {}),
        "image_size": 24,
        "epochs": 2,
        "batch_size": 10,
        "precision": "float32",
    }
    wanted = {name.replace("__", "."): value for name, value in changes.items()}
    return TrainSpec.model_validate(values).with_values(wanted)


def table_of(
    counts: Mapping[str, int], *, side: int = 64, split: str | Mapping[str, str] = ""
) -> pd.DataFrame:
    """Usable images as a scan describes them, without any files.

    Args:
        split: what the folder says, for all or by class.
    """
    rows = [
        (
            f"{label}/{n}.png",
            label,
            f"{label}-{n}",
            split if isinstance(split, str) else split[label],
        )
        for label, count in counts.items()
        for n in range(count)
    ]
    table = pd.DataFrame(rows, columns=["path", "label", "hash", "split"])
    return table.assign(width=side, height=side)
