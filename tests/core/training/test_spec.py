"""A spec is all that a run depends on: it survives JSON, and refuses nonsense in a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from core.datasets.splits import Shares
from core.errors import InvalidInput
from core.training.spec import NAMES, SETTABLE, TrainSpec, parse_spec

SPEC = TrainSpec(
    dataset_id="d",
    dataset_version=3,
    recipe="compact",
    image_size=64,
    epochs=5,
    batch_size=16,
    learning_rate=0.001,
    augment=False,
    seed=42,
    shares=Shares(train=0.5, validation=0.2, test=0.3),
    precision="bfloat16",
)


def test_it_survives_json_unchanged() -> None:
    text = json.dumps(SPEC.model_dump(mode="json"))
    assert parse_spec(json.loads(text)) == SPEC


def test_it_can_not_be_changed_afterwards() -> None:
    with pytest.raises(ValidationError):
        SPEC.epochs = 6  # type: ignore[misc]


def test_a_spec_with_only_what_is_needed_has_the_documented_defaults() -> None:
    data = SPEC.model_dump(mode="json")
    for key in ("augment", "seed", "shares", "precision"):
        del data[key]
    spec = parse_spec(data)
    assert (spec.augment, spec.seed, spec.precision) == (True, 1, "auto")
    assert spec.shares == Shares(train=0.7, validation=0.15, test=0.15)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("image_size", 8),
        ("image_size", 10_000),
        ("epochs", 0),
        ("epochs", 2.5),
        ("batch_size", -1),
        ("batch_size", "many"),
        ("learning_rate", 0),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("augment", "perhaps"),
        ("seed", -1),
        ("seed", 2**31),
        ("precision", "float8"),
        ("recipe", None),
    ],
)
def test_nonsense_is_refused_by_the_name_that_people_know(key: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_spec({**SPEC.model_dump(), key: value})
    assert NAMES[key] in str(caught.value)
    assert repr(value) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_shares_that_do_not_add_up_are_refused_with_their_sum() -> None:
    with pytest.raises(InvalidInput, match=r"shares .* add up to 0\.90"):
        SPEC.with_values({"shares.train": 0.4})


@pytest.mark.parametrize("missing", ["recipe", "epochs", "dataset_version"])
def test_a_missing_setting_is_named(missing: str) -> None:
    data = SPEC.model_dump()
    del data[missing]
    with pytest.raises(InvalidInput, match=NAMES.get(missing, missing)):
        parse_spec(data)


def test_a_setting_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidInput, match="momentum"):
        parse_spec({**SPEC.model_dump(), "momentum": 0.9})


@pytest.mark.parametrize("data", [None, [], "compact", 3])
def test_what_is_not_a_spec_at_all_is_refused(data: Any) -> None:
    with pytest.raises(InvalidInput, match="settings"):
        parse_spec(data)


def test_settings_can_be_given_as_text() -> None:
    changed = SPEC.with_values(
        {"epochs": "7", "learning_rate": "1e-4", "augment": "true", "shares.train": "0.6",
         "shares.test": "0.2"}
    )  # fmt: skip
    assert (changed.epochs, changed.learning_rate, changed.augment) == (7, 1e-4, True)
    assert changed.shares == Shares(train=0.6, validation=0.2, test=0.2)
    assert SPEC.epochs == 5, "the original stays as it was"


@pytest.mark.parametrize("key", ["momentum", "shares", "shares.other", "dataset_id", ""])
def test_an_unknown_setting_is_answered_with_those_that_there_are(key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        SPEC.with_values({key: 1})
    assert all(name in str(caught.value) for name in SETTABLE)


def test_held_out_shares_are_set_in_one_word_and_the_rest_trains() -> None:
    changed = SPEC.with_values({"validation": "0.2", "test": "0.1"})
    assert changed.shares == Shares(train=0.7, validation=0.2, test=0.1)
    only = SPEC.with_values({"test": 0.1})
    assert only.shares == Shares(train=0.7, validation=0.2, test=0.1), "the other stays"
    assert SPEC.with_values({"validation": 0}).shares == Shares(train=0.7, validation=0, test=0.3)


@pytest.mark.parametrize("key", ["validation", "test"])
@pytest.mark.parametrize("value", ["a third", "", None, -0.1, 1, 20, float("nan")])
def test_a_held_out_share_that_is_none_is_refused_by_name(key: str, value: Any) -> None:
    with pytest.raises(InvalidInput, match=f"The {key} share is") as caught:
        SPEC.with_values({key: value})
    assert repr(value) in str(caught.value)


def test_held_out_shares_that_leave_nothing_are_refused() -> None:
    with pytest.raises(InvalidInput, match="none are left to train on"):
        SPEC.with_values({"validation": "0.5", "test": "0.5"})
