"""The ways in: each makes a dataset in state ``importing``, and says how its images come to be.

``add_…`` is quick and is what a page or the command line calls; it refuses at once what can be
seen to be unusable. :func:`prepare` does the long part (unpacking, downloading, writing the
sample) and runs in a job. Folders that are pointed at are only ever read; what is uploaded is kept
below
``datasets/<id>/originals``.
"""

from __future__ import annotations

import codecs
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path, PurePath, PureWindowsPath

from core import settings
from core.addresses import foreign_scheme, is_address, shown
from core.catalog import Catalog, DatasetRecord
from core.catalog.datasets import MAX_NAME, new_id
from core.datasets import archives, known_sets
from core.datasets import sample as samples
from core.datasets.layout import Choice, Skipped, is_text
from core.datasets.places import is_folder
from core.errors import InvalidInput, NotAllowed, NotFound, disk_errors, named
from core.files import objects
from core.progress import Reporter
from core.text import as_text
from core.who import require
from core.workspace import ensure_space, read_json, write_json


def add_sample(catalog: Catalog, key: str = samples.DEFAULT) -> DatasetRecord:
    """A sample of :data:`core.datasets.sample.SAMPLES`; the same dataset every time, unless its
    import failed.

    Raises:
        InvalidInput: there is none of that key.
    """
    return _once(catalog, "sample", key, named("sample", key, samples.SAMPLES).name)


def add_known(catalog: Catalog, key: str) -> DatasetRecord:
    """A dataset that everybody knows, of :data:`core.datasets.known_sets.KNOWN`; the same every
    time, unless its import failed. The import job downloads it.

    Raises:
        InvalidInput: there is none of that key.
    """
    return _once(catalog, "known", key, known_sets.known_set(key).title)


def _once(catalog: Catalog, origin: str, key: str, name: str) -> DatasetRecord:
    """The dataset of this key, or a new one."""
    for record in catalog.datasets.all():
        if record.origin == origin and record.state != "failed":
            source = catalog.workspace.dataset(record.id) / "source.json"
            here = read_json(source) if source.is_file() else {}
            # Earlier versions had one sample, and named none.
            if here.get("key", samples.DEFAULT) == key:
                return record
    free = catalog.datasets.free_name(name)
    return _add(catalog, free, origin, {"kind": origin, "key": key})


def add_folder(
    catalog: Catalog,
    path: str | Path,
    name: str | None = None,
    *,
    restrict: bool,
    layout: Choice | None = None,
) -> DatasetRecord:
    """Index a folder where it lies, on this computer or in a bucket (``s3://bucket/folder``).

    Args:
        layout: how to read it; judged where nobody says.
        restrict: only allow folders within the configured roots, as pages must.

    Raises:
        NotFound, NotAllowed: it is not there, or outside the roots.
        Unreachable: the bucket can't be asked.
        Conflict, InvalidInput: the name can't be used.
    """
    folder = check_allowed(Path(path)) if restrict else _resolved(Path(path))
    if not is_folder(folder):
        what = "There is nothing at that place in the bucket."
        raise NotFound(
            what if is_address(folder) else "That folder is not there.",
            file=as_text(str(path)),
            remedy="Check its name.",
        )
    if not is_text(str(folder)):
        raise InvalidInput(
            "The name of this folder is not valid text (UTF-8).",
            file=as_text(str(folder)),
            remedy="Rename it.",
        )
    wanted = name or catalog.datasets.free_name((folder.name or "folder")[:MAX_NAME])
    root = catalog.workspace.store_path(folder)
    record = catalog.datasets.add(wanted, "folder", root)
    _remember(catalog, record.id, {"kind": "folder", "layout": asdict(layout or Choice())})
    return record


def of_folder(catalog: Catalog, path: str | Path) -> list[DatasetRecord]:
    """The datasets that are read from a folder, the newest first; what is decided about the images
    of one isn't seen in another."""
    root = catalog.workspace.store_path(_resolved(Path(path)))
    return [each for each in catalog.datasets.all() if each.root == root]


def add_archive(
    catalog: Catalog,
    source: Path,
    filename: str,
    name: str | None = None,
    *,
    take: bool = False,
    layout: Choice | None = None,
    encoding: str | None = None,
) -> DatasetRecord:
    """Keep a copy of an archive, to be unpacked by the import job.

    Args:
        layout: how to read what is in it; judged where nobody says.
        encoding: of names in a .zip that doesn't say; guessed where nobody says.
        take: move ``source``, which is a file of the workspace's own, instead of copying it; it
            stays where it is if it is refused.

    Raises:
        InvalidInput: not an archive, damaged, protected, without images, or too large.
        NoSpace: it doesn't fit on the disk.
    """
    filename = as_text(filename)
    workspace = catalog.workspace
    stage = workspace.new_staging()
    try:
        suffix = archives.suffix_of(filename)
        kept = f"archive{suffix}"
        copy = source if take else stage / kept
        with disk_errors("the upload"):
            if not source.is_file():
                raise NotFound("That file is not there.", file=source)
            if not take:
                ensure_space(stage, source.stat().st_size, "copying the archive")
                shutil.copyfile(source, copy)
        try:
            archives.inspect(copy, _known_encoding(encoding))
        except InvalidInput as error:
            raise InvalidInput(error.title, file=filename, remedy=error.remedy) from error
        stem = filename[: len(filename) - len(suffix)] or "archive"
        wanted = name or catalog.datasets.free_name(stem[:MAX_NAME])
        about = {"kind": "archive", "file": kept, "name": filename, "encoding": encoding}
        how = asdict(layout or Choice())
        record = _add(catalog, wanted, "archive", {**about, "layout": how})
        shutil.move(copy, workspace.dataset(record.id) / kept)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return record


def _known_encoding(name: str | None) -> str | None:
    """The name of an encoding, if it is one."""
    try:
        return None if name is None else codecs.lookup(name).name
    except LookupError:
        raise InvalidInput(
            f"There is no encoding “{name}”.",
            remedy="Use one of Python's, for example utf-8, cp1252, cp850, cp932, gb18030, cp949.",
        ) from None


def start_upload(catalog: Catalog, name: str, refused: list[Skipped]) -> DatasetRecord:
    """A dataset for files that were uploaded one by one; its folder is empty still."""
    return _add(catalog, name, "upload", {"kind": "upload", "refused": refused})


def start_by_hand(catalog: Catalog, name: str) -> DatasetRecord:
    """A dataset without images, for classes that people make one by one."""
    by_folder = asdict(Choice("classes"))
    return _add(catalog, name, "studio", {"kind": "studio", "ready": True, "layout": by_folder})


def _add(catalog: Catalog, name: str, origin: str, source: dict[str, object]) -> DatasetRecord:
    dataset_id = new_id(name)
    originals = catalog.workspace.originals(dataset_id)
    record = catalog.datasets.add(name, origin, catalog.workspace.store_path(originals), dataset_id)
    with disk_errors("adding the dataset"):
        originals.mkdir(parents=True, exist_ok=True)
    _remember(catalog, dataset_id, source)
    return record


def _remember(catalog: Catalog, dataset_id: str, source: dict[str, object]) -> None:
    write_json(catalog.workspace.dataset(dataset_id) / "source.json", source)


def prepare(catalog: Catalog, dataset_id: str, report: Reporter) -> list[Skipped]:
    """Bring a dataset's images to where its root says, in a job; safe to run again.

    Returns what was refused on the way.

    Raises:
        InvalidInput, NoSpace, DataMissing: nothing usable came of it.
    """
    workspace = catalog.workspace
    folder = workspace.dataset(dataset_id)
    source = read_json(folder / "source.json")
    originals = workspace.originals(dataset_id)
    refused = [Skipped(*each) for each in source.get("refused", [])]
    if source["kind"] == "sample" and not source.get("ready"):
        key = source.get("key", samples.DEFAULT)
        named("sample", key, samples.SAMPLES).write(originals, report)
    elif source["kind"] == "known" and not source.get("ready"):
        shutil.rmtree(originals, ignore_errors=True)
        known_sets.write_known(source["key"], originals, report)
    elif source["kind"] == "archive" and not source.get("ready"):
        # A job that was interrupted starts from nothing, so that no part is taken for a whole.
        shutil.rmtree(originals, ignore_errors=True)
        originals.mkdir(parents=True)
        try:
            unpacked = archives.unpack(
                folder / source["file"], originals, source.get("encoding"), report
            )
            if not unpacked.kept and unpacked.skipped:
                raise _nothing_of(unpacked.skipped)
        except InvalidInput as error:
            shutil.rmtree(originals, ignore_errors=True)
            raise InvalidInput(error.title, file=source["name"], remedy=error.remedy) from error
        # It is called here as the person called it, not as it is kept.
        refused += [
            item._replace(path=source["name"]) if item.path == source["file"] else item
            for item in unpacked.skipped
        ]
    if source["kind"] != "folder":
        _remember(catalog, dataset_id, {**source, "ready": True, "refused": refused})
    if source["kind"] == "archive":
        # Only now: a job that is killed before the note is written needs it once more.
        (folder / source["file"]).unlink(missing_ok=True)
    return refused


def _nothing_of(skipped: list[Skipped]) -> InvalidInput:
    (why, _) = Counter(item.why for item in skipped).most_common(1)[0]
    return InvalidInput(
        f"None of the images in this archive could be unpacked. {why}",
        remedy="Pack them again as an ordinary .zip.",
    )


def check_allowed(folder: Path) -> Path:
    """``folder`` with links resolved, refused outside the roots that the configuration allows, and
    where nobody's photos are: in hidden folders below a root, and in Lightbox's own.

    Raises:
        NotAllowed: naming the roots.
        NotFound: there can't be such a folder.
    """
    require("labeller")
    loaded = settings.load()
    inside = " or ".join(shown(root) for root in loaded.roots)
    refusal = NotAllowed(
        "Lightbox may not read this folder.",
        file=as_text(str(folder)),
        remedy=f"Choose one inside {inside}." if inside else "Set LIGHTBOX_ROOTS to allow it.",
    )
    if is_elsewhere(str(folder), loaded.roots):
        raise refusal
    resolved = _resolved(folder)
    root = max(
        (root for root in loaded.roots if resolved.is_relative_to(root)),
        key=lambda root: len(root.parts),
        default=None,
    )
    if root is None:
        raise refusal
    if any(part.startswith(".") for part in resolved.relative_to(root).parts):
        raise NotAllowed(
            "Lightbox reads no hidden folders.",
            file=as_text(str(folder)),
            remedy="Choose another one, or name it in LIGHTBOX_ROOTS.",
        )
    if resolved.is_relative_to(loaded.home) and not root.is_relative_to(loaded.home):
        raise NotAllowed(
            "This is where Lightbox keeps its own files.",
            file=as_text(str(folder)),
            remedy="Choose a folder of images.",
        )
    return resolved


def is_elsewhere(path: str, roots: Sequence[PurePath], *, windows: bool = os.name == "nt") -> bool:
    """Whether a path leads to another computer, where no root is.

    Windows shows a server its user's name and password as soon as such a path is looked at, so this
    is told by how it is written.
    """
    if not windows:
        return False
    asked = PureWindowsPath(path)
    remote = path.lstrip().replace("/", "\\").startswith("\\\\")
    above = ".." in asked.parts
    return remote and (above or not any(asked.is_relative_to(str(root)) for root in roots))


def _resolved(folder: Path) -> Path:
    if is_address(folder):
        return objects.check(folder)
    if scheme := foreign_scheme(folder):
        raise InvalidInput(
            f"Lightbox can't read addresses that begin with {scheme}://.",
            file=as_text(str(folder)),
            remedy="Choose a folder, or a bucket of a store that speaks S3: s3://bucket/folder.",
        )
    try:
        resolved = folder.expanduser().resolve()
        resolved.is_dir()  # only asking tells that a name is too long
        return resolved
    except (OSError, RuntimeError, ValueError) as error:
        # Links in a circle, "~nobody", a name that is too long or has a zero byte in it.
        raise NotFound(
            "That folder is not there.", file=as_text(str(folder)), remedy="Check its name."
        ) from error


def subfolders(path: Path) -> list[str]:
    """Names of the visible folders in an allowed folder, for choosing one by clicking.

    Raises:
        NotAllowed, NotFound: it is outside the roots, or can't be read.
    """
    folder = check_allowed(path)
    if is_address(folder):
        return sorted(objects.subfolders(folder), key=str.lower)
    try:
        entries = [entry for entry in os.scandir(folder) if is_text(entry.name)]
        return sorted(
            (e.name for e in entries if not e.name.startswith(".") and Path(e.path).is_dir()),
            key=str.lower,
        )
    except OSError as error:
        raise NotFound("That folder can't be read.", file=path) from error
