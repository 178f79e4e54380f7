"""Events are kept in order, and of large ones only the newest."""

from __future__ import annotations

import pytest

from core.catalog import Catalog

pytestmark = pytest.mark.usefixtures("either_database")


def test_events_are_read_from_where_one_left_off(catalog: Catalog) -> None:
    job = catalog.jobs.add("train", {}, lane="train")
    other = catalog.jobs.add("train", {}, lane="train")
    for epoch in range(3):
        catalog.jobs.append_event(job.id, "epoch", {"epoch": epoch})
        catalog.jobs.append_event(other.id, "epoch", {"epoch": 100})
    events = catalog.jobs.events(job.id)
    assert [event.payload["epoch"] for event in events] == [0, 1, 2]
    assert catalog.jobs.events(job.id, after=events[1].seq) == events[2:]
    assert catalog.jobs.events(job.id, kinds=("batch",)) == []


def test_of_a_replaced_kind_only_the_newest_event_of_its_job_is_kept(catalog: Catalog) -> None:
    job = catalog.jobs.add("train", {}, lane="train")
    other = catalog.jobs.add("train", {}, lane="train")
    catalog.jobs.replace_event(other.id, "snapshot", {"epoch": 9})
    catalog.jobs.append_event(job.id, "epoch", {"epoch": 1})
    for epoch in (1, 2):
        catalog.jobs.replace_event(job.id, "snapshot", {"epoch": epoch})
    kept = [(event.kind, event.payload["epoch"]) for event in catalog.jobs.events(job.id)]
    assert kept == [("epoch", 1), ("snapshot", 2)]
    assert len(catalog.jobs.events(other.id)) == 1


def test_a_replaced_event_is_new_to_who_has_read_the_old_one(catalog: Catalog) -> None:
    job = catalog.jobs.add("train", {}, lane="train")
    catalog.jobs.replace_event(job.id, "snapshot", {"epoch": 1})
    (read,) = catalog.jobs.events(job.id)
    catalog.jobs.replace_event(job.id, "snapshot", {"epoch": 2})
    (new,) = catalog.jobs.events(job.id, after=read.seq)
    assert new.payload == {"epoch": 2}
