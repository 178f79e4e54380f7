"""Parts of a job belong to whoever has it, are taken before what came later, and end with it."""

from __future__ import annotations

import pytest

from core.catalog import Catalog, JobRecord
from core.catalog.queue import Has
from core.errors import Cancelled

pytestmark = pytest.mark.usefixtures("either_database")


def claimed(catalog: Catalog) -> JobRecord:
    catalog.jobs.add("scan", {}, lane="light")
    taken = catalog.jobs.claim("light", pid=1, host="h", machine="m-1")
    assert taken is not None
    return taken


def next_of(catalog: Catalog, **of: str) -> JobRecord | None:
    return catalog.jobs.claim("light", pid=2, host="h", machine="m-2", **of)  # type: ignore[arg-type]


def test_parts_come_in_their_order_before_what_was_added_after_their_job(catalog: Catalog) -> None:
    whole = claimed(catalog)
    later = catalog.jobs.add("scan", {}, lane="light")
    ids = catalog.jobs.add_parts(whole, "scan_part", [{"part": n} for n in range(12)])
    assert [job.id for job in catalog.jobs.queue("light")] == [later.id]
    assert [job.id for job in catalog.jobs.all()] == [whole.id, later.id]
    taken = [next_of(catalog) for _ in range(13)]
    assert [job and job.id for job in taken] == [*ids, later.id]
    catalog.jobs.progress(ids[3], "scan", 7, 9, "", claim=1)
    catalog.jobs.progress(ids[5], "scan", 2, 9, "", claim=1)
    assert catalog.jobs.done_in_parts(whole.id) == 9
    assert next_of(catalog, whole=whole.id) is None


def test_parts_end_with_their_job_however_it_ends(catalog: Catalog) -> None:
    whole = claimed(catalog)
    waits, runs = catalog.jobs.add_parts(whole, "scan_part", [{}, {}])[::-1]
    assert next_of(catalog, whole=whole.id).id == runs  # type: ignore[union-attr]
    catalog.jobs.finish(whole.id, "interrupted", claim=whole.claims)
    assert catalog.jobs.states_of_parts(whole.id) == {waits: "cancelled", runs: "running"}
    wishes = catalog.jobs.heartbeat(runs, claim=1)
    assert wishes is not None
    assert wishes.stop == "discard"


def test_parts_end_with_a_job_that_was_lost_and_is_taken_out_of_the_queue(
    catalog: Catalog,
) -> None:
    whole = claimed(catalog)
    waits, runs = catalog.jobs.add_parts(whole, "scan_part", [{}, {}])[::-1]
    assert next_of(catalog, whole=whole.id).id == runs  # type: ignore[union-attr]
    assert catalog.jobs.give_back(whole.id, claim=whole.claims)
    catalog.jobs.request_cancel(whole.id)
    assert catalog.jobs.states_of_parts(whole.id) == {waits: "cancelled", runs: "running"}
    assert next_of(catalog) is None


def test_who_has_lost_a_job_neither_adds_parts_nor_ends_those_of_the_next(
    catalog: Catalog,
) -> None:
    before = claimed(catalog)
    catalog.jobs.add_parts(before, "scan_part", [{}])
    assert catalog.jobs.give_back(before.id, claim=before.claims)
    after = catalog.jobs.claim("light", pid=3, host="h", machine="m-3", job_id=before.id)
    assert after is not None
    (part,) = catalog.jobs.add_parts(after, "scan_part", [{}])
    with pytest.raises(Cancelled):
        catalog.jobs.add_parts(before, "scan_part", [{}])
    catalog.jobs.end_parts(before)
    assert catalog.jobs.states_of_parts(after.id) == {part: "queued"}
    catalog.jobs.end_parts(after)
    assert catalog.jobs.states_of_parts(after.id) == {}


def test_a_job_waits_for_a_machine_that_has_what_it_needs(catalog: Catalog) -> None:
    job = catalog.jobs.add("scan", {}, lane="light")
    catalog.jobs.need(job.id, memory=8_000, gpu=True)

    def taken_by(memory: int, gpu: bool) -> JobRecord | None:
        has = Has(memory, gpu)
        return catalog.jobs.claim("light", pid=1, host="h", machine="m-1", has=has)

    assert taken_by(16_000, gpu=False) is None
    assert taken_by(4_000, gpu=True) is None
    other = catalog.jobs.add("scan", {}, lane="light")
    assert taken_by(0, gpu=False).id == other.id  # type: ignore[union-attr]
    assert taken_by(8_000, gpu=True).id == job.id  # type: ignore[union-attr]


def test_a_dataset_is_looked_through_by_one_machine_at_a_time(catalog: Catalog) -> None:
    first = catalog.jobs.add("import", {}, lane="light", subject="pets")
    second = catalog.jobs.add("scan", {}, lane="light", subject="pets")
    others = [
        catalog.jobs.add(kind, {}, lane="light", subject=of)
        for kind, of in (("scan", "cars"), ("export", "pets"))
    ]
    taken = [next_of(catalog) for _ in range(4)]
    assert [job and job.id for job in taken] == [first.id, *(job.id for job in others), None]
    catalog.jobs.finish(first.id, "done")
    assert next_of(catalog).id == second.id  # type: ignore[union-attr]
