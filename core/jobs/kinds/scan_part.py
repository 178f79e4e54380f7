"""Looking at some of a dataset's images, for another machine's scan."""

from __future__ import annotations

from typing import Any

from core.catalog import Catalog
from core.jobs.registry import kind
from core.progress import Reporter


@kind("scan_part", "Look at some of the images", role="labeller", about="dataset")
def _scan_part(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Look at a part of a dataset's images, as the scan has cut it."""
    from core.quality.scan_parts import look_part

    look_part(catalog, spec, report)
