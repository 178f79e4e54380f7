"""One job done by this process and others: what their tests share."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from core.catalog import Catalog, JobRecord
from tests.waiting import wait_until


def mine(catalog: Catalog, job: JobRecord) -> JobRecord:
    taken = catalog.jobs.claim(
        "light", pid=os.getpid(), host="here", machine="m-here", job_id=job.id
    )
    assert taken is not None
    return taken


def watched(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, happens: Callable[[], object]
) -> list[object]:
    """Have something happen before what this machine does first; gives what it did."""
    does = getattr(module, name)
    done: list[object] = []

    def watching(*given: Any, **named: Any) -> Any:
        if not done:
            happens()
        done.append(given)
        return does(*given, **named)

    monkeypatch.setattr(module, name, watching)
    return done


def part_elsewhere(catalog: Catalog, job: JobRecord) -> JobRecord:
    """A part of a job that another machine does, once there is one."""

    def found() -> JobRecord | None:
        running = catalog.jobs.all(states=("running",), parts=True)
        theirs = (part for part in running if part.whole == job.id)
        return next((part for part in theirs if part.machine != job.machine), None)

    part = wait_until(found, 120, "a part that is done elsewhere")
    assert part is not None
    return part
