"""What can't work is refused before it starts, and the refusal points at the setting."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.catalog import Catalog
from core.errors import InvalidInput
from core.features import hardware
from core.training.checks import ENOUGH, WrongSetting, check, hard_to_test, little_tested
from core.training.recipes import default_spec, plan
from core.training.spec import TrainSpec
from tests.core.training.small import STACK, add_colours, spec_of, table_of

COUNTS = {"a": 20, "b": 20, "c": 20}


def spec_for(recipe: str = "scratch", **values: Any) -> TrainSpec:
    wanted = {name.replace("__", "."): value for name, value in values.items()}
    return default_spec("d", 1, recipe, table_of(COUNTS)).with_values(wanted)


def warnings_of(counts: dict[str, int], split: Any = "", **values: Any) -> list[str]:
    return check(spec_for(**values), table_of(counts, split=split))


LATE_FLATTEN = [{"kind": "Flatten"}, {"kind": "Conv2D"}]


@pytest.mark.parametrize(
    ("setting", "recipe", "values", "said"),
    [
        ("image_size", "quick", {"image_size": 24}, r"24 pixels.*(MobileNetV2|Lite0).*at least"),
        ("stack", "scratch", {"architecture": "custom"}, "no layers yet"),
        ("stack", "scratch", {"architecture": "custom", "stack": LATE_FLATTEN}, r"Layer 2.*Conv2D"),
        ("architecture", "scratch", {"stack": STACK}, "Layers were given"),
        ("batch_size", "scratch", {"image_size": 512, "batch_size": 1024}, "GB of memory"),
        ("weights", "scratch", {"weights": "imagenet"}, "no ImageNet weights for Compact"),
        ("weights", "scratch", {"weights": "file:/nowhere/at.keras"}, "/nowhere/at.keras"),
        ("tuning.epochs", "scratch", {"tuning__epochs": 2}, "needs a pretrained network"),
        ("tuning.epochs", "balanced", {"weights": "none", "frozen": 0}, "needs a pretrained"),
        ("frozen", "scratch", {"frozen": 0.5}, "random weights can't be frozen"),
        ("frozen", "balanced", {"frozen": 1}, "nothing to fine-tune"),
        ("loss.name", "scratch", {"loss": "binary"}, "two classes, and there are 3"),
        ("metrics", "scratch", {"metrics": ["f1", "top_3"]}, "first three"),
        ("learning_rate", "scratch", {"learning_rate": 0.5}, r"0\.5 is far too big for AdamW"),
        (
            "stopping.patience",
            "scratch",
            {"stopping__patience": 3, "validation": 0},
            "there are none",
        ),
    ],
)
def test_a_wrong_combination_is_refused_at_its_setting(
    setting: str, recipe: str, values: dict[str, Any], said: str
) -> None:
    table = table_of(COUNTS)
    check(spec_for(recipe), table)
    with pytest.raises(WrongSetting, match=said) as caught:
        check(spec_for(recipe, **values), table)
    assert caught.value.setting == setting
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("recipe", "values"),
    [
        ("scratch", {"learning_rate": 0.5, "optimizer": "sgd"}),
        ("scratch", {"architecture": "custom", "stack": STACK}),
        ("scratch", {"image_size": 512, "batch_size": 1}),
        ("balanced", {"frozen": 0}),
        ("quick", {"frozen": 1}),
        ("quick", {"weights": "none"}),
    ],
)
def test_what_is_only_unusual_is_not_refused(recipe: str, values: dict[str, Any]) -> None:
    check(spec_for(recipe, **values), table_of(COUNTS))


def test_two_classes_may_be_binary_and_four_may_have_a_top_three() -> None:
    warnings_of({"a": 20, "b": 20}, loss="binary")
    warnings_of(dict.fromkeys("abcd", 20), metrics="top_3")


def test_float16_is_refused_without_a_gpu_and_only_then(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whether there is one is asked of the machine, by the name of a program that comes with it.
    monkeypatch.setenv("PATH", "")
    hardware.has_gpu.cache_clear()
    try:
        with pytest.raises(WrongSetting, match="needs a GPU") as caught:
            check(spec_for(precision="float16"), table_of(COUNTS))
        assert caught.value.setting == "precision"
        check(spec_for(precision="bfloat16"), table_of(COUNTS))
    finally:
        hardware.has_gpu.cache_clear()


def test_a_run_to_start_from_must_be_there_be_finished_and_be_alike(
    catalog: Catalog, tmp_path: Path
) -> None:
    dataset = add_colours(catalog, tmp_path / "colours", each=4)
    job = catalog.jobs.hold("train", {}, lane="train", subject=dataset.id)
    before = spec_of(dataset)
    run = catalog.runs.add(
        "before",
        dataset_id=dataset.id,
        dataset_version=dataset.version,
        spec=before.model_dump(mode="json"),
        job_id=job.id,
    )

    def refused(weights: str, **values: Any) -> str:
        with pytest.raises(WrongSetting) as caught:
            spec = spec_of(dataset, weights=weights, **values)
            check(spec, table_of(COUNTS), catalog)
        assert caught.value.setting == "weights"
        return str(caught.value)

    assert "no run named “after”" in refused("run:after")
    assert "no finished model" in refused("run:before")
    folder = catalog.workspace.run(run.id)
    folder.mkdir(parents=True)
    (folder / "model.keras").touch()
    said = refused(f"run:{run.id}", recipe="scratch")
    assert "another architecture (Own network)" in said
    assert "don't fit Compact" in said
    check(spec_of(dataset, weights="run:before"), table_of(COUNTS), catalog)
    check(spec_of(dataset, weights="run:before", frozen=0.5), table_of(COUNTS), catalog)


@pytest.mark.parametrize("counts", [{}, {"only": 20}])
def test_fewer_than_two_classes_are_refused(counts: dict[str, int]) -> None:
    with pytest.raises(InvalidInput, match="at least two"):
        warnings_of(counts)


def test_an_unknown_recipe_or_architecture_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InvalidInput, match="scratch, classic"):
        check(spec_for().model_copy(update={"recipe": "deep"}), table_of(COUNTS))
    with pytest.raises(InvalidInput, match="compact, vgg"):
        check(spec_for(architecture="deep"), table_of(COUNTS))


def test_training_images_of_one_class_are_refused_even_if_others_are_tested() -> None:
    with pytest.raises(InvalidInput, match=r"“a”.*at least two"):
        warnings_of({"a": 20, "b": 20}, {"a": "train", "b": "test"})


def test_a_class_without_training_images_is_a_warning_when_two_others_have_some() -> None:
    said = warnings_of(COUNTS, {"a": "train", "b": "train", "c": "test"})
    assert any("“c” has no training images" in text for text in said)


def test_a_test_folder_with_copies_of_what_is_trained_on_is_said_before_the_start() -> None:
    counts = {f"{label}-{split}": 20 for label in "ab" for split in ("train", "test")}
    table = table_of(counts, split={each: each.partition("-")[2] for each in counts})
    table["label"] = table["label"].str[0]
    assert not any("flatter" in text for text in check(spec_for(), table))
    at = table.index[table["split"] == "test"][:5]
    table.loc[at, "hash"] = table.loc[table["split"] == "train", "hash"].iloc[0]
    said = check(spec_for(validation=0, stopping__patience=0), table)[0]
    assert said.startswith("5 of 40 test images are near-copies of images that are trained on")
    # Where the folder doesn't say what is tested, none of them is.
    free = check(spec_for(), table.assign(split=""))
    assert not any("flatter" in text for text in free)


def test_no_image_to_test_with_is_refused_with_what_to_change() -> None:
    with pytest.raises(InvalidInput, match=r"left to test with.*change the shares"):
        warnings_of(COUNTS, test=0)


def test_where_all_images_are_alike_nothing_can_be_tested_and_that_is_said() -> None:
    table = table_of(COUNTS).assign(copy_group=0)
    with pytest.raises(InvalidInput, match="look nearly the same, whatever their class"):
        check(spec_for(), table)


def test_no_image_to_train_on_is_refused() -> None:
    with pytest.raises(InvalidInput, match="left to train on"):
        warnings_of(COUNTS, "test")


def test_no_validation_images_is_a_warning() -> None:
    assert any("no validation images" in text for text in warnings_of(COUNTS, validation=0))
    assert not any("no validation images" in text for text in warnings_of(COUNTS))


def test_a_class_with_few_images_is_a_warning_that_names_it() -> None:
    said = warnings_of({"a": 100, "b": 1})
    assert any("“b”" in text for text in said)
    assert not any("“a”" in text for text in said)


def test_mirroring_digits_is_a_warning_and_mirroring_cats_is_not() -> None:
    flip = {"augmentation.flip_horizontal": True}
    digits, cats = {"2": 60, "5": 60}, {"cat": 60, "dog": 60}
    said = check(spec_for().with_values(flip), table_of(digits))
    assert any("Mirrored left to right" in text for text in said)
    assert check(spec_for().with_values(flip), table_of(cats)) == []
    assert check(spec_for(), table_of(digits)) == []


def test_what_has_no_effect_on_a_frozen_network_is_said() -> None:
    many = {"a": 200, "b": 200}
    assert warnings_of(many, recipe="quick") == []
    (mixed,) = warnings_of(many, recipe="quick", augmentation__mixup=0.2)
    assert "mixup" in mixed
    assert warnings_of(many, recipe="balanced", augmentation__mixup=0.2) == []
    (frozen,) = warnings_of(many, recipe="quick", frozen=0.5)
    assert "stays frozen" in frozen


def test_too_few_images_to_test_with_are_said_before_the_start_with_how_many_would_do() -> None:
    few, alone = hard_to_test(spec_for(), table_of({"cat": 2, "dog": 1}))
    assert few.startswith("It will be tested on 1 image only")
    assert "1 of 1 right can still mean 21 %" in few
    assert "About 29 images of each class leave 10" in few
    assert "“dog” has only 1 image" in alone
    assert warnings_of({"cat": 2, "dog": 1})[0] == few
    assert hard_to_test(spec_for(), table_of({"cat": 29, "dog": 29})) == []


@pytest.mark.parametrize("came", ["", "train", "validation"])
@pytest.mark.parametrize(("classes", "share"), [(2, 0.15), (5, 0.3), (7, 0.1), (9, 0.15)])
def test_with_as_many_as_would_do_the_test_is_what_was_said(
    classes: int, share: float, came: str
) -> None:
    shares = {"train": 0.8 - share, "validation": 0.2, "test": share}
    spec = spec_for().with_values({f"shares.{name}": part for name, part in shares.items()})
    names = [str(number) for number in range(classes)]

    def table(each: int) -> pd.DataFrame:
        new = table_of(dict.fromkeys(names, each), split="train" if came else "")
        if came != "validation":
            return new
        kept = table_of({f"{name} kept": 1 for name in names}, split=came)
        return pd.concat([new, kept.assign(label=names)], ignore_index=True)

    said = little_tested(spec, table(3), plan(spec, table(3)))
    each, left = map(int, re.findall(r"About (\d+) images of each class leave (\d+)", said)[0])
    tested = plan(spec, table(each))
    assert (tested == "test").sum() == left >= ENOUGH
    assert little_tested(spec, table(each), tested) == ""
