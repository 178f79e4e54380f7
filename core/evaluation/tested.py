"""Folders that a model is tested on besides its own test set: whose classes are which, where images
that were uploaded are kept, what was matched, and how such a test is forgotten.

Beside the evaluation, ``folder.json`` says what was matched::

    on/<name>/evaluation.json, predictions.parquet, folder.json    what came of it
    tested/<name>/                                                 images, if they were uploaded
"""

from __future__ import annotations

import re
import shutil
import time
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import BaseModel

from core.addresses import in_full, shown
from core.catalog import Catalog
from core.datasets import archives
from core.datasets.upload import UploadStage
from core.errors import InvalidInput, NotFound, disk_errors
from core.progress import SILENT, Reporter
from core.runs.files import RunFiles
from core.runs.reading import value_in
from core.text import plural
from core.who import require
from core.workspace import INSIDE, Workspace, write_json

_FILE = "folder.json"
_UPLOADS = "tested"
_BETWEEN = re.compile(r"(?<=\w)[\s_-]+(?=\w)")
_NOT_NUMBERS = re.compile(r"(?<!\d) | (?!\d)")


class Matching(BaseModel, frozen=True, extra="forbid"):
    """Which class folder is which class of the model.

    Attributes:
        classes: folder name → class, for all that are one.
        loosely: those of them whose names differ in case, spaces, hyphens or underscores.
        unknown: folder name → number of images, of classes that the model doesn't know; left out.
        missing: classes of the model of which the folder has no images.
    """

    classes: dict[str, str]
    loosely: dict[str, str]
    unknown: dict[str, int]
    missing: list[str]

    def sentences(self) -> list[str]:
        """What a person should know of it; nothing where all names are the model's."""
        said = []
        if self.unknown:
            count = len(self.unknown)
            kinds = "a class" if count == 1 else plural(count, "class", "classes")
            images = sum(self.unknown.values())
            said.append(
                f"{plural(images, 'image')} of {kinds} it doesn’t know "
                f"{'was' if images == 1 else 'were'} left out: {_list(self.unknown)}."
            )
        if self.loosely:
            pairs = [f"“{name}” as “{label}”" for name, label in self.loosely.items()]
            said.append(f"Names that differ a little were taken for the same: {_some(pairs)}.")
        if self.missing:
            said.append(f"It has no images of {_list(self.missing)}, so nothing is said of these.")
        return said


class Tested(BaseModel, frozen=True, extra="forbid"):
    """A folder that a run was tested on.

    Attributes:
        on: as evaluations name it: the folder, as :meth:`Workspace.store_path` writes it.
        name: what to call it.
        uploaded: whether its images are kept in the run's folder.
        at: seconds since 1970.
        images: that could be tested.
        trained_on: those of them that the run was trained on, byte for byte.
    """

    on: str
    name: str
    uploaded: bool
    at: float
    matching: Matching
    images: int = 0
    trained_on: int = 0

    def sentences(self) -> list[str]:
        """What a person should know before believing the score."""
        said = []
        if self.trained_on and self.trained_on == self.images:
            them = "this one image" if self.images == 1 else f"all of these {self.images:,} images"
            said.append(f"It was trained on {them}, so the score says nothing about new ones.")
        elif self.trained_on:
            one = self.trained_on == 1
            said.append(
                f"{self.trained_on:,} of these {self.images:,} images "
                f"{'is a copy' if one else 'are copies'} "
                f"of {'one' if one else 'some'} that it was trained on, which flatters the score."
            )
        return said + self.matching.sentences()


def match_classes(images: dict[str, int], known: Sequence[str]) -> Matching:
    """Find each class folder among the model's classes: by its name, else by its name without
    case, spaces, hyphens and underscores, if that leaves just one.

    Args:
        images: folder name → number of images in it.
        known: the model's classes.
    """
    exact = set(known)
    by_form: dict[str, list[str]] = {}
    for label in known:
        by_form.setdefault(_form(label), []).append(label)
    classes, loosely, unknown = {}, {}, {}
    for name, count in images.items():
        alike = by_form.get(_form(name), [])
        if name in exact:
            classes[name] = name
        elif len(alike) == 1 and _form(name):
            classes[name] = loosely[name] = alike[0]
        else:
            unknown[name] = count
    found = set(classes.values())
    return Matching(
        classes=classes,
        loosely=loosely,
        unknown=unknown,
        missing=[label for label in known if label not in found],
    )


def _form(name: str) -> str:
    """A name without case and without spaces, hyphens and underscores between its words; those
    between numbers stay apart, so that 1-2 is not 12."""
    text = unicodedata.normalize("NFKC", name).casefold().strip()
    return _NOT_NUMBERS.sub("", _BETWEEN.sub(" ", text))


def keep_tested(
    folder: Path,
    workspace: Workspace,
    run_id: str,
    on: str,
    matching: Matching,
    hashes: Sequence[str],
) -> None:
    """Write what was matched beside the evaluation in ``folder``.

    Args:
        hashes: content hashes of the images that were tested.
    """
    place = workspace.load_path(on)
    trained = set(RunFiles(workspace, run_id).trained_on()["hash"])
    tested = Tested(
        on=on,
        name=place.name or on,
        uploaded=on.startswith(f"{INSIDE}runs/") and f"/{_UPLOADS}/" in on,
        at=time.time(),
        matching=matching,
        images=len(hashes),
        trained_on=sum(each in trained for each in hashes),
    )
    write_json(folder / _FILE, tested.model_dump(mode="json"))


def folders_tested(workspace: Workspace, run_id: str) -> list[Tested]:
    """The folders that a run was tested on, newest first."""
    found = []
    for test in RunFiles(workspace, run_id).tests_elsewhere():
        tested = value_in(test.folder / _FILE, Tested)
        if tested is None:
            # Tested before it was written down what was matched.
            tested = Tested(
                on=test.on,
                name=workspace.place_of(test.on).name or test.on,
                uploaded=False,
                at=test.evaluation.stat().st_mtime,
                matching=Matching(classes={}, loosely={}, unknown={}, missing=[]),
            )
        found.append(tested)
    return sorted(found, key=lambda each: each.at, reverse=True)


def find_tested(workspace: Workspace, run_id: str, name_or_folder: str) -> Tested:
    """The test on a folder of this name, or at this place.

    Raises:
        NotFound: there is none; the sentence names those that there are.
        InvalidInput: several folders have that name.
    """
    folders = folders_tested(workspace, run_id)
    place = shown(in_full(Path(name_or_folder)))
    found = [each for each in folders if name_or_folder == each.on or place == each.on]
    found = found or [each for each in folders if each.name == name_or_folder]
    if not found:
        raise NotFound(
            f"This run was not tested on “{name_or_folder}”.",
            remedy=f"It was on: {_list([each.on for each in folders])}."
            if folders
            else "It was only tested on its own test set.",
        )
    if len(found) > 1:
        raise InvalidInput(
            f"It was tested on {len(found)} folders named “{name_or_folder}”.",
            remedy="Give the whole path.",
        )
    return found[0]


def forget_tested(workspace: Workspace, run_id: str, on: str) -> None:
    """Delete what came of a test on a folder, and the images if they were uploaded for it.

    A folder of the person's own stays as it is.

    Raises:
        NotAllowed: whoever acts may only look.
        NotFound: the run was not tested on that.
    """
    require("labeller")
    folder = RunFiles(workspace, run_id).test(on).folder
    if on == "test" or not folder.is_dir():
        raise NotFound("This run was not tested on that folder.")
    shutil.rmtree(folder, ignore_errors=True)
    uploads = (workspace.run(run_id) / _UPLOADS).resolve()
    images = workspace.load_path(on).resolve()
    if images.is_relative_to(uploads) and images != uploads:
        shutil.rmtree(uploads / images.relative_to(uploads).parts[0], ignore_errors=True)


def keep_upload(catalog: Catalog, run_id: str, stage: UploadStage, name: str) -> Path:
    """Move images that were uploaded one by one into the run's folder; returns where they are.

    Raises:
        NotAllowed: whoever acts may only look.
        InvalidInput: nothing was taken.
    """
    require("labeller")
    target = _place(catalog.workspace, run_id, name)
    with disk_errors("the upload"):
        stage.hand_over(target)
    return target


def keep_archive(
    catalog: Catalog, run_id: str, archive: Path, filename: str, report: Reporter = SILENT
) -> Path:
    """Unpack an archive of class folders into the run's folder; returns where it is.

    Args:
        filename: as the person's file is called; its suffix says what kind of archive it is.

    Raises:
        InvalidInput: not an archive, damaged, without images, or too large.
        NoSpace: it doesn't fit on the disk.
        Cancelled: the person asked to stop.
    """
    suffix = archives.suffix_of(filename)
    target = _place(catalog.workspace, run_id, filename[: len(filename) - len(suffix)])
    try:
        archives.unpack(archive, target, report=report)
    except BaseException as error:
        shutil.rmtree(target, ignore_errors=True)
        if isinstance(error, InvalidInput):
            raise InvalidInput(error.title, file=filename, remedy=error.remedy) from error
        raise
    return target


def drop_unused(workspace: Workspace, run_id: str, folder: Path) -> None:
    """Delete uploaded images that no test of the run has come of; anything else stays."""
    uploads = (workspace.run(run_id) / _UPLOADS).resolve()
    used = {each.on for each in folders_tested(workspace, run_id)}
    if folder.resolve().parent == uploads and workspace.store_path(folder) not in used:
        shutil.rmtree(folder, ignore_errors=True)


def _place(workspace: Workspace, run_id: str, name: str) -> Path:
    """A new empty folder for uploaded images, named as near to ``name`` as file systems allow."""
    safe = re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-.")[:60] or "images"
    parent = workspace.run(run_id) / _UPLOADS
    with disk_errors("the upload"):
        parent.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            place = parent / (safe if number == 1 else f"{safe}-{number}")
            try:
                place.mkdir()
                return place
            except FileExistsError:
                number += 1


def _list(names: Iterable[str]) -> str:
    return _some([f"“{name}”" for name in names])


def _some(parts: Sequence[str], at_most: int = 8) -> str:
    more = len(parts) - at_most
    return ", ".join(parts[:at_most]) + (f" and {more:,} more" if more > 0 else "")
