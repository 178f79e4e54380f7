"""Everything that can be set, in five parts of which one is drawn at a time."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from core.training.setting import AUGMENTATION, DATA, GROUPS, NETWORK, TRAINING, WEIGHTS
from core.training.spec import SETTINGS, TrainSpec
from pages._widgets.augment import choose_augmentation
from pages._widgets.form import Form
from pages._widgets.learning import choose_learning
from pages._widgets.network import choose_network
from pages._widgets.one_of import one_of
from pages._widgets.split import choose_split
from pages._widgets.weights import choose_weights

_DRAW: dict[str, Callable[[Form, TrainSpec, pd.DataFrame], None]] = {
    NETWORK: choose_network,
    TRAINING: choose_learning,
    AUGMENTATION: choose_augmentation,
    WEIGHTS: lambda form, spec, _: choose_weights(form, spec),
    DATA: choose_split,
}


def part_of(setting: str) -> str:
    """The part that a setting, or a part of settings, stands in, or ""."""
    return next(
        (each.group for name, each in SETTINGS.items() if f"{name}.".startswith(f"{setting}.")), ""
    )


def expert(form: Form, spec: TrainSpec, good: pd.DataFrame) -> None:
    """Draw the parts' names and the one that is open; a part with something wrong is marked."""
    bad = part_of(form.wrong.setting) if form.wrong is not None else ""
    changed = {part_of(name) for name in form.changes}

    def label(part: str) -> str:
        if part == bad:
            return f":red[:material/error:] {part}"
        return f"{part} •" if part in changed else part

    names = {part: label(part) for part in GROUPS}
    part = one_of("Settings", names, key="expert-part", default=NETWORK, persist_state="session")
    _DRAW[part](form, spec, good)
