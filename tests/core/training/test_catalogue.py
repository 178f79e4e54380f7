"""Every setting is described once, and what is described there is all that it takes."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field

import core
from core.training.catalogue import as_words, help_text, told
from core.training.heads import HEADS
from core.training.setting import GROUPS, TRAINING, Setting, find, settings_of
from core.training.spec import SETTINGS, TrainSpec, settable

LEAST: dict[str, Any] = {
    "dataset_id": "d",
    "dataset_version": 1,
    "recipe": "scratch",
    "architecture": "compact",
    "image_size": 64,
    "epochs": 10,
    "learning_rate": 0.004,
}
HOUSE = Path(core.__file__).parent.parent
# Where a word is something else's name too: a layer's, a chart's, a disturbance's.
OTHERS = {
    "Architecture": {"core/training/architectures/__init__.py"},
    "Augmentation": {"core/training/setting.py"},
    "Blur": {"core/evaluation/trust"},
    "Brightness": {
        "core/evaluation/trust",
        "core/quality/distributions.py",
        "pages/_widgets/distributions.py",
    },
    "Contrast": {"core/evaluation/trust"},
    "Dropout": {
        "core/delivery/take_away/cells",
        "core/training/architectures/custom.py",
        "core/training/stack.py",
        "core/training/templates.py",
    },
    "Loss": {"pages/_widgets/results/beside.py"},
    "Noise": {"core/evaluation/trust"},
}


class Wider(TrainSpec):
    """A spec with one setting more than the house has."""

    patience_of_saints: Annotated[
        int,
        Setting(
            "Patience of saints",
            "How long it waits.",
            TRAINING,
            "Towards what",
            unit=" years",
            tries=lambda value: (value, value + 1),
        ),
    ] = Field(default=3, ge=0, le=99)


@pytest.mark.parametrize("name", settable())
def test_every_setting_has_exactly_one_entry(name: str) -> None:
    found = find(TrainSpec, name)
    assert found is not None
    assert name in (found.key, found.short)
    assert found.label


def test_no_two_settings_have_one_label() -> None:
    counts = Counter(each.label for each in SETTINGS.values())
    assert [label for label, count in counts.items() if count > 1] == []


def test_each_has_a_sentence_and_a_place_in_the_form() -> None:
    for setting in SETTINGS.values():
        if setting.key in (
            "dataset_id",
            "dataset_version",
            "recipe",
            "shares.train",
            "minutes",
            "decoding",
            "refits",
        ):
            continue
        assert setting.sentence.endswith("."), setting.key
        assert setting.group in GROUPS, setting.key


def test_every_value_that_may_be_chosen_is_named() -> None:
    for setting in SETTINGS.values():
        annotation = TrainSpec.model_json_schema()
        part, _, inner = setting.key.partition(".")
        if inner and part not in ("shares", "augmentation"):
            annotation = annotation["$defs"][part.capitalize()]
        field = annotation["properties"].get(inner or part, {})
        allowed = field.get("enum") or field.get("items", {}).get("enum") or ()
        assert set(allowed) <= set(setting.named), setting.key


def test_what_a_setting_needs_is_a_setting_with_such_values() -> None:
    for setting in SETTINGS.values():
        if setting.only_with is not None:
            name, values = setting.only_with
            assert set(values) <= set(SETTINGS[name].named), setting.key


def test_what_a_search_begins_with_can_be_trained() -> None:
    spec = TrainSpec.model_validate(LEAST)
    for setting in SETTINGS.values():
        if setting.tries is not None:
            for value in setting.tries(setting.value(spec)):
                spec.with_values({setting.key: value})


def test_values_read_as_people_say_them() -> None:
    assert as_words("dropout", 0.35) == "35 %"
    assert as_words("batch_size", "auto") == "Auto"
    assert as_words("optimizer", "sgd") == "SGD with momentum"
    assert as_words("augmentation", "light") == "Light"
    assert as_words("stopping.patience", 0) == "never"
    assert as_words("metrics", ("auc", "f1")) == "area under ROC, F1"
    assert as_words("learning_rate", "0.001") == "0.001"
    assert as_words("tensorboard", True) == "yes"


def test_a_run_is_told_by_what_has_an_effect() -> None:
    spec = TrainSpec.model_validate(LEAST)
    said = told(spec)
    assert said["Recipe"] == "From scratch"
    assert said["Starts from"] == "Random weights"
    assert "Momentum" not in said
    assert "Gamma" not in said
    assert (
        told(spec.with_values({"optimizer": "sgd", "optimizer.momentum": 0.5}))["Momentum"] == "0.5"
    )
    fitted = told(spec, head="kernel")
    assert fitted["Head"] == HEADS["kernel"].title
    assert {"Optimizer", "Dropout", "Augmentation"} <= {*said} - {*fitted}


def test_a_label_is_typed_once() -> None:
    labels = {each.label for each in SETTINGS.values() if each.group}
    homes = {"core/training/spec.py", "core/training/options.py"}
    again = []
    for folder in ("core", "pages"):
        for file in sorted((HOUSE / folder).rglob("*.py")):
            name = file.relative_to(HOUSE).as_posix()
            if name in homes or name.startswith("core/training/augmentation/"):
                continue
            again += [
                (node.value, name)
                for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
                if isinstance(node, ast.Constant) and node.value in labels
            ]
    unknown = [
        (label, name)
        for label, name in again
        if not any(name.startswith(each) for each in OTHERS.get(label, ()))
    ]
    assert unknown == []


def test_a_new_setting_is_one_entry() -> None:
    """It can be set, refused by its label, told, searched and looked up, and stands in the help."""
    spec = Wider.model_validate(LEAST)
    changed = spec.with_values({"patience_of_saints": "7"})
    assert changed.patience_of_saints == 7
    with pytest.raises(Exception, match="“Patience of saints” is 100"):
        spec.with_values({"patience_of_saints": 100})
    assert "Patience of saints" not in told(spec)
    assert told(changed)["Patience of saints"] == "7 years"
    assert "patience_of_saints" in help_text(Wider)
    assert "Patience of saints: 0 to 99" in help_text(Wider)
    setting = settings_of(Wider)["patience_of_saints"]
    assert (setting.kind, setting.low, setting.high, setting.default) == (int, 0, 99, 3)
    assert set(settings_of(Wider)) - set(SETTINGS) == {"patience_of_saints"}
