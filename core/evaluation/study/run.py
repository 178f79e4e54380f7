"""What is found out once about an evaluation, because it takes longer than a page may: its study.

A study is done phase by phase (:mod:`core.evaluation.study.phases`). It belongs to one evaluation:
tested again, everything is found out anew.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace

from core.catalog import Catalog
from core.errors import Cancelled, LightboxError, NotFound
from core.evaluation.study import basis, embedding, nearest
from core.evaluation.study.phases import (
    PHASES,
    Notes,
    Phase,
    Study,
    load_study,
    notes_of,
    open_context,
)
from core.evaluation.trust import robustness
from core.progress import SILENT, Reporter

# The files whose phases make a study, in the order in which they are done.
_FILES = (basis, nearest, embedding, robustness)
_DEFECT = "Something went wrong inside Lightbox while this was found out."


def phases() -> dict[str, Phase]:
    """All phases by name, in the order in which they are done."""
    return {
        item.name: item
        for file in _FILES
        for item in PHASES.values()
        if item.work.__module__ == file.__name__
    }


def missing(study: Study) -> list[str]:
    """Phases that are neither done nor failed."""
    return [name for name in phases() if name not in study.seconds and name not in study.failed]


def run_study(
    catalog: Catalog,
    run_id: str,
    on: str = "test",
    report: Reporter = SILENT,
    *,
    again: bool = False,
    make_way: Callable[[], bool] = lambda: False,
) -> Study:
    """Do the phases that are not done yet; one that fails says why, and the others go on.

    Args:
        again: try those that failed before once more.
        make_way: asked before each phase but the first; true ends it with the rest undone.

    Raises:
        NotFound: the run has not been evaluated on that.
        Cancelled: by the person; what is done stays.
        Exception: the first defect of ours that a phase has met, once all others are done.
    """
    workspace = catalog.workspace
    context = open_context(catalog, run_id, on, report)
    notes = notes_of(workspace, run_id, on)
    of = notes.of
    study = load_study(workspace, run_id, on)
    if not study.seconds and not study.failed:
        # Of an earlier evaluation, if of anything.
        shutil.rmtree(study.folder, ignore_errors=True)
    seconds, failed = dict(study.seconds), {} if again else dict(study.failed)
    defect: Exception | None = None
    begun = False
    for name, item in phases().items():
        if name in seconds or name in failed:
            continue
        if begun and make_way():
            break
        begun = True
        report.check()
        report.event("phase", phase=name, state="started")
        report.progress(name, 0, None, item.doing)
        started = time.monotonic()
        try:
            lacking = [need for need in item.needs if need not in seconds]
            if lacking:
                why = failed.get(lacking[0], "What it builds on is missing.")
                raise NotFound(why, remedy="Start it again once that is put right.")
            item.work(replace(context, phase=name))
        except Cancelled:
            raise
        except LightboxError as error:
            failed[name] = str(error)
        except Exception as error:
            failed[name] = _DEFECT
            defect = defect or error
        else:
            seconds[name] = round(time.monotonic() - started, 3)
        report.event("phase", phase=name, state="done", seconds=seconds.get(name))
        notes.keep(Notes(seconds=seconds, failed=failed), of)
    if defect is not None:
        raise defect
    return load_study(workspace, run_id, on)
