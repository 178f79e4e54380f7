"""From settings to a queued run; checked first, so what can't work never starts."""

from __future__ import annotations

import pandas as pd

from core.access.audit import note
from core.catalog import Catalog, RunRecord, RunSummary
from core.catalog.queue import Has
from core.catalog.records import FINISHED
from core.quality.curation import curated, usable
from core.training import checks, recipes
from core.training.again import resumable, spec_again, ways_kept
from core.training.auto.clock import finish_s
from core.training.estimate import estimate
from core.training.spec import TrainSpec


def suggest_spec(catalog: Catalog, dataset_id: str, recipe: str | None = None) -> TrainSpec:
    """Sensible settings for a dataset as it is now.

    Raises:
        InvalidInput: there is no such recipe.
        NotFound: there is no such dataset, or it has not been scanned.
    """
    record = catalog.datasets.get(dataset_id)
    table = usable(curated(catalog, dataset_id, record.version))
    return recipes.default_spec(dataset_id, record.version, recipe or recipes.suggest(table), table)


def usable_images(catalog: Catalog, spec: TrainSpec) -> pd.DataFrame:
    """The images that a spec trains on, as its version of the dataset has them."""
    return usable(curated(catalog, spec.dataset_id, spec.dataset_version))


def create_run(
    catalog: Catalog,
    spec: TrainSpec,
    name: str | None = None,
    summary: RunSummary | None = None,
    needs: Has | None = None,
) -> RunRecord:
    """Check the spec against its dataset, and queue a run.

    Args:
        summary: what is known of it from the start: the search that it belongs to.
        needs: what a machine must have to do it.

    Raises:
        InvalidInput: it can't work; the sentence says at which setting or class.
        Conflict: the name is taken, by a run of which there is something.
    """
    dataset = catalog.datasets.get(spec.dataset_id)
    table = usable_images(catalog, spec)
    checks.check(spec, table, catalog)
    takes = estimate(catalog, spec, table)
    known = (summary or RunSummary()).as_json()
    if takes is not None:
        known |= {"expected": takes.seconds, "expected_end": takes.by_part.get("finish")}
    elif spec.minutes:
        known["expected_end"] = finish_s(len(table))
    data = spec.model_dump(mode="json")
    job = catalog.jobs.hold("train", {}, lane="train", subject=spec.dataset_id)
    try:
        if needs is not None:
            catalog.jobs.need(job.id, memory=needs.memory, gpu=needs.gpu)
        _give_up(catalog, name)
        run = catalog.runs.add(
            name or catalog.runs.free_name(f"{dataset.name[:60]} {spec.recipe}"),
            dataset_id=spec.dataset_id,
            dataset_version=spec.dataset_version,
            spec=data,
            job_id=job.id,
            summary=RunSummary.read(known),
        )
    except BaseException:
        catalog.jobs.finish(job.id, "cancelled")
        raise
    catalog.jobs.release(job.id, {"run_id": run.id})
    note(catalog, "started a training", run.name, f"on {dataset.name}")
    return catalog.runs.get(run.id)


def _give_up(catalog: Catalog, name: str | None) -> None:
    """Have a run that ended before there was anything to keep of it give up its name, to be called
    “first failed 1” for example."""
    run = catalog.runs.named(name)
    if run is None or run.state not in FINISHED or run.state == "done":
        return
    if not (resumable(catalog.workspace, run.id) or ways_kept(catalog.workspace, run.id)):
        catalog.runs.rename(run.id, catalog.runs.free_name(f"{run.name[:60]} {run.state}"))


def learn_again(catalog: Catalog, run_id: str, name: str | None = None) -> RunRecord:
    """Queue a run that learns again from a dataset as it is now: with the settings of an earlier
    one, and with the same images held out.

    Raises:
        InvalidInput, NotFound: as :func:`core.training.again.spec_again` and :func:`create_run`.
    """
    run = catalog.runs.find(run_id)
    spec = spec_again(catalog, run)
    dataset = catalog.datasets.get(run.dataset_id)
    return create_run(
        catalog, spec, name or catalog.runs.free_name(f"{dataset.name[:60]} corrected")
    )
