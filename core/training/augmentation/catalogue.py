"""What each kind of variation is called and does, for forms, help on the command line, and
pages."""

from __future__ import annotations

from dataclasses import dataclass

from core.training.augmentation.options import Augmentation

_PERCENT = " %"


@dataclass(frozen=True)
class AugmentationField:
    """One field of :class:`Augmentation`, for people.

    Attributes:
        name: of the field.
        title: its label in a form.
        group: heading that it stands under.
        sentence: what it does.
        phrase: how it goes in :func:`describe`, with the shown value in place of ``{}``.
        step: of a slider, as stored; 1 for a switch.
        unit: of the value as shown, which is the stored one times ``scale``.
        switch: on or off, and nothing between.
    """

    name: str
    title: str
    group: str
    sentence: str
    phrase: str
    step: float = 1
    unit: str = ""
    switch: bool = False

    @property
    def scale(self) -> float:
        """What a stored value is multiplied by to be shown: shares are shown in percent."""
        return 100 if self.unit == _PERCENT else 1

    @property
    def minimum(self) -> float:
        """The least value that is allowed, as stored."""
        return _bounds(self.name)[0]

    @property
    def maximum(self) -> float:
        """The greatest value that is allowed, as stored."""
        return _bounds(self.name)[1]

    def shown(self, value: float) -> str:
        """A stored value as people read it: 0.1 as "10 %" where it is a share."""
        return f"{value * self.scale:.4g}{self.unit}"


def _bounds(name: str) -> tuple[float, float]:
    limits = {
        kind: getattr(limit, kind)
        for limit in Augmentation.model_fields[name].metadata
        for kind in ("ge", "le")
        if hasattr(limit, kind)
    }
    return limits.get("ge", 0), limits.get("le", 1)


_PLACE, _LIGHT, _TEXTURE, _MORE = "Position and shape", "Light and colour", "Texture", "Mixing"

FIELDS: tuple[AugmentationField, ...] = (
    AugmentationField(
        "flip_horizontal",
        "Mirror left and right",
        _PLACE,
        "Mirrors half of the images left to right. Right for most photos, wrong for anything that "
        "is read or has a side.",
        "mirrored left to right",
        switch=True,
    ),
    AugmentationField(
        "flip_vertical",
        "Mirror top and bottom",
        _PLACE,
        "Mirrors half of the images top to bottom. For images without an up and a down: from "
        "above, or through a microscope.",
        "mirrored top to bottom",
        switch=True,
    ),
    AugmentationField(
        "rotation",
        "Turn",
        _PLACE,
        "Turns each image by up to so many degrees, either way.",
        "turned by up to {}",
        step=1,
        unit="°",
    ),
    AugmentationField(
        "zoom",
        "Zoom",
        _PLACE,
        "Shows each image up to this much larger or smaller.",
        "zoomed by up to {}",
        step=0.01,
        unit=_PERCENT,
    ),
    AugmentationField(
        "shift",
        "Shift",
        _PLACE,
        "Moves each image by up to this share of its side, across and down.",
        "shifted by up to {}",
        step=0.01,
        unit=_PERCENT,
    ),
    AugmentationField(
        "shear",
        "Shear",
        _PLACE,
        "Leans each image by up to so many degrees, either way, as italics do.",
        "sheared by up to {}",
        step=1,
        unit="°",
    ),
    AugmentationField(
        "brightness",
        "Brightness",
        _LIGHT,
        "Makes each image up to this much lighter or darker.",
        "up to {} lighter or darker",
        step=0.01,
        unit=_PERCENT,
    ),
    AugmentationField(
        "contrast",
        "Contrast",
        _LIGHT,
        "Gives each image up to this much more or less contrast.",
        "with up to {} more or less contrast",
        step=0.01,
        unit=_PERCENT,
    ),
    AugmentationField(
        "saturation",
        "Saturation",
        _LIGHT,
        "Makes the colours of each image up to this much stronger or paler.",
        "with up to {} stronger or paler colours",
        step=0.01,
        unit=_PERCENT,
    ),
    AugmentationField(
        "hue",
        "Hue",
        _LIGHT,
        "Turns all colours by up to this share of the colour circle. Keep it small where colour "
        "tells classes apart.",
        "with colours turned by up to {} of the circle",
        step=0.01,
        unit=_PERCENT,
    ),
    AugmentationField(
        "blur",
        "Blur",
        _TEXTURE,
        "Blurs each image by a standard deviation of up to so many pixels, at the size that the "
        "network sees.",
        "blurred by up to {}",
        step=0.1,
        unit=" px",
    ),
    AugmentationField(
        "noise",
        "Noise",
        _TEXTURE,
        (
            "Adds grain with a standard deviation of up to this share of the range from black to "
            "white."
        ),
        "with up to {} of noise",
        step=0.01,
        unit=_PERCENT,
    ),
    AugmentationField(
        "cutout",
        "Cut out",
        _TEXTURE,
        "Covers a grey square of up to this share of the side, so that the network can't rely on "
        "one detail alone.",
        "with a grey square of up to {} of the side",
        step=0.01,
        unit=_PERCENT,
    ),
    AugmentationField(
        "randaugment",
        "RandAugment",
        _MORE,
        "On top, does two things to each image that are drawn from turning, leaning, zooming, "
        "shifting, light, colours, blur, noise and cutting out, all at this strength.",
        "with two more kinds drawn at strength {} of 10",
        step=0.5,
    ),
    AugmentationField(
        "mixup",
        "Mixup",
        _MORE,
        "Blends each image with another, and asks the network for both in these shares. 0.2 is "
        "usual; higher blends more evenly.",
        "blended with another image (mixup {})",
        step=0.05,
    ),
    AugmentationField(
        "cutmix",
        "Cutmix",
        _MORE,
        "Replaces a square of each image by another's, and asks the network for both in the shares "
        "of their areas. 1 makes every size of square as likely.",
        "with a square of another image (cutmix {})",
        step=0.05,
    ),
)


def describe(options: Augmentation) -> str:
    """What is done to images, in words: "turned by up to 8°, zoomed by up to 10 %".

    "not varied" where nothing is. Fits after "Images are".
    """
    said = [
        field.phrase.format(field.shown(value))
        for field in FIELDS
        if (value := getattr(options, field.name))
    ]
    return ", ".join(said) or "not varied"
