"""Searches: the same training with different settings, all in the queue, and a table of what came.

Grid search tries every combination, random search some of them (Bergstra & Bengio, 2012, found that
better where only a few settings matter). Runs are compared on validation images; their test sets
have no say.
"""

from __future__ import annotations

import itertools
import math
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.catalog import Catalog, RunRecord, RunSummary
from core.errors import InvalidInput
from core.training import checks
from core.training.catalogue import as_words, labelled
from core.training.estimate import Estimate, estimate
from core.training.spec import SETTINGS, TrainSpec
from core.training.start import create_run, usable_images

MOST_RUNS = 100


def combinations(
    choices: Mapping[str, Sequence[Any]], count: int | None = None, seed: int = 1
) -> list[dict[str, Any]]:
    """All combinations of values, or ``count`` of them drawn by ``seed``, none twice.

    Args:
        choices: setting → values to try, as :meth:`TrainSpec.with_values` takes them.

    Raises:
        InvalidInput: there is nothing to try, or more than :data:`MOST_RUNS` runs would come of it.
    """
    given = {key: list(dict.fromkeys(map(_hashable, values))) for key, values in choices.items()}
    if not given or any(not values for values in given.values()):
        raise InvalidInput(
            "A search needs at least one setting with values to try.",
            remedy="For example the learning rate with 0.001 and 0.01.",
        )
    total = math.prod(len(values) for values in given.values())
    wanted = total if count is None else min(count, total)
    if not 1 <= wanted <= MOST_RUNS:
        raise InvalidInput(
            f"That would be {wanted:,} runs; a search has 1 to {MOST_RUNS}.",
            remedy="Try fewer values, or a random search with a limit.",
        )
    if wanted == total:
        chosen = [tuple(one) for one in itertools.product(*given.values())]
    else:
        # Places in the grid rather than the grid itself, which may have millions.
        rng = np.random.default_rng(seed)
        places: dict[int, None] = {}
        while len(places) < wanted:
            places[int(rng.integers(total))] = None
        sizes = [len(values) for values in given.values()]
        chosen = [
            tuple(values[at] for values, at in zip(given.values(), where, strict=True))
            for where in zip(*np.unravel_index(list(places), sizes), strict=True)
        ]
    return [dict(zip(given, values, strict=True)) for values in chosen]


def start_search(
    catalog: Catalog,
    spec: TrainSpec,
    choices: Mapping[str, Sequence[Any]],
    *,
    count: int | None = None,
    seed: int = 1,
    name: str | None = None,
) -> list[RunRecord]:
    """Queue a run for each combination; all of them are checked first.

    Args:
        count: of a random search; ``None`` tries every combination.
        name: the runs are called this, with what they try.

    Raises:
        InvalidInput: naming the combination that can't work; then nothing was queued.
    """
    tried = combinations(choices, count, seed)
    table = usable_images(catalog, spec)
    specs = []
    for values in tried:
        one = spec.with_values(values)
        try:
            checks.check(one, table, catalog)
        except InvalidInput as error:
            raise InvalidInput(
                f"With {in_words(values)}: {error.title}", remedy=error.remedy
            ) from error
        specs.append(one)
    search = f"s-{uuid.uuid4().hex[:8]}"
    stem = name or f"{catalog.datasets.get(spec.dataset_id).name[:40]} search"
    return [
        create_run(
            catalog, one, catalog.runs.free_name(stem), RunSummary(search=search, tried=values)
        )
        for one, values in zip(specs, tried, strict=True)
    ]


def searches(catalog: Catalog, dataset_id: str) -> dict[str, list[RunRecord]]:
    """Runs of each search on a dataset, the newest search first."""
    found: dict[str, list[RunRecord]] = {}
    for run in catalog.runs.all(dataset_id):
        if run.summary.search is not None:
            found.setdefault(run.summary.search, []).append(run)
    return found


def newest_or_best(runs: Sequence[RunRecord]) -> RunRecord | None:
    """The run that stands for a dataset: the newest, or where that is one of a search's, the one of
    these that is best on validation images.

    Args:
        runs: that have a model, the newest first.
    """
    newest = next(iter(runs), None)
    if newest is None or newest.summary.search is None:
        return newest
    mine = [run for run in runs if run.summary.search == newest.summary.search]
    return max(mine, key=lambda run: run.summary.validation_accuracy or 0.0)


def results(runs: Sequence[RunRecord]) -> pd.DataFrame:
    """What came of a search's runs, the best on validation images first.

    Returns:
        Columns ``run`` (name), ``id``, ``state``, one for each setting that was tried,
        ``validation_accuracy`` and ``seconds`` (missing where a run is not done).
    """
    rows = [
        {
            "run": run.name,
            "id": run.id,
            "state": run.state,
            **run.summary.tried,
            "validation_accuracy": run.summary.validation_accuracy,
            "seconds": sum(run.summary.seconds.values()) if run.summary.seconds else None,
        }
        for run in runs
    ]
    table = pd.DataFrame(rows)
    return table.sort_values(
        ["validation_accuracy", "seconds"], ascending=[False, True], na_position="last"
    ).reset_index(drop=True)


def in_words(values: Mapping[str, Any]) -> str:
    """``learning rate 0.01, optimizer AdamW``."""
    return ", ".join(f"{labelled(key).lower()} {as_words(key, values[key])}" for key in values)


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


# What the first run that needs it leaves behind for the others.
_ONCE = ("decode", "features", "views")


def predict_seconds(
    catalog: Catalog, specs: Sequence[TrainSpec], table: pd.DataFrame
) -> float | None:
    """Seconds that these trainings take together, one after the other.

    Reading images and computing features is counted once for all that share them.

    Args:
        table: usable images, as of :func:`core.training.estimate.estimate`.

    Returns:
        ``None`` if some part of one of them was never measured here.
    """
    known: dict[str, Estimate | None] = {}
    total, shared = 0.0, set()
    for spec in specs:
        alike = _alike(spec)
        if alike not in known:
            known[alike] = estimate(catalog, spec, table)
        found = known[alike]
        if found is None:
            return None
        for part, seconds in found.by_part.items():
            name = (part, *_shared_by(part, spec))
            if part in _ONCE and name in shared:
                continue
            shared.add(name)
            total += seconds
    return total


def _alike(spec: TrainSpec) -> str:
    """The same for trainings of which every step takes as long, so that one estimate does."""
    return repr([each.value(spec) for each in SETTINGS.values() if each.slows])


def _shared_by(part: str, spec: TrainSpec) -> tuple[Any, ...]:
    """What decides whether two runs share a part of :data:`_ONCE`."""
    pixels = (spec.image_size, spec.resize)
    if part == "decode":
        return pixels
    features = (*pixels, spec.architecture, spec.weights, spec.color, spec.precision)
    if part == "features":
        return features
    return (*features, spec.augmentation.model_dump_json(exclude={"mixup", "cutmix"}))
