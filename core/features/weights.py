"""Where pretrained weights come from: Keras's cache, or the network, with progress."""

from __future__ import annotations

from pathlib import Path

from core.datasets import downloads
from core.datasets.downloads import Published
from core.errors import WeightsMissing
from core.features import backbones
from core.progress import Reporter


def find_weights(key: str) -> Path | None:
    """The file of a backbone's weights if Keras's cache has it, else ``None``.

    Raises:
        InvalidInput: there is no such backbone.
    """
    return downloads.find(backbones.get(key).file, "models")


def weights(key: str, report: Reporter | None = None) -> Path:
    """The file of a backbone's weights, downloaded if need be.

    Raises:
        InvalidInput: there is no such backbone.
        WeightsMissing: they are not here and can't be downloaded; says which file to put where.
        NoSpace, NotAllowed: they don't fit on the disk, or may not be written there.
        Cancelled: the person asked to stop; nothing half done is left.
    """
    backbone = backbones.get(key)

    def missing(file: Published, folder: Path) -> WeightsMissing:
        return WeightsMissing(
            f"Transfer learning needs {backbone.title}'s weights, and they could not be "
            "downloaded.",
            remedy=(
                f"{downloads.by_hand(file, folder)} Or choose a recipe that trains from scratch."
            ),
        )

    (path,) = downloads.bring(
        (backbone.file,), backbone.title, report or Reporter(), "models", missing
    )
    return path
