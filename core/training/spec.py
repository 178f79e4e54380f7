"""Everything that a run depends on, as one frozen, validated object that is its identity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.datasets.splits import Shares
from core.errors import InvalidInput
from core.features.hardware import Precision

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
# Shares of images that are held out, each in one word; the rest is trained on.
HELD_OUT = ("validation", "test")
SETTABLE = (*(name for name in NAMES if name != "shares"), *HELD_OUT)


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

        ``validation`` and ``test`` are shares of all images; setting one of them leaves the rest
        to training.

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
            if key in HELD_OUT:
                data["shares"][key] = value
            elif inner:
                data[part][inner] = value
            else:
                data[part] = value
        if any(key in HELD_OUT for key in values) and "shares.train" not in values:
            data["shares"]["train"] = _rest(data["shares"])
        return parse_spec(data)


def _rest(shares: Mapping[str, Any]) -> float:
    """What the held-out shares leave, rounded as people write it.

    Raises:
        InvalidInput: they are not shares, or leave nothing.
    """
    for name in HELD_OUT:
        try:
            possible = 0 <= float(shares[name]) < 1
        except (TypeError, ValueError):
            possible = False
        if not possible:
            raise InvalidInput(
                f"The {name} share is {shares[name]!r}, which is no share of all images.",
                remedy="Use a number from 0 to 1, for example 0.2.",
            )
    rest = round(1 - sum(float(shares[name]) for name in HELD_OUT), 6)
    if rest <= 0:
        raise InvalidInput(
            "With these shares of validation and test images none are left to train on.",
            remedy="Use shares that add up to less than 1.",
        )
    return rest


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
