"""The settings of a training as people read them: what a run was told, and what can be said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from core.catalog import Catalog
from core.errors import NotFound
from core.training.architectures import in_words
from core.training.heads import HEADS
from core.training.recipes import RECIPES
from core.training.setting import AUGMENTATION, GROUPS, TRAINING, Setting, find, settings_of
from core.training.spec import TrainSpec

# Not said of a run among its settings: what it was trained on is said elsewhere.
_DATA = ("dataset_id", "dataset_version")
# These do nothing where no network is trained, beside all of the groups Training and Augmentation.
_OF_TRAINED = ("dropout", "frozen", "tuning.epochs", "tuning.learning_rate")


def told(
    spec: BaseModel,
    catalog: Catalog | None = None,
    head: str = "",
    networks: Sequence[str] = (),
) -> dict[str, str]:
    """What a person would ask about a training, label → value in words.

    That is what is always told, and what is not as it is by default; nothing without effect.

    Args:
        catalog: to call runs that it went on from by their names.
        head: that Auto has fitted on a network's features, by its key; no network was trained then.
        networks: that Auto has put side by side, by their keys.
    """
    chosen = {"Head": HEADS[head].title} if head in HEADS else {}
    beside = {settings_of(type(spec))["architecture"].label: in_words(networks)} if networks else {}
    settings = {
        setting.label: shown(setting, setting.value(spec), catalog)
        for setting in settings_of(type(spec)).values()
        if setting.key not in _DATA
        and not setting.within
        and setting.applies(spec)
        and not (head and of_trained(setting))
        and (setting.told or setting.value(spec) != setting.default)
    }
    return chosen | settings | beside


def of_trained(setting: Setting) -> bool:
    """Whether a setting does nothing where a head is fitted and no network is trained."""
    return setting.group in (TRAINING, AUGMENTATION) or setting.key in _OF_TRAINED


def shown(setting: Setting, value: object, catalog: Catalog | None = None) -> str:
    """A value as people read it; what names a row of the catalog or a recipe by that one's name."""
    if value is None:
        return "–"
    text = str(value)
    if setting.key == "recipe":
        return RECIPES[text].title if text in RECIPES else text
    kind, _, name = text.partition(":")
    if setting.key == "weights" and name:
        return _run(catalog, name) if kind == "run" and catalog is not None else name
    if setting.key == "dataset_id" and catalog is not None:
        try:
            return catalog.datasets.get(text).name
        except NotFound:
            return "(removed)"
    return setting.shown(value)


def _run(catalog: Catalog, name: str) -> str:
    try:
        return f"“{catalog.runs.find(name).name}”"
    except NotFound:
        return "(a removed run)"


def labelled(name: str) -> str:
    """What people call a setting that is named as ``train --set`` takes it."""
    found = find(TrainSpec, name)
    return found.label if found else name


def as_words(name: str, value: object) -> str:
    """A value of a setting that is named as ``train --set`` takes it, as people read it."""
    found = find(TrainSpec, name)
    if found is None:
        return str(value)
    return shown(found, found.parsed(value))


def in_notebook(spec: BaseModel, keys: Iterable[str]) -> str:
    """What the notebook says of these settings, in their order."""
    known = settings_of(type(spec))
    return " ".join(said for key in keys if (said := known[key].in_notebook(spec)))


def help_text(model: type[BaseModel] = TrainSpec) -> str:
    """All settings with what they may be, for the end of a command's help."""
    lines = ["settings for --set KEY=VALUE:"]
    known = settings_of(model).values()
    for group in GROUPS:
        here = [each for each in known if each.group == group]
        lines += ["", f"  {group}", *(f"    {each.short:<30}{each.help}" for each in here)]
    return "\n".join(lines)
