"""A training that goes on: one that learns again from a dataset that has changed a little since
(corrected labels, a few more photos), and whether one that has ended without success could go on
where it was. Without Keras.

For who learns again, what was held out stays held out: each image keeps the split that it had, so
that the two can be compared on the same test, and no answer of the earlier one is chosen by images
that the later one learned from. Where Auto had chosen a head, only that is fitted anew, on features
that are kept.
"""

from __future__ import annotations

from zipfile import is_zipfile

import pandas as pd

from core.catalog import Catalog, RunRecord
from core.errors import InvalidInput, LightboxError, NotFound
from core.quality.curation import curated, usable
from core.quality.export import with_groups
from core.runs.files import RunFiles
from core.training import recipes
from core.training.spec import TrainSpec, parse_spec
from core.workspace import Workspace, read_json

# Whatever a new image is a copy of decides where it goes; being tested with comes first.
_RANK = {"train": 0, "validation": 1, "test": 2}


def spec_again(catalog: Catalog, run: RunRecord) -> TrainSpec:
    """The settings with which a run learns again from its dataset as it is now.

    Raises:
        InvalidInput: it was trained elsewhere, or nothing has changed since it was trained.
        NotFound: its dataset or its split has gone.
    """
    if run.imported:
        raise InvalidInput(
            "This model was trained elsewhere, so it can't learn again here.",
            remedy="Train one of your own on this dataset.",
        )
    record = catalog.datasets.get(run.dataset_id)
    spec = parse_spec(run.spec)
    RunFiles(catalog.workspace, run.id).split()
    if not changed_since(catalog, run):
        raise InvalidInput(
            f"Nothing has changed since “{run.name}” was trained, so there is nothing new to "
            "learn.",
            remedy="Add photos or correct some first.",
        )
    values = {"dataset_version": record.version, "refits": run.id}
    return spec.model_copy(update=values)


def changed_since(catalog: Catalog, run: RunRecord) -> bool:
    """Whether a run's dataset has other images to learn from now, or other labels, than when it was
    trained.

    Raises:
        NotFound: its dataset has gone, or can't be read.
    """
    now = catalog.datasets.get(run.dataset_id).version
    if now == run.dataset_version:
        return False
    try:
        before = curated(catalog, run.dataset_id, run.dataset_version)
    except NotFound:
        return True  # what it learned from can't be told any more
    return not _learned_from(before).equals(_learned_from(curated(catalog, run.dataset_id, now)))


def _learned_from(table: pd.DataFrame) -> pd.Series:
    """Each usable image's content and class, in an order that follows from these alone."""
    good = usable(table)
    return (good["hash"] + "/" + good["label"]).sort_values(ignore_index=True)


def split_of(workspace: Workspace, spec: TrainSpec, table: pd.DataFrame) -> pd.Series:
    """The split of usable images under a spec: as planned, or as the run had it that learns again.

    Images are known by their content. A new one is trained on, unless it is a copy of one that is
    held out, which it joins; images of a class that is new are split as in any training.

    Args:
        table: usable images.

    Returns:
        ``train``, ``validation`` or ``test``, on the index of ``table``.

    Raises:
        NotFound: the run has gone whose split is to be kept.
    """
    if not spec.refits:
        return recipes.plan(spec, table)
    before = RunFiles(workspace, spec.refits).split()
    known = before.drop_duplicates("hash").set_index("hash")["split"]
    splits = table["hash"].map(known).astype(object)
    new_class = ~table["label"].isin(before["label"].unique()) & splits.isna()
    if new_class.any():
        splits[new_class] = recipes.plan(spec, table[new_class])
    group = with_groups(table)["group"]
    rank = splits.map(_RANK).groupby(group).transform("max")
    joined = rank.map({number: name for name, number in _RANK.items()})
    return splits.where(splits.notna(), joined.fillna("train"))


def resumable(workspace: Workspace, run_id: str) -> int | None:
    """How many epochs of a run are finished and kept, or ``None`` if it would begin anew.

    A file that is missing or was cut off (a full disk) is noticed; whether a disk has altered what
    is in it shows when it is read.
    """
    folder = RunFiles(workspace, run_id).checkpoint
    try:
        kept = read_json(folder / "state.json")
        files, epochs = kept["files"].values(), int(kept["standing"]["epoch"])
    except (LightboxError, OSError, KeyError, TypeError, ValueError, AttributeError):
        return None
    if epochs < 1 or not all(is_zipfile(folder / str(name)) for name in files):
        return None
    return epochs


def ways_kept(workspace: Workspace, run_id: str) -> int:
    """How many ways a search by Auto had tried, which it need not try again; 0 if it would begin
    anew."""
    try:
        return len(read_json(workspace.run(run_id) / "checkpoint" / "search.json")["lines"])
    except (LightboxError, OSError, KeyError, TypeError, ValueError):
        return 0
