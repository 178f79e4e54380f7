"""The smallest dataset that can be trained on: three colours, twelve tiny images each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from core.catalog import Catalog, DatasetRecord, open_catalog
from core.datasets.intake import add_folder
from core.progress import RecordingReporter
from core.quality.scan import scan
from core.training.spec import TrainSpec
from core.workspace import open_workspace
from tests.core.evaluation.coloured import CLASSES, write_colour

EACH = 12


class StopsAt(RecordingReporter):
    """Asks to stop as soon as an event of ``kind`` with these values has come."""

    def __init__(self, kind: str, **values: Any) -> None:
        super().__init__()
        self.kind, self.values = kind, values

    def cancelled(self) -> bool:
        return any(
            kind == self.kind and self.values.items() <= payload.items()
            for kind, payload in self.events
        )


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
    """A quick training: two epochs at 24 pixels, the last batch of each partial."""
    values: dict[str, Any] = {
        "dataset_id": dataset.id,
        "dataset_version": dataset.version,
        "recipe": "compact",
        "image_size": 24,
        "epochs": 2,
        "batch_size": 10,
        "learning_rate": 0.002,
        "precision": "float32",
    }
    return TrainSpec(**values | changes)


def table_of(
    counts: Mapping[str, int], *, side: int = 64, split: str | Mapping[str, str] = ""
) -> pd.DataFrame:
    """Usable images as a scan describes them, without any files.

    Args:
        split: what the folder says, for all or by class.
    """
    rows = [
        (f"{label}/{n}.png", label, f"{label}-{n}", split if isinstance(split, str) else split[label])
        for label, count in counts.items()
        for n in range(count)
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["path", "label", "hash", "split"])
    return table.assign(width=side, height=side)
