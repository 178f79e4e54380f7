"""Batches of a run: which images were asked about, what is kept of the answers, and the history.

Each lies in a folder of its own in the run's::

    batches/<id>/batch.json      what was asked for
    batches/<id>/images/         the images, if they were uploaded
    batches/<id>/files.parquet   the images that were found, in the order of their paths
    batches/<id>/parts/          answers so far, one file a chunk, until all are there
    batches/<id>/answers.parquet all answers
    batches/<id>/done.json       how long it took
"""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from typing import cast

import pyarrow as pa
from pydantic import BaseModel, Field

from core.addresses import in_full
from core.catalog import Catalog, JobRecord
from core.datasets.places import is_folder
from core.datasets.upload import UploadStage
from core.errors import Conflict, InvalidInput, NotFound, disk_errors
from core.runs.files import RunFiles
from core.runs.reading import read_value, value_in
from core.text import as_text
from core.who import require
from core.workspace import Workspace, new_token, write_json

START_AGAIN = "Delete this batch, and start it again."
# Of each file: its class's number, -1 without an answer; how sure that is, 0 to 1; how far it lies
# from what the model was trained on, as core.evaluation.out_of_distribution.OodScore has it, null
# where nobody knows and in batches of before that was kept; a sentence where there is no answer,
# else ""; and a probability a class.
ANSWERS = pa.schema(
    [
        ("path", pa.string()),
        ("bytes", pa.int64()),
        ("label", pa.int32()),
        ("confidence", pa.float32()),
        ("error", pa.string()),
        ("p", pa.list_(pa.float32())),
        ("distance", pa.float32()),
    ]
)
_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")


class Batch(BaseModel, frozen=True, extra="forbid"):
    """What a model was asked about.

    Attributes:
        id: also what results are fetched by, so nobody can guess it.
        name: what to call it: the folder's or the archive's name.
        folder: where the images lie, as :meth:`Workspace.store_path` writes it.
        uploaded: whether they were uploaded for this, and go when it is deleted.
        archive: token of the upload that holds an archive still to be unpacked, else "".
        threshold: answers less sure than this are "unsure", 0 to 1; ``None`` for what the run
            counts as sure.
        at: when it was begun, seconds since 1970.
    """

    id: str
    run_id: str
    name: str
    folder: str
    uploaded: bool = False
    archive: str = ""
    threshold: float | None = Field(default=None, ge=0, le=1)
    at: float


class Done(BaseModel, frozen=True, extra="forbid"):
    """How a batch ended.

    Attributes:
        images: files that were found.
        unreadable: those of them that could not be answered.
        seconds: the last time that it was worked on; and ``answered``, the images answered in it.
    """

    images: int
    unreadable: int
    seconds: float
    answered: int

    @property
    def rate(self) -> float:
        """Images a second."""
        return self.answered / self.seconds if self.seconds > 0 else 0.0


def new_batch(
    catalog: Catalog,
    run_id: str,
    folder: Path | None = None,
    *,
    upload: str = "",
    archive: str = "",
    name: str = "",
    threshold: float | None = None,
) -> Batch:
    """Write down what a run is to be asked about; nothing is answered yet.

    Args:
        folder: on the server; only read. Or else one of these:
        upload: token of an upload of images, which are moved into the run's folder.
        archive: token of an upload of an archive, unpacked when the batch is begun.
        name: what to call an upload; an archive's with its suffix.

    Raises:
        NotAllowed: whoever acts may only try models.
        NotFound: the run has no finished model, or there is no such folder.
        InvalidInput: the threshold is no share, or nothing was uploaded.
    """
    require("labeller")
    if threshold is not None:
        check_threshold(threshold)
    RunFiles(catalog.workspace, run_id).model()
    number = new_token()
    place = _home(catalog.workspace, run_id) / number
    if folder is not None:
        if not is_folder(folder):
            raise NotFound(
                "That folder is not there.", file=as_text(str(folder)), remedy="Check its name."
            )
        images = in_full(folder)
    else:
        images = place / "images"
        with disk_errors("the upload"):
            images.mkdir(parents=True)
        if upload:
            try:
                UploadStage(catalog.workspace, upload).hand_over(images)
            except InvalidInput:
                shutil.rmtree(place, ignore_errors=True)
                raise
    batch = Batch(
        id=number,
        run_id=run_id,
        name=name or images.name or str(images),
        folder=catalog.workspace.store_path(images),
        uploaded=folder is None,
        archive=archive,
        threshold=threshold,
        at=time.time(),
    )
    write_json(place / "batch.json", batch.model_dump(mode="json"))
    return batch


def check_threshold(threshold: float) -> None:
    """Refuse what is no share.

    Raises:
        InvalidInput: it is not a number from 0 to 1.
    """
    if not 0 <= threshold <= 1:
        raise InvalidInput(
            f"A threshold of {threshold:g} can't be used.", remedy="Use a number from 0 to 1."
        )


def place_of(workspace: Workspace, batch: Batch) -> Path:
    """The folder in which a batch is kept."""
    return _home(workspace, batch.run_id) / batch.id


def images_of(workspace: Workspace, batch: Batch) -> Path:
    """The folder in which its images lie; may have gone."""
    return workspace.load_path(batch.folder)


def batches(workspace: Workspace, run_id: str) -> list[Batch]:
    """All batches of a run, newest first; what can't be read is passed over."""
    files = _home(workspace, run_id).glob("*/batch.json")
    found = [batch for file in files if (batch := value_in(file, Batch)) is not None]
    return sorted(found, key=lambda each: each.at, reverse=True)


def find_batch(workspace: Workspace, run_id: str, batch_id: str) -> Batch:
    """One batch of a run.

    Raises:
        NotFound: there is none of that id.
        Damaged: it can't be read.
    """
    file = _home(workspace, run_id) / batch_id / "batch.json"
    if not _ID.fullmatch(batch_id) or not file.is_file():
        raise NotFound("That batch is not here any more.", remedy="Begin it again.")
    return cast(Batch, read_value(file, Batch, "What was asked for in this batch", START_AGAIN))


def done_of(workspace: Workspace, batch: Batch) -> Done | None:
    """How it ended; ``None`` while it has not.

    Raises:
        Damaged: it can't be read.
    """
    file = place_of(workspace, batch) / "done.json"
    if not file.is_file():
        return None
    return cast(Done, read_value(file, Done, f"How the batch {batch.id} ended", START_AGAIN))


def job_of(catalog: Catalog, batch: Batch) -> JobRecord | None:
    """The job that answers it, if there is one."""
    return catalog.jobs.latest("batch", batch.run_id, batch_id=batch.id)


def delete_batch(catalog: Catalog, batch: Batch) -> None:
    """Forget a batch, its answers and the images that were uploaded for it.

    A folder of the person's own stays as it is.

    Raises:
        NotAllowed: whoever acts may only try models.
        Conflict: it is being worked on.
    """
    require("labeller")
    job = job_of(catalog, batch)
    if job is not None and job.state == "running":
        raise Conflict("This batch is being answered just now.", remedy="Cancel it first.")
    if job is not None and not job.finished:
        catalog.jobs.request_cancel(job.id)
    shutil.rmtree(place_of(catalog.workspace, batch), ignore_errors=True)


def _home(workspace: Workspace, run_id: str) -> Path:
    return workspace.run(run_id) / "batches"
