"""Folders that it was tested on besides its own test images."""

from __future__ import annotations

from collections.abc import Iterable

from core.evaluation.document.parts import Column, Part, Table, rows
from core.evaluation.document.result import Result
from core.evaluation.document.section import section
from core.evaluation.predictions import evaluated_on, load_evaluation

_COLUMNS = (
    Column("folder", "folder", "name", of=lambda each: each.on.rpartition("/")[2] or each.on),
    Column("images", "images", "count"),
    Column("accuracy", "right", "percent"),
    Column("likely", "likely between", "interval", of="interval.bounds"),
)


@section("others", "On other images", ("report",), untested=True)
def others(result: Result) -> Iterable[Part]:
    workspace, run_id = result.catalog.workspace, result.run.id
    found = [
        load_evaluation(workspace, run_id, on)
        for on in evaluated_on(workspace, run_id)
        if on not in ("test", result.on)
    ]
    if found:
        yield Table("tests", _COLUMNS, rows(_COLUMNS, found))
