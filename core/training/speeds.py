"""How fast this machine does each part of a training, as it was found: kept in a file, for
estimates.

A part takes some seconds once (building and tracing a network, converting a backbone) and some for
each image and epoch. Both come from real epochs: of whole trainings, or of the few batches that
:mod:`core.training.ahead` trains.
"""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from core.catalog import RunSummary
from core.errors import LightboxError
from core.features.hardware import memory_mb
from core.runs.values import EpochRecord
from core.training import architectures
from core.training.spec import TrainSpec
from core.workspace import Workspace, read_json, write_json

if TYPE_CHECKING:
    from core.training.context import Data, TrainingContext


@dataclass(frozen=True)
class Speed:
    """One part of a training on this machine.

    Attributes:
        once: seconds, whatever the number of images.
        each: seconds an image and epoch.
        memory_mb: the most that the worker held, in MB; 0 where it wasn't looked at.
    """

    once: float
    each: float
    memory_mb: int = 0


def key(part: str, spec: TrainSpec, precision: str) -> str:
    """The name of a part's speed: all that it depends on.

    Args:
        part: ``decode``, ``features``, ``views``, ``head``, ``tuning``, ``whole`` or ``finish``.
    """
    if part == "decode":
        return f"decode {spec.dataset_id} {spec.image_size} {spec.resize}"
    parts = [part, spec.architecture, str(spec.image_size), precision]
    if spec.architecture == "custom":
        layers = "|".join(layer.model_dump_json() for layer in spec.stack)
        parts.append(hashlib.sha256(layers.encode()).hexdigest()[:10])
    if part == "tuning":
        parts.append(f"frozen {spec.frozen:.2f}")
    if part in ("tuning", "whole"):
        parts.append(f"batch {spec.batch_size or 'auto'}")
        parts.append("varied" if spec.augmentation.active else "plain")
    if part == "finish":
        parts.append(f"views {spec.test_views}")
    return " ".join(parts)


def parts(spec: TrainSpec) -> Iterator[str]:
    """The parts of a training with this spec, in order; none where the time is given."""
    if spec.minutes:
        return
    yield "decode"
    network = architectures.get(spec.architecture)
    if network.backbone is not None and spec.weights != "none":
        yield from ("features", "views") if spec.augmentation.varies else ("features",)
        yield "head"
        if spec.tuning.epochs:
            yield "tuning"
    else:
        yield "whole"
    yield "finish"


def find(workspace: Workspace, name: str) -> Speed | None:
    """The speed of this name, if it is known."""
    try:
        found = read_json(_file(workspace))[name]
        return Speed(**found)
    except (LightboxError, KeyError, TypeError):
        return None


def keep(workspace: Workspace, found: dict[str, Speed]) -> None:
    """Add speeds to what is known; newer ones replace older ones."""
    file = _file(workspace)
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock")):
        try:
            known = read_json(file)
        except LightboxError:
            known = {}
        write_json(file, {**known, **{name: asdict(speed) for name, speed in found.items()}})


def learn(context: TrainingContext, data: Data, history: Sequence[EpochRecord]) -> None:
    """Keep what a training has shown: seconds of its epochs and phases, and its memory."""
    spec, found = context.spec, {}
    images = max(1, len(data.train))
    for part in ("", "head", "tuning"):
        seconds = [entry.seconds for entry in history if entry.part == part]
        if len(seconds) < 2:
            continue
        later = statistics.median(seconds[1:])
        name = part or ("head" if context.pretrained else "whole")
        found[key(name, spec, context.precision)] = Speed(
            round(max(0.0, seconds[0] - later), 3),
            later / images,
            max(round(entry.memory_mb or 0) for entry in history if entry.part == part),
        )
    if "export" in context.seconds:
        found[key("finish", spec, context.precision)] = Speed(
            context.seconds["export"] + context.seconds.get("evaluate", 1.0), 0.0
        )
    keep(context.catalog.workspace, found)


def auto_key(spec: TrainSpec, fresh: bool) -> str:
    """The name of what a whole training by Auto takes.

    Args:
        fresh: most of its images were never decoded before, so nothing is known of them yet.
    """
    if spec.refits:
        return "again"
    return f"auto {spec.minutes:g} {'new' if fresh else 'known'}"


def learn_auto(workspace: Workspace, spec: TrainSpec, summary: RunSummary, images: int) -> None:
    """Keep how long Auto took from its start to the tested model, for so many images."""
    finish = sum(summary.seconds.get(part, 0.0) for part in ("export", "evaluate"))
    each = (sum(summary.seconds.values()) - finish) / max(1, images)
    name = auto_key(spec, summary.decoded > images / 2)
    keep(workspace, {name: Speed(round(finish, 3), each, memory_mb())})


def _file(workspace: Workspace) -> Path:
    return workspace.cache / "speeds.json"
