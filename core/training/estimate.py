"""How long a training will take and how much memory it will need, from what was measured here.

Needs no TensorFlow; nothing is guessed: where a part has never been measured on this machine, there
is no estimate, and :mod:`core.training.ahead` can make it possible.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from core.catalog import Catalog
from core.datasets.pixels import missing_pixels
from core.errors import NotFound
from core.features import hardware
from core.progress import Reporter
from core.text import duration
from core.training import frozen, speeds
from core.training.spec import TrainSpec

# Validation costs a forward pass, a third of a training step's three.
_VALIDATION = 1 / 3


@dataclass(frozen=True)
class Estimate:
    """What a training will probably take.

    Attributes:
        seconds: from a warm worker's start to the tested model.
        memory_mb: the most that the worker will hold.
        by_part: seconds of each part.
    """

    seconds: float
    memory_mb: int
    by_part: dict[str, float]

    @property
    def words(self) -> str:
        """``about 12 s``, ``about 35 s``, ``about 2 min``: no finer than it is known."""
        step = 1 if self.seconds < 15 else 5
        if self.seconds < 57.5:
            return f"about {max(1, round(self.seconds / step) * step)} s"
        if self.seconds < 3570:
            return f"about {round(self.seconds / 60)} min"
        return f"about {duration(60 * round(self.seconds / 60))}"


def estimate(catalog: Catalog, spec: TrainSpec, table: pd.DataFrame) -> Estimate | None:
    """The estimate for usable images, or ``None`` if some part was never measured here. Auto takes
    as long as it took the last time, for the same number of images, and no longer than it may.

    Args:
        table: columns ``hash`` and ``split`` and those that splitting needs.
    """
    if spec.minutes:
        return _of_auto(catalog, spec, table)
    precision = hardware.resolve(spec.precision)
    known = {
        part: speeds.find(catalog.workspace, speeds.key(part, spec, precision))
        for part in speeds.parts(spec)
    }
    if any(speed is None for speed in known.values()):
        return None
    train = max(1, round(len(table) * spec.shares.train))
    held_out = round(len(table) * spec.shares.validation)
    times = {
        "decode": missing_pixels(
            catalog.workspace, spec.dataset_id, table, spec.image_size, spec.resize, spec.as_decoded
        ),
        "head": spec.epochs * train,
        "tuning": spec.tuning.epochs * (train + held_out * _VALIDATION),
        "whole": spec.epochs * (train + held_out * _VALIDATION),
        "finish": 0,
    }
    if "features" in known:
        features = frozen.views(
            catalog.workspace,
            spec,
            frozen.extractor(spec, precision),
            None,
            spec.as_decoded.names(table["hash"]),
            train,
            Reporter(),
        )
        # The test images' are not computed; of varied views, the training images' only.
        times["features"] = max(0, features.missing(0) - (len(table) - train - held_out))
        left_out = len(table) - train
        times["views"] = sum(
            max(0, features.missing(view) - left_out) for view in range(1, features.views + 1)
        )
    seconds, memory = {}, 0
    for part, speed in known.items():
        assert speed is not None
        count = times[part]
        seconds[part] = round(speed.once * (count > 0 or part == "finish") + speed.each * count, 2)
        memory = max(memory, speed.memory_mb)
    return Estimate(round(sum(seconds.values()), 1), memory, seconds)


def _of_auto(catalog: Catalog, spec: TrainSpec, table: pd.DataFrame) -> Estimate | None:
    missing = missing_pixels(
        catalog.workspace, spec.dataset_id, table, spec.image_size, spec.resize, spec.as_decoded
    )
    fresh = missing > len(table) / 2
    speed = speeds.find(catalog.workspace, speeds.auto_key(spec, fresh)) or _as_before(
        catalog, spec
    )
    if speed is None:
        return None
    seconds = min(speed.once + speed.each * len(table), 60 * spec.minutes)
    finish = min(seconds, speed.once)
    by_part = {"auto": round(seconds - finish, 2), "finish": round(finish, 2)}
    return Estimate(round(seconds, 1), speed.memory_mb, by_part)


def _as_before(catalog: Catalog, spec: TrainSpec) -> speeds.Speed | None:
    """Of a run that learns again, the first time here: its last step alone takes next to nothing,
    and what follows takes as long as it took the run that it comes from."""
    if not spec.refits:
        return None
    try:
        seconds = catalog.runs.get(spec.refits).summary.seconds
    except NotFound:
        return None
    finish = seconds.get("export", 0.0) + seconds.get("evaluate", 0.0)
    return speeds.Speed(finish, 0.0) if finish else None
