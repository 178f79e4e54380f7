"""What the steps of one run share, and its data: decoded images, labels, splits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from core.catalog import Catalog
from core.datasets.pixels import Files, Pixels, expected_pixels, load_pixels
from core.errors import InvalidInput, NotFound
from core.progress import Reporter
from core.text import images
from core.training import architectures, recipes
from core.training.architectures import Architecture, BuildConfig
from core.training.export import CHECK_IMAGES
from core.training.spec import TrainSpec

_SAMPLES = 12


@dataclass
class TrainingContext:
    """One run while it is being trained.

    Attributes:
        folder: where what comes of it is put.
        precision: ``float32``, ``bfloat16`` or ``float16``: what the spec's means here.
        seconds: by phase, so far.
        classes: in the order of the model's outputs.
        now: seconds since some moment, by which time is taken and spent.
    """

    catalog: Catalog
    folder: Path
    spec: TrainSpec
    precision: str
    report: Reporter
    classes: list[str]
    seconds: dict[str, float] = field(default_factory=dict)
    now: Callable[[], float] = time.monotonic

    @classmethod
    def begin(
        cls, catalog: Catalog, folder: Path, spec: TrainSpec, report: Reporter, table: pd.DataFrame
    ) -> TrainingContext:
        """Of a run on these usable images, on the device that trains here. Loads TensorFlow."""
        from core.training.fitting import devices

        precision, classes = devices.precision(spec.precision), sorted(table["label"].unique())
        return cls(catalog, folder, spec, precision, report, classes)

    @property
    def architecture(self) -> Architecture:
        return architectures.get(self.spec.architecture)

    @property
    def pretrained(self) -> bool:
        """Whether it begins with a head on a pretrained backbone's features."""
        return self.architecture.backbone is not None and self.spec.weights != "none"

    @property
    def build_config(self) -> BuildConfig:
        spec = self.spec
        return BuildConfig(spec.image_size, len(self.classes), spec.dropout, spec.color, spec.stack)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Tell of a phase's start and end, and take its time."""
        self.report.event("phase", phase=name, state="started")
        started = self.now()
        before = sum(self.seconds.values())
        yield
        # What was counted under another name meanwhile (features computed between epochs) is its.
        aside = sum(self.seconds.values()) - before
        took = self.now() - started - aside
        self.seconds[name] = round(self.seconds.get(name, 0.0) + took, 3)
        self.report.event("phase", phase=name, state="done", seconds=self.seconds[name])

    @contextmanager
    def aside(self, name: str) -> Iterator[None]:
        """Count time under another name than that of the phase it happens in."""
        started = self.now()
        yield
        took = self.now() - started
        self.seconds[name] = round(self.seconds.get(name, 0.0) + took, 3)


@dataclass(frozen=True)
class Data:
    """The images of a run.

    Attributes:
        table: usable images that could be decoded; ``split_at`` says train, validation or test.
        labels: int64, shape (rows,).
        train, validation: rows of each of these splits; nothing is trained on the test.
        spec: the run's; its batch size of 0 is a number in :attr:`batch_size`.
    """

    table: pd.DataFrame
    pixels: Pixels
    labels: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    spec: TrainSpec

    @property
    def batch_size(self) -> int:
        return recipes.batch_size(self.spec, len(self.train))

    @property
    def learned(self) -> np.ndarray:
        """Rows of the training images, and then of those that choose the epoch."""
        return np.concatenate([self.train, self.validation])

    def checked(self) -> np.ndarray:
        """Rows on which the export is checked: first those that chose nothing but the epoch; the
        test set is left alone until it is tested."""
        return np.concatenate([self.validation, self.train])[:CHECK_IMAGES]

    def samples(self) -> np.ndarray:
        """A few validation rows to show what the model answers about them, of various classes."""
        rng = np.random.default_rng(self.spec.seed)
        shuffled = rng.permutation(self.validation)
        nth = pd.Series(self.labels[shuffled]).groupby(self.labels[shuffled]).cumcount()
        return shuffled[np.argsort(nth.to_numpy(), kind="stable")][:_SAMPLES]


def decode(context: TrainingContext, table: pd.DataFrame, *, later: bool = False) -> Data:
    """Pixels of all images; those that can't be decoded are left out and told of.

    Args:
        table: usable images, with ``split_at``.
        later: only find out which can be decoded, for what decodes what it looks at when it does.

    Raises:
        NotFound: no image can be read any more.
        InvalidInput: of a class no training image can be.
    """
    catalog, spec = context.catalog, context.spec
    root = catalog.workspace.load_path(catalog.datasets.get(spec.dataset_id).root)
    files = Files(root, table, spec.image_size, spec.resize, spec.as_decoded)
    found_by = expected_pixels if later else load_pixels
    pixels = found_by(catalog.workspace, spec.dataset_id, files, context.report)
    if pixels.decoded == 0 and not later:
        context.report.event("note", text="All images were decoded before; nothing to read again.")
    good = pixels.slots >= 0
    if not good.any():
        raise NotFound(
            "None of this dataset's images can be read any more.",
            file=root,
            remedy="Put the folder back where it was, or scan the dataset again.",
        )
    if not good.all():
        lost = int((~good).sum())
        first = pixels.failed[0] if pixels.failed else None
        text = f"{images(lost)} could not be read and will be left out"
        context.report.event("note", text=text + (f": {first.path}. {first.why}" if first else "."))
        learned = set(table.loc[table["split_at"] == "train", "label"])
        table = table[good].reset_index(drop=True)
        pixels = Pixels(pixels.store, pixels.slots[good], pixels.failed, pixels.decoded)
        missing = learned - set(table.loc[table["split_at"] == "train", "label"])
        if missing:
            raise InvalidInput(
                f"No training image of “{min(missing)}” can be read any more.",
                remedy="Put the files back, or scan the dataset again.",
            )
    number = {label: position for position, label in enumerate(context.classes)}
    splits = table["split_at"].to_numpy()
    return Data(
        table,
        pixels,
        table["label"].map(number).to_numpy(dtype=np.int64),
        np.flatnonzero(splits == "train"),
        np.flatnonzero(splits == "validation"),
        spec,
    )
