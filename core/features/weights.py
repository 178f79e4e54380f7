"""Where pretrained weights come from: a package, Keras's cache, or the network, with progress."""

from __future__ import annotations

from pathlib import Path

from core.datasets import downloads
from core.datasets.downloads import Published
from core.errors import WeightsMissing
from core.features import backbones
from core.progress import SILENT, Reporter


def find_weights(key: str) -> Path | None:
    """The file of a backbone's weights if its package or Keras's cache has it, else ``None``.

    Raises:
        InvalidInput: there is no such backbone.
    """
    backbone = backbones.get(key)
    packaged = backbone.packaged
    folder = downloads.cache_folder("models") if packaged is None else packaged.folder
    return None if folder is None else downloads.find(backbone.file, folder)


def weights(key: str, report: Reporter = SILENT) -> Path:
    """The file of a backbone's weights, downloaded if need be.

    Raises:
        InvalidInput: there is no such backbone.
        WeightsMissing: they are not here and can't be downloaded; says which file to put where, or
            which package to install.
        NoSpace, NotAllowed: they don't fit on the disk, or may not be written there.
        Cancelled: the person asked to stop; nothing half done is left.
    """
    backbone = backbones.get(key)
    if backbone.packaged is not None:
        found = find_weights(key)
        if found is None:
            raise WeightsMissing(
                f"The weights of {backbone.title} are not installed, or damaged.",
                remedy=f"Install them: {backbone.packaged.command} (with --force-reinstall where "
                "they are damaged). Or choose another network.",
            )
        return found

    included = backbones.get(backbones.INCLUDED).title

    def missing(file: Published, folder: Path) -> WeightsMissing:
        return WeightsMissing(
            f"Transfer learning needs {backbone.title}'s weights, and they could not be "
            "downloaded.",
            remedy=f"{downloads.by_hand(file, folder)} Or choose {included}, which comes with "
            "Lightbox.",
        )

    (path,) = downloads.bring((backbone.file,), backbone.title, report, "models", missing)
    return path
