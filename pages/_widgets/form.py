"""The settings of a training while a person chooses them: what differs from the recipe.

Fields write into the session before the page's script runs (in callbacks), so the page knows all
settings from its first line on, and a field that isn't drawn just now keeps what was chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import streamlit as st

from core.errors import InvalidInput
from core.text import escape
from core.training.augmentation.options import Augmentation
from core.training.checks import WrongSetting
from core.training.spec import TrainSpec

_STORE = "training-settings"
# The split is about the data: it stays while recipes are compared, and so does its seed.
_OF_THE_DATA = ("shares.train", "shares.validation", "shares.test", "seed")
AUGMENTATION = tuple(f"augmentation.{name}" for name in Augmentation.model_fields)

Convert = Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def leaf(spec: TrainSpec, name: str) -> Any:
    """A setting by its dotted name, for example ``optimizer.name``."""
    return reduce(getattr, name.split("."), spec)


class Form:
    """Fields over one recipe's settings for one dataset.

    Attributes:
        base: the recipe's settings.
        wrong: what can't work, to be said beside its field; set by the page.
    """

    def __init__(self, base: TrainSpec) -> None:
        self.base = base
        self.wrong: WrongSetting | None = None
        scope = (base.dataset_id, base.recipe)
        store = st.session_state.get(_STORE)
        if store is None or store["scope"] != scope:
            kept = {}
            if store is not None and store["scope"][0] == base.dataset_id:
                kept = {k: v for k, v in store["changes"].items() if k in _OF_THE_DATA}
            store = {"scope": scope, "changes": kept, "broken": {}}
            st.session_state[_STORE] = store
        self._store = store

    @property
    def changes(self) -> dict[str, Any]:
        """What differs from the recipe, by dotted name."""
        return self._store["changes"]

    @property
    def broken(self) -> dict[str, str]:
        """Fields that hold something that can't be read at all, with the reason as a sentence."""
        return self._store["broken"]

    def spec(self) -> TrainSpec:
        """The settings as they are chosen now.

        Raises:
            InvalidInput: a setting can't be that.
        """
        return self.base.with_values(self.changes)

    def check_readable(self) -> None:
        """Refuse fields that hold something that can't be read; their settings are as before.

        Raises:
            WrongSetting: the first of them.
        """
        for name, sentence in self.broken.items():
            raise WrongSetting(name, sentence, "Put that right, or start from a template.")

    def value(self, name: str) -> Any:
        return self.changes[name] if name in self.changes else leaf(self.base, name)

    def put(self, name: str, value: Any) -> None:
        """Choose a value; its field shows it from the next run of the page on."""
        self.broken.pop(name, None)
        if value == leaf(self.base, name):
            self.changes.pop(name, None)
        else:
            self.changes[name] = value

    def reset(self, *names: str) -> None:
        """Back to the recipe: these settings, or all."""
        for name in names or tuple(self.changes):
            self.changes.pop(name, None)
        for name in names or tuple(self.broken):
            self.broken.pop(name, None)

    def key(self, name: str) -> str:
        """Of a setting's widget. What is about the data has the same for all recipes."""
        recipe = "split" if name in _OF_THE_DATA else self.base.recipe
        return f"{self.base.dataset_id}-{recipe}-{name.removeprefix('shares.')}"

    def bind(
        self, name: str, shown: Convert = _same, stored: Convert = _same, then: Any = None
    ) -> dict[str, Any]:
        """Arguments that tie a widget to a setting.

        Args:
            shown, stored: from a setting to what the widget holds, and back.
            then: called with nothing after a choice, for what depends on it.
        """
        key = self.key(name)
        wanted = shown(self.value(name))
        # Only where it differs: a value that is set is sent to the browser, where it would undo
        # what a person is just typing.
        if key not in st.session_state or st.session_state[key] != wanted:
            st.session_state[key] = wanted

        def take() -> None:
            chosen = st.session_state[key]
            if chosen is not None:
                self.put(name, stored(chosen))
                if then is not None:
                    then()

        return {"key": key, "on_change": take}

    def number(
        self,
        name: str,
        label: str,
        low: float,
        high: float,
        *,
        help: str,
        step: float | None = None,
        format: str | None = None,
    ) -> None:
        """A number to type; whole if ``low`` is."""
        kind = type(low)
        st.number_input(
            label,
            low,
            kind(max(high, self.value(name))),
            step=step,
            format=format,
            help=help,
            **self.bind(name, kind),
        )
        self.complain(name)

    def slider(
        self,
        name: str,
        label: str,
        low: float,
        high: float,
        *,
        help: str,
        step: float = 1,
        scale: float = 1,
        unit: str = "",
        then: Any = None,
        disabled: bool = False,
    ) -> None:
        """A slider; ``low``, ``high`` and ``step`` are as shown: the setting times ``scale``."""
        whole = all(float(each).is_integer() for each in (low, high, step))
        kind: Any = int if whole else float

        def shown(value: float) -> float:
            return kind(round(value * scale, 6))

        def stored(value: float) -> float:
            return value if scale == 1 else round(value / scale, 6)

        st.slider(
            label,
            kind(low),
            max(kind(high), shown(self.value(name))),
            step=kind(step),
            format=("%d" if whole else "%g") + unit.replace("%", "%%"),
            help=help,
            disabled=disabled,
            **self.bind(name, shown, stored, then),
        )
        self.complain(name)

    def select(
        self,
        name: str,
        label: str,
        options: Sequence[Any],
        *,
        help: str,
        names: Mapping[Any, str] | None = None,
        then: Any = None,
    ) -> None:
        """One of several; what is chosen now is offered too, wherever it came from."""
        value = self.value(name)
        offered = list(options) if value in options else sorted([*options, value])
        st.selectbox(
            label,
            offered,
            format_func=lambda one: (names or {}).get(one, str(one)),
            help=help,
            **self.bind(name, then=then),
        )
        self.complain(name)

    def toggle(self, name: str, label: str, *, help: str, then: Any = None) -> None:
        st.toggle(label, help=help, **self.bind(name, then=then))
        self.complain(name)

    def complain(self, name: str) -> None:
        """Say what is wrong with this setting, if something is."""
        if self.wrong is not None and self.wrong.setting == name:
            st.error(escape(str(self.wrong)), icon=":material/error:")


def take_over(spec: TrainSpec, base: TrainSpec) -> None:
    """Fill the form of ``base``'s recipe with the settings of ``spec``, for the next run."""
    st.session_state[_STORE] = {
        "scope": (base.dataset_id, base.recipe),
        "changes": differences(spec, base),
        "broken": {},
    }


def differences(spec: TrainSpec, base: TrainSpec) -> dict[str, Any]:
    """Settings by dotted name of which ``spec`` has another value than ``base``; not the
    dataset."""
    found: dict[str, Any] = {}
    for name in TrainSpec.model_fields:
        if name in ("dataset_id", "dataset_version", "recipe"):
            continue
        mine, theirs = getattr(spec, name), getattr(base, name)
        if mine == theirs:
            continue
        parts = getattr(type(mine), "model_fields", None)
        if parts is None:
            found[name] = mine
            continue
        for part in parts:
            if getattr(mine, part) != getattr(theirs, part):
                found[f"{name}.{part}"] = getattr(mine, part)
    return found


def as_wrong(error: InvalidInput, setting: str = "") -> WrongSetting:
    """Any refusal as one that names its setting."""
    if isinstance(error, WrongSetting):
        return error
    return WrongSetting(setting, error.title, error.remedy)
