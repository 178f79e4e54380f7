"""Photos from a webcam, gathered one after the other until they are added to a class.

They lie in the workspace and not in anybody's memory; like an upload, they are known by a token,
and what is never added is swept a day later.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from core.catalog import Catalog
from core.datasets.content import hash_bytes
from core.datasets.images import open_image
from core.datasets.upload import UploadStage
from core.errors import InvalidInput, disk_errors
from core.workspace import Workspace, atomic_path

_QUALITY = 92
# Longer side of a preview, pixels.
_SMALL = 240


@dataclass(frozen=True)
class Shot:
    """One photo: its id, and a small JPEG of it."""

    id: str
    preview: bytes


class Shots:
    """The photos that were taken in one go.

    Args:
        token: from :func:`core.workspace.new_token`; the same token finds them again.
    """

    def __init__(self, workspace: Workspace, token: str) -> None:
        if not token.isascii() or not token.replace("-", "").replace("_", "").isalnum():
            raise InvalidInput("These photos are not known here.", remedy="Reload the page.")
        self._workspace = workspace
        # The prefix makes it one of the folders that are swept.
        self._folder = workspace.staging / f"in-shots-{token}"

    def add(self, data: bytes) -> None:
        """Keep a photo; the same one again changes nothing.

        Raises:
            UnreadableImage: these bytes are no picture.
            NoSpace: the disk is full.
        """
        opened = open_image(data, file="the photo")
        if opened.format != "JPEG":
            encoded = io.BytesIO()
            opened.image.convert("RGB").save(encoded, "JPEG", quality=_QUALITY)
            data = encoded.getvalue()
        place = self._folder / f"webcam {hash_bytes(data)[:12]}.jpg"
        if not place.exists():
            with atomic_path(place) as part:
                part.write_bytes(data)

    def all(self) -> list[Shot]:
        """The photos, as they were taken one after the other."""
        return [Shot(file.stem, _small(file)) for file in self._files()]

    def drop(self, shot_id: str) -> None:
        """Forget one photo; nothing happens if it is not here."""
        for file in self._files():
            if file.stem == shot_id:
                file.unlink()

    def add_to(self, catalog: Catalog, dataset_id: str, label: str) -> int:
        """Put all photos into a class of a dataset; scan it afterwards.

        Returns how many there were.

        Raises:
            InvalidInput: there is no photo, or no folder can have the class's name.
        """
        files = self._files()
        if not files:
            raise InvalidInput("There are no photos yet.", remedy="Take one first.")
        stage = UploadStage(self._workspace)
        try:
            for file in files:
                with file.open("rb") as source:
                    stage.add(file.name, source)
            stage.gather(label)
            stage.add_to(catalog, dataset_id)
        finally:
            stage.abandon()
        for file in files:
            with disk_errors("adding the photos"):
                file.unlink(missing_ok=True)
        return len(files)

    def _files(self) -> list[Path]:
        found = self._folder.glob("webcam *.jpg")
        return sorted(found, key=lambda file: (file.stat().st_mtime_ns, file.name))


def _small(file: Path) -> bytes:
    image = open_image(file.read_bytes(), file=file.name, draft=(_SMALL, _SMALL)).image
    image.thumbnail((_SMALL, _SMALL))
    encoded = io.BytesIO()
    image.convert("RGB").save(encoded, "JPEG")
    return encoded.getvalue()
