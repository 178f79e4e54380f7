"""What a kind of job is: a title, a lane and a function. Each is one file in
:mod:`core.jobs.kinds`, which registers itself here. And jobs in words: what each does and what
about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.catalog import Catalog, JobRecord
from core.catalog.records import Lane
from core.errors import NotFound
from core.progress import Reporter
from core.who import Role, require

Spec = dict[str, Any]
JobFunction = Callable[[Catalog, Spec, Reporter], None]


@dataclass(frozen=True)
class Kind:
    """A kind of job.

    Attributes:
        key: its name in the database; never changed, since waiting jobs have it.
        title: what it does, for people: "Export a model".
        lane: ``train`` if it needs TensorFlow, else ``light``.
        about: what its subject is; the spec has that one's id as ``dataset_id`` or ``run_id``.
            "" for a job about nothing in particular.
        work: does it; told of the job's spec.
        resumes: done again, it goes on where it was interrupted.
        phases: words for phases that it reports, beside those that many kinds have.
        role: who may ask for it.
        detail: what tells one job of the kind from another about the same subject, from its spec.
    """

    key: str
    title: str
    lane: Lane
    about: Literal["dataset", "run", ""]
    work: JobFunction
    resumes: bool = False
    role: Role = "trainer"
    phases: Mapping[str, str] = field(default_factory=dict)
    detail: Callable[[Spec], str] = lambda _: ""


KINDS: dict[str, Kind] = {}


def kind(
    key: str,
    title: str,
    *,
    lane: Lane = "light",
    about: Literal["dataset", "run", ""] = "",
    **options: Any,
) -> Callable[[JobFunction], JobFunction]:
    """Register a function as what a kind of job does; the arguments are those of :class:`Kind`."""

    def register(work: JobFunction) -> JobFunction:
        KINDS[key] = Kind(key, title, lane, about, work, **options)
        return work

    return register


def find_kind(key: str) -> Kind:
    """The kind of this name.

    Raises:
        NotFound: this version of Lightbox has none.
    """
    if key not in KINDS:
        raise NotFound(
            f"This version of Lightbox can't do this kind of work ({key}).",
            remedy="Use the version that it was started with.",
        )
    return KINDS[key]


def title_of(job: JobRecord) -> str:
    """What a job does, for people; of a kind that nobody knows, its name in plain letters."""
    known = KINDS.get(job.kind)
    if known is None:
        return job.kind.replace("_", " ").capitalize()
    detail = known.detail(job.spec)
    return f"{known.title} ({detail})" if detail else known.title


@dataclass(frozen=True)
class Named:
    """A job in words.

    Attributes:
        title: what it does: "Export a model (ONNX)".
        subject: the name of the run that it makes, or else of the run or dataset that it is about;
            "" if it is about nothing that is still here.
        dataset: the name of the dataset that the run is trained on; "" if it is about no run.
    """

    title: str
    subject: str
    dataset: str

    @property
    def whole(self) -> str:
        """What it does, and to what: ``"Find doubtful labels: hands"``."""
        return f"{self.title}: {self.subject}".rstrip(": ")


def named(catalog: Catalog, jobs: Iterable[JobRecord]) -> dict[str, Named]:
    """Jobs in words, by their ids."""
    runs = catalog.runs.all(archived=True)
    by_job, by_id = {run.job_id: run for run in runs}, {run.id: run for run in runs}
    datasets = {dataset.id: dataset.name for dataset in catalog.datasets.all()}
    found = {}
    for job in jobs:
        run = by_job.get(job.id) or by_id.get(job.subject)
        subject = datasets.get(job.subject, "") if run is None else run.name
        dataset = "" if run is None else datasets.get(run.dataset_id, "")
        found[job.id] = Named(title_of(job), subject, dataset)
    return found


def resumes(key: str) -> bool:
    """Whether a kind of job goes on where it was interrupted; false for kinds that nobody knows."""
    return key in KINDS and KINDS[key].resumes


def submit(catalog: Catalog, key: str, spec: Spec, *, once: bool = False) -> JobRecord:
    """Queue a job.

    Args:
        once: if one of this kind with such a spec waits or runs already, and nobody has asked it
            to stop, return that one instead.

    Raises:
        NotAllowed: whoever acts may not ask for it.
    """
    sort = find_kind(key)
    require(sort.role)
    subject = str(spec.get(f"{sort.about}_id", ""))
    if once:
        job = catalog.jobs.active(key, subject, **spec)
        if job is not None and not job.cancel_requested:
            return job
    return catalog.jobs.add(key, spec, lane=sort.lane, subject=subject)
