"""Looking at a dataset's folder again, and at some of its images for another machine's scan."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from core.catalog import Catalog, JobRecord
from core.jobs.kinds.importing import bring_in
from core.jobs.registry import Spec, kind, submit
from core.progress import Reporter

_NOTHING: Mapping[str, str] = MappingProxyType({})


def submit_scan(
    catalog: Catalog, dataset_id: str, *, then_learn: str = "", taught: Mapping[str, str] = _NOTHING
) -> JobRecord:
    """Queue another look at a dataset's folder.

    Args:
        then_learn: id of a run that learns again from what is there then.
        taught: the corrections that it learns from, by id, with what each is; for whoever wants to
            take them back.
    """
    spec: Spec = {"dataset_id": dataset_id}
    if then_learn:
        spec |= {"then_learn": then_learn, "taught": dict(taught)}
    job = submit(catalog, "scan", spec)
    catalog.datasets.set(dataset_id, job_id=job.id)
    return job


@kind("scan", "Look at the images again", role="labeller", about="dataset")
def _scan(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    """Look at a dataset's folder again; one whose import was not finished goes on with it."""
    if catalog.datasets.get(spec["dataset_id"]).version == 0:
        return bring_in(catalog, spec, report)
    from core.quality.alike import find_alike
    from core.quality.scan import scan

    scan(catalog, spec["dataset_id"], report)
    find_alike(catalog, spec["dataset_id"], report)
    if spec.get("then_learn"):
        from core.training.again import changed_since
        from core.training.start import learn_again

        # What was to be learned may have been taken back meanwhile.
        if changed_since(catalog, catalog.runs.find(spec["then_learn"])):
            learn_again(catalog, spec["then_learn"])
    return None


@kind("scan_part", "Look at some of the images", role="labeller", about="dataset")
def _scan_part(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    from core.quality.scan_parts import look_part

    look_part(catalog, spec, report)
