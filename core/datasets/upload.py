"""Files that come in one by one from a browser, gathered until there is a dataset of them.

Each file goes straight to the workspace; whatever can't be taken is recorded with its reason and
the rest goes on. A stage is known by its token, so several requests, one after another or at once,
can add to the same one. Nothing is visible as a dataset before :meth:`UploadStage.finish`; an
upload that is cut off leaves a staging folder behind, which is swept a day later.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

from core.catalog import Catalog, DatasetRecord
from core.datasets import formats, intake
from core.datasets.added import added_folder
from core.datasets.layout import Skipped, is_litter, is_text, outline
from core.errors import InvalidInput, disk_errors
from core.text import as_text
from core.workspace import Workspace, new_token

# Windows refuses more than others do; class names keep everything that the disk can hold.
_FORBIDDEN = re.compile(r'[\x00-\x1f<>:"|?*\\/]' if os.name == "nt" else r"[\x00-\x1f/]")
_MAX_NAME_BYTES = 240
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}")


class UploadStage:
    """One upload on its way in.

    Args:
        token: from :func:`core.workspace.new_token`; a new stage is begun when there is none of
            that name. Without one, a stage of its own.

    Attributes:
        archive: where :meth:`append` puts an archive that comes in parts.
        kept: number of files taken through this object.
        refused: the others, each with its reason.

    Raises:
        InvalidInput: the token is none of ours.
    """

    def __init__(self, workspace: Workspace, token: str | None = None) -> None:
        token = token or new_token()
        if not _TOKEN.fullmatch(token):
            raise InvalidInput("This upload is not known here.", remedy="Reload the page.")
        self._folder = workspace.staging / f"in-{token}"
        self._files, self.archive = self._folder / "files", self._folder / "archive"
        with disk_errors("the upload"):
            self._files.mkdir(parents=True, exist_ok=True)
        self.kept = 0
        self.refused: list[Skipped] = []

    @property
    def count(self) -> int:
        """Number of images that lie here, whoever took them."""
        found = (file for file in self._files.rglob("*") if not formats.is_table(file.name))
        return sum(1 for file in found if file.is_file())

    @property
    def has_folders(self) -> bool:
        """Whether it came in folders, which may be classes."""
        return any(entry.is_dir() for entry in self._files.iterdir())

    @property
    def holds_classes(self) -> bool:
        """Whether the folders that came hold photos and no folders: they are classes."""
        return not any(
            inside.is_dir()
            for entry in self._files.iterdir()
            if entry.is_dir()
            for inside in entry.iterdir()
        )

    def append(self, offset: int, part: bytes) -> int:
        """Put one part of an archive where it belongs; sending a part again does no harm.

        Args:
            offset: where the part begins, bytes; 0 begins the archive anew.

        Returns:
            The size of what is here now, bytes.

        Raises:
            InvalidInput: an earlier part is missing.
            NoSpace: the disk is full.
        """
        missing = InvalidInput("A part of this upload is missing.", remedy="Upload it again.")
        if offset < 0 or (offset and not self.archive.is_file()):
            raise missing
        with disk_errors("the upload"), self.archive.open("r+b" if offset else "wb") as out:
            if out.seek(0, os.SEEK_END) < offset:
                raise missing
            out.seek(offset)
            out.write(part)
            return out.seek(0, os.SEEK_END)

    def add(self, relative_path: str, source: BinaryIO) -> bool:
        """Take one file.

        Args:
            relative_path: as the browser gives it, ``hands/0/IMG_1.JPG``.

        Returns:
            Whether it was taken; if not, ``refused`` says why.

        Raises:
            NoSpace: the disk is full; what was taken before stays.
        """
        path = PurePosixPath(relative_path.replace("\\", "/"))
        parts = [part for part in path.parts if part not in ("/", "..", ".")]
        if not parts or any(is_litter(part) for part in parts):
            return False
        is_table = formats.is_table(parts[-1])
        head = b""
        if not formats.has_image_name(parts[-1]) and formats.may_be_image(parts[-1]):
            head = source.read(formats.HEAD_BYTES)
        if not (formats.has_image_name(parts[-1]) or is_table or formats.begins_like_image(head)):
            return self._refuse(relative_path, formats.why_not(parts[-1]))
        if not all(is_text(part) for part in parts):
            return self._refuse(relative_path, "Its name is not valid text (UTF-8).")
        safe = [_safe_name(part) for part in parts]
        if not all(safe):
            return self._refuse(relative_path, "Its name can't be used.")
        with disk_errors("the upload"):
            try:
                place, out = self._create(self._files.joinpath(*safe))
            except (FileExistsError, NotADirectoryError):
                return self._refuse(relative_path, "Its folder has the name of an image.")
            try:
                with out:
                    out.write(head)
                    shutil.copyfileobj(source, out, 1024 * 1024)
            except BaseException:
                place.unlink(missing_ok=True)
                raise
        self.kept += not is_table
        return True

    def _refuse(self, path: str, why: str) -> Literal[False]:
        self.refused.append(Skipped(as_text(path), why))
        with (
            disk_errors("the upload"),
            (self._folder / "refused").open("a", encoding="utf-8") as log,
        ):
            log.write(json.dumps(self.refused[-1]) + "\n")
        return False

    def all_refused(self) -> list[Skipped]:
        """Every file that was refused, in any request of this upload."""
        try:
            lines = (self._folder / "refused").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [Skipped(*json.loads(line)) for line in lines]

    def gather(self, label: str) -> None:
        """Put everything that was taken into one class, whatever folders it came from.

        Raises:
            InvalidInput: no folder can have this name.
        """
        name = as_folder(label)
        with disk_errors("the upload"):
            aside = self._files.rename(self._folder / "gathering")
            target = self._files / name
            target.mkdir(parents=True)
            for file in sorted(aside.rglob("*")):
                if file.is_file():
                    file.replace(self._free(target / file.name))
            shutil.rmtree(aside)

    def finish(
        self, catalog: Catalog, name: str, refused: Sequence[tuple[str, str]] = ()
    ) -> DatasetRecord:
        """Make a dataset, in state ``importing``, of what was taken.

        Args:
            refused: files that never arrived, with the reason, to be listed with the others.

        Raises:
            InvalidInput: nothing was taken, or the name can't be used.
            Conflict: the name is taken.
        """
        self._check_some()
        everything = dict.fromkeys([*self.all_refused(), *(Skipped(*each) for each in refused)])
        record = intake.start_upload(catalog, name, list(everything))
        originals = catalog.workspace.originals(record.id)
        with disk_errors("the upload"):
            originals.rmdir()
            shutil.move(self._files, originals)
        self.abandon()
        return record

    def _check_some(self) -> None:
        if not self.count:
            raise InvalidInput(
                "None of these files is an image that Lightbox can read.",
                remedy="Choose JPEG, PNG, WebP, BMP, GIF or TIFF files.",
            )

    def hand_over(self, target: Path) -> None:
        """Move everything that was taken into ``target``, an empty folder, and end the upload.

        Raises:
            InvalidInput: nothing was taken; the folder is gone then.
        """
        target.rmdir()
        self._check_some()
        with disk_errors("the upload"):
            shutil.move(self._files, target)
        self.abandon()

    def add_to(self, catalog: Catalog, dataset_id: str) -> list[str]:
        """Put what was taken into a dataset; a folder of the person's own stays as it is, and what
        is added to it is kept in the workspace.

        Returns:
            The new images' paths, as the next scan's index has them.
        """
        record = catalog.datasets.get(dataset_id)
        workspace = catalog.workspace
        originals = workspace.originals(dataset_id)
        splits: Mapping[str, str] = {}
        with disk_errors("the upload"):
            if record.origin == "folder":
                base = added_folder(workspace, dataset_id)
            elif record.origin == "studio":
                base = originals
            else:
                originals.mkdir(parents=True, exist_ok=True)
                base, _, splits = outline(originals)
            base.mkdir(parents=True, exist_ok=True)
            train = next((name for name, split in splits.items() if split == "train"), None)
            unwrapped = self._unwrapped(base)
            places = []
            for file in sorted(self._files.rglob("*")):
                if file.is_file():
                    parts = file.relative_to(unwrapped).parts
                    if train is not None and parts[0] not in splits:
                        # The test set came with the folder; what is added later trains.
                        parts = (train, *parts)
                    place = self._free(base.joinpath(*parts))
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.move(file, place)
                    places.append(place)
        self.abandon()
        if record.origin == "folder":
            return [workspace.store_path(place) for place in places]
        return [place.relative_to(originals).as_posix() for place in places]

    def _unwrapped(self, base: Path) -> Path:
        """The folder whose folders belong beside those in ``base``.

        A dataset may have come with one folder around all classes, and so may what is added to
        it. Taken literally, a class would come to lie beside the wrapper, and both be classes.
        """
        inner, prefix, _ = outline(self._files)
        # A folder inside a class looks like a class inside a wrapper; a known name settles it.
        known = bool(prefix) and (base / PurePosixPath(prefix).parts[0]).is_dir()
        return self._files if known else inner

    def abandon(self) -> None:
        """Forget everything that was taken."""
        shutil.rmtree(self._folder, ignore_errors=True)

    @classmethod
    def _create(cls, wanted: Path) -> tuple[Path, BinaryIO]:
        """Open a new file at ``wanted``, or at the next free name if another request took it."""
        wanted.parent.mkdir(parents=True, exist_ok=True)
        while True:
            place = cls._free(wanted)
            try:
                return place, place.open("xb")
            except FileExistsError:
                continue

    @staticmethod
    def _free(place: Path) -> Path:
        """``place``, or the first of ``name (2)``, ``name (3)``, … that is not taken."""
        number, free = 2, place
        while free.exists():
            free = place.with_name(f"{place.stem} ({number}){place.suffix}")
            number += 1
        return free


def as_folder(label: str) -> str:
    """A class's name as that of its folder.

    Raises:
        InvalidInput: no folder can have this name.
    """
    name = _safe_name(label)
    if not name or is_litter(name):
        raise InvalidInput("The class needs a name.", remedy="Type what the images show.")
    return name


def _safe_name(part: str) -> str:
    """A name that every file system takes and that still reads as the person wrote it."""
    name = _FORBIDDEN.sub("_", part).strip(" .")
    while len(name.encode()) > _MAX_NAME_BYTES:
        stem, dot, suffix = name.rpartition(".")
        name = f"{stem[:-1]}{dot}{suffix}" if dot and len(suffix) <= 5 else name[:-1]
    return name
