"""Doing one claimed job to its end, whatever happens: the same in a worker and on the command
line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from core.catalog import Catalog, JobRecord, JobState
from core.defects import log_defect
from core.errors import Cancelled, LightboxError, Unreachable, disk_errors
from core.jobs import lost
from core.jobs.kinds import find_kind
from core.jobs.leases import insist, let_go
from core.jobs.reporter import DatabaseReporter
from core.progress import Briefly, Reporter, ToTheEnd
from core.who import acting_as, on_behalf_of

OUT_OF_MEMORY = (
    "The computer has too little free memory for this. Close other programs, or choose a "
    "smaller image size or batch size."
)


def execute(
    catalog: Catalog,
    job: JobRecord,
    echo: Reporter | None = None,
    started: list[DatabaseReporter] | None = None,
) -> JobRecord:
    """Do a job that this process has claimed; returns it as it ended.

    Args:
        job: as it was claimed. If it was given up meanwhile, it stays as it is.
        started: gets the job's reporter, so that the caller can ask it to stop.
    """

    def finish(state: JobState, error: str = "", error_id: str = "") -> None:
        insist(lambda: catalog.jobs.finish(job.id, state, error, error_id, claim=job.claims))

    with DatabaseReporter(catalog, job, echo) as report:
        if started is not None:
            started.append(report)
        try:
            with (
                disk_errors("this"),
                acting_as(on_behalf_of(job.by)),
                _publishing(catalog, job, report),
            ):
                find_kind(job.kind).work(catalog, job.spec, report)
        except Cancelled:
            if report.lost:
                insist(lambda: let_go(catalog, job, lost.without_database(job)))
            else:
                finish("cancelled")
        except Unreachable as error:
            insist(lambda error=error: let_go(catalog, job, str(error)))  # type: ignore[misc]
        except LightboxError as error:
            if _dropped(catalog, job):
                finish("cancelled")
            else:
                finish("failed", str(error))
        except MemoryError:
            finish("failed", OUT_OF_MEMORY)
        except Exception as error:
            if _dropped(catalog, job):
                finish("cancelled")
            else:
                error_id = log_defect(error, catalog.workspace)
                finish("failed", defect_sentence(error_id), error_id)
        else:
            finish("done")
    return insist(lambda: catalog.jobs.get(job.id)) or replace(job, state="interrupted")


@contextmanager
def _publishing(catalog: Catalog, job: JobRecord, report: DatabaseReporter) -> Iterator[None]:
    """Where files lie in a store: what a job has made is there before it has ended, and what one
    has made that is another's by now is not."""
    keeper = catalog.workspace.keeper
    if keeper is None:
        yield
        return
    try:
        # Who has stopped a training early wants what there is.
        ends = report if job.lane == "light" else ToTheEnd(report)
        with keeper.working(job.id, job.claims, ends):
            try:
                yield
            except BaseException as error:
                if not report.lost:
                    # What a stopped or failed one has left, to go on with.
                    with suppress(LightboxError, Cancelled):
                        stopped = isinstance(error, Cancelled)
                        keeper.settle(Briefly() if stopped else ToTheEnd(report))
                raise
            keeper.settle(ToTheEnd(report))
    finally:
        if report.lost:
            with suppress(LightboxError):
                keeper.drop(keeper.touched)


def _dropped(catalog: Catalog, job: JobRecord) -> bool:
    """Whether nothing of it is wanted any more: its dataset may have been removed below it."""
    now = insist(lambda: catalog.jobs.get(job.id))
    return now is not None and now.wishes.stop == "discard"


def defect_sentence(error_id: str) -> str:
    """What a person is told about a fault of ours."""
    return f"Something went wrong inside Lightbox. The details are in the logs under {error_id}."
