"""An image of no class that a model knows begins one, in the dataset that the model learned from.

In: a run, an image, and what it is. Out: a :class:`Begun`. A person's own folder stays as it is.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from core.access.audit import note
from core.catalog import Catalog
from core.catalog.datasets import tidy
from core.datasets.content import hash_bytes
from core.datasets.upload import UploadStage
from core.inference.corrections import dataset_of, file_name, suffix_of_new
from core.quality.by_hand import add_class, classes_of
from core.runs.files import RunFiles
from core.who import require

FEWEST = 3
"""Images of a class that can be learned: one to learn from, to choose by, and to test with."""


@dataclass(frozen=True)
class Begun:
    """A class that a model doesn't know, and an image that was put into it.

    Attributes:
        fresh: the class was made for it, and goes with it when it is taken back.
        missing: how many more images it needs before it can be learned; 0 once it has enough.
    """

    label: str
    paths: tuple[str, ...]
    fresh: bool
    missing: int

    @property
    def sentence(self) -> str:
        """What it is now, and what it still needs."""
        what = "a new class, with this photo" if self.fresh else "with this photo now"
        if not self.missing:
            return f"“{self.label}” is {what}. Train, and it is learned."
        return f"“{self.label}” is {what}. With {self.missing} more it can be learned and tested."


def begin_class(catalog: Catalog, run_id: str, name: str, data: bytes, label: str) -> Begun:
    """Put an image into a class that the model doesn't know, in the model's dataset, and make that
    class if there is none yet; scan the dataset afterwards. Learning it takes more images, and a
    training of its own.

    Args:
        name, data: as for :func:`core.inference.corrections.correct`.
        label: the new class.

    Raises:
        NotFound, UnreadableImage, NoSpace: as :func:`core.inference.corrections.correct`.
        InvalidInput: the model knows that class, it can't be called so, or the image is in the
            dataset already.
    """
    run = catalog.runs.find(run_id)
    require("labeller")
    dataset = dataset_of(catalog, run)
    suffix = suffix_of_new(catalog, dataset, name, data)
    known = RunFiles(catalog.workspace, run.id).model().classes
    unknown = {
        each.label.casefold(): each
        for each in classes_of(catalog, dataset.id)
        if each.label not in known
    }
    there = unknown.get(tidy(label).casefold())
    label = there.label if there else str(add_class(catalog, dataset.id, label).payload["label"])
    stage = UploadStage(catalog.workspace)
    try:
        stage.add(file_name(name, hash_bytes(data), suffix), io.BytesIO(data))
        stage.gather(label)
        paths = stage.add_to(catalog, dataset.id)
    finally:
        stage.abandon()
    note(catalog, "began a class", run.name, f"“{label}” with {name[-200:]}")
    images = (there.images if there else 0) + len(paths)
    return Begun(label, tuple(paths), fresh=there is None, missing=max(FEWEST - images, 0))
