"""Files that come in one by one from a browser, gathered until there is a dataset of them.

Each file goes straight to the workspace; whatever can't be taken is recorded with its reason and
the rest goes on. Nothing is visible as a dataset before :meth:`UploadStage.finish`; an upload
that is cut off leaves a staging folder behind, which is swept a day later.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from core.catalog import Catalog, DatasetRecord
from core.datasets import intake
from core.datasets.images import SUFFIXES
from core.datasets.layout import Skipped, is_litter
from core.errors import InvalidInput, disk_errors
from core.workspace import Workspace

# Windows refuses more than others do; class names keep everything that the disk can hold.
_FORBIDDEN = re.compile(r'[\x00-\x1f<>:"|?*\\/]' if os.name == "nt" else r"[\x00-\x1f/]")
_MAX_NAME_BYTES = 240


class UploadStage:
    """One upload on its way in.

    Attributes:
        kept: number of files taken.
        refused: the others, each with its reason.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._folder = workspace.new_staging()
        self.kept = 0
        self.refused: list[Skipped] = []

    def add(self, relative_path: str, source: BinaryIO, *, into_class: str | None = None) -> bool:
        """Take one file.

        Args:
            relative_path: as the browser gives it, ``hands/0/IMG_1.JPG``.
            into_class: put it into this class, whatever folder it came from.

        Returns:
            Whether it was taken; if not, ``refused`` says why.

        Raises:
            NoSpace: the disk is full; what was taken before stays.
        """
        path = PurePosixPath(relative_path.replace("\\", "/"))
        parts = [part for part in path.parts if part not in ("/", "..", ".")]
        if not parts or any(is_litter(part) for part in parts):
            return False
        if PurePosixPath(parts[-1]).suffix.lower() not in SUFFIXES:
            self.refused.append(Skipped(relative_path, "It is not an image."))
            return False
        if into_class is not None:
            parts = [into_class, parts[-1]]
        safe = [_safe_name(part) for part in parts]
        if not all(safe):
            self.refused.append(Skipped(relative_path, "Its name can't be used."))
            return False
        place = self._free(self._folder.joinpath(*safe))
        try:
            with disk_errors("the upload"):
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("xb") as out:
                    shutil.copyfileobj(source, out, 1024 * 1024)
        except BaseException:
            place.unlink(missing_ok=True)
            raise
        self.kept += 1
        return True

    def finish(self, catalog: Catalog, name: str) -> DatasetRecord:
        """Make a dataset, in state ``importing``, of what was taken.

        Raises:
            InvalidInput: nothing was taken, or the name can't be used.
            Conflict: the name is taken.
        """
        if not self.kept:
            raise InvalidInput(
                "None of these files is an image that Lightbox can read.",
                remedy="Choose JPEG, PNG, WebP, BMP, GIF or TIFF files.",
            )
        record = intake.start_upload(
            catalog, name, [(item.path, item.why) for item in self.refused]
        )
        originals = catalog.workspace.originals(record.id)
        with disk_errors("the upload"):
            originals.rmdir()
            shutil.move(self._folder, originals)
        return record

    def add_to(self, catalog: Catalog, dataset_id: str) -> None:
        """Put what was taken into a dataset that keeps its own images.

        Raises:
            InvalidInput: the dataset is a folder of the person's own, which is only read.
        """
        if catalog.datasets.get(dataset_id).origin == "folder":
            raise InvalidInput(
                "This dataset is a folder on the server, which Lightbox only reads.",
                remedy="Copy the new images into that folder, then scan it again.",
            )
        originals = catalog.workspace.originals(dataset_id)
        with disk_errors("the upload"):
            for file in sorted(self._folder.rglob("*")):
                if file.is_file():
                    place = self._free(originals / file.relative_to(self._folder))
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.move(file, place)
        self.abandon()

    def abandon(self) -> None:
        """Forget everything that was taken."""
        shutil.rmtree(self._folder, ignore_errors=True)

    @staticmethod
    def _free(place: Path) -> Path:
        """``place``, or the first of ``name (2)``, ``name (3)``, … that is not taken."""
        number, free = 2, place
        while free.exists():
            free = place.with_name(f"{place.stem} ({number}){place.suffix}")
            number += 1
        return free


def _safe_name(part: str) -> str:
    """A name that every file system takes and that still reads as the person wrote it."""
    name = _FORBIDDEN.sub("_", part).strip(" .")
    while len(name.encode()) > _MAX_NAME_BYTES:
        stem, dot, suffix = name.rpartition(".")
        name = f"{stem[:-1]}{dot}{suffix}" if dot and len(suffix) <= 5 else name[:-1]
    return name
