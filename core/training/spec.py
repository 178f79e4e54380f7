"""Everything that a run depends on, as one frozen, validated object that is its identity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.datasets.splits import Shares
from core.errors import InvalidInput

Precision = Literal["auto", "float32", "bfloat16"]

# What people call each setting, on pages and in sentences.
NAMES = {
    "recipe": "recipe",
    "image_size": "image size",
    "epochs": "epochs",
    "batch_size": "batch size",
    "learning_rate": "learning rate",
    "augment": "augmentation",
    "seed": "seed",
    "precision": "precision",
    "shares": "shares",
    "shares.train": "training share",
    "shares.validation": "validation share",
    "shares.test": "test share",
}
SETTABLE = tuple(name for name in NAMES if name != "shares")


class TrainSpec(BaseModel):
    """One training run. The same spec on the same data gives the same split.

    Attributes:
        dataset_version: the version of the dataset that is trained on.
        recipe: key of :data:`core.training.recipes.RECIPES`.
        image_size: side to which images are resized, in pixels.
        epochs: times that every training image is seen.
        batch_size: images that each step looks at.
        learning_rate: of the optimizer; the peak where the recipe varies it.
        augment: whether training images are varied (turned, shifted, zoomed, lit).
        seed: decides the split, the first weights, and the order of images.
        shares: of training, validation and test images.
        precision: ``auto`` uses bfloat16 where the processor has it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset_id: str
    dataset_version: int = Field(ge=1)
    recipe: str
    image_size: int = Field(ge=16, le=512)
    epochs: int = Field(ge=1, le=1000)
    batch_size: int = Field(ge=1, le=1024)
    learning_rate: float = Field(gt=0, le=1)
    augment: bool = True
    seed: int = Field(default=1, ge=0, le=2**31 - 1)
    shares: Shares = Shares()
    precision: Precision = "auto"

    def with_values(self, values: Mapping[str, Any]) -> TrainSpec:
        """A copy with some settings changed, given as values or as the text of values.

        Raises:
            InvalidInput: naming the setting and what it may be.
        """
        data = self.model_dump()
        for key, value in values.items():
            if key not in SETTABLE:
                raise InvalidInput(
                    f"There is no setting “{key}”.",
                    remedy="There are: " + ", ".join(SETTABLE) + ".",
                )
            part, _, inner = key.partition(".")
            if inner:
                data[part][inner] = value
            else:
                data[part] = value
        return parse_spec(data)


def parse_spec(data: Mapping[str, Any]) -> TrainSpec:
    """A spec from JSON.

    Raises:
        InvalidInput: the first setting that is wrong, as a sentence.
    """
    try:
        return TrainSpec.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:
            raise InvalidInput("These are not the settings of a training.") from error
        where = ".".join(str(part) for part in first["loc"])
        name = NAMES.get(where, where)
        given = "" if isinstance(first["input"], dict) else f" is {first['input']!r}, which"
        what = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
        raise InvalidInput(
            f"The {name}{given} can't be used: {what}.", remedy="Change it and try again."
        ) from error
