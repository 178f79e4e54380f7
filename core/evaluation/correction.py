"""What can be put right about a tested image's label, and what that changes.

A wrong label found among the results is moved like any other: a decision in the dataset's log. The
results stay what they are, since they are of the labels that were tested on.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.catalog import Catalog, Change, DatasetRecord, RunRecord
from core.errors import InvalidInput, NotFound
from core.quality import curation
from core.quality.versions import diff


@dataclass(frozen=True)
class LabelState:
    """How an image stands in its dataset now.

    Attributes:
        dataset: ``None`` if it was removed.
        label: its class now; "" if it is not there any more.
        excluded: left out of training by somebody's decision.
        why_not: why its label can't be corrected, as a sentence; "" if it can.
        moved_on: images or their classes have changed since the run was trained.
        classes: all classes of the dataset now, by name.
        undoable: the decision that gave it this class, if it was about this image alone.
    """

    dataset: DatasetRecord | None = None
    label: str = ""
    excluded: bool = False
    why_not: str = ""
    moved_on: bool = False
    classes: tuple[str, ...] = ()
    undoable: int | None = None


def label_state(
    catalog: Catalog, run: RunRecord, path: str, digest: str, on: str = "test"
) -> LabelState:
    """How an image of a run's results stands in the dataset now.

    Args:
        path, digest: of the image, as it was tested; ``digest`` is of its content.
        on: what was tested; images of a folder belong to no dataset.
    """
    if on != "test":
        return LabelState(
            why_not="This image belongs to a folder that the model was tested on, not to a "
            "dataset: put it into the right class folder yourself, then test again."
        )
    try:
        record = catalog.datasets.get(run.dataset_id)
        table = curation.curated(catalog, record.id)
    except NotFound:
        why_not = "The dataset of this model was removed, so there is nothing to correct."
        return LabelState(why_not=why_not)
    (found,) = (table["path"] == path).to_numpy().nonzero()
    if not len(found):
        return LabelState(record, why_not="This image is not in the dataset any more.")
    row = table.iloc[int(found[0])]
    why_not = ""
    if row["hash"] != digest:
        why_not = "There is another picture under this name now, so its label is another matter."
    return LabelState(
        record,
        str(row["label"]),
        bool(row["excluded"]),
        why_not,
        _has_moved_on(catalog, record, run.dataset_version),
        tuple(sorted(table["label"].unique())),
        _moved_by(catalog, record.id, path),
    )


def correct(catalog: Catalog, run: RunRecord, path: str, digest: str, label: str) -> Change:
    """Move a tested image to the class that it belongs to, in the dataset's log.

    Raises:
        InvalidInput: it can't be corrected, or is of this class already.
    """
    now = label_state(catalog, run, path, digest)
    if now.why_not or now.dataset is None:
        raise InvalidInput(now.why_not, file=path)
    if label == now.label:
        raise InvalidInput(f"It is in the class “{label}” already.", file=path)
    why = f"Seen among the results of “{run.name}”"
    change = curation.decide(catalog, now.dataset.id, "relabel", [path], why=why, label=label)
    assert change is not None, "one path was given"
    return change


def _has_moved_on(catalog: Catalog, record: DatasetRecord, version: int) -> bool:
    """Whether its images or their classes differ from what they were at a version."""
    if record.version == version:
        return False
    try:
        return not diff(catalog, record.id, version, record.version).empty
    except (NotFound, InvalidInput):
        # What it was like then is not known any more.
        return True


def _moved_by(catalog: Catalog, dataset_id: str, path: str) -> int | None:
    """The decision in force that gave an image its class; ``None`` if there is none, or if it was
    about other images as well, whose classes would change with its undo."""
    for change in reversed(curation.in_force(catalog.changes.of(dataset_id))):
        if change.action == "relabel" and path in change.payload["paths"]:
            return change.version if change.payload["paths"] == [path] else None
    return None
