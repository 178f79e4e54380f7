"""Doing one claimed job to its end, whatever happens: the same in a worker and on the command line."""

from __future__ import annotations

import traceback
import uuid

from core.catalog import Catalog, JobRecord
from core.errors import Cancelled, LightboxError, NoSpace, disk_errors
from core.jobs.handlers import HANDLERS
from core.jobs.reporter import DatabaseReporter
from core.progress import Reporter


def execute(
    catalog: Catalog,
    job: JobRecord,
    echo: Reporter | None = None,
    started: list[DatabaseReporter] | None = None,
) -> JobRecord:
    """Do a job that this process has claimed; returns it as it ended.

    Args:
        started: gets the job's reporter, so that the caller can ask it to stop.
    """
    with DatabaseReporter(catalog, job.id, echo) as report:
        if started is not None:
            started.append(report)
        try:
            with disk_errors("this"):
                HANDLERS[job.kind].work(catalog, job.spec, report)
        except Cancelled:
            catalog.jobs.finish(job.id, "cancelled")
        except LightboxError as error:
            catalog.jobs.finish(job.id, "failed", str(error))
        except MemoryError:
            catalog.jobs.finish(
                job.id,
                "failed",
                "The computer has too little free memory for this. Close other programs, or choose a "
                "smaller image size or batch size.",
            )
        except Exception:
            error_id = log_defect(catalog)
            catalog.jobs.finish(job.id, "failed", defect_sentence(error_id), error_id)
        else:
            catalog.jobs.finish(job.id, "done")
    return catalog.jobs.get(job.id)


def log_defect(catalog: Catalog) -> str:
    """Write the traceback being handled to the logs; returns its id."""
    error_id = f"e-{uuid.uuid4().hex[:8]}"
    try:
        with disk_errors("writing the log"):
            path = catalog.workspace.logs / f"{error_id}.txt"
            path.write_text(traceback.format_exc(), encoding="utf-8")
    except NoSpace:
        traceback.print_exc()
    return error_id


def defect_sentence(error_id: str) -> str:
    """What a person is told about a fault of ours."""
    return f"Something went wrong inside Lightbox. The details are in the logs under {error_id}."
