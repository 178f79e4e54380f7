"""Answering some of a batch's images, for the machine that has the batch."""

from __future__ import annotations

from typing import Any

from core.catalog import Catalog
from core.jobs.registry import kind
from core.progress import Reporter


@kind("batch_part", "Answer some of the images", role="labeller", about="run")
def _batch_part(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Answer a part of a batch's images."""
    from core.inference.batch import answer_part

    answer_part(catalog, spec, report)
