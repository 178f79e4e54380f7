"""Datasets that everybody knows, by a key: downloaded when asked for and written as PNG folders.

Their files are Keras's own, at the same place in its cache, so what one has downloaded the other
finds; Keras itself is not needed. What comes out is ``train/<class>/<number>.png`` and
``test/<class>/<number>.png``, the number being the image's place in the original split, from 1;
or what is in the archive, where it is published as one of class folders.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.datasets import archives
from core.datasets.downloads import Published, bring, seems_here
from core.datasets.known_formats import ArrayBatch, read_cifar, read_idx, read_npz
from core.errors import InvalidInput, disk_errors
from core.progress import SILENT, Reporter
from core.workspace import ensure_space

_BASE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
# Few enough that a person who cancels does not wait.
_BATCH = 500
# File systems give each file at least a block.
_BYTES_A_FILE = 4096


@dataclass(frozen=True)
class KnownSet:
    """One such dataset.

    Attributes:
        key: its name in code and on the command line; Keras's name for it.
        title: its name for people.
        sentence: what it shows, in plain words.
        images: how many, in both splits together.
        classes: names in the order of the original's numbers; they become folders.
        files: what is downloaded.
        licence: in a few words.
        read: makes parts of the files' paths, given in that order; ``None`` where the one file is
            an archive of class folders.
    """

    key: str
    title: str
    sentence: str
    images: int
    classes: tuple[str, ...]
    files: tuple[Published, ...]
    licence: str
    read: Callable[[Sequence[Path]], Iterator[ArrayBatch]] | None = None

    @property
    def download_bytes(self) -> int:
        """Size of the download."""
        return sum(file.bytes for file in self.files)

    @property
    def is_downloaded(self) -> bool:
        """Whether its files seem to be on this computer."""
        return seems_here(self.files)


def _fashion(name: str, digest: str, size: int) -> Published:
    return Published(_BASE + name, (f"fashion-mnist/{name}",), digest, size)


# Addresses, names and SHA-256 are those in keras.datasets. Keras has none for Fashion-MNIST's
# files, so theirs are the MD5 that its authors publish; those of the flowers are TensorFlow's.
KNOWN: dict[str, KnownSet] = {
    each.key: each
    for each in (
        KnownSet(
            "flowers",
            "Flowers",
            "Photos of daisies, dandelions, roses, sunflowers and tulips, in colour.",
            3_670,
            ("daisy", "dandelion", "roses", "sunflowers", "tulips"),
            (
                Published(
                    "https://storage.googleapis.com/download.tensorflow.org/example_images/"
                    "flower_photos.tgz",
                    ("flower_photos.tgz", "flower_photos.tar.gz"),
                    "4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c",
                    228_813_984,
                ),
            ),
            "CC BY 2.0, its photographers are named in it",
        ),
        KnownSet(
            "mnist",
            "MNIST",
            "Handwritten digits from 0 to 9, grey, 28 × 28 pixels. The classic first dataset, and "
            "an easy one.",
            70_000,
            tuple("0123456789"),
            (
                Published(
                    _BASE + "mnist.npz",
                    ("mnist.npz",),
                    "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
                    11_490_434,
                ),
            ),
            "CC BY-SA 3.0",
            read_npz,
        ),
        KnownSet(
            "fashion_mnist",
            "Fashion-MNIST",
            "Clothes, shoes and bags, grey, 28 × 28 pixels. As small as MNIST, and harder.",
            70_000,
            (
                *("T-shirt", "Trouser", "Pullover", "Dress", "Coat"),
                *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
            ),
            (
                _fashion(
                    "train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26_421_880
                ),
                _fashion("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe", 29_515),
                _fashion(
                    "t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79", 4_422_102
                ),
                _fashion("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310", 5_148),
            ),
            "MIT",
            read_idx,
        ),
        KnownSet(
            "cifar10",
            "CIFAR-10",
            "Photos of animals and vehicles, in colour, 32 × 32 pixels. A few of its labels are "
            "known to be wrong.",
            60_000,
            (
                *("airplane", "automobile", "bird", "cat", "deer"),
                *("dog", "frog", "horse", "ship", "truck"),
            ),
            (
                Published(
                    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
                    (
                        "cifar-10-batches-py-target_archive",  # Keras 3
                        "cifar-10-batches-py.tar.gz",  # before
                        "cifar-10-python.tar.gz",  # as a browser saves it
                    ),
                    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
                    170_498_071,
                ),
            ),
            "none stated, published for research",
            read_cifar,
        ),
    )
}


def known_set(key: str) -> KnownSet:
    """The dataset of that key.

    Raises:
        InvalidInput: there is none, naming those that there are.
    """
    try:
        return KNOWN[key]
    except KeyError:
        raise InvalidInput(
            "Lightbox knows no dataset of that name.",
            file=key,
            remedy="Choose one of " + ", ".join(KNOWN) + ".",
        ) from None


def write_known(key: str, folder: Path, report: Reporter = SILENT) -> int:
    """Write a known dataset below ``folder``, which must be empty or missing, whole or not at all.

    Returns the number of images.

    Raises:
        InvalidInput: there is no dataset of that key.
        DataMissing: it can't be downloaded; says which file to put where.
        NoSpace: it doesn't fit on the disk.
        Cancelled: the person asked to stop.
    """
    known = known_set(key)
    ensure_space(folder, known.images * _BYTES_A_FILE, f"{known.title}'s images")
    paths = bring(known.files, known.title, report)
    # Always the same name, so that what a killed job left behind is swept by the next one.
    part = folder.with_name(f".{folder.name}.part")
    try:
        with disk_errors(f"writing {known.title}"):
            shutil.rmtree(part, ignore_errors=True)
            if known.read is None:
                part.mkdir(parents=True)
                written = archives.unpack(paths[0], part, report=report).kept
            else:
                written = _write(known, paths, part, report)
            if folder.exists():
                folder.rmdir()
            part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return written


def _write(known: KnownSet, paths: Sequence[Path], folder: Path, report: Reporter) -> int:
    done = 0
    pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1))
    assert known.read is not None
    try:
        for part in known.read(paths):
            places = [folder / part.split / name for name in known.classes]
            for place in places:
                place.mkdir(parents=True, exist_ok=True)
            starts = range(0, len(part.images), _BATCH)
            for number in pool.map(lambda start: _write_batch(part, start, places), starts):  # noqa: B023
                done += number
                report.step("write", done, known.images, f"Writing {known.title}")
    finally:
        pool.shutdown(cancel_futures=True)
    return done


def _write_batch(part: ArrayBatch, start: int, places: Sequence[Path]) -> int:
    images = part.images[start : start + _BATCH]
    labels = part.labels[start : start + _BATCH]
    for number, (image, label) in enumerate(zip(images, labels, strict=True), part.first + start):
        path = places[int(label)] / f"{number + 1:05d}.png"
        # The least compression is several times faster, and of images this small costs few bytes.
        Image.fromarray(np.ascontiguousarray(image)).save(path, compress_level=1)
    return len(images)
