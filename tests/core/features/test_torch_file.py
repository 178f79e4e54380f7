"""Weights of PyTorch's first format are read whole or not at all, and nothing in them is run."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest

from core.errors import InvalidInput
from core.features.torch_file import read_state
from core.features.weights import weights


@pytest.fixture(scope="module")
def original() -> Path:
    """A real file, as its package has it."""
    return weights("efficientnet_lite0")


@pytest.fixture(scope="module")
def content(original: Path) -> bytes:
    return original.read_bytes()


def refused(path: Path, content: bytes) -> str:
    """The sentence about a file of this content, and why."""
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="does not hold plain weights") as caught:
        read_state(path)
    assert str(path) in str(caught.value)
    return str(caught.value.__cause__)


def test_every_tensor_is_there_in_its_shape(original: Path) -> None:
    state = read_state(original)
    assert len(state) == 296
    assert next(iter(state)) == "_conv_stem.weight"
    assert state["_conv_stem.weight"].shape == (32, 3, 3, 3)
    assert state["_fc.weight"].shape == (1000, 1280)
    assert (state["_bn0.running_var"] >= 0).all()
    assert state["_bn0.num_batches_tracked"].dtype == np.int64


def test_axes_that_lie_in_another_order_are_put_right(original: Path, content: bytes) -> None:
    # The first kernel lies as (height, width, in, out), and is named as (out, in, height, width).
    kernel = read_state(original)["_conv_stem.weight"]
    assert kernel.transpose(2, 3, 1, 0).tobytes() in content
    assert kernel.tobytes() not in content


@pytest.mark.parametrize("length", [0, 10, 100, 5_000, 44_000, 1_000_000, -1])
def test_a_file_that_was_cut_off_is_refused(length: int, content: bytes, tmp_path: Path) -> None:
    refused(tmp_path / "net.pth", content[:length])


def test_a_file_that_is_longer_than_it_says_is_refused(content: bytes, tmp_path: Path) -> None:
    assert "more in it" in refused(tmp_path / "net.pth", content + b"\0")


def test_a_file_that_is_not_what_its_name_says_is_refused(content: bytes, tmp_path: Path) -> None:
    altered = content[:-1] + bytes([content[-1] ^ 1])
    assert "what its name says" in refused(tmp_path / "net-57934424.pth", altered)
    digest = hashlib.sha256(altered).hexdigest()
    (tmp_path / f"net-{digest[:8]}.pth").write_bytes(altered)
    assert len(read_state(tmp_path / f"net-{digest[:8]}.pth")) == 296


@pytest.mark.parametrize(
    ("instead", "named"),
    [(b"cposix\nsystem\n", "posix.system"), (b"cbuiltins\neval\n", "builtins.eval")],
)
def test_anything_else_that_it_names_is_refused_and_not_called(
    instead: bytes, named: str, content: bytes, tmp_path: Path
) -> None:
    altered = content.replace(b"ctorch._utils\n_rebuild_tensor_v2\n", instead)
    assert named in refused(tmp_path / "net.pth", altered)


def test_a_tensor_beyond_its_storage_is_refused(content: bytes, tmp_path: Path) -> None:
    # The last axis of the first kernel, 3 numbers 96 apart, is said to be 3 numbers 255 apart.
    shape = b"K\x01K M \x01K`t"
    assert content.count(shape) >= 1
    altered = content.replace(shape, b"K\x01K M \x01K\xfft", 1)
    assert "beyond" in refused(tmp_path / "net.pth", altered)


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", b"weights", pickle.dumps({"a": 1}), pickle.dumps([1, 2]) * 5],
    ids=["empty", "zip", "text", "dict", "lists"],
)
def test_what_is_no_such_file_is_refused(content: bytes, tmp_path: Path) -> None:
    refused(tmp_path / "net.pth", content)
    with pytest.raises(InvalidInput):
        read_state(tmp_path / "nothing.pth")
