"""Weights are found wherever Keras files them, and their absence is a sentence that helps.

The network here is a server on this computer, or a proxy that nobody listens behind; the weights
are a few bytes whose digest stands in the registry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.datasets import downloads
from core.errors import Cancelled, InvalidInput, WeightsMissing
from core.features.backbones import BACKBONES, Backbone
from core.features.weights import find_weights, weights
from tests.core.datasets.published import Server, reply, serving
from tests.recording import RecordingReporter

NAME = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_{}_no_top.h5"
WHOLE = bytes(range(256)) * 1024


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Keras cache, and a network whose only way out is closed."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    return tmp_path / "keras/models"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as one:
        yield one


def publish(server: Server, monkeypatch: pytest.MonkeyPatch, key: str) -> Backbone:
    """Serve a backbone's weights, and make Lightbox believe that those few bytes are them."""
    backbone = BACKBONES[key]
    name = backbone.file.names[0]
    server.answers[name] = reply(WHOLE)
    digest = hashlib.md5(WHOLE, usedforsecurity=False).hexdigest() if backbone.file.digest else ""
    file = replace(backbone.file, url=server.address + name, digest=digest, bytes=len(WHOLE))
    small = replace(backbone, file=file)
    monkeypatch.setitem(BACKBONES, key, small)
    return small


def put(path: Path, size: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        out.truncate(size)
    return path


@pytest.mark.parametrize("size", [96, 128, 160, 192, 224])
def test_weights_are_found_under_any_of_keras_names(models: Path, size: int) -> None:
    path = put(models / NAME.format(size), 9_500_000)
    assert find_weights("mobilenet_v2") == weights("mobilenet_v2") == path


@pytest.mark.parametrize("key", [key for key, each in BACKBONES.items() if not each.packaged])
def test_missing_weights_without_network_name_the_file_and_where_to_put_it(
    key: str, models: Path
) -> None:
    assert find_weights(key) is None
    with pytest.raises(WeightsMissing) as caught:
        weights(key)
    assert "https://" in str(caught.value)
    assert BACKBONES[key].title in str(caught.value)
    assert BACKBONES[key].file.names[0] in str(caught.value)
    assert str(models) in str(caught.value)
    assert list(models.glob("*")) == []


def test_following_the_sentence_solves_it(models: Path) -> None:
    with pytest.raises(WeightsMissing):
        weights("mobilenet_v2")
    put(models / NAME.format(224), 9_500_000)
    assert weights("mobilenet_v2").parent == models


def test_a_file_that_was_cut_off_is_not_taken_for_weights(models: Path) -> None:
    put(models / NAME.format(224), 1_000_000)
    with pytest.raises(WeightsMissing):
        weights("mobilenet_v2")


def test_a_file_with_another_digest_is_not_taken_for_weights_until_it_is_replaced(
    models: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = publish(server, monkeypatch, "vgg16")
    path = put(models / backbone.file.names[0], len(WHOLE))
    assert find_weights("vgg16") is None
    path.write_bytes(WHOLE)
    assert find_weights("vgg16") == path
    assert server.asked == []


@pytest.mark.parametrize("key", ["mobilenet_v2", "resnet50"])
def test_a_download_arrives_whole_and_says_how_far_it_is(
    key: str, models: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "_CHUNK", 4096)
    backbone = publish(server, monkeypatch, key)
    report = RecordingReporter()
    path = weights(key, report)
    assert path == models / backbone.file.names[0]
    assert path.read_bytes() == WHOLE
    done = [step[1] for step in report.steps]
    assert done == sorted(done)
    assert len(done) > 2
    last = ("download", len(WHOLE), len(WHOLE), f"Downloading {backbone.title}")
    assert report.steps[-1] == last
    assert weights(key) == find_weights(key) == path, "the second time it is there"
    assert len(server.asked) == 1


@pytest.mark.parametrize("key", ["mobilenet_v2", "convnext_tiny"])
@pytest.mark.parametrize(
    "answer",
    [
        reply(WHOLE[:9000], promised=len(WHOLE)),
        reply(WHOLE[:-2000], promised=len(WHOLE)),
        reply(WHOLE[:-20_000]),
        reply(b"", status="404 Not Found"),
        b"",
        b"hello\r\n\r\n",
    ],
    ids=["cut off", "cut off at the end", "too small", "not there", "hung up", "not HTTP"],
)
def test_a_download_that_fails_leaves_nothing_behind(
    key: str, answer: bytes, models: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers[publish(server, monkeypatch, key).file.names[0]] = answer
    with pytest.raises(WeightsMissing, match=r"could not be downloaded.*Or choose EfficientNet-"):
        weights(key)
    assert list(models.glob("*")) == []
    assert list(models.glob(".*")) == []


def test_a_download_can_be_stopped(
    models: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    class StopsHalfway(RecordingReporter):
        def cancelled(self) -> bool:
            return bool(self.steps) and self.steps[-1][1] > len(WHOLE) / 2

    monkeypatch.setattr(downloads, "_CHUNK", 4096)
    publish(server, monkeypatch, "resnet50")
    with pytest.raises(Cancelled):
        weights("resnet50", StopsHalfway())
    assert find_weights("resnet50") is None
    assert list(models.glob(".*")) == []


def test_an_unknown_network_is_a_sentence() -> None:
    for ask in (find_weights, weights):
        with pytest.raises(InvalidInput, match="mobilenet_v2"):
            ask("alexnet")
