"""The images of a batch sorted into class folders, as copies; the originals stay where they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow.parquet as pq

from core.catalog import Catalog
from core.datasets.content import read_regular
from core.errors import InvalidInput
from core.inference.batch_results import answers_file, is_unsure, limit_of, rows
from core.inference.batch_store import Batch, images_of
from core.progress import SILENT, Reporter, Throttle
from core.quality.packing import check_target, packing
from core.quality.safe_names import Names
from core.quality.take_away import place_for
from core.runs.files import RunFiles

UNSURE = "unsure"


@dataclass(frozen=True)
class Sorted:
    """What was written.

    Attributes:
        path: the new folder or .zip.
        folders: folder → images in it.
        named: folder → class, of classes that no folder can be called like.
        left_out: paths and reasons: images that have gone or changed beyond reading since.
        unanswered: images without an answer, which are in no folder.
    """

    path: Path
    folders: dict[str, int]
    left_out: tuple[tuple[str, str], ...]
    unanswered: int
    named: dict[str, str] = field(default_factory=dict)

    @property
    def images(self) -> int:
        return sum(self.folders.values())


def sort_batch(
    catalog: Catalog,
    batch: Batch,
    target: Path,
    *,
    archive: bool = False,
    threshold: float | None = None,
    report: Reporter = SILENT,
) -> Sorted:
    """Copy each image into a folder of its class, and those less sure than the threshold into
    “unsure”. Files keep their names; where two would meet, one gets a number.

    Args:
        target: a new (or empty) folder, or a file for one .zip; nothing is ever overwritten.
        threshold: 0 to 1; by default the batch's own.

    Raises:
        NotFound: the batch is not finished.
        InvalidInput: nothing can be written there, or nothing was answered.
        Conflict: something is there already.
        NoSpace, NotAllowed: the disk is full or may not be written to.
        Cancelled: as ``report`` asked; nothing is left behind.
    """
    workspace = catalog.workspace
    limit = limit_of(workspace, batch, threshold)
    source = pq.ParquetFile(answers_file(workspace, batch))
    folder = images_of(workspace, batch)
    target = check_target(target, archive, [folder])
    classes = list(RunFiles(workspace, batch.run_id).model().classes)
    names = Names()
    # A class may be called “unsure”, too, or have a name that no folder can have.
    places = {label: names.take(label) for label in classes}
    unsure = names.take(UNSURE)
    inside = {place: Names() for place in (*places.values(), unsure)}
    counts = dict.fromkeys(inside, 0)
    left_out: list[tuple[str, str]] = []
    unanswered = 0
    due = Throttle(0.2)
    with packing(target, archive, needed_bytes=_bytes(source)) as packer:
        for number, row in enumerate(rows(source)):
            if due():
                report.step("sort", number, source.metadata.num_rows, "Copying into folders")
            if row["label"] < 0:
                unanswered += 1
                continue
            place = unsure if is_unsure(row, limit) else places[classes[row["label"]]]
            try:
                data = read_regular(folder / row["path"])
            except OSError:
                left_out.append((row["path"], "It can't be opened any more."))
                continue
            name = inside[place].take(PurePosixPath(row["path"]).name)
            packer.add(f"{place}/{name}", data)
            counts[place] += 1
        if not any(counts.values()):
            raise InvalidInput(
                "None of these images can be copied.",
                file=folder,
                remedy="Put the folder back where it was.",
            )
    return Sorted(
        target,
        {place: count for place, count in counts.items() if count},
        tuple(left_out),
        unanswered,
        {place: label for label, place in places.items() if place != label and counts[place]},
    )


def sort_to_fetch(
    catalog: Catalog, batch: Batch, token: str, threshold: float, report: Reporter = SILENT
) -> Sorted:
    """The same as a .zip that a browser fetches under ``token``, as exports of datasets are."""
    target = place_for(catalog.workspace, token, f"{batch.name} sorted")
    return sort_batch(catalog, batch, target, archive=True, threshold=threshold, report=report)


def as_json(done: Sorted) -> dict[str, Any]:
    """The values of what was written, for events and the command line."""
    return {
        "path": str(done.path),
        "images": done.images,
        "folders": done.folders,
        "named": done.named,
        "left_out": [list(each) for each in done.left_out],
        "unanswered": done.unanswered,
    }


def _bytes(source: pq.ParquetFile) -> int:
    return sum(
        sum(some.column("bytes").to_pylist()) for some in source.iter_batches(columns=["bytes"])
    )
