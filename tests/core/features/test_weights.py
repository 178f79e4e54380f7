"""Weights are found wherever Keras files them, and their absence is a sentence that helps.

The network here is a server on this computer, or a proxy that nobody listens behind.
"""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import Cancelled, WeightsMissing
from core.features import weights
from core.progress import RecordingReporter

SIZE = 9_100_000
NAME = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_{}_no_top.h5"


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Keras cache, and a network whose only way out is closed."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    return tmp_path / "keras/models"


def put(path: Path, size: int = SIZE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        out.truncate(size)
    return path


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], str]]:
    """Start a server that answers everything with the same bytes: ``answering(bytes)`` → address."""
    servers = []

    def start(answer: bytes) -> str:
        class Answer(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                while self.rfile.readline().strip():
                    pass
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(answer)

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def reply(sent: int, promised: int = SIZE, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {promised}\r\nConnection: close\r\n\r\n"
    return head.encode() + bytes(sent)


@pytest.mark.parametrize("size", [96, 128, 160, 192, 224])
def test_weights_are_found_under_any_of_keras_names(models: Path, size: int) -> None:
    path = put(models / NAME.format(size))
    assert weights.mobilenet_v2() == path


def test_missing_weights_without_network_name_the_file_and_where_to_put_it(models: Path) -> None:
    assert weights.find_mobilenet_v2() is None
    with pytest.raises(WeightsMissing) as caught:
        weights.mobilenet_v2()
    assert "https://" in str(caught.value)
    assert NAME.format(224) in str(caught.value)
    assert str(models) in str(caught.value)
    assert list(models.glob("*")) == []


def test_following_the_sentence_solves_it(models: Path) -> None:
    with pytest.raises(WeightsMissing):
        weights.mobilenet_v2()
    put(models / NAME.format(224))
    assert weights.mobilenet_v2().parent == models


def test_a_file_that_was_cut_off_is_not_taken_for_weights(models: Path) -> None:
    put(models / NAME.format(224), 1_000_000)
    with pytest.raises(WeightsMissing):
        weights.mobilenet_v2()


def test_a_download_arrives_whole_and_says_how_far_it_is(
    models: Path, answering: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "_URL", answering(reply(SIZE)))
    report = RecordingReporter()
    path = weights.mobilenet_v2(report)
    assert (path.parent, path.stat().st_size) == (models, SIZE)
    done = [step[1] for step in report.steps]
    assert done == sorted(done)
    assert len(done) > 2
    assert report.steps[-1][:3] == ("download", SIZE, SIZE)
    assert weights.mobilenet_v2() == path, "the second time it is there"


@pytest.mark.parametrize(
    "answer",
    [reply(5_000_000), reply(100, promised=100), reply(9, 9, "404 Not Found"), b"", b"hello\r\n\r\n"],
    ids=["cut off", "too small", "not there", "hung up", "not HTTP"],
)  # fmt: skip
def test_a_download_that_fails_leaves_nothing_behind(
    answer: bytes,
    models: Path,
    answering: Callable[[bytes], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(weights, "_URL", answering(answer))
    with pytest.raises(WeightsMissing, match="could not be downloaded"):
        weights.mobilenet_v2()
    assert list(models.glob("*")) == []
    assert list(models.glob(".*")) == []


def test_a_download_can_be_stopped(
    models: Path, answering: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class StopsHalfway(RecordingReporter):
        def cancelled(self) -> bool:
            return bool(self.steps) and self.steps[-1][1] > SIZE / 2

    monkeypatch.setattr(weights, "_URL", answering(reply(SIZE)))
    with pytest.raises(Cancelled):
        weights.mobilenet_v2(StopsHalfway())
    assert weights.find_mobilenet_v2() is None
    assert list(models.glob(".*")) == []
