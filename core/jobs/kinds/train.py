"""Training a run and testing it."""

from __future__ import annotations

import time

from core import settings
from core.catalog import Catalog, RunRecord, RunSummary
from core.errors import Cancelled, NotFound, Unreachable
from core.jobs.kinds.ood import submit_ood_detector
from core.jobs.kinds.study import submit_study
from core.jobs.registry import Spec, kind
from core.progress import Reporter, ToTheEnd
from core.who import MACHINE, acting_as

REMOVED = "Its dataset was removed while it trained."


def resume_run(catalog: Catalog, run_id: str) -> RunRecord:
    """Queue a run again that was interrupted, failed or cancelled.

    Training goes on from the last epoch that lies in the run's folder, or begins anew if none does.

    Raises:
        Conflict: it is waiting, running or done.
        NotFound: there is no such run.
    """
    run = catalog.runs.get(run_id)
    catalog.jobs.requeue(run.job_id)
    return catalog.runs.get(run.id)


@kind("train", "Train a model", lane="train", about="dataset", resumes=True)
def _train(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    try:
        _learn(catalog, spec, report)
    except (Cancelled, Unreachable):
        raise
    except Exception as error:
        # Whatever it missed first: that is why.
        dataset_id = catalog.runs.get(spec["run_id"]).dataset_id
        with acting_as(MACHINE):  # who sees all
            here = any(record.id == dataset_id for record in catalog.datasets.all())
        if here:
            raise
        raise NotFound(REMOVED, remedy="Bring its images in again to train on them.") from error


def _learn(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    from core.evaluation.evaluate import evaluate_run
    from core.evaluation.out_of_distribution import FEWEST_VALIDATION
    from core.runs.files import RunFiles
    from core.training.run import train_run
    from core.training.spec import parse_spec
    from core.training.speeds import learn_auto

    summary = train_run(catalog, spec["run_id"], report)
    report.event("phase", phase="evaluate", state="started")
    started = time.monotonic()
    evaluation = evaluate_run(catalog, spec["run_id"], ToTheEnd(report))
    seconds = {**summary.seconds, "evaluate": round(time.monotonic() - started, 3)}
    catalog.runs.summarise(spec["run_id"], RunSummary(seconds=seconds))
    run = catalog.runs.get(spec["run_id"])
    asked = parse_spec(run.spec)
    split = RunFiles(catalog.workspace, run.id).split()
    if asked.minutes and not summary.stopped:
        learn_auto(catalog.workspace, asked, run.summary, len(split))
    report.event("phase", phase="evaluate", state="done", seconds=seconds["evaluate"])
    report.event("result", accuracy=evaluation.accuracy, images=evaluation.images)
    # Of a search's many runs, those that somebody looks at.
    if settings.load().ahead and not catalog.runs.get(spec["run_id"]).summary.search:
        # The quicker one first: on the very first photo, people see whether it is like theirs.
        if (split["split"] == "validation").sum() >= FEWEST_VALIDATION:
            submit_ood_detector(catalog, run.id)
        submit_study(catalog, spec["run_id"])
