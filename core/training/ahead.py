"""What is done before a training: finding out how long it will take and which learning rate suits,
and what of it can be done ahead. What is decoded and computed on the way stays in the caches."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.catalog import Catalog
from core.errors import Cancelled, LightboxError
from core.features import hardware
from core.progress import Reporter, Throttle, Wishes
from core.quality.curation import curated, usable
from core.training import checks, recipes, speeds
from core.training.context import TrainingContext, decode
from core.training.spec import TrainSpec
from core.training.speeds import Speed
from core.workspace import Workspace

_BATCHES = 6
_IMAGES = 256
# More images than that are not decoded on the mere chance.
MOST_IMAGES = 6_000


def unmeasured(workspace: Workspace, specs: list[TrainSpec]) -> list[TrainSpec]:
    """Those of which some part was never measured on this machine."""
    return [
        spec
        for spec in specs
        if any(
            speeds.find(workspace, speeds.key(part, spec, hardware.resolve(spec.precision))) is None
            for part in speeds.parts(spec)
        )
    ]


def recipe_specs(catalog: Catalog, dataset_id: str, table: pd.DataFrame) -> list[TrainSpec]:
    """Each recipe's own settings for a dataset, the suggested one's first."""
    version = catalog.datasets.get(dataset_id).version
    keys = sorted(recipes.RECIPES, key=lambda key: key != recipes.suggest(table))
    return [recipes.default_spec(dataset_id, version, key, table) for key in keys]


def measure(
    catalog: Catalog, dataset_id: str, report: Reporter, specs: list[TrainSpec] | None = None
) -> int:
    """Train a few batches of what was not yet measured, to know how long whole trainings take here;
    returns how many specs were. It makes way for trainings that somebody is waiting for.

    Args:
        specs: default: the recipes'. One that can't be measured (its weights are not here) is left
            out.

    Raises:
        Cancelled: by the person, or since a training is waiting; what was measured is kept.
    """
    table = usable(curated(catalog, dataset_id)).reset_index(drop=True)
    wanted = unmeasured(catalog.workspace, specs or recipe_specs(catalog, dataset_id, table))
    done, warm_mb = 0, 0
    for number, spec in enumerate(wanted):
        report.check()
        if _waited_for(catalog):
            # Before a network is built, which nothing can break off.
            raise Cancelled
        report.progress("measure", number, len(wanted), "Measuring how fast this computer trains")
        try:
            warm_mb = _measure_one(catalog, spec, table, _Quiet(report, catalog), warm_mb)
        except LightboxError as error:
            report.event("note", text=f"{recipes.get(spec.recipe).title}: {error}")
            continue
        done += 1
    report.progress("measure", len(wanted), len(wanted), "Measuring how fast this computer trains")
    return done


def _waited_for(catalog: Catalog) -> bool:
    return catalog.jobs.is_waited_for(but=("prepare", "measure"))


class _Quiet(Reporter):
    """Says nothing of the trial's own steps, and stops it when a training is waiting."""

    def __init__(self, real: Reporter, catalog: Catalog) -> None:
        self._real, self._catalog = real, catalog
        self._due, self._wanted = Throttle(0.3), False

    def wishes(self) -> Wishes:
        if self._due():
            self._wanted = _waited_for(self._catalog)
        return Wishes(stop="discard") if self._wanted or self._real.cancelled() else Wishes()


def _measure_one(
    catalog: Catalog, spec: TrainSpec, table: pd.DataFrame, report: Reporter, warm_mb: int
) -> int:
    """Measure one spec; returns what the process held in MB before it had done anything."""
    from core.training.fitting.checkpoint import FitState
    from core.training.fitting.fit import Run
    from core.training.fitting.trials import Stopwatch
    from core.training.fitting.warmup import tidy_up

    warm_mb = warm_mb or hardware.memory_mb()
    batch = recipes.batch_size(spec, round(len(table) * spec.shares.train))
    splits = recipes.plan(spec, table)
    rng = np.random.default_rng(spec.seed)
    rows = rng.permutation(np.flatnonzero(splits.to_numpy() == "train"))[: max(_IMAGES, 3 * batch)]
    some = table.iloc[rows].reset_index(drop=True).assign(split_at="train")
    trial = spec.model_copy(
        update={
            "epochs": 1,
            "batch_size": batch,
            "tuning": spec.tuning.model_copy(update={"epochs": 1 if spec.tuning.epochs else 0}),
        }
    )
    found: dict[str, Speed] = {}
    with _trial(catalog, trial, report, table) as context:

        def name(part: str) -> str:
            return speeds.key(part, spec, context.precision)

        started = time.monotonic()
        data = decode(context, some)
        if data.pixels.decoded:
            found[name("decode")] = Speed(0.0, (time.monotonic() - started) / data.pixels.decoded)
        elif speeds.find(catalog.workspace, name("decode")) is None:
            found[name("decode")] = Speed(0.0, 0.0)
        watch = Stopwatch()
        run = Run(report, FitState(), callbacks=(watch,))
        if context.pretrained:
            from core.training.fitting.pretrained import try_features

            found |= {name(part): speed for part, speed in try_features(context, data).items()}
            from core.training.fitting.pretrained import fit_pretrained as fit_model
        else:
            from core.training.fitting.whole import fit_whole as fit_model
        before = hardware.memory_mb()
        fit_model(context, dataclasses.replace(data, train=data.train[: _BATCHES * batch]), run)
        # As a worker would hold that does only this, having done nothing before.
        memory = warm_mb + max(0, watch.memory_mb - before)
        fitted = ["head", "tuning"] if context.pretrained else ["whole"]
        for number in range(len(watch.fits)):
            once, each = watch.speed(number)
            found[name(fitted[number])] = Speed(round(once, 3), each / batch, memory)
        # Saving, converting and checking take about as long as building the graph did, and are
        # known exactly after the first whole training.
        if speeds.find(catalog.workspace, name("finish")) is None:
            once = max((speed.once for speed in found.values()), default=0.0)
            found[name("finish")] = Speed(1.5 + once, 0.0)
    speeds.keep(catalog.workspace, found)
    tidy_up()
    return warm_mb


def find_rate(catalog: Catalog, spec: TrainSpec, report: Reporter) -> dict[str, Any]:
    """Find a learning rate: raise it with every batch and see what the loss does.

    For a pretrained network, of its head. Nothing of it is kept but the figures.

    Returns:
        ``rates`` and ``losses`` (smoothed) of each batch, and ``suggestion``, ``None`` where the
        loss never fell.

    Raises:
        InvalidInput: the spec can't work.
        Cancelled: by the person.
    """
    table = _images(catalog, spec)
    from core.training.fitting.checkpoint import FitState
    from core.training.fitting.fit import Run
    from core.training.fitting.trials import Finder, findings

    # Epochs enough for all its steps; no tuning, since it is the first part that is tried.
    trial = spec.model_copy(
        update={"epochs": 1000, "tuning": spec.tuning.model_copy(update={"epochs": 0})}
    )
    finder = Finder(report)
    with _trial(catalog, trial, report, table) as context:
        data = decode(context, table)
        run = Run(report, FitState(), finder=finder)
        if context.pretrained:
            from core.training.fitting.pretrained import try_rates

            try_rates(context, data, run)
        else:
            from core.training.fitting.whole import fit_whole

            fit_whole(context, data, run)
    return findings(finder)


def prepare(catalog: Catalog, spec: TrainSpec, report: Reporter) -> None:
    """Do what can be done before the start, while somebody looks at the settings: images are
    decoded, features of images as they are computed, the network traced. All of it is what the
    training would do first, so nothing is lost if it is started in the middle.

    Raises:
        InvalidInput: the spec can't work.
        Cancelled: by the person; what was done is kept.
    """
    table = _images(catalog, spec)
    context = TrainingContext.begin(catalog, catalog.workspace.staging, spec, report, table)
    if spec.minutes:
        from core.training.auto.clock import Clock
        from core.training.auto.kept import Kept
        from core.training.auto.search import Search

        data = decode(context, table, later=True)
        nothing = Kept(context.folder / "search.json", spec, data)
        Search(context, data, Clock(0, 0), nothing).look_ahead(MOST_IMAGES)
        return
    if len(table) <= MOST_IMAGES:
        data = decode(context, table)
        if context.pretrained:
            from core.training.fitting.pretrained import prepare_features

            prepare_features(context, data)
            return
    if not context.pretrained and spec.weights == "none":
        from core.training.fitting import prepared

        prepared.prepare(context)


def _images(catalog: Catalog, spec: TrainSpec) -> pd.DataFrame:
    """The usable images of a spec that can work, each with its split as ``split_at``."""
    table = usable(curated(catalog, spec.dataset_id, spec.dataset_version)).reset_index(drop=True)
    checks.check(spec, table, catalog)
    return table.assign(split_at=recipes.plan(spec, table).to_numpy())


@contextmanager
def _trial(
    catalog: Catalog, spec: TrainSpec, report: Reporter, table: pd.DataFrame
) -> Iterator[TrainingContext]:
    """A training of which nothing is kept."""
    with tempfile.TemporaryDirectory(prefix="trial-", dir=catalog.workspace.staging) as folder:
        yield TrainingContext.begin(catalog, Path(folder), spec, report, table)
