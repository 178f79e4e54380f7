"""What an earlier search has chosen, for a run that learns again without searching."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.catalog import Catalog
from core.errors import NotFound
from core.runs.files import RunFiles
from core.training.auto.looks import Look
from core.training.heads.head import Step
from core.training.spec import TrainSpec

# With more images than that, beside those of before, axes and settings are found anew.
_GROWN = 1.1


@dataclass(frozen=True)
class Chosen:
    """What is fitted again.

    Attributes:
        before: from features to coordinates; ``None`` to find it anew.
        settings: of the head; empty to choose them anew.
    """

    look: Look
    head: str
    before: Step | None
    settings: Mapping[str, float]


def chosen_of(catalog: Catalog, spec: TrainSpec, images: int) -> Chosen | None:
    """What a run fits again and nothing else; ``None`` where it trains as its recipe does.

    Args:
        images: how many it learns from.
    """
    if not spec.refits or not spec.minutes:
        return None
    files = RunFiles(catalog.workspace, spec.refits)
    try:
        summary = catalog.runs.get(spec.refits).summary
        learned = int((files.split()["split"] != "test").sum())
    except NotFound:
        return None
    if not summary.head:
        return None
    beside = summary.networks[1:]
    look = Look(
        spec.architecture, spec.image_size, spec.resize, beside, summary.peaks, summary.closer
    )
    axes = files.axes()
    if axes is None or images > _GROWN * learned:
        return Chosen(look, summary.head, None, {})
    return Chosen(look, summary.head, Step(*axes), summary.chosen)
