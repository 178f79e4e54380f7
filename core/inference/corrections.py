"""Images that a model was wrong about, with the class that they are: they gather until somebody has
looked them through, and go into the dataset then.

They lie below ``corrections/`` in the workspace, one folder a dataset, each as the file that was
tried and a small JSON file beside it. Nothing is taken from where it came from, and nothing of a
dataset changes before :func:`add_corrections`.
"""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from pydantic import BaseModel

from core.access.audit import note
from core.catalog import Catalog, Change, DatasetRecord, RunRecord
from core.datasets.content import hash_bytes
from core.datasets.formats import SUFFIXES, SUFFIXES_OF
from core.datasets.images import open_image
from core.datasets.upload import UploadStage
from core.errors import InvalidInput, NotFound, disk_errors
from core.quality.curation import curated, decide
from core.quality.safe_names import safe_name
from core.runs.files import RunFiles
from core.runs.reading import value_in
from core.who import author, require
from core.workspace import Workspace, atomic_path, write_json

_ID = re.compile(r"[0-9a-f]{16,64}")
# A photo of a phone has 12 MB at most; what is larger is hardly one.
MAX_BYTES = 50 * 1024**2
# Of the suffixes that a format has, the one that everybody knows.
_SUFFIXES = (".jpg", ".png", ".webp", ".bmp", ".gif", ".tif")


class Correction(BaseModel, frozen=True, extra="ignore"):
    """One image that was answered wrongly.

    Attributes:
        id: of its content: the same image twice is one correction, the later.
        name: of the file that was tried.
        suffix: of the file that is kept, ``.jpg``.
        label: the class that it is.
        predicted: the answer that was wrong; "" if unknown.
        confidence: its probability, 0 to 1.
        run_id: whose answer.
        made_at: seconds since 1970.
        by: who said so.
        dropped: it was left out again, and can be brought back.
    """

    id: str
    name: str
    suffix: str
    label: str
    predicted: str = ""
    confidence: float = 0.0
    run_id: str
    made_at: float
    by: str = ""
    dropped: bool = False


def correct(
    catalog: Catalog,
    run_id: str,
    name: str,
    data: bytes,
    label: str,
    *,
    predicted: str = "",
    confidence: float = 0.0,
) -> Correction:
    """Keep an image with the class that it is; said again of the same image, the later counts.

    Args:
        name: of its file, for people.
        data: the file.
        label: one of the model's classes.

    Raises:
        NotFound: there is no such run, or its dataset was removed.
        InvalidInput: no class of the model, or the image is in the dataset already.
        UnreadableImage: these bytes are no picture.
        NoSpace: the disk is full.
    """
    run = catalog.runs.find(run_id)
    info = RunFiles(catalog.workspace, run.id).model()
    if label not in info.classes:
        raise InvalidInput(
            f"The model doesn't know the class “{label}”.",
            remedy=info.knows,
        )
    require("labeller")
    dataset = dataset_of(catalog, run)
    suffix = suffix_of_new(catalog, dataset, name, data)
    made = Correction(
        id=correction_id(data),
        name=name[-200:],
        suffix=suffix,
        label=label,
        predicted=predicted,
        confidence=confidence,
        run_id=run.id,
        made_at=time.time(),
        by=author(),
    )
    folder = _folder(catalog.workspace, dataset.id)
    with atomic_path(folder / (made.id + suffix)) as part:
        part.write_bytes(data)
    write_json(folder / f"{made.id}.json", made.model_dump())
    note(catalog, "corrected an answer", run.name, f"“{predicted}” is “{label}”: {made.name}")
    return made


def dataset_of(catalog: Catalog, run: RunRecord) -> DatasetRecord:
    """The dataset that images belong to which a run was wrong about."""
    if not run.dataset_id:
        raise InvalidInput(
            "This model was trained elsewhere, so there is no dataset that its images belong to.",
            remedy="Import it again with a dataset to test it on.",
        )
    return catalog.datasets.get(run.dataset_id)


def suffix_of_new(catalog: Catalog, dataset: DatasetRecord, name: str, data: bytes) -> str:
    """The suffix for an image's file, where it can be kept and isn't in the dataset yet."""
    if len(data) > MAX_BYTES:
        raise InvalidInput("This image is too large to be kept.", file=name)
    opened = open_image(data, file=name)
    if dataset.version:
        table = curated(catalog, dataset.id, dataset.version)
        known = table[(table["hash"] == hash_bytes(data)) & ~table["excluded"]]
        if len(known):
            raise InvalidInput(
                f"This image is in the dataset already, as “{known['label'].iloc[0]}”.",
                file=name,
                remedy="If that is wrong, move it to another class on the page Clean.",
            )
    suffix, usual = PurePosixPath(name).suffix.lower(), SUFFIXES_OF[opened.format]
    if suffix in usual:
        return suffix
    return next((one for one in _SUFFIXES if one in usual), sorted(usual)[0])


def corrections(
    workspace: Workspace, dataset_id: str, *, dropped: bool = False
) -> list[Correction]:
    """What has gathered for a dataset, the newest first.

    Args:
        dropped: those that were left out again instead.
    """
    found = (_read(file) for file in _folder(workspace, dataset_id).glob("*.json"))
    mine = [item for item in found if item is not None and item.dropped == dropped]
    return sorted(mine, key=lambda item: (-item.made_at, item.id))


def correction_id(data: bytes) -> str:
    """What the correction of an image's answer is called, whatever is said of it: by its file."""
    return hash_bytes(data)[:32]


def correction_of(workspace: Workspace, dataset_id: str, data: bytes) -> Correction | None:
    """What was said of an image and waits to be looked through; ``None`` where nothing was.

    Args:
        data: its file.
    """
    item = _read(_folder(workspace, dataset_id) / f"{correction_id(data)}.json")
    return None if item is None or item.dropped else item


def read_correction(workspace: Workspace, dataset_id: str, correction_id: str) -> bytes:
    """The image's file.

    Raises:
        NotFound: there is no such correction.
    """
    item = _find(workspace, dataset_id, correction_id)
    try:
        return _image(workspace, dataset_id, item).read_bytes()
    except OSError as error:
        raise NotFound("This image is not here any more.", file=item.name) from error


def drop_correction(
    workspace: Workspace, dataset_id: str, correction_id: str, *, dropped: bool = True
) -> None:
    """Leave one out, or bring it back again. Raises NotFound if there is none."""
    require("labeller")
    item = _find(workspace, dataset_id, correction_id)
    values = {**item.model_dump(), "dropped": dropped}
    write_json(_folder(workspace, dataset_id) / f"{item.id}.json", values)


def add_corrections(catalog: Catalog, dataset_id: str, only: str | None = None) -> int:
    """Put all that have gathered into their dataset, or one of them; scan it afterwards.

    Args:
        only: the id of that one.

    Returns:
        How many there were.

    Raises:
        InvalidInput: there are none.
        NotFound: there is no such correction.
        NoSpace: the disk is full.
    """
    require("labeller")
    workspace = catalog.workspace
    items = (
        _gathered(workspace, dataset_id) if only is None else [_find(workspace, dataset_id, only)]
    )
    others = _bring_back(catalog, dataset_id, items)
    added = len(items) - len(others)
    for label in sorted({item.label for item in others}):
        mine = [item for item in others if item.label == label]
        stage = UploadStage(workspace)
        try:
            for item in mine:
                with _image(workspace, dataset_id, item).open("rb") as source:
                    stage.add(file_name(item.name, item.id, item.suffix), source)
            stage.gather(label)
            stage.add_to(catalog, dataset_id)
        finally:
            stage.abandon()
        added += stage.kept
        # Class by class, so that what is in the dataset is not added once more after a full disk.
        for item in mine:
            _forget(workspace, dataset_id, item)
    return added


def take_back(catalog: Catalog, dataset_id: str, correction_id: str) -> Change | None:
    """Leave an image out of a dataset that it was added to by correcting; that can be undone like
    any decision. ``None`` where it is not there."""
    require("labeller")
    table = curated(catalog, dataset_id)
    mine = table[table["hash"].str.startswith(correction_id) & ~table["excluded"]]
    return decide(catalog, dataset_id, "exclude", mine["path"], why="Its correction was undone")


def _bring_back(catalog: Catalog, dataset_id: str, items: Sequence[Correction]) -> list[Correction]:
    """Take in again what the dataset has already, left out; returns the others."""
    if not catalog.datasets.get(dataset_id).version:
        return list(items)
    table = curated(catalog, dataset_id)
    others = []
    for item in items:
        mine = table[table["hash"].str.startswith(item.id)]
        if mine.empty:
            others.append(item)
            continue
        paths = list(mine["path"][:1])  # further copies stay left out
        decide(catalog, dataset_id, "relabel", paths, label=item.label, why="Corrected")
        decide(catalog, dataset_id, "restore", paths, why="Corrected")
        _forget(catalog.workspace, dataset_id, item)
    return others


def corrections_zip(workspace: Workspace, dataset_id: str) -> bytes:
    """All that have gathered as a .zip of class folders.

    Raises:
        InvalidInput: there are none.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for item in _gathered(workspace, dataset_id):
            data = read_correction(workspace, dataset_id, item.id)
            name = file_name(item.name, item.id, item.suffix)
            archive.writestr(f"{safe_name(item.label)}/{name}", data)
    return packed.getvalue()


def file_name(name: str, digest: str, suffix: str) -> str:
    stem = safe_name(PurePosixPath(name.replace("\\", "/")).stem)[:60]
    return f"{stem} {digest[:8]}{suffix}"


def _read(file: Path) -> Correction | None:
    """A correction as it is kept; ``None`` if there is none, or it is damaged."""
    item = value_in(file, Correction)
    if item is None:
        return None
    return item if _ID.fullmatch(item.id) and item.suffix in SUFFIXES else None


def _gathered(workspace: Workspace, dataset_id: str) -> list[Correction]:
    """All that wait for a dataset.

    Raises:
        InvalidInput: there are none.
    """
    if items := corrections(workspace, dataset_id):
        return items
    raise InvalidInput(
        "There are no corrections yet.", remedy="Try images, and correct wrong answers."
    )


def _find(workspace: Workspace, dataset_id: str, correction_id: str) -> Correction:
    if _ID.fullmatch(correction_id):
        item = _read(_folder(workspace, dataset_id) / f"{correction_id}.json")
        if item is not None:
            return item
    raise NotFound("There is no such correction.", remedy="List those that there are.")


def _forget(workspace: Workspace, dataset_id: str, item: Correction) -> None:
    with disk_errors("tidying up the corrections"):
        (_folder(workspace, dataset_id) / f"{item.id}.json").unlink(missing_ok=True)
        _image(workspace, dataset_id, item).unlink(missing_ok=True)


def _image(workspace: Workspace, dataset_id: str, item: Correction) -> Path:
    return _folder(workspace, dataset_id) / (item.id + item.suffix)


def _folder(workspace: Workspace, dataset_id: str) -> Path:
    return workspace.corrections(dataset_id)
