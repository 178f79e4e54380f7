"""What a setting of a training is to people, said once, at its field.

A field of :class:`core.training.spec.TrainSpec`, or of one of its parts, is made by its
:class:`Setting`. Form, command line, comparisons, searches, model card, notebook and refusals read
what is said there, so a new setting is a field with its Setting, and the code that obeys it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from functools import cache, partial, reduce
from typing import Any, get_args, get_origin

from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

from core import settings

# The parts of the form, in their order. A setting of none of them is no choice of a person's.
NETWORK, TRAINING, AUGMENTATION, WEIGHTS, DATA = GROUPS = (
    "Network",
    "Training",
    "Augmentation",
    "Weights",
    "Data",
)
SHARE = " %"
Choices = Mapping[Any, str]


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        label: its name, alike everywhere.
        sentence: what it does, and when to choose what.
        group: of :data:`GROUPS`; ``section`` is a heading inside that part.
        choices: value → what it is called, or a function that makes them when they are asked for.
        captions: value → a sentence about that choice.
        offers: numbers to choose from, where they are not typed.
        unit: stands after a value; :data:`SHARE` shows a share in percent.
        off: what the value 0 is called.
        reads: makes text of a value, where choices, ``unit`` and ``off`` don't do.
        low, high: as the form has it; otherwise the field's own limits.
        step: of the form's slider or number, as stored.
        slider: drawn as a slider, not as a number to type.
        only_with: (another setting, values) without which it does nothing; no values mean any but
            0. It is drawn below that one.
        on_ray: it is one only where a Ray cluster does the work.
        tries: from its value to those that a search begins with; ``None`` is not searched.
        told: said of every run on its card, also where it is as it is by default.
        slows: whether it can make a training take longer or shorter.
        notebook: what the notebook says of it, by value or, as a text, wherever it is not 0;
            ``{value}`` and ``{spec.…}`` are filled in.
        key: dotted, as ``train --set`` takes it. This and what follows is read off the field.
        kind: ``int``, ``float``, ``bool``, ``str`` or ``tuple``.
        default: ``None`` where it has none.
        within: the part that is told as a whole, of which it is one value.
    """

    label: str
    sentence: str = ""
    group: str = ""
    section: str = ""
    choices: Choices | Callable[[], Choices] = attribute(default_factory=dict)
    captions: Choices = attribute(default_factory=dict)
    offers: Sequence[int] = ()
    unit: str = ""
    off: str = ""
    reads: Callable[[Any], str] | None = None
    low: float | None = None
    high: float | None = None
    step: float | None = None
    slider: bool = False
    only_with: tuple[str, tuple[Any, ...]] | None = None
    on_ray: bool = False
    tries: Callable[[Any], Sequence[Any]] | None = None
    told: bool = False
    slows: bool = True
    notebook: str | Choices = ""
    key: str = ""
    kind: type = str
    default: Any = None
    within: str = ""

    def field(self, default: Any = ..., **limits: Any) -> Any:
        """A spec's field that this is said of; ``limits`` as :func:`pydantic.Field` takes them.
        Without a default, it has to be given."""
        made = Field(default, **limits)
        made.metadata.append(self)
        return made

    @property
    def named(self) -> Choices:
        """Value → what it is called."""
        return self.choices() if callable(self.choices) else self.choices

    @property
    def scale(self) -> float:
        """What a stored value is multiplied by to be shown."""
        return 100 if self.unit == SHARE else 1

    @property
    def short(self) -> str:
        """As short as ``--set`` takes it: ``optimizer`` for ``optimizer.name``."""
        return self.key.removeprefix("shares.").removesuffix(".name")

    def value(self, spec: BaseModel) -> Any:
        """Its value in these settings."""
        return leaf(spec, self.key)

    def applies(self, spec: BaseModel) -> bool:
        """Whether it does anything in these settings."""
        if self.on_ray and not settings.ray():
            return False
        if self.only_with is None:
            return True
        name, values = self.only_with
        other = leaf(spec, name)
        return other in values if values else bool(other)

    def shown(self, value: Any) -> str:
        """A value as people read it."""
        named = self.named
        if not isinstance(value, list) and value in named:
            return named[value]
        if self.reads is not None:
            return self.reads(value)
        if isinstance(value, tuple | list):
            return ", ".join(named.get(each, str(each)) for each in value) or "none"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if self.off and not value:
            return self.off
        if isinstance(value, float):
            digits = 4 if self.unit == SHARE else 6
            return f"{round(value * self.scale, 10):.{digits}g}{self.unit}"
        return f"{value}{self.unit}"

    def parsed(self, text: Any) -> Any:
        """A value that was typed, as it is stored; what can't be read stays as it is."""
        if not isinstance(text, str) or self.kind not in (int, float):
            return text
        try:
            return 0 if text == self.off.lower() else self.kind(text)
        except ValueError:
            return text

    def in_notebook(self, spec: BaseModel) -> str:
        """What the notebook says of it, or ""."""
        value = self.value(spec)
        said = self.notebook if isinstance(self.notebook, str) else self.notebook.get(value, "")
        if not value or not self.applies(spec):
            return ""
        return said.format(value=self.shown(value), spec=spec)

    @property
    def help(self) -> str:
        """For the command line: its label, what it may be, and when it does something."""
        if self.kind is bool:
            what = "true or false"
        elif self.named:
            what = ", ".join(str(each) for each in self.named)
        elif self.low is not None and self.high is not None:
            what = f"{self.low:.10g} to {self.high:.10g}"
        else:
            what = "" if self.low is None else f"from {self.low:g}"
        said = f"{self.label}: {what}" if what else self.label
        if self.only_with is not None:
            name, values = self.only_with
            name = name.removesuffix(".name")
            said += f" (with {name} {' or '.join(values)})" if values else f" (with {name})"
        return said


# A share of something, from none of it to all of it or nearly so.
share_of = partial(Setting, unit=SHARE, step=0.05, slider=True)
Parts = dict[str, Setting]


def leaf(spec: Any, name: str) -> Any:
    """A setting's value by its dotted name."""
    return reduce(getattr, name.split("."), spec)


@cache
def settings_of(model: type[BaseModel]) -> dict[str, Setting]:
    """Every setting of a spec by its dotted name, in the order of its fields."""
    return {each.key: each for each in _walk(model)}


def find(model: type[BaseModel], name: str) -> Setting | None:
    """The setting that people mean by a name, dotted or as short as ``--set`` takes it."""
    found = settings_of(model)
    if name in found:
        return found[name]
    return next((each for each in found.values() if each.short == name), None)


def _walk(model: type[BaseModel]) -> Iterator[Setting]:
    for name, info in model.model_fields.items():
        own = next((each for each in info.metadata if isinstance(each, Setting)), None)
        if own is not None:
            yield _bound(own, name, info)
        part = info.annotation
        if not (isinstance(part, type) and issubclass(part, BaseModel)):
            continue
        # Parts of other rooms are described where they are used.
        given: Parts = next((each for each in info.metadata if isinstance(each, dict)), {})
        for inner, field_ in part.model_fields.items():
            said = next((each for each in field_.metadata if isinstance(each, Setting)), None)
            said = said or given.get(inner)
            if said is not None:
                whole = name if own is not None else ""
                yield replace(_bound(said, f"{name}.{inner}", field_), within=whole)


def _bound(setting: Setting, key: str, info: FieldInfo) -> Setting:
    """With what the field itself says."""
    limits = {
        name: getattr(each, name)
        for each in info.metadata
        for name in ("ge", "le")
        if hasattr(each, name)
    }
    kind: Any = info.annotation
    if get_origin(kind) is tuple:
        kind = tuple
    elif get_args(kind):  # names to choose from
        kind = str
    return replace(
        setting,
        key=key,
        kind=kind if isinstance(kind, type) else str,
        default=None if info.is_required() else info.get_default(call_default_factory=True),
        low=limits.get("ge") if setting.low is None else setting.low,
        high=limits.get("le") if setting.high is None else setting.high,
    )
