"""How training images are varied, as values: one field a kind, and presets.

Importable by pages; applying is :mod:`core.training.augmentation.vary`'s and ``mix``'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, create_model, model_validator

from core.training.augmentation.catalogue import KINDS
from core.training.augmentation.kind import Chosen, Kind


class _Options(Chosen):
    """Each kind with its largest strength; 0 or false is off. Drawn anew for each image."""

    @model_validator(mode="before")
    @classmethod
    def _preset(cls, given: Any) -> Any:
        """Where only a name is given, it is a preset's."""
        if isinstance(given, str):
            if given not in PRESETS:
                raise ValueError("there are the presets " + ", ".join(PRESETS))
            return PRESETS[given]
        return given

    @property
    def mixes(self) -> bool:
        """Whether images are mixed with others, so that labels are shares."""
        return self.mixup > 0 or self.cutmix > 0

    @property
    def varies(self) -> bool:
        """Whether single images are varied, mixing left aside."""
        return self.model_copy(update={"mixup": 0, "cutmix": 0}) != type(self)()

    @property
    def active(self) -> bool:
        """Whether anything is varied at all."""
        return self != type(self)()

    @property
    def preset(self) -> str:
        """The preset that this is, or ``own``."""
        return next((name for name in PRESETS if Augmentation(**PRESETS[name]) == self), "own")


def _field(kind: Kind) -> tuple[Any, Any]:
    if kind.switch:
        return bool, False
    return Annotated[float, Field(ge=0, le=kind.maximum)], 0


if TYPE_CHECKING:

    class Augmentation(_Options):
        """What :func:`pydantic.create_model` makes below."""
else:
    Augmentation = create_model(
        "Augmentation",
        __base__=_Options,
        __module__=__name__,
        __doc__=_Options.__doc__,
        **{kind.name: _field(kind) for kind in KINDS.values()},
    )

# No preset mirrors: a mirrored digit or letter is another one, or none. Pages offer it, with a
# word.
PRESETS: dict[str, dict[str, Any]] = {
    "none": {},
    "light": {"rotation": 8, "zoom": 0.1, "shift": 0.06, "brightness": 0.1, "contrast": 0.15},
    "medium": {
        "rotation": 12,
        "zoom": 0.15,
        "shift": 0.1,
        "shear": 5,
        "brightness": 0.15,
        "contrast": 0.25,
        "saturation": 0.2,
        "hue": 0.02,
    },
    "strong": {
        "rotation": 18,
        "zoom": 0.25,
        "shift": 0.12,
        "shear": 8,
        "brightness": 0.2,
        "contrast": 0.35,
        "saturation": 0.35,
        "hue": 0.04,
        "blur": 0.8,
        "noise": 0.03,
        "cutout": 0.25,
    },
}
