"""Settings that are changed by name, and read from what anybody wrote: a page, a command, a file.

Nothing here knows which settings there are; that is the spec's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ValidationError

from core.complaints import complaint
from core.errors import InvalidInput, unknown
from core.training.augmentation.options import PRESETS
from core.training.setting import find, settings_of
from core.training.stack import from_json

# Shares of images that are held out, each in one word; the rest is trained on.
HELD_OUT = ("validation", "test")
_NOT_SETTABLE = {"dataset_id", "dataset_version"}
Spec = TypeVar("Spec", bound="Adjustable")


class Adjustable(BaseModel):
    """A spec whose settings can be changed by their names."""

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """A copy with some settings changed, given as values or as the text of values.

        Parts of settings are named with a dot (``optimizer.name``, ``augmentation.rotation``); the
        bare name of a part sets what it is known by (``optimizer=sgd``), and ``augmentation`` takes
        a preset. ``batch_size=auto`` and ``validation=0.2`` are understood; setting a held-out
        share leaves the rest to training.

        Raises:
            InvalidInput: naming the setting and what it may be.
        """
        data = self.model_dump()
        known = settable_of(type(self))
        # Whole parts first: a preset must not undo what is set of it beside.
        for key, value in sorted(values.items(), key=lambda item: item[0].count(".")):
            if key not in known:
                raise unknown("setting", key, known)
            part, _, inner = key.partition(".")
            if key in HELD_OUT:
                data["shares"][key] = value
            elif inner:
                # A part that was just set to nonsense is refused as a whole, below.
                if isinstance(data[part], dict):
                    data[part][inner] = value
            elif part == "augmentation" and isinstance(value, str):
                data[part] = dict(PRESETS[value]) if value in PRESETS else value
            elif isinstance(data[part], dict) and isinstance(value, str):
                data[part]["name"] = value
            elif key == "batch_size" and value == "auto":
                data[key] = 0
            elif key == "stack" and isinstance(value, str):
                data[key] = from_json(value)
            elif key == "metrics" and isinstance(value, str):
                data[key] = [name.strip() for name in value.split(",") if name.strip()]
            else:
                data[part] = value
        if any(key in HELD_OUT for key in values) and "shares.train" not in values:
            data["shares"]["train"] = _rest(data["shares"])
        return parsed(type(self), data)


def settable_of(model: type[BaseModel]) -> tuple[str, ...]:
    """Names of all settings that :meth:`Adjustable.with_values` takes."""
    names: list[str] = []
    for key in settings_of(model):
        if key.endswith(".name"):
            names.append(key.removesuffix(".name"))
        if key not in _NOT_SETTABLE:
            names.append(key)
    return (*names, *HELD_OUT)


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


def parsed(model: type[Spec], data: Mapping[str, Any]) -> Spec:
    """A spec from JSON, also from one that an earlier version of Lightbox wrote.

    Raises:
        InvalidInput: the first setting that is wrong, as a sentence.
    """
    try:
        return model.model_validate(_upgraded(data))
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:
            raise InvalidInput("These are not the settings of a training.") from error
        name = _place(model, [str(part) for part in first["loc"]])
        given = "" if isinstance(first["input"], dict) else f" is {first['input']!r}, which"
        raise InvalidInput(
            f"{name}{given} can't be used: it {complaint(first)}.",
            remedy="Change it and try again.",
        ) from error


def _place(model: type[BaseModel], where: list[str]) -> str:
    """“Optimizer”, or “Own network” (1 size) where something inside a setting is at fault."""
    for end in range(len(where), 0, -1):
        known = find(model, ".".join(where[:end]))
        if known is not None:
            inside = " ".join(where[end:])
            return f"“{known.label}”" + ("" if inside.isdigit() or not inside else f" ({inside})")
    return f"“{' '.join(where).replace('_', ' ')}”"


_OLD_RECIPES = {
    "transfer": ("quick", "mobilenet_v2", "imagenet", "cosine", "adamw"),
    "compact": ("scratch", "compact", "none", "one_cycle", "adamw"),
    "classic": ("classic", "classic", "none", "constant", "adam"),
}


def _upgraded(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Settings of the first version, which had fewer, as they are written now."""
    if not isinstance(data, Mapping) or "architecture" in data:
        return data
    if str(data.get("recipe")) not in _OLD_RECIPES:
        return data
    recipe, architecture, weights, schedule, optimizer = _OLD_RECIPES[data["recipe"]]
    new = {key: value for key, value in data.items() if key != "augment"}
    return new | {
        "recipe": recipe,
        "architecture": architecture,
        "weights": weights,
        "schedule": {"name": schedule},
        "optimizer": {"name": optimizer},
        "augmentation": "light" if data.get("augment", True) else "none",
    }
