"""A spec is all that a run depends on: it survives JSON, and refuses nonsense in a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from core.datasets.splits import Shares
from core.errors import InvalidInput
from core.training.augmentation.options import PRESETS, Augmentation
from core.training.options import Loss, Optimizer, Schedule, Stopping, Tuning
from core.training.setting import find
from core.training.spec import SETTINGS, TrainSpec, parse_spec, settable
from core.training.stack import Layer

LEAST: dict[str, Any] = {
    "dataset_id": "d",
    "dataset_version": 3,
    "recipe": "scratch",
    "architecture": "compact",
    "image_size": 64,
    "epochs": 5,
    "learning_rate": 0.001,
}
# Nothing is as it is by default.
SPEC = TrainSpec(
    **LEAST,
    stack=(Layer(kind="Conv2D", filters=7, strides=2), Layer(kind="Dropout", rate=0.3)),
    weights="run:before",
    resize="pad",
    color="gray",
    batch_size=16,
    optimizer=Optimizer(name="sgd", momentum=0.8, nesterov=False, weight_decay=0.01, clip_norm=1),
    schedule=Schedule(name="step", every=4, factor=0.5),
    loss=Loss(name="focal", label_smoothing=0.1, gamma=1.5),
    dropout=0.4,
    balance="sampling",
    stopping=Stopping(patience=4, metric="f1"),
    best_by="f1",
    frozen=0.5,
    tuning=Tuning(epochs=3, learning_rate=1e-4),
    augmentation=Augmentation(rotation=10, mixup=0.2),
    test_views=3,
    metrics=("auc", "recall"),
    precision="bfloat16",
    seed=42,
    shares=Shares(train=0.5, validation=0.2, test=0.3),
    minutes=5.0,
    decoding="3:0:4095",
    tensorboard=True,
    refits="hands-auto-1",
    together=2,
)


def test_it_survives_json_unchanged() -> None:
    plain = TrainSpec(**LEAST).model_dump()
    unlike = {name for name, value in SPEC.model_dump().items() if value != plain[name]}
    assert unlike == set(TrainSpec.model_fields) - set(LEAST), "or a field could get lost unseen"
    text = json.dumps(SPEC.model_dump(mode="json"))
    assert parse_spec(json.loads(text)) == SPEC


def test_it_can_not_be_changed_afterwards() -> None:
    with pytest.raises(ValidationError):
        SPEC.epochs = 6  # type: ignore[misc]
    with pytest.raises(ValidationError):
        SPEC.optimizer.name = "adam"  # type: ignore[misc]


def test_a_spec_with_only_what_is_needed_has_the_documented_defaults() -> None:
    spec = parse_spec(LEAST)
    assert (spec.weights, spec.resize, spec.color, spec.batch_size) == ("none", "stretch", "rgb", 0)
    assert (spec.seed, spec.precision, spec.best_by, spec.balance) == (
        1,
        "auto",
        "accuracy",
        "none",
    )
    assert (spec.test_views, spec.metrics, spec.stopping.patience) == (1, (), 0)
    assert (spec.optimizer.name, spec.schedule.name, spec.loss.name) == (
        "adamw",
        "constant",
        "categorical",
    )
    assert not spec.augmentation.active
    assert spec.shares == Shares(train=0.7, validation=0.15, test=0.15)


def test_epochs_of_all_parts_are_added_up() -> None:
    assert (SPEC.all_epochs, TrainSpec(**LEAST).all_epochs) == (8, 5)


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
        ("learning_rate", 2),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("seed", -1),
        ("seed", 2**31),
        ("precision", "float8"),
        ("recipe", None),
        ("architecture", 7),
        ("weights", "somewhere"),
        ("weights", "run:"),
        ("resize", "squeeze"),
        ("color", "blue"),
        ("dropout", 0.95),
        ("dropout", float("nan")),
        ("balance", "both"),
        ("best_by", "speed"),
        ("frozen", 1.5),
        ("test_views", 0),
        ("test_views", 6),
        ("metrics", "loss"),
        ("tensorboard", "perhaps"),
        ("augmentation", "wild"),
        ("augmentation.rotation", 200),
        ("augmentation.mixup", -1),
        ("augmentation.flip_vertical", "up"),
        ("optimizer", "adamax"),
        ("optimizer.momentum", 1),
        ("optimizer.beta_2", 1.0),
        ("optimizer.weight_decay", -0.1),
        ("optimizer.clip_norm", float("nan")),
        ("schedule", "sometimes"),
        ("schedule.warmup", 1),
        ("schedule.every", 0),
        ("schedule.factor", 1),
        ("schedule.patience", "never"),
        ("loss", "hinge"),
        ("loss.label_smoothing", 0.6),
        ("loss.gamma", -1),
        ("stopping.patience", -1),
        ("stopping.metric", "time"),
        ("tuning.epochs", -1),
        ("tuning.learning_rate", 0),
    ],
)
def test_nonsense_is_refused_by_the_name_that_people_know(key: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_spec(LEAST).with_values({key: value}) if key != "recipe" else parse_spec(
            LEAST | {"recipe": value}
        )
    setting = find(TrainSpec, key)
    assert setting is not None
    assert f"“{setting.label}”" in str(caught.value)
    assert repr(value) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_layer_that_can_not_be_is_refused_by_its_place() -> None:
    with pytest.raises(InvalidInput, match=r"“Layers of the own network” \(1 size\) .*99"):
        parse_spec(LEAST | {"stack": [{"kind": "Flatten"}, {"kind": "Conv2D", "size": 99}]})


def test_shares_that_do_not_add_up_are_refused_with_their_sum() -> None:
    with pytest.raises(InvalidInput, match=r"shares” .* add up to 0\.90"):
        SPEC.with_values({"shares.train": 0.4})


@pytest.mark.parametrize("missing", ["recipe", "architecture", "epochs", "dataset_version"])
def test_a_missing_setting_is_named(missing: str) -> None:
    data = SPEC.model_dump()
    del data[missing]
    with pytest.raises(InvalidInput, match=SETTINGS[missing].label):
        parse_spec(data)


@pytest.mark.parametrize("where", [(), ("optimizer",), ("augmentation",), ("tuning",)])
def test_a_setting_that_does_not_exist_is_refused(where: tuple[str, ...]) -> None:
    data = SPEC.model_dump()
    part = data
    for name in where:
        part = part[name]
    part["speed"] = 0.9
    with pytest.raises(InvalidInput, match="speed"):
        parse_spec(data)


@pytest.mark.parametrize("data", [None, [], "compact", 3])
def test_what_is_not_a_spec_at_all_is_refused(data: Any) -> None:
    with pytest.raises(InvalidInput, match="settings"):
        parse_spec(data)


def test_settings_can_be_given_as_text() -> None:
    changed = SPEC.with_values(
        {
            "epochs": "7",
            "learning_rate": "1e-4",
            "tensorboard": "false",
            "shares.train": "0.6",
            "shares.test": "0.2",
            "optimizer.nesterov": "true",
            "tuning.epochs": "9",
            "augmentation.rotation": "45",
            "metrics": "f1, auc",
            "test_views": "2",
        }
    )
    assert (changed.epochs, changed.learning_rate, changed.tensorboard) == (7, 1e-4, False)
    assert changed.shares == Shares(train=0.6, validation=0.2, test=0.2)
    assert (changed.optimizer.nesterov, changed.optimizer.momentum) == (True, 0.8)
    assert (changed.tuning.epochs, changed.augmentation.rotation) == (9, 45)
    assert (changed.metrics, changed.test_views) == (("f1", "auc"), 2)
    assert SPEC.epochs == 5, "the original stays as it was"


def test_a_list_of_metrics_may_be_a_list_or_empty() -> None:
    assert SPEC.with_values({"metrics": ["precision"]}).metrics == ("precision",)
    assert SPEC.with_values({"metrics": ""}).metrics == ()
    assert SPEC.with_values({"metrics": "auc"}).metrics == ("auc",)


def test_the_name_of_a_part_sets_what_it_is_known_by_and_leaves_the_rest() -> None:
    changed = SPEC.with_values({"optimizer": "rmsprop", "schedule": "plateau", "loss": "binary"})
    assert changed.optimizer == SPEC.optimizer.model_copy(update={"name": "rmsprop"})
    assert (changed.schedule.name, changed.schedule.every) == ("plateau", 4)
    assert (changed.loss.name, changed.loss.label_smoothing) == ("binary", 0.1)
    whole = SPEC.with_values({"optimizer": {"name": "adam"}})
    assert whole.optimizer == Optimizer(name="adam")


@pytest.mark.parametrize("preset", PRESETS)
def test_augmentation_takes_a_preset_whole(preset: str) -> None:
    changed = SPEC.with_values({"augmentation": preset})
    assert changed.augmentation == Augmentation.model_validate(preset)
    assert changed.augmentation.preset == preset
    assert changed.augmentation.mixup == 0, "nothing is left of what was set before"


def test_a_preset_does_not_undo_what_is_set_of_it_beside() -> None:
    values = {"augmentation.rotation": 40, "augmentation": "light"}
    for given in (values, dict(reversed(values.items()))):
        changed = SPEC.with_values(given).augmentation
        assert (changed.rotation, changed.zoom) == (40, PRESETS["light"]["zoom"])
        assert changed.preset == "own"


def test_an_automatic_batch_size_is_zero() -> None:
    assert SPEC.with_values({"batch_size": "auto"}).batch_size == 0


def test_all_settings_can_be_set_to_what_they_are() -> None:
    data = SPEC.model_dump()
    for key in settable():
        part, _, inner = key.partition(".")
        value = data["shares"][key] if key in data["shares"] else data[part]
        assert SPEC.with_values({key: value[inner] if inner else value}) == SPEC


@pytest.mark.parametrize(
    "key", ["momentum", "optimizer.rho", "shares", "shares.other", "dataset_id", "optimizer.", ""]
)
def test_an_unknown_setting_is_answered_with_those_that_there_are(key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        SPEC.with_values({key: 1})
    assert all(name in str(caught.value) for name in settable())


def test_held_out_shares_are_set_in_one_word_and_the_rest_trains() -> None:
    changed = SPEC.with_values({"validation": "0.2", "test": "0.1"})
    assert changed.shares == Shares(train=0.7, validation=0.2, test=0.1)
    only = SPEC.with_values({"test": 0.1})
    assert only.shares == Shares(train=0.7, validation=0.2, test=0.1), "the other stays"
    assert SPEC.with_values({"validation": 0}).shares == Shares(train=0.7, validation=0, test=0.3)


@pytest.mark.parametrize("part", ["augmentation", "optimizer"])
def test_a_part_that_is_nonsense_is_refused_also_with_something_set_of_it(part: str) -> None:
    inner = {"augmentation": "rotation", "optimizer": "momentum"}[part]
    with pytest.raises(InvalidInput, match=f"{part.capitalize()}.* 7"):
        SPEC.with_values({f"{part}.{inner}": 0.5, part: 7})


@pytest.mark.parametrize("key", ["validation", "test"])
@pytest.mark.parametrize("value", ["a third", "", None, -0.1, 1, 20, float("nan")])
def test_a_held_out_share_that_is_none_is_refused_by_name(key: str, value: Any) -> None:
    with pytest.raises(InvalidInput, match=f"The {key} share is") as caught:
        SPEC.with_values({key: value})
    assert repr(value) in str(caught.value)


def test_held_out_shares_that_leave_nothing_are_refused() -> None:
    with pytest.raises(InvalidInput, match="none are left to train on"):
        SPEC.with_values({"validation": "0.5", "test": "0.5"})


@pytest.mark.parametrize(
    ("old", "recipe", "architecture", "weights"),
    [
        ("transfer", "quick", "mobilenet_v2", "imagenet"),
        ("compact", "scratch", "compact", "none"),
        ("classic", "classic", "classic", "none"),
    ],
)
def test_a_spec_of_the_first_version_is_read_as_what_it_meant(
    old: str, recipe: str, architecture: str, weights: str
) -> None:
    data = {
        "dataset_id": "d",
        "dataset_version": 2,
        "recipe": old,
        "image_size": 96,
        "epochs": 4,
        "batch_size": 8,
        "learning_rate": 0.003,
        "seed": 5,
        "precision": "float32",
        "shares": {"train": 0.6, "validation": 0.2, "test": 0.2},
    }
    for augment, preset in ((True, "light"), (False, "none"), (None, "light")):
        spec = parse_spec(data if augment is None else data | {"augment": augment})
        assert (spec.recipe, spec.architecture, spec.weights) == (recipe, architecture, weights)
        assert spec.augmentation.preset == preset
        assert (spec.epochs, spec.batch_size, spec.seed) == (4, 8, 5)
        assert spec.shares == Shares(train=0.6, validation=0.2, test=0.2)
        assert parse_spec(spec.model_dump(mode="json")) == spec
