"""All kinds of variation, in the order of forms and descriptions."""

from __future__ import annotations

from core.training.augmentation import colour, draw, geometry, mix, texture
from core.training.augmentation.kind import CHANGES, Chosen, Kind

KINDS: dict[str, Kind] = {}
# A new file stands here, and nowhere else.
_FILES = (geometry, colour, texture, draw, mix)


def register(kind: Kind) -> None:
    """Have a kind known; before :mod:`options` is imported, which is made of all that are."""
    KINDS[kind.name] = kind
    if kind.change is not None:
        CHANGES[kind.name] = kind.change


for _file in _FILES:
    for _kind in _file.KINDS:
        register(_kind)


def describe(options: Chosen) -> str:
    """What is done to images, in words: "turned by up to 8°, zoomed by up to 10 %".

    "not varied" where nothing is. Fits after "Images are".
    """
    said = [
        kind.phrase.format(kind.setting.shown(value))
        for kind in KINDS.values()
        if (value := getattr(options, kind.name))
    ]
    return ", ".join(said) or "not varied"
