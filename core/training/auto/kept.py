"""What searches have found before: this one, on disk, so that it goes on where it was killed; and
an earlier one, for a run that learns again without searching."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from core.catalog import Catalog
from core.errors import LightboxError, NotFound
from core.runs.files import RunFiles
from core.training.auto.ladder import Rung
from core.training.auto.looks import Look
from core.training.context import Data
from core.training.heads.choose import Score
from core.training.heads.head import Step
from core.training.spec import TrainSpec
from core.workspace import read_json, write_json

# Changes when what a look gives, or what is made of it, does.
_VERSION = 2


class Line(BaseModel, frozen=True, extra="ignore"):
    """One head on what one look gives.

    Attributes:
        log_loss, settings: as of :class:`core.training.heads.choose.Score`.
        spent: seconds until it was known.
    """

    look: Look
    head: str
    settings: dict[str, float]
    log_loss: float
    spent: float
    rung: Rung


class _Kept(BaseModel, frozen=True, extra="ignore"):
    about: str
    lines: list[Line]


class Kept:
    """The scores of one search.

    Args:
        path: where they are kept; what is there counts only if it is of the same images and
            settings.
    """

    def __init__(self, path: Path, spec: TrainSpec, data: Data) -> None:
        self._path, self._about = path, _about(spec, data)
        self._lines: list[Line] = []
        try:
            kept = _Kept.model_validate(read_json(path))
        except (LightboxError, OSError, ValueError, ValidationError):
            return
        if kept.about == self._about:
            self._lines = kept.lines

    @property
    def spent(self) -> float:
        """Seconds that the search had taken when the last of them was known."""
        return max((line.spent for line in self._lines), default=0.0)

    def add(self, look: Look, score: Score, rung: Rung, spent: float) -> None:
        """Keep one more."""
        settings = {name: float(value) for name, value in score.settings.items()}
        self._lines.append(
            Line(
                look=look,
                head=score.head,
                settings=settings,
                log_loss=score.log_loss,
                spent=spent,
                rung=rung,
            )
        )
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_json(self._path, _Kept(about=self._about, lines=self._lines).model_dump(mode="json"))

    def take(self, look: Look, head: str) -> Line | None:
        """What is known of a head on a look."""
        return next((n for n in self._lines if n.look == look and n.head == head), None)

    def has(self, look: Look) -> bool:
        """Whether anything is known of a look."""
        return any(line.look == look for line in self._lines)


def _about(spec: TrainSpec, data: Data) -> str:
    table = data.table
    said = [
        _VERSION,
        spec.model_dump(mode="json", exclude={"minutes"}),
        table["hash"].tolist(),
        table["split_at"].tolist(),
        data.labels.tolist(),
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


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
