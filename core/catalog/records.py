"""The values that go in and out of the catalog: frozen, plain, without a database behind them.

All times are seconds since 1970-01-01 UTC, as floats.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from core.progress import Wishes
from core.settings import Lane

JobState = Literal["held", "queued", "running", "done", "failed", "cancelled", "interrupted"]
ACTIVE: tuple[JobState, ...] = ("queued", "running")
FINISHED: frozenset[str] = frozenset({"done", "failed", "cancelled", "interrupted"})


@dataclass(frozen=True)
class DatasetRecord:
    """One dataset.

    Attributes:
        origin: how it came in: ``sample``, ``known``, ``folder``, ``upload``, ``archive``, or
            ``studio`` for classes made by hand.
        root: where its images lie, as :meth:`core.workspace.Workspace.store_path` writes it.
        version: number of changes so far; 0 until the first index exists.
        state: ``importing`` until the first scan is done, then ``ready``; ``failed`` when the
            import could not be finished, with ``problem`` saying why.
        images, classes: counts after curation, for lists; the index is the truth.
        job_id: the job that imports or scans it, latest first; ``None`` before any.
        deleted_at: when it was put into the bin; ``None`` unless it lies there.
    """

    id: str
    name: str
    origin: str
    root: str
    created_at: float
    version: int
    state: Literal["importing", "ready", "failed"]
    images: int
    classes: int
    problem: str
    job_id: str | None
    deleted_at: float | None = None


@dataclass(frozen=True)
class Change:
    """One entry of a dataset's append-only log; the n-th change makes version n.

    Attributes:
        action: ``index`` (a scan's facts came into force), ``exclude``, ``restore``, ``keep``,
            ``relabel``, ``undo``, …
        payload: what the action needs; ``{"paths": […]}`` for those about images,
            ``{"file": "index-1.parquet"}`` for an index, ``{"versions": […]}`` for an undo.
    """

    dataset_id: str
    version: int
    at: float
    author: str
    action: str
    why: str
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class JobRecord:
    """One piece of work for a worker.

    Attributes:
        kind: key of a kind of job in ``core.jobs.registry``.
        lane: ``train`` for what needs TensorFlow, ``light`` for the rest.
        subject: id of the dataset or run that it is about.
        phase, done, total, note: the latest progress.
        started_at: when it was claimed last.
        claims: how often it was claimed; whoever has claimed it last has the highest number.
        lost: how often an owner has lost it since a person put it in the queue.
        machine: the id of the machine whose worker has claimed it; "" for a command's process.
        pid, host: of the process that has claimed it; ``host`` says where numbers of processes
            mean the same, which names of computers don't (:func:`core.jobs.machine.this_place`).
        heartbeat_at: when that process last said that it lives.
        error: a sentence for the person, when it failed or was interrupted.
        error_id: name of the traceback in the logs when it was a defect, else "".
        rank: its place among the waiting jobs of its lane; the lowest is taken next.
        wishes: what the person wants of it.
        by: who asked for it; "" for the person at the computer.
        whole: the id of the job that it is a part of, or "".
        needs_memory: bytes that a machine must have to take it.
        needs_gpu: whether it must have a GPU.
        home: the only computer that may take it, since no other has its files yet
            (:attr:`core.keeper.Keeper.name`), or "".
    """

    id: str
    kind: str
    lane: Lane
    subject: str
    spec: dict[str, Any]
    state: JobState
    created_at: float
    started_at: float | None
    ended_at: float | None
    heartbeat_at: float | None
    pid: int | None
    host: str
    phase: str
    done: int
    total: int | None
    note: str
    error: str
    error_id: str
    rank: float
    wishes: Wishes
    by: str = ""
    claims: int = 0
    lost: int = 0
    machine: str = ""
    whole: str = ""
    needs_memory: int = 0
    needs_gpu: bool = False
    home: str = ""

    @property
    def finished(self) -> bool:
        return self.state in FINISHED

    @property
    def cancel_requested(self) -> bool:
        return bool(self.wishes.stop)


@dataclass(frozen=True)
class EventRecord:
    """Something that happened in a job. ``seq`` grows over all jobs and orders events."""

    seq: int
    job_id: str
    at: float
    kind: str
    payload: dict[str, Any]


class Imported(BaseModel, frozen=True, extra="allow"):
    """Where an imported model came from: the name of its ``file``, and what ``pixels`` it takes."""

    file: str = ""
    pixels: str = ""


class RunSummary(BaseModel, frozen=True, extra="allow"):
    """Headline figures of a run, as far as there are any yet. What an earlier or a later version
    has put there besides is kept.

    Attributes:
        seconds: of each phase.
        best_epoch: whose weights were kept.
        validation_accuracy: of that epoch.
        stopped: by the person, before its end.
        precision: of the arithmetic while it was trained.
        classes: how many.
        expected: seconds that it was thought to take when it was queued, where that was known.
        expected_end: of these, seconds to save and test it once it has learned.
        decoded: images that were read for it; others were known from before.
        warnings: sentences.
        memory_mb: the most that the training took.
        test_accuracy, test_images, test_low, test_high: on its own test set.
        test_fewest: how many of these images the class has that has the fewest.
        search, tried: the search that it belongs to, and what was varied in it.
        imported: of a model that was trained elsewhere.
        judged: of Auto: how many images ``validation_accuracy`` is about, each answered by what was
            not fitted on it.
        networks, chosen: of Auto: the networks that look side by side, and the head's settings.
        peaks, closer: of Auto: what it takes of the networks besides means, and what more looks at
            the middle leave out (:class:`core.training.auto.looks.Look`).
        sharpness: what the head's scores were multiplied by.
        head, story, ladder: of Auto: which head it chose, what it tried and why it kept what it
            kept in words, and all that it tried (:class:`core.training.auto.ladder.Rung`).
    """

    recipe: str = ""
    epochs: int | None = None
    best_epoch: int | None = None
    stopped: bool | None = None
    validation_accuracy: float | None = None
    precision: str | None = None
    parameters: int = 0
    export_difference: float = 0.0
    classes: int = 0
    expected: float | None = None
    expected_end: float | None = None
    decoded: int = 0
    warnings: tuple[str, ...] = ()
    memory_mb: float | None = None
    seconds: dict[str, float] = {}
    test_accuracy: float | None = None
    test_images: int = 0
    test_low: float | None = None
    test_high: float | None = None
    test_fewest: int | None = None
    search: str | None = None
    tried: dict[str, Any] = {}
    imported: Imported | None = None
    head: str = ""
    judged: int = 0
    networks: tuple[str, ...] = ()
    peaks: Literal["none", "upper", "all"] = "none"
    closer: tuple[float, ...] = ()
    chosen: dict[str, float] = {}
    sharpness: float = 1.0
    story: str = ""
    ladder: tuple[dict[str, Any], ...] = ()

    @classmethod
    def read(cls, data: dict[str, Any]) -> RunSummary:
        """The summary in a row; what isn't of the kind it should be is left out."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            wrong = {each["loc"][0] for each in error.errors()}
            return cls.model_validate({k: v for k, v in data.items() if k not in wrong})

    def as_json(self) -> dict[str, Any]:
        """What is known, and nothing else."""
        return self.model_dump(mode="json", exclude_unset=True)


@dataclass(frozen=True)
class RunRecord:
    """One training run: what was asked for, and the job that does it.

    Attributes:
        spec: the training spec as JSON; its identity.
        state: the state of its job.
        summary: headline figures, as far as there are any.
        starred, archived, tags, notes: what people have put on it; tags in the order of the
            alphabet. Archived runs aren't offered any more, but can be opened.
        deleted_at: when it was put into the bin; ``None`` unless it lies there.
    """

    id: str
    name: str
    dataset_id: str
    dataset_version: int
    spec: dict[str, Any]
    job_id: str
    created_at: float
    state: JobState
    error: str
    summary: RunSummary
    starred: bool = False
    archived: bool = False
    tags: tuple[str, ...] = ()
    notes: str = ""
    deleted_at: float | None = None

    @property
    def finished(self) -> bool:
        return self.state in FINISHED

    @property
    def imported(self) -> bool:
        """Whether it was trained elsewhere, on images that nobody here knows."""
        return self.spec.get("recipe") == "imported"
