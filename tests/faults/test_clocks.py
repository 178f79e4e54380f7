"""A computer's clock may jump, back or ahead: nothing is lost, nobody is shut out by it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.access import browsers, people
from core.catalog import Catalog
from core.datasets.intake import add_folder
from core.delivery.take_away.links import create_link, find_link
from core.inference.keys import create_key, find_key
from core.jobs.execute import execute
from core.jobs.kinds import submit_scan
from core.jobs.leases import Silence
from core.jobs.machine import this_place
from core.quality.curation import curated, decide, history, undo, usable
from core.quality.scan import scan
from tests.core.api.asking import add_run

DAY_S = 24 * 3600.0


@pytest.mark.parametrize("jump", [-400 * DAY_S, -3600.0, 3600.0, 20 * DAY_S])
def test_a_clock_that_jumps_loses_nothing(
    catalog: Catalog,
    class_folders: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    jump: float,
) -> None:
    record = add_folder(catalog, class_folders({"cats": 3, "dogs": 3}), restrict=False)
    scan(catalog, record.id)
    first, second, third = curated(catalog, record.id)["path"].iloc[:3]
    decide(catalog, record.id, "exclude", [first])
    run = add_run(catalog)
    link, (_, secret) = create_link(catalog, run.id, "demo"), create_key(catalog.workspace, "kiosk")
    person = people.add(catalog, "Anna", "viewer")
    session = browsers.sign_in(catalog, person.id)
    waits = submit_scan(catalog, record.id)
    other = catalog.jobs.add("scan", {}, lane="train")
    here = catalog.jobs.claim("train", pid=os.getpid(), host=this_place())
    assert here is not None

    jumped, now = time.time() + jump, time.time
    began = now()
    monkeypatch.setattr(time, "time", lambda: jumped + (now() - began))

    decide(catalog, record.id, "exclude", [second])
    latest = decide(catalog, record.id, "exclude", [third])
    assert latest is not None
    undo(catalog, record.id, [latest.version])
    assert len(usable(curated(catalog, record.id))) == 4
    told = [each.version for each in history(catalog, record.id)]
    assert told == sorted(told, reverse=True)
    assert find_link(catalog, link.token, "demo")
    assert find_key(catalog.workspace, secret)
    assert browsers.recognised(catalog, session, people=True)
    Silence(catalog).mark()
    assert catalog.jobs.get(other.id).state == "running"
    taken = catalog.jobs.claim("light", pid=os.getpid(), host="here")
    assert taken is not None
    assert taken.id == waits.id
    assert execute(catalog, taken).state == "done"
