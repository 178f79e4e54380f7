"""From a file and its labels to a queued run of the library; checked first, without running it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from core.access.audit import note
from core.catalog import Catalog, RunRecord, RunSummary
from core.catalog.datasets import new_id
from core.delivery.imported.labels import check_labels
from core.errors import InvalidInput
from core.quality.curation import curated, usable
from core.text import as_text
from core.training.foreign.archive import clean_copy
from core.training.foreign.judge import PIXELS, Looked, Pixels
from core.training.spec import TrainSpec

RECIPE = "imported"
FILE = "imported.keras"
USUAL = 224


def begin_import(
    catalog: Catalog,
    file: Path,
    labels: Sequence[str],
    *,
    name: str = "",
    dataset_id: str = "",
    pixels: Pixels | None = None,
    size: int | None = None,
) -> RunRecord:
    """Look into a ``.keras`` file, keep a clean copy of it, and queue its import as a run.

    Args:
        labels: its classes, in the order of its outputs.
        name: of the run; by default the file's.
        dataset_id: it is tested on the images of this dataset whose classes match by name.
        pixels: the values that it was trained on; by default what the file suggests.
        size: side of its images in pixels; needed where the file leaves that open.

    Raises:
        InvalidInput: the file, the labels or a setting can't be used.
        Conflict: the name is taken.
        NotFound: there is no such dataset.
    """
    labels = check_labels(labels)
    if pixels is not None and pixels not in PIXELS:
        raise InvalidInput(
            f"Pixels of “{pixels}” are not known.", remedy="There are: " + ", ".join(PIXELS) + "."
        )
    version = 1
    if dataset_id:
        dataset = catalog.datasets.get(dataset_id)
        version = dataset.version
        _check_match(catalog, dataset_id, version, labels)
    wanted = name or as_text(file.stem)[:80]
    run_id = new_id(wanted)
    folder = catalog.workspace.run(run_id)
    try:
        looked = clean_copy(file, folder / FILE)
        _check_outputs(looked, labels)
        spec = TrainSpec(
            dataset_id=dataset_id,
            dataset_version=version,
            recipe=RECIPE,
            architecture="custom",
            image_size=_size(looked, size),
            color="gray" if looked.channels == 1 else "rgb",
            epochs=1,
            learning_rate=1e-3,
        )
        job = catalog.jobs.hold("import_model", {}, lane="train", subject=run_id)
        try:
            run = catalog.runs.add(
                name or _free(catalog, wanted),
                dataset_id=dataset_id,
                dataset_version=version,
                spec=spec.model_dump(mode="json"),
                job_id=job.id,
                run_id=run_id,
                summary=RunSummary(recipe=RECIPE, classes=len(labels)),
            )
        except BaseException:
            catalog.jobs.finish(job.id, "cancelled")
            raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    catalog.jobs.release(
        job.id,
        {
            "run_id": run.id,
            "labels": labels,
            "pixels": pixels or looked.pixels,
            "file": as_text(file.name),
        },
    )
    note(catalog, "brought in a model", run.name, as_text(file.name))
    return catalog.runs.get(run.id)


def _free(catalog: Catalog, wanted: str) -> str:
    taken = {run.name for run in catalog.runs.all(archived=True)}
    taken |= {run.name for run in catalog.runs.all(deleted=True)}
    return wanted if wanted not in taken else catalog.runs.free_name(wanted)


def _check_outputs(looked: Looked, labels: Sequence[str]) -> None:
    """Refuse at once what can be seen without loading; the job looks again."""
    if looked.outputs in (None, len(labels)) or (looked.outputs == 1 and len(labels) == 2):
        return
    raise InvalidInput(
        f"This model gives {looked.outputs} numbers, but {len(labels)} classes are named.",
        remedy="Give as many names as it has outputs, in their order.",
    )


def _size(looked: Looked, size: int | None) -> int:
    if looked.size is not None and size not in (None, looked.size):
        raise InvalidInput(
            f"This model takes images of {looked.size} × {looked.size} pixels, not of {size}.",
            remedy="Leave the size out.",
        )
    found = looked.size or size
    if found is None:
        raise InvalidInput(
            "This model takes images of any size, and its file doesn't say which it was trained "
            "on.",
            remedy=f"Give that size in pixels, with --size {USUAL} for example.",
        )
    if not 16 <= found <= 512:
        raise InvalidInput(
            f"Images of {found} pixels can’t be used.", remedy="Use 16 to 512 pixels a side."
        )
    return found


def _check_match(catalog: Catalog, dataset_id: str, version: int, labels: Sequence[str]) -> None:
    from core.evaluation.tested import match_classes

    counts = usable(curated(catalog, dataset_id, version))["label"].value_counts().to_dict()
    if not match_classes({str(k): int(v) for k, v in counts.items()}, labels).classes:
        raise InvalidInput(
            "None of the classes of this dataset is one that the model is said to know.",
            remedy="Its classes are "
            + ", ".join(f"“{label}”" for label in list(counts)[:20])
            + ".",
        )
