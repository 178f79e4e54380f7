"""Reads the files in which MNIST, Fashion-MNIST and CIFAR-10 are published.

Each reader takes paths and yields parts: arrays of images and labels that belong to one split, a
part at a time, so that memory holds no more than one file's worth.
"""

from __future__ import annotations

import gzip
import io
import pickle
import re
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput


@dataclass(frozen=True)
class ArrayBatch:
    """Some images of one split.

    Attributes:
        split: ``train`` or ``test``.
        first: how many images of this split come before these in the original's order.
        images: uint8 of shape (n, height, width), grey, or (n, height, width, 3), RGB.
        labels: integers of shape (n,), numbers of classes.
    """

    split: str
    first: int
    images: NDArray[np.uint8]
    labels: NDArray[np.integer[Any]]


def read_npz(paths: Sequence[Path]) -> Iterator[ArrayBatch]:
    """One NumPy archive with ``x_train``, ``y_train``, ``x_test`` and ``y_test``."""
    (path,) = paths
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            with archive.open(info) as file:
                _at_most(file)
    with np.load(path, allow_pickle=False) as arrays:
        for split in ("train", "test"):
            yield ArrayBatch(split, 0, arrays[f"x_{split}"], arrays[f"y_{split}"])


def read_idx(paths: Sequence[Path]) -> Iterator[ArrayBatch]:
    """Four gzipped IDX files: training images and labels, test images and labels.

    The format is described at Yann LeCun's MNIST page: two zero bytes, the type (8 is uint8), the
    number of dimensions, each dimension as a big-endian 32-bit integer, and the values.
    """
    train_images, train_labels, test_images, test_labels = paths
    yield ArrayBatch("train", 0, _idx(train_images), _idx(train_labels))
    yield ArrayBatch("test", 0, _idx(test_images), _idx(test_labels))


def read_cifar(paths: Sequence[Path]) -> Iterator[ArrayBatch]:
    """A gzipped tar of Python 2 pickles ``data_batch_1`` … and ``test_batch``, as they come."""
    (path,) = paths
    with tarfile.open(path, "r|gz") as archive:
        for member in archive:
            batch = re.search(r"/(test|data)_batch(?:_(\d))?$", member.name)
            content = archive.extractfile(member) if batch and member.isfile() else None
            if batch is None or content is None:
                continue
            held = _OnlyArrays(content).load()
            rows, labels = held[b"data"], np.array(held[b"labels"])
            images = rows.reshape(len(rows), 3, 32, 32).transpose(0, 2, 3, 1)
            if batch[1] == "test":
                yield ArrayBatch("test", 0, images, labels)
            else:
                yield ArrayBatch("train", (int(batch[2]) - 1) * len(rows), images, labels)


def _idx(path: Path) -> NDArray[np.uint8]:
    content = read_gzip(path)
    dimensions = content[3]
    shape = np.frombuffer(content, ">i4", count=dimensions, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


# The largest file of those that are read here has 47 MB, unpacked.
_MOST_BYTES = 256 * 1024**2


def read_gzip(path: Path) -> bytes:
    """What a gzipped file of a dataset unpacks to.

    Raises:
        InvalidInput: it is larger than any that is published.
    """
    with gzip.open(path) as file:
        return _at_most(file)


def _at_most(file: Any) -> bytes:
    """All of a file, unless it is larger than any that is published."""
    content: bytes = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise InvalidInput(
            "A file of this dataset unpacks to more than it was published with.",
            remedy="Remove it, and have it downloaded again.",
        )
    return content


# What makes an array from a pickle; NumPy's own name for it has changed.
_RECONSTRUCT = np.empty(0).__reduce__()[0]
_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class _OnlyArrays(pickle.Unpickler):
    """Makes arrays and plain values; a pickle that wants to call anything else is refused."""

    def __init__(self, file: Any) -> None:
        super().__init__(io.BytesIO(_at_most(file)), encoding="bytes")

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a dataset") from None
