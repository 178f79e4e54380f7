"""The images that an evaluation was about, from where they lie."""

from __future__ import annotations

from core.catalog import Catalog, RunRecord
from core.datasets.content import read_regular
from core.datasets.places import image_file
from core.errors import NotFound


def read_original(catalog: Catalog, run: RunRecord, on: str, path: str) -> bytes:
    """The file of an image.

    Args:
        on: ``test`` for the images of the run's dataset, else the folder that was tested on.
        path: relative to either.

    Raises:
        NotFound: it is not there any more, or its dataset was removed.
    """
    if on == "test":
        root = catalog.workspace.load_path(catalog.datasets.get(run.dataset_id).root)
    else:
        root = catalog.workspace.load_path(on)
    try:
        return read_regular(image_file(root, path))
    except OSError as error:
        raise NotFound(
            "This image is no longer there, or can't be read.",
            file=path,
            remedy="Put it back where it was, or choose another one.",
        ) from error
