"""Which settings of trainings differ, in the words of their catalogue: a table of nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.catalog import Catalog, RunRecord
from core.training.architectures import in_words
from core.training.catalogue import of_trained, shown
from core.training.heads import HEADS
from core.training.setting import Setting
from core.training.spec import SETTINGS, TrainSpec, known_spec


@dataclass(frozen=True)
class Differing:
    """A setting that not all have alike.

    Attributes:
        name: dotted, as ``train --set`` takes it; or ``head``, which Auto chooses.
        title: what people call it.
        values: of each run, in their order, as people read them; ``–`` where it does nothing.
    """

    name: str
    title: str
    values: tuple[str, ...]


def differing(catalog: Catalog, runs: Sequence[RunRecord]) -> list[Differing]:
    """The settings in which runs differ; none for one run, or for equals.

    Settings of a version of Lightbox that nobody knows are passed over.
    """
    specs = [_spec(run) for run in runs]
    heads = tuple(_head(run) for run in runs)
    found = [Differing("head", "Head", heads)] if len(set(heads)) > 1 else []
    for setting in SETTINGS.values():
        if setting.within or setting.key == "shares.train":
            continue  # told as a whole, or by what the others leave
        raw = [_raw(spec, run, setting) for spec, run in zip(specs, runs, strict=True)]
        if any(each != raw[0] for each in raw[1:]):
            values = tuple(shown(setting, value, catalog) for value in raw)
            found.append(Differing(setting.key, setting.label, values))
    return found


def _spec(run: RunRecord) -> TrainSpec | None:
    # Of one that was trained elsewhere no settings are known.
    return None if run.imported else known_spec(run.spec)


def _head(run: RunRecord) -> str:
    """What Auto has fitted on networks' features; ``–`` where a network was trained."""
    return HEADS[run.summary.head].title if run.summary.head in HEADS else "–"


def _raw(spec: TrainSpec | None, run: RunRecord, setting: Setting) -> Any:
    """The value, or ``None`` where it has no effect or isn't known."""
    if setting.key in ("dataset_id", "dataset_version"):
        return getattr(run, setting.key)
    if spec is None:
        return run.spec.get("recipe") if setting.key == "recipe" else None
    networks = run.summary.networks
    if setting.key == "architecture" and networks:
        return networks[0] if len(networks) == 1 else in_words(networks)
    if run.summary.head and of_trained(setting):
        return None
    return setting.value(spec) if setting.applies(spec) else None
