"""The settings of a training while a person chooses them: what differs from the recipe.

Fields write into the session before the page's script runs (in callbacks), so the page knows all
settings from its first line on, and a field that isn't drawn just now keeps what was chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import streamlit as st

from core.text import escape
from core.training.augmentation.options import Augmentation
from core.training.checks import WrongSetting
from core.training.setting import Setting, leaf, settings_of
from core.training.spec import TrainSpec, differences

_STORE = "training-settings"
# The split is about the data: it stays while recipes are compared, and so does its seed.
_OF_THE_DATA = ("shares.train", "shares.validation", "shares.test", "seed")
AUGMENTATION = tuple(f"augmentation.{name}" for name in Augmentation.model_fields)

Convert = Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def minutes_now(base: TrainSpec) -> float:
    """How long a recipe's training may take, as it is chosen now."""
    store = st.session_state.get(_STORE)
    if store is None or store["scope"] != (base.dataset_id, base.recipe):
        return base.minutes
    return float(store["changes"].get("minutes", base.minutes))


class Form:
    """Fields over one recipe's settings for one dataset.

    Attributes:
        base: the recipe's settings.
        settings: what is said of each, by its dotted name.
        wrong: what can't work, to be said beside its field; set by the page.
    """

    def __init__(self, base: TrainSpec) -> None:
        self.base = base
        self.settings = settings_of(type(base))
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

    def field(
        self,
        name: str,
        *,
        names: Mapping[Any, str] | None = None,
        then: Any = None,
        disabled: bool = False,
    ) -> None:
        """The field of a setting, as the catalogue describes it.

        Args:
            names: choices instead of the catalogue's.
            then: called with nothing after a choice, for what depends on it.
            disabled: it can't be chosen here.
        """
        setting = self.settings[name]
        named = setting.named if names is None else names
        if setting.kind is bool:
            st.toggle(setting.label, help=setting.sentence, **self.bind(name, then=then))
        elif setting.kind is tuple:
            st.multiselect(
                setting.label,
                list(named),
                format_func=lambda one: named.get(one, str(one)),
                help=setting.sentence,
                **self.bind(name, list, tuple),
            )
        elif named or setting.offers:
            self._select(setting, named, then)
        elif setting.slider:
            self._slider(setting, then, disabled)
        else:
            kind: Any = setting.kind
            high = setting.high if setting.high is not None else 1e9
            st.number_input(
                setting.label,
                kind(setting.low or 0),
                kind(max(high, self.value(name))),
                step=setting.step,
                format="%.6g" if kind is float else None,
                help=setting.sentence,
                **self.bind(name, kind, then=then),
            )
        self.complain(name)

    def _slider(self, setting: Setting, then: Any, disabled: bool) -> None:
        """Its ends and steps are as shown: the setting times its scale."""
        scale = setting.scale
        step = setting.step or 1
        low, high, step = (
            round(each * scale, 6) for each in (setting.low or 0, setting.high or 1, step)
        )
        whole = all(float(each).is_integer() for each in (low, high, step))
        kind: Any = int if whole else float

        def shown(value: float) -> float:
            return kind(round(value * scale, 6))

        def stored(value: float) -> float:
            return value if scale == 1 else round(value / scale, 6)

        st.slider(
            setting.label,
            kind(low),
            max(kind(high), shown(self.value(setting.key))),
            step=kind(step),
            format=("%d" if whole else "%g") + setting.unit.replace("%", "%%"),
            help=setting.sentence,
            disabled=disabled,
            **self.bind(setting.key, shown, stored, then),
        )

    def _select(self, setting: Setting, named: Mapping[Any, str], then: Any) -> None:
        """One of several; what is chosen now is offered too, wherever it came from."""
        value = self.value(setting.key)
        options = list(setting.offers or named)
        st.selectbox(
            setting.label,
            options if value in options else sorted([*options, value]),
            format_func=lambda one: named[one] if one in named else setting.shown(one),
            help=setting.sentence,
            **self.bind(setting.key, then=then),
        )

    def section(
        self,
        spec: TrainSpec,
        group: str,
        section: str,
        after: Mapping[str, Callable[[], None]],
        names: Mapping[str, Mapping[Any, str]],
    ) -> None:
        """The fields of a section that do something now: a column for each setting, with those of
        the same part below it.

        Args:
            after: setting or part → what is drawn below it.
            names: setting → choices that are called otherwise just now.
        """
        parts: dict[str, list[Setting]] = {}
        for setting in self.settings.values():
            if (setting.group, setting.section) == (group, section):
                parts.setdefault(setting.key.partition(".")[0], []).append(setting)
        for column, (part, settings) in zip(
            st.columns(max(1, len(parts)), gap="medium"), parts.items(), strict=True
        ):
            with column:
                for setting in settings:
                    if setting.applies(spec):
                        self.field(setting.key, names=names.get(setting.key))
                if part in after:
                    after[part]()

    def rest(self, spec: TrainSpec, group: str, drawn: Iterable[str]) -> None:
        """The fields of a part of the form that have no place of their own in it."""
        for setting in self.settings.values():
            if setting.group == group and setting.key not in drawn and setting.applies(spec):
                self.field(setting.key)

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
