"""The values that are kept of a run, as all rooms see them. Frozen, and checked where they are
made; files of earlier versions, which lack some fields or have others, are read too."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from core.datasets.images import Decoding, Fit, OpenedImage, decode, open_image
from core.text import quoted


class ModelInfo(BaseModel, frozen=True, extra="ignore"):
    """What using a model needs, and what it is.

    Attributes:
        classes: in the order of the model's outputs.
        image_size: side of the images it takes, in pixels.
        fit: how an image is brought to that size, see :func:`core.datasets.images.decode`.
        decoding: how files became pixels in its training, as text of a
            :class:`core.datasets.images.Decoding`; "" of models before that was kept.
        color: ``gray`` if it sees lightness only.
        test_views: over how many views of an image it averages its answer.
        export_difference: largest difference of a probability between Keras and OpenVINO.
        name: of the run, when it was trained.
    """

    classes: tuple[str, ...] = Field(min_length=1)
    image_size: int = Field(ge=1)
    fit: Fit = "stretch"
    decoding: str = ""
    color: str = "rgb"
    recipe: str = ""
    architecture: str = ""
    parameters: int = 0
    test_views: int = 1
    export_difference: float = 0.0
    name: str = ""

    @property
    def knows(self) -> str:
        """Its classes as a sentence: the first of them, where there are many."""
        return f"It knows {', '.join(map(quoted, self.classes[:20]))}."

    def decode(self, data: bytes, *, file: object = None) -> np.ndarray:
        """A file's pixels as the model wants them: uint8, shape (image_size, image_size, 3).

        Args:
            file: what to call it in an error.

        Raises:
            UnreadableImage: it is no image that can be read.
        """
        how = Decoding.parse(self.decoding)
        return decode(data, self.image_size, fit=self.fit, file=file, decoding=how)

    def open(
        self, data: bytes, *, file: object = None, draft: tuple[int, int] | None = None
    ) -> OpenedImage:
        """A file's whole picture, in the colours in which the model sees it.

        Raises:
            UnreadableImage: it is no image that can be read.
        """
        return open_image(data, file=file, draft=draft, decoding=Decoding.parse(self.decoding))


class Sure(BaseModel, frozen=True, extra="ignore"):
    """From which confidence on a model counts as sure: one number a model, for all that ask.

    Attributes:
        threshold: in force, 0 to 1; an answer less probable is "not sure".
        suggested: as it was chosen on validation images.
        wanted: the part (0 to 1) of validation answers that are right from ``suggested`` on, at
            least; ``None`` where no confidence reaches any accuracy worth the name.
        images: validation images that it was chosen on.
        in_turn: whether what answered these had not seen them, and the model was fitted on them
            afterwards.
    """

    threshold: float = Field(ge=0, le=1)
    suggested: float = Field(ge=0, le=1)
    wanted: float | None = None
    images: int = 0
    in_turn: bool = False

    @property
    def moved(self) -> bool:
        """Whether a person chose another one than was suggested."""
        return self.threshold != self.suggested


class EpochRecord(BaseModel, frozen=True, extra="allow"):
    """One finished epoch. What else was measured of it stands under its own name, such as
    ``val_f1``.

    Attributes:
        epoch: its number, from 1, over all parts.
        part: ``head`` or ``tuning`` of a pretrained network, else "".
        val_loss, val_accuracy: ``None`` without validation images.
        learning_rate: of its last step.
        seconds: that it took.
        memory_mb: of this process, at its end.
    """

    epoch: int
    part: str = ""
    loss: float | None = None
    accuracy: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None
    learning_rate: float | None = None
    seconds: float = 0.0
    memory_mb: float | None = None

    def as_json(self) -> dict[str, Any]:
        """What was measured, and nothing else."""
        return self.model_dump(mode="json", exclude_unset=True)

    def measured(self, name: str) -> float:
        """What was measured under a name.

        Raises:
            KeyError: nothing was.
        """
        found = self.value(name)
        if found is None:
            raise KeyError(name)
        return found

    def value(self, name: str) -> float | None:
        """What was measured under a name; ``None`` if nothing was."""
        found = getattr(self, name, None)
        return None if found is None else float(found)
