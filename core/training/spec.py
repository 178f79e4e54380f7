"""Everything that a run depends on, as one frozen, validated object that is its identity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, field_validator

from core.datasets.images import Decoding, Fit
from core.datasets.splits import Shares
from core.errors import InvalidInput
from core.features.hardware import Precision
from core.training import architectures
from core.training.augmentation.catalogue import describe
from core.training.augmentation.options import PRESETS, Augmentation
from core.training.options import (
    ENDING,
    GOAL,
    MACHINE,
    METRICS,
    OF_AUGMENTATION,
    OF_SHARES,
    SIZES,
    STEPS,
    Balance,
    Color,
    ExtraMetric,
    Loss,
    Metric,
    Optimizer,
    Schedule,
    Share,
    Stopping,
    Tuning,
)
from core.training.setting import (
    AUGMENTATION,
    DATA,
    NETWORK,
    TRAINING,
    WEIGHTS,
    Setting,
    leaf,
    settings_of,
    share_of,
)
from core.training.stack import Layer
from core.training.values import HELD_OUT, Adjustable, parsed, settable_of

__all__ = ["HELD_OUT", "SETTINGS", "TrainSpec", "differences", "parse_spec", "settable"]


def _decoded(text: str) -> str:
    how = Decoding.parse(text)
    if how.version == 1:
        return "as the first version read them"
    if how.greys is None:
        return "as viewers show them"
    return f"as viewers show them; greys from {how.greys[0]:g} to {how.greys[1]:g}"


class TrainSpec(Adjustable):
    """One training run. The same spec on the same data gives the same split.

    ``image_size`` is a side in pixels; a ``learning_rate`` is the peak where the schedule varies
    it; ``weights`` are ``imagenet``, ``none`` (random), ``run:ID`` or ``file:PATH``. Everything
    else is said in the settings' own sentences.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset_id: str = Setting("Dataset").field()
    dataset_version: int = Setting("Version of the dataset").field(ge=1)
    recipe: str = Setting("Recipe", told=True, slows=False).field()
    architecture: str = Setting(
        "Architecture",
        "The kind of network: which layers it has, and how they are connected.",
        NETWORK,
        choices=architectures.titles,
        told=True,
        tries=lambda value: (value,),
    ).field()
    stack: tuple[Layer, ...] = Setting(
        "Layers of the own network",
        "As JSON, where the architecture is custom.",
        NETWORK,
        reads=lambda layers: f"{len(layers)} layers" if layers else "none",
        only_with=("architecture", ("custom",)),
    ).field(())
    weights: str = Setting(
        "Starts from",
        "What the network begins with; run:NAME goes on from an earlier run, file:PATH from "
        "weights on this computer.",
        WEIGHTS,
        choices={
            "imagenet": "ImageNet weights",
            "none": "Random weights",
            "run": "An earlier run",
            "file": "A file",
        },
        captions={
            "imagenet": "Over a million photos of a thousand kinds of things. Best for photos.",
            "none": "Knows nothing yet, and learns from your images alone.",
            "run": "Goes on from what a model learned here before.",
            "file": "Weights on this computer, as Keras saves them.",
        },
        told=True,
    ).field("none", pattern=r"^(imagenet|none|run:.+|file:.+)$")
    image_size: int = Setting(
        "Image size",
        "All images are resized to this. Larger shows finer detail and takes longer.",
        NETWORK,
        offers=SIZES,
        reads=lambda side: f"{side} × {side} pixels",
        tries=lambda value: (value, min(512, value * 3 // 2)),
    ).field(ge=16, le=512)
    resize: Fit = Setting(
        "How images become square",
        "Stretching keeps all of the picture, cropping its shape, padding both but with black "
        "borders.",
        NETWORK,
        choices={"stretch": "Stretch", "crop": "Crop", "pad": "Pad"},
        told=True,
    ).field("stretch")
    decoding: str = Setting(
        "Colours and greys",
        "How files become pixels: 3 is as viewers show them; 3:BLACK:WHITE sets the range of "
        "greys of more than eight bits. Nothing is as the first version did it.",
        reads=_decoded,
        slows=False,
    ).field("")
    color: Color = Setting(
        "Colour",
        "Without colour, the network can only go by shapes. Good where colour is chance.",
        NETWORK,
        choices={"rgb": "Colour", "gray": "Lightness only"},
        told=True,
    ).field("rgb")
    epochs: int = Setting(
        "Epochs",
        "How many times every training image is looked at. More takes longer, and after a "
        "while brings nothing.",
        TRAINING,
        STEPS,
        tries=lambda value: (value, 2 * value),
    ).field(ge=1, le=1000)
    batch_size: int = Setting(
        "Batch size",
        "How many images each step learns from. Larger steps are calmer and need more memory.",
        TRAINING,
        STEPS,
        offers=(0, 8, 16, 32, 64, 128, 256, 512, 1024),
        unit=" images",
        off="Auto",
        tries=lambda _: (16, 32, 64),
        told=True,
    ).field(0, ge=0, le=1024)
    learning_rate: float = Setting(
        "Learning rate",
        "How big each step is. Too big and training goes out of control, too small and it gets "
        "nowhere.",
        TRAINING,
        STEPS,
        low=1e-6,
        step=0.0005,
        tries=lambda value: (value / 3, value, value * 3),
        slows=False,
    ).field(gt=0, le=1)
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    loss: Loss = Loss()
    dropout: float = share_of(
        "Dropout",
        "Share of features that are hidden at random before the last layer, so that the "
        "network doesn't rely on any single one.",
        NETWORK,
        tries=lambda _: (0.1, 0.3, 0.5),
        told=True,
        slows=False,
    ).field(0.2, ge=0, le=0.9)
    balance: Balance = Setting(
        "Classes of different size",
        "What to do when some classes have far fewer images than others.",
        TRAINING,
        GOAL,
        choices={
            "none": "Leave them as they are",
            "weights": "Let mistakes in rare classes count more",
            "sampling": "Show rare classes as often as others",
        },
        tries=lambda _: ("none", "weights", "sampling"),
        notebook={
            "weights": "Mistakes in rare classes count more.",
            "sampling": "Rare classes are shown as often as the others.",
        },
    ).field("none")
    stopping: Stopping = Stopping()
    best_by: Metric = Setting(
        "Best epoch by validation",
        "The weights of the epoch that is best by this are kept.",
        TRAINING,
        ENDING,
        choices=METRICS,
        slows=False,
    ).field("accuracy")
    frozen: Share = share_of(
        "Frozen share of layers",
        "Layers nearest to the image that keep what they know: edges, colours and textures are "
        "much the same everywhere. The others are adjusted to your images.",
        WEIGHTS,
    ).field(0.0)
    tuning: Tuning = Tuning()
    augmentation: Annotated[Augmentation, OF_AUGMENTATION] = Setting(
        "Augmentation",
        "Shows each image slightly changed, and differently each time, so that the model "
        "learns what doesn't matter. Only training images are changed.",
        AUGMENTATION,
        choices={name: name.capitalize() for name in (*PRESETS, "own")},
        reads=describe,
        tries=lambda _: ("none", "light", "medium"),
        told=True,
    ).field(Augmentation())
    test_views: int = Setting(
        "Looks at each image in use",
        "The finished model averages its answer over so many slightly different views of an "
        "image: a little more accurate, and that many times slower.",
        WEIGHTS,
        slider=True,
    ).field(1, ge=1, le=5)
    metrics: tuple[ExtraMetric, ...] = Setting(
        "Also told of every epoch",
        "More figures beside the loss and the accuracy. They change nothing.",
        TRAINING,
        ENDING,
        choices={
            "f1": "F1",
            "balanced_accuracy": "balanced accuracy",
            "precision": "precision",
            "recall": "recall",
            "top_3": "right one among the first 3",
            "auc": "area under ROC",
        },
    ).field(())
    precision: Precision = Setting(
        "Precision",
        "Digits that are calculated with. 16 bits are faster where the processor has them; "
        "auto uses them only there.",
        TRAINING,
        MACHINE,
        choices={
            "auto": "Auto",
            "float32": "float32 (32 bits)",
            "bfloat16": "bfloat16 (16 bits)",
            "float16": "float16 (GPUs only)",
        },
    ).field("auto")
    together: int = Setting(
        "Processes that train together",
        "On a Ray cluster each step can be divided between several: the same batch, the same "
        "curve. Only for networks that are trained whole.",
        TRAINING,
        MACHINE,
        only_with=("weights", ("none",)),
        on_ray=True,
    ).field(1, ge=1, le=16)
    seed: int = Setting(
        "Seed",
        "Decides the split and every other draw of chance: the same seed on the same data "
        "gives the same split.",
        DATA,
        told=True,
        slows=False,
    ).field(1, ge=0, le=2**31 - 1)
    shares: Annotated[Shares, OF_SHARES] = Shares()
    minutes: float = Setting(
        "Time for Auto",
        "Minutes in which Auto finds network, image size and head; 0 trains with the settings "
        "as they are.",
        reads=lambda minutes: f"{minutes:g} min" if minutes else "not used",
    ).field(0.0, ge=0, le=1440)
    refits: str = Setting(
        "Learns again",
        "The run that learns again: each image stays in the split that it had, and where Auto "
        "chose what decides at the end, only that is fitted anew.",
        reads=lambda run: f"from {run}" if run else "no",
    ).field("")
    tensorboard: bool = Setting(
        "Write logs for TensorBoard",
        "Into the folder of the run. TensorBoard is a program of its own that draws them.",
        TRAINING,
        MACHINE,
    ).field(False)

    @field_validator("decoding")
    @classmethod
    def _can_be_read(cls, text: str) -> str:
        return str(Decoding.parse(text)) if text else ""

    @property
    def as_decoded(self) -> Decoding:
        """How files become pixels."""
        return Decoding.parse(self.decoding)

    @property
    def all_epochs(self) -> int:
        """Epochs of all parts together."""
        return self.epochs + self.tuning.epochs


# Every setting by its dotted name, with all that is said of it.
SETTINGS: Mapping[str, Setting] = settings_of(TrainSpec)


def differences(spec: TrainSpec, base: TrainSpec) -> dict[str, Any]:
    """Settings by dotted name of which ``spec`` has another value than ``base``; not the
    dataset."""
    mine, theirs = ({key: leaf(one, key) for key in SETTINGS} for one in (spec, base))
    apart = {"dataset_id", "dataset_version", "recipe", "augmentation"}  # told by its parts
    return {key: mine[key] for key in mine if key not in apart and mine[key] != theirs[key]}


def settable() -> tuple[str, ...]:
    """Names of all settings that :meth:`TrainSpec.with_values` takes."""
    return settable_of(TrainSpec)


def parse_spec(data: Mapping[str, Any]) -> TrainSpec:
    """A spec from JSON, also from one that an earlier version of Lightbox wrote.

    Raises:
        InvalidInput: the first setting that is wrong, as a sentence.
    """
    return parsed(TrainSpec, data)


def known_spec(data: Mapping[str, Any]) -> TrainSpec | None:
    """The same, or ``None`` where it is of a version of Lightbox that nobody knows."""
    try:
        return parse_spec(data)
    except InvalidInput:
        return None
