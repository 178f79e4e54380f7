"""Small files in the very formats of MNIST, Fashion-MNIST and CIFAR-10, and a server for them."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import socketserver
import struct
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.datasets.known_sets import KNOWN, KnownSet

TRAIN, TEST = 50, 20
ROSES = ("roses", "tulips")


def grey(count: int, seed: int) -> np.ndarray:
    """uint8 of shape (count, 28, 28)."""
    return np.random.default_rng(seed).integers(0, 256, (count, 28, 28), dtype=np.uint8)


def labels(count: int) -> np.ndarray:
    """0 to 9, and again from 0."""
    return np.arange(count, dtype=np.uint8) % 10


def mnist() -> dict[str, bytes]:
    """File name → content."""
    out = io.BytesIO()
    np.savez(
        out,
        x_train=grey(TRAIN, 0),
        y_train=labels(TRAIN),
        x_test=grey(TEST, 1),
        y_test=labels(TEST),
    )
    return {"mnist.npz": out.getvalue()}


def fashion() -> dict[str, bytes]:
    """File name → content."""
    held = {
        "train-images-idx3-ubyte.gz": grey(TRAIN, 0),
        "train-labels-idx1-ubyte.gz": labels(TRAIN),
        "t10k-images-idx3-ubyte.gz": grey(TEST, 1),
        "t10k-labels-idx1-ubyte.gz": labels(TEST),
    }
    return {name: gzip.compress(_idx(values), mtime=0) for name, values in held.items()}


def _idx(values: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return head + values.tobytes()


def cifar_rows(batch: int, count: int = 10) -> np.ndarray:
    """uint8 of shape (count, 3072): red, then green, then blue, each 32 rows of 32."""
    return np.random.default_rng(batch).integers(0, 256, (count, 3072), dtype=np.uint8)


def cifar(batch_one: bytes | None = None) -> dict[str, bytes]:
    """File name → content: an archive in which batches are in no order, as in the original.

    Args:
        batch_one: a pickle instead of the first batch's own.
    """
    members = {"batches.meta": b"unread", "readme.html": b"<p>"}
    for number in (4, 3, 2, 5, 1):
        members[f"data_batch_{number}"] = pickled_by_python_2(cifar_rows(number), labels(10))
        if number == 3:
            members["test_batch"] = pickled_by_python_2(cifar_rows(9, TEST), labels(TEST))
    if batch_one is not None:
        members["data_batch_1"] = batch_one
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return {"cifar-10-python.tar.gz": out.getvalue()}


def flowers() -> dict[str, bytes]:
    """File name → content: an archive of class folders, with a licence beside them."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for n, name in enumerate(["LICENSE.txt", *(f"{k}/{i}.png" for k in ROSES for i in (1, 2))]):
            picture = io.BytesIO()
            Image.fromarray(grey(1, n)[0]).save(picture, "PNG")
            member = tarfile.TarInfo(f"flower_photos/{name}")
            member.size = len(picture.getvalue())
            archive.addfile(member, io.BytesIO(picture.getvalue()))
    return {"flower_photos.tgz": out.getvalue()}


def pickled_by_python_2(rows: np.ndarray, numbers: np.ndarray) -> bytes:
    """{"data": rows, "labels": [numbers]} as Python 2 and its NumPy pickled it (protocol 2)."""

    def text(content: bytes) -> bytes:
        return b"T" + struct.pack("<i", len(content)) + content

    def number(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)

    array = (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85" + text(b"b") + b"\x87R"
        b"(K\1" + number(rows.shape[0]) + number(rows.shape[1]) + b"\x86"
        b"cnumpy\ndtype\n" + text(b"u1") + b"K\0K\1\x87R"
        b"(K\3" + text(b"|") + b"NNN" + number(-1) * 2 + b"K\0tb"
        b"\x89" + text(rows.tobytes()) + b"tb"
    )
    listed = b"](" + b"".join(number(int(each)) for each in numbers) + b"e"
    return b"\x80\2}(" + text(b"data") + array + text(b"labels") + listed + b"u."


class Server:
    """Answers over HTTP from this computer.

    Attributes:
        answers: path → the whole reply; what is not there is answered with 404.
        asked: paths, in the order in which they were asked for.
    """

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.asked: list[str] = []
        server = self

        class Answer(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                path = self.rfile.readline().split()[1].decode().lstrip("/")
                while self.rfile.readline().strip():
                    pass
                server.asked.append(path)
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(server.answers.get(path, reply(b"no", status="404 Not Found")))

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answer)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def reply(content: bytes, promised: int | None = None, status: str = "200 OK") -> bytes:
    """A whole HTTP reply; one with more bytes ``promised`` than sent is cut off."""
    length = len(content) if promised is None else promised
    head = f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    return head.encode() + content


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def publish(
    server: Server, monkeypatch: pytest.MonkeyPatch, key: str, files: dict[str, bytes]
) -> KnownSet:
    """Serve these files, and make Lightbox believe that they are that dataset's, of that digest."""
    known = KNOWN[key]
    published = []
    for file, (name, content) in zip(known.files, files.items(), strict=True):
        server.answers[name] = reply(content)
        kind = "sha256" if len(file.digest) == 64 else "md5"
        digest = hashlib.new(kind, content).hexdigest()
        url = server.address + name
        published.append(replace(file, url=url, digest=digest, bytes=len(content)))
    small = replace(known, files=tuple(published), images=TRAIN + TEST)
    monkeypatch.setitem(KNOWN, key, small)
    return small
