"""What is said before a training: what can't work is refused, with a sentence at the setting that
is at fault, and what a test of too few images can't show is told."""

from __future__ import annotations

import bisect
import math
from pathlib import Path
from typing import Any

import pandas as pd

from core.catalog import Catalog
from core.datasets.splits import (
    LEFT_OUT,
    WARNINGS,
    copies_of_training,
    given_splits,
    plan_splits,
    split_warnings,
)
from core.errors import InvalidInput, NotFound
from core.features import hardware
from core.quality.belonging import belonging, with_groups
from core.runs.files import RunFiles
from core.text import images, percent, plural
from core.training import architectures, recipes, stack
from core.training.again import split_of
from core.training.augmentation.meaning import flip_warning
from core.training.spec import SETTINGS, TrainSpec

# Activations of the largest layers of networks from scratch, in bytes an image and pixel.
_BYTES_PER_PIXEL = 3000
_MEMORY_LIMIT = 6 * 1024**3


class WrongSetting(InvalidInput):
    """A setting that can't work; ``setting`` is its name in the spec, for pages to point at."""

    def __init__(self, setting: str, what: str, remedy: str) -> None:
        super().__init__(what, remedy=remedy)
        self.setting = setting


def _to(key: str, value: Any) -> str:
    """A setting and what it should be, in the words of the form: “Epochs of fine-tuning” to 0."""
    return f"“{SETTINGS[key].label}” to {SETTINGS[key].shown(value)}"


def check(spec: TrainSpec, table: pd.DataFrame, catalog: Catalog | None = None) -> list[str]:
    """Refuse what can't work; return what the person should know.

    Args:
        table: usable images.
        catalog: to look whether a run to start from is there.

    Raises:
        InvalidInput: at the setting (:class:`WrongSetting`) or the class that is at fault.
    """
    recipes.get(spec.recipe)
    classes = sorted(table["label"].unique())
    if len(classes) < 2:
        only = f" (“{classes[0]}”)" if classes else ""
        raise InvalidInput(
            f"This dataset has {plural(len(classes), 'class', 'classes')} with usable "
            f"images{only}; a classifier needs at least two to tell apart.",
            remedy="Add a folder of images for another class.",
        )
    _check_network(spec, len(classes), len(table))
    _check_weights(spec, catalog)
    _check_settings(spec, len(classes))
    splits = recipes.plan(spec, table)
    if spec.refits and catalog is not None:
        splits = split_of(catalog.workspace, spec, table)
    learned = sorted(table.loc[splits == "train", "label"].unique())
    if len(learned) == 1:
        raise InvalidInput(
            f"All training images are of one class (“{learned[0]}”); a classifier needs at least "
            "two to tell apart.",
            remedy="Add training images of another class.",
        )
    if (splits == "train").all() and with_groups(table)["group"].nunique() == 1:
        raise InvalidInput(
            "All images look nearly the same, whatever their class, so none can be held out for a "
            "test.",
            remedy="Show something different for each class, or more than one view of it.",
        )
    for split, what in (("train", "train on"), ("test", "test with")):
        if not (splits == split).any():
            raise InvalidInput(
                f"With these shares no image is left to {what}.",
                remedy="Add images, or change the shares.",
            )
    few = little_tested(spec, table, splits)
    # Where all tested images together are too few, each class's are.
    passed_over = {"judged"} if few else set()
    warnings = split_warnings(with_groups(table), splits, kinds=WARNINGS - passed_over)
    if leaking := _leaking(table, splits):
        warnings.insert(0, leaking)
    if few:
        warnings.insert(0, few)
    if not (splits == "validation").any():
        if spec.stopping.patience:
            raise WrongSetting(
                "stopping.patience",
                "Stopping early needs validation images, and there are none.",
                f"Give validation a share, or set {_to('stopping.patience', 0)}.",
            )
        warnings.append(
            "There are no validation images, so training can't notice when it goes too far; the "
            "last epoch is kept."
        )
    if warning := flip_warning(spec.augmentation, classes):
        warnings.append(warning)
    network = architectures.get(spec.architecture)
    head_only = network.backbone is not None and spec.weights != "none" and not spec.tuning.epochs
    if head_only and spec.augmentation.mixes:
        warnings.append(
            "Mixing images (mixup, cutmix) does nothing here: only the last step is trained, on "
            "features of single images. It works with fine-tuning, or from scratch."
        )
    if head_only and spec.frozen:
        warnings.append(
            "Without fine-tuning the whole pretrained network stays frozen, whatever the frozen "
            "share is."
        )
    return warnings


def _check_network(spec: TrainSpec, classes: int, images: int) -> None:
    network = architectures.get(spec.architecture)
    if spec.image_size < network.smallest:
        raise WrongSetting(
            "image_size",
            f"The image size is {spec.image_size} pixels; {network.title} needs at least "
            f"{network.smallest}.",
            "Choose a larger size.",
        )
    if spec.architecture == "custom":
        try:
            stack.check(spec.stack, spec.image_size, 1 if spec.color == "gray" else 3, classes)
        except InvalidInput as error:
            raise WrongSetting("stack", error.title, error.remedy) from error
    elif spec.stack:
        raise WrongSetting(
            "architecture",
            f"Layers were given, but {network.title} has its own.",
            f"Set {_to('architecture', 'custom')}, or leave the layers out.",
        )
    batch = recipes.batch_size(spec, images)
    needed = batch * spec.image_size**2 * _BYTES_PER_PIXEL
    if network.backbone is None and needed > _MEMORY_LIMIT:
        raise WrongSetting(
            "batch_size",
            f"The batch size of {batch} at {spec.image_size} pixels needs about "
            f"{needed / 1024**3:.0f} GB of memory.",
            "Choose a smaller batch size or image size.",
        )


def _check_weights(spec: TrainSpec, catalog: Catalog | None) -> None:
    network = architectures.get(spec.architecture)
    kind, _, name = spec.weights.partition(":")
    if kind == "imagenet" and network.backbone is None:
        raise WrongSetting(
            "weights",
            f"There are no ImageNet weights for {network.title}.",
            "Start from random weights, or choose a pretrained architecture.",
        )
    if kind == "file" and not Path(name).expanduser().is_file():
        raise WrongSetting("weights", f"There is no file of weights at {name}.", "Check the path.")
    if kind == "run" and catalog is not None:
        try:
            run = catalog.runs.find(name)
        except NotFound as error:
            raise WrongSetting("weights", error.title, error.remedy) from error
        if not RunFiles(catalog.workspace, run.id).keras.exists():
            raise WrongSetting(
                "weights", f"“{run.name}” has no finished model.", "Choose another run."
            )
        theirs = run.spec.get("architecture", spec.architecture)
        if theirs != spec.architecture:
            raise WrongSetting(
                "weights",
                f"“{run.name}” was trained with another architecture "
                f"({architectures.get(theirs).title}); its weights don't fit {network.title}.",
                "Choose the same architecture.",
            )
    pretrained = network.backbone is not None and kind != "none"
    if spec.minutes and (kind != "imagenet" or network.backbone is None):
        raise WrongSetting(
            "minutes",
            "Auto looks with networks that have learned from photos; this one starts from "
            "something else.",
            f"Set {_to('minutes', 0)}, or start from ImageNet weights.",
        )
    if spec.tuning.epochs and not pretrained:
        raise WrongSetting(
            "tuning.epochs",
            "Fine-tuning needs a pretrained network; this one learns all its layers anyway.",
            f"Set {_to('tuning.epochs', 0)}, or choose pretrained weights.",
        )
    if kind == "none" and spec.frozen:
        raise WrongSetting(
            "frozen",
            "Layers with random weights can't be frozen: they would never learn anything.",
            f"Set {_to('frozen', 0.0)}, or choose pretrained weights.",
        )
    if spec.tuning.epochs and spec.frozen > 0.97:
        raise WrongSetting(
            "frozen",
            "With all layers frozen there is nothing to fine-tune.",
            f"Lower it, or set {_to('tuning.epochs', 0)}.",
        )


def _check_settings(spec: TrainSpec, classes: int) -> None:
    if spec.loss.name == "binary" and classes != 2:
        raise WrongSetting(
            "loss.name",
            f"Binary cross-entropy is for two classes, and there are {classes}.",
            f"Set {_to('loss.name', 'categorical')}.",
        )
    if "top_3" in spec.metrics and classes < 4:
        raise WrongSetting(
            "metrics",
            f"Of {classes} classes, the right one is always among the first three.",
            f"Leave “{SETTINGS['metrics'].shown('top_3')}” out of “{SETTINGS['metrics'].label}”.",
        )
    if spec.precision == "float16" and not hardware.has_gpu():
        raise WrongSetting(
            "precision",
            "float16 needs a GPU; on a processor it is slow and loses digits.",
            f"Set {_to('precision', 'auto')}.",
        )
    if spec.optimizer.name in ("adam", "adamw", "rmsprop") and spec.learning_rate > 0.3:
        raise WrongSetting(
            "learning_rate",
            f"A learning rate of {spec.learning_rate:g} is far too big for "
            f"{SETTINGS['optimizer.name'].shown(spec.optimizer.name)}.",
            "Use 0.01 or less.",
        )


# Of so many, all right, Wilson's interval begins at 72 %: below, a test says next to nothing.
ENOUGH = 10
_Z2 = 1.96**2


def hard_to_test(spec: TrainSpec, table: pd.DataFrame) -> list[str]:
    """Whether the test of a training will say next to nothing, and which classes will have none;
    with what to do, a sentence or two each.

    Args:
        table: usable images, of two classes or more.
    """
    # Each class of three images has one that is tested, unless the folder says otherwise.
    smallest = table["label"].value_counts().min()
    if smallest * spec.shares.test >= ENOUGH and not given_splits(table):
        return []
    splits = recipes.plan(spec, table)
    said = little_tested(spec, table, splits)
    return [*filter(None, [said]), *split_warnings(with_groups(table), splits, kinds=LEFT_OUT)]


def _leaking(table: pd.DataFrame, splits: pd.Series) -> str:
    """That a test folder holds copies of what is trained on; "" where it doesn't."""
    if "test" not in given_splits(table):
        return ""
    counted = splits.isin(("train", "test"))
    many = copies_of_training(belonging(table)[counted], splits[counted])
    if not many:
        return ""
    tested = plural(int((splits == "test").sum()), "test image")
    return (
        f"{many:,} of {tested} are near-copies of images that are trained on, or belong with "
        "them, so its score will flatter the model. Leave those in the training folder out first, "
        "under Clean."
    )


def little_tested(spec: TrainSpec, table: pd.DataFrame, splits: pd.Series) -> str:
    """That there are too few test images, and how many would do; "" where there are enough.

    Args:
        splits: of the table's rows, as planned.
    """
    tested = int((splits == "test").sum())
    if not 0 < tested < ENOUGH:
        return ""
    # The lower end of Wilson's interval where all are right.
    least = percent(tested / (tested + _Z2), 0)
    said = (
        f"It will be tested on {images(tested)} only, so its score will say little: "
        f"{tested} of {tested} right can still mean {least}."
    )
    if "test" in given_splits(table):
        return f"{said} Put more images into the test folder: {ENOUGH} make a start."
    sizes = table["label"].value_counts()
    given = sorted({*given_splits(table)} - {"train"})

    def left(each: int) -> int:
        """Test images of so many of each class: tried out, as images can't be cut in two."""
        splits = [""] * each + given
        paths = [str(number) for number in range(len(splits))]
        labels = ["a"] * each + ["b"] * len(given)
        alone = pd.DataFrame({"path": paths, "label": labels, "split": splits, "group": paths})
        planned = plan_splits(alone, shares=spec.shares, seed=spec.seed)
        return len(sizes) * int((planned == "test").sum())

    surely = math.ceil((math.ceil(ENOUGH / len(sizes)) + 1) / spec.shares.test)
    tried = range(max(3, int(sizes.min()) + 1), max(3, int(sizes.min()) + 1, surely) + 1)
    each = tried[bisect.bisect_left(tried, ENOUGH, hi=len(tried) - 1, key=left)]
    return f"{said} About {each} images of each class leave {left(each)} to test with."
