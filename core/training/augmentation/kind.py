"""What one kind of variation is called and does; and the values that say how much of it is done.

A new kind is a file that has ``KINDS``, listed in :mod:`catalogue`, with a function that changes an
image: form, help, descriptions, previews, training and notebook follow. The kinds in
:mod:`geometry` and :mod:`colour` are each done together, as one transform of all, and so drawn
together in :mod:`draw`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from core.training.setting import AUGMENTATION, Setting

# Headings of the form.
PLACE, LIGHT, TEXTURE, MORE = "Position and shape", "Light and colour", "Texture", "Mixing"

Change = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Kind:
    """One kind of variation, for people and for the code that does it.

    Attributes:
        name: of the option. 0 or false is off.
        title: its label in a form.
        sentence: what it does.
        phrase: how it goes in a description, with the shown value in place of ``{}``.
        group: heading that it stands under.
        maximum: the greatest strength that is allowed, as stored; the least is 0.
        step: of a slider, as stored; 1 for a switch.
        unit: of the value as shown, see :class:`Setting`.
        switch: on or off, and nothing between.
        change: image (uint8, shape (size, size, 3), left as it is), strength, and random numbers of
            the image's own in; the image that comes of it out. A function of its file, since
            notebooks get its source. ``None`` for those that :mod:`vary` does itself.
    """

    name: str
    title: str
    sentence: str
    phrase: str
    group: str
    maximum: float = 1
    step: float = 1
    unit: str = ""
    switch: bool = False
    change: Change | None = None

    @property
    def setting(self) -> Setting:
        """What a form and all else that knows settings is told of it."""
        return Setting(
            self.title,
            self.sentence,
            AUGMENTATION,
            self.group,
            unit=self.unit,
            step=self.step,
            slider=not self.switch,
        )


# Those that are done image by image after all others: name → what is done.
CHANGES: dict[str, Change] = {}


class Chosen(BaseModel):
    """The strength of each kind, by its name (:class:`options.Augmentation`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    if TYPE_CHECKING:

        def __init__(self, **values: Any) -> None: ...

        def __getattr__(self, name: str) -> Any: ...
