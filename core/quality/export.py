"""Taking a cleaned dataset away: a new folder, or a .zip, of the images that people decided on.

In: a dataset at its present version. Out: each usable image, byte for byte, under its class as
decided, and ``labels.csv``, which says of every image what became of it and why. What is written
appears at once when it is whole; the dataset's own files are only read.
"""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd

from core.access.audit import note
from core.catalog import Catalog
from core.datasets.content import WHOLE, hash_bytes, read_regular, split_path, taken_apart
from core.datasets.images import open_image
from core.datasets.places import image_file, is_folder
from core.datasets.splits import SPLITS, Shares, plan_splits
from core.errors import InvalidInput, NotFound, UnreadableImage
from core.progress import SILENT, Reporter, Throttle
from core.quality.belonging import with_groups
from core.quality.curation import curated, in_force, is_usable, usable
from core.quality.packing import check_target, packing
from core.quality.safe_names import Names
from core.text import as_csv, as_text, cell, images

Layout = Literal["classes", "splits", "flat"]
LAYOUTS: dict[Layout, str] = {
    "classes": "A folder for each class",
    "splits": "Train, validation and test folders, with a folder for each class in each",
    "flat": "All images in one folder",
}
TABLE = "labels.csv"
COLUMNS = ("file", "class", "class_as_found", "split", "original_path", "decision", "why")


@dataclass(frozen=True)
class ExportResult:
    """What was written.

    Attributes:
        path: the new folder or archive.
        images: number of images in it.
        bytes: their size together.
        classes: images by class, as decided.
        splits: images by split; empty unless the layout is ``splits``.
        excluded: images that are not in it because people excluded them.
        unreadable: images that are not in it because they can't be read.
        left_out: pairs of path and reason: images that should be in it, but whose file has gone
            or has changed since the last scan.
        renamed: folders by class, of the classes whose names no folder can have.
    """

    path: Path
    images: int
    bytes: int
    classes: dict[str, int]
    splits: dict[str, int]
    excluded: int
    unreadable: int
    left_out: tuple[tuple[str, str], ...]
    renamed: dict[str, str]


@dataclass(frozen=True)
class ExportOptions:
    """How a dataset is written.

    Attributes:
        layout: one of :data:`LAYOUTS`.
        archive: one .zip instead of a folder.
        shares, seed: of the split, for the layout ``splits``; by default the usual ones of a
            training, so that the split is the one that it would use.
    """

    layout: Layout = "classes"
    archive: bool = False
    shares: Shares = field(default_factory=Shares)
    seed: int = 1


def export_dataset(
    catalog: Catalog,
    dataset_id: str,
    target: Path,
    options: ExportOptions = ExportOptions(),
    report: Reporter = SILENT,
) -> ExportResult:
    """Write the usable images of a dataset, and ``labels.csv``, as something new.

    Args:
        target: the folder to be made, or an empty one; for an archive the file to be made, which
            gets the suffix ``.zip`` if it has none. Folders above it are made too.

    ``labels.csv`` has one row an image, excluded and unreadable ones included (with an empty
    ``file``), in the order of their paths, as UTF-8. Cells that a spreadsheet would take for a
    formula begin with an apostrophe.

    Raises:
        NotFound: there is no such dataset, or all its files have gone.
        InvalidInput: it has no usable image, or the target can't be made there.
        Conflict: something is at the target already.
        NoSpace, NotAllowed: the disk is full or may not be written to. Nothing is left behind,
            here as in all other cases.
        Cancelled: as ``report`` asked.
    """
    record = catalog.datasets.get(dataset_id)
    table = curated(catalog, dataset_id, record.version)
    layout, archive = options.layout, options.archive
    root = catalog.workspace.load_path(record.root)
    target = check_target(target, archive, [root, catalog.workspace.dataset(dataset_id)])
    good = usable(table)
    if good.empty:
        raise InvalidInput(
            "There is no usable image in this dataset.",
            remedy="Add images, or restore some that were excluded.",
        )
    if not is_folder(root):
        raise NotFound(
            "The folder of this dataset is not there any more, so its images can't be copied.",
            file=root,
            remedy="Put it back where it was.",
        )
    splits = good["split"]
    if layout == "splits":
        splits = split_plan(good, options.shares, options.seed)
    folders, places = _places(good, splits, layout)
    left_out: dict[str, str] = {}
    size = 0
    with packing(target, archive, needed_bytes=int(good["bytes"].sum())) as packer:
        now_and_then = Throttle(0.2)
        hashes = dict(zip(good["path"], good["hash"], strict=True))
        for done, (path, place) in enumerate(places.items()):
            if now_and_then():
                report.step("export", done, len(places), "Copying images")
            data = _same(image_file(root, path), hashes[path])
            if isinstance(data, str):
                left_out[path] = data
            else:
                packer.add(place, data)
                size += len(data)
        report.check()
        if len(left_out) == len(places):
            raise NotFound(
                "None of the images is as it was when this dataset was last scanned.",
                file=root,
                remedy="Scan it again.",
            )
        there = {path: place for path, place in places.items() if path not in left_out}
        reasons = _reasons(catalog, dataset_id, record.version)
        packer.add(TABLE, _as_csv(table, there, splits, left_out, reasons).encode())
        report.progress("export", len(places), len(places), "Copying images")
    note(catalog, "exported a dataset", record.name, images(len(there)))
    written = good[good["path"].isin(list(there))]
    counted = splits.loc[written.index].value_counts()
    return ExportResult(
        path=target,
        images=len(written),
        bytes=size,
        classes={str(label): int(n) for label, n in sorted(Counter(written["label"]).items())},
        splits={name: int(counted.get(name, 0)) for name in SPLITS} if layout == "splits" else {},
        excluded=int(table["excluded"].sum()),
        unreadable=int((~is_usable(table) & ~table["excluded"]).sum()),
        left_out=tuple(sorted(left_out.items())),
        renamed={
            label: folder
            for label, folder in folders.items()
            if label != folder and layout != "flat"
        },
    )


def split_plan(table: pd.DataFrame, shares: Shares, seed: int) -> pd.Series:
    """The split of usable images; copies and near-duplicates stay on one side.

    Args:
        table: from :func:`core.quality.curation.usable`.

    Returns:
        ``train``, ``validation`` or ``test``, on the index of ``table``.
    """
    return plan_splits(with_groups(table), shares=shares, seed=seed)


def _places(
    good: pd.DataFrame, splits: pd.Series, layout: Layout
) -> tuple[dict[str, str], dict[str, str]]:
    """The folder of each class, and where each image goes, both without two that are alike.

    Images that nobody moved choose their names first, so that they keep them.
    """
    top = Names([TABLE])
    folders = {label: top.take(label) for label in sorted(good["label"].unique())}
    moved = good["label"] != good["label_found"]
    inside: dict[str, Names] = {}
    places = {}
    for index in [*good.index[~moved], *good.index[moved]]:
        path, label = str(good.at[index, "path"]), good.at[index, "label"]
        folder = "" if layout == "flat" else f"{folders[label]}/"
        if layout == "splits":
            folder = f"{splits.at[index]}/{folder}"
        names = inside.setdefault(folder, Names([] if folder else [TABLE]))
        places[path] = folder + names.take(_name(path.rsplit("/", 1)[-1]))
    return folders, places


def _name(name: str) -> str:
    """What a file is called there; a part of one, which is written as a picture of its own, by
    where it lay."""
    file, part = split_path(name)
    if part == WHOLE:
        return name
    stem = file.rpartition(".")[0] or file
    where = [f"{end:g}" for end in part.box] if part.box else ["page", str(part.page)]
    return f"{stem} {'-'.join(where)}.png"


def _same(file: Path, content_hash: str) -> bytes | str:
    """A file's bytes if they are those that were scanned; else what is wrong, as a sentence."""
    try:
        data = read_regular(file)
    except (FileNotFoundError, NotADirectoryError):
        return "It is not there any more."
    except OSError:
        return "It can't be opened any more."
    if hash_bytes(data) != content_hash:
        return "It has changed since the last scan."
    if taken_apart(data)[1] == WHOLE:
        return data
    try:
        cut = io.BytesIO()
        open_image(data).image.save(cut, "PNG")
    except UnreadableImage as error:
        return error.title
    return cut.getvalue()


def _reasons(catalog: Catalog, dataset_id: str, version: int) -> dict[tuple[str, str], str]:
    """Why people decided as they did: by action and path, what was said last."""
    changes = in_force(catalog.changes.of(dataset_id, up_to=version))
    return {
        (change.action, path): change.why
        for change in changes
        for path in change.payload.get("paths", ())
    }


def _as_csv(
    table: pd.DataFrame,
    places: dict[str, str],
    splits: pd.Series,
    left_out: dict[str, str],
    reasons: dict[tuple[str, str], str],
) -> str:
    rows = []
    for row in table.itertuples():
        decision = why = ""
        if row.excluded:
            decision, why = "excluded", reasons.get(("exclude", row.path), "")
        elif row.status != "ok":
            decision, why = "unreadable", row.problem
        elif row.path in left_out:
            decision, why = "left out", left_out[row.path]
        elif row.label != row.label_found:
            decision, why = "moved", reasons.get(("relabel", row.path), "")
        elif row.kept:
            decision, why = "kept", reasons.get(("keep", row.path), "")
        file = places.get(row.path, "")
        split = splits.at[row.Index] if file else ""
        # Paths stay as they are, so that programs find the files by them.
        classes = cell(row.label), cell(row.label_found)
        rows.append([as_text(file), *classes, split, as_text(row.path), decision, cell(why)])
    return as_csv(COLUMNS, rows)
