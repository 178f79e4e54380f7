"""How training images are varied, as values: one field a kind, presets, and what can go wrong.

Importable by pages; applying is :mod:`core.training.augmentation.vary`'s and ``mix``'s.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Augmentation(BaseModel):
    """Each kind with its largest strength; 0 or false is off. Drawn anew for each image.

    Attributes:
        flip_horizontal, flip_vertical: mirror half of the images.
        rotation: up to so many degrees either way.
        zoom: up to this share larger or smaller.
        shift: up to this share of the side, across and down.
        shear: up to so many degrees.
        brightness: up to this share of the whole range lighter or darker.
        contrast, saturation: up to this share more or less.
        hue: up to this share of the colour circle.
        blur: Gaussian, standard deviation up to so many pixels.
        noise: Gaussian, standard deviation up to this share of the range.
        cutout: side of a grey square, up to this share of the image's (DeVries & Taylor, 2017).
        mixup: alpha of the Beta distribution that two images are blended by (Zhang et al., 2018).
        cutmix: alpha of the one that says how much of an image is replaced by another's part
            (Yun et al., 2019).
        randaugment: strength, 0 to 10, of two kinds that are drawn for each image on top
            (Cubuk et al., 2020).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    flip_horizontal: bool = False
    flip_vertical: bool = False
    rotation: float = Field(default=0, ge=0, le=180)
    zoom: float = Field(default=0, ge=0, le=0.9)
    shift: float = Field(default=0, ge=0, le=0.5)
    shear: float = Field(default=0, ge=0, le=45)
    brightness: float = Field(default=0, ge=0, le=1)
    contrast: float = Field(default=0, ge=0, le=1)
    hue: float = Field(default=0, ge=0, le=0.5)
    saturation: float = Field(default=0, ge=0, le=1)
    blur: float = Field(default=0, ge=0, le=5)
    noise: float = Field(default=0, ge=0, le=0.5)
    cutout: float = Field(default=0, ge=0, le=0.7)
    mixup: float = Field(default=0, ge=0, le=2)
    cutmix: float = Field(default=0, ge=0, le=2)
    randaugment: float = Field(default=0, ge=0, le=10)

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
        return self.model_copy(update={"mixup": 0, "cutmix": 0}) != Augmentation()

    @property
    def active(self) -> bool:
        """Whether anything is varied at all."""
        return self != Augmentation()

    @property
    def preset(self) -> str:
        """The preset that this is, or ``own``."""
        return next((name for name in PRESETS if Augmentation(**PRESETS[name]) == self), "own")


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
