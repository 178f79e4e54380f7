"""Archives that somebody packed to do harm, each small and quickly made, by what is wrong with
them."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.core.datasets.packing import image_bytes

MB = 1024**2
Make = Callable[[Path], object]
PNG = image_bytes(1, "PNG")


def _tar(path: Path, *parts: bytes) -> None:
    path.write_bytes(b"".join(parts) + bytes(1024))


def _header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


def _block(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def _long(kind: bytes, data: bytes, size: int | None = None) -> bytes:
    return _header("x", len(data) if size is None else size, kind) + _block(data)


def _image(name: str = "cat/1.png") -> bytes:
    return _header(name, len(PNG)) + _block(PNG)


def _gz(path: Path, *parts: bytes) -> None:
    path.write_bytes(gzip.compress(b"".join(parts) + bytes(1024), 1))


def _zip(path: Path, members: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)


def _patched(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))


def _lies(path: Path, at: int, value: int) -> None:
    """A .zip of an image whose table has another number at a place of its entry."""
    _zip(path, [("cat/1.png", PNG)])
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, entry + at, value)
    path.write_bytes(data)


def _dictionary(path: Path) -> None:
    """A member that asks for four gigabytes to be unpacked."""
    _zip(path, [("cat/1.png", PNG)], zipfile.ZIP_LZMA)
    data = bytearray(path.read_bytes())
    # The local header has 30 bytes and the name; then version, size of properties, properties.
    struct.pack_into("<I", data, 30 + len("cat/1.png") + 5, 0xFFFFFFFF)
    path.write_bytes(data)


# What can never be taken: no image comes out of it.
ARCHIVES: dict[str, tuple[str, Make]] = {
    "empty": (".zip", lambda p: p.write_bytes(b"")),
    "text": (".zip", lambda p: p.write_text("no archive")),
    "zeros": (".tar", lambda p: p.write_bytes(bytes(10240))),
    "noise": (".tar.gz", lambda p: p.write_bytes(bytes(range(256)) * 40)),
    "gzip-of-nothing": (".tar.gz", lambda p: p.write_bytes(gzip.compress(b""))),
    "gzip-of-zeros": (".tar.gz", lambda p: p.write_bytes(gzip.compress(bytes(64 * MB), 1))),
    "bzip2-of-zeros": (".tar.bz2", lambda p: p.write_bytes(bz2.compress(bytes(64 * MB), 1))),
    "xz-of-zeros": (".tar.xz", lambda p: p.write_bytes(lzma.compress(bytes(64 * MB), preset=0))),
    "gzip-cut": (".tar.gz", lambda p: p.write_bytes(gzip.compress(_image())[:60])),
    "gzip-in-gzip": (".tar.gz", lambda p: p.write_bytes(gzip.compress(gzip.compress(_image())))),
    "xz-cut": (".tar.xz", lambda p: p.write_bytes(lzma.compress(_image())[:40])),
    "name-of-a-gigabyte": (".tar", lambda p: _tar(p, _long(tarfile.GNUTYPE_LONGNAME, b"", 2**30))),
    "name-of-80-megabytes": (
        ".tar.gz",
        lambda p: _gz(p, _long(tarfile.GNUTYPE_LONGNAME, b"a" * 80 * MB), _image()),
    ),
    "link-of-2-megabytes": (
        ".tar",
        lambda p: _tar(p, _long(tarfile.GNUTYPE_LONGLINK, b"a" * 2 * MB), _image()),
    ),
    "pax-of-digits": (
        ".tar.gz",
        lambda p: _gz(p, _long(tarfile.XHDTYPE, b"9" * 4 * MB), _image()),
    ),
    "global-pax-of-digits": (
        ".tar",
        lambda p: _tar(p, _long(tarfile.XGLTYPE, b"9" * 2 * MB), _image()),
    ),
    "pax-of-a-terabyte": (".tar", lambda p: _tar(p, _long(tarfile.XHDTYPE, b"", 2**40))),
    "pax-without-length": (".tar", lambda p: _tar(p, _long(tarfile.XHDTYPE, b"path=x\n"))),
    "pax-of-length-zero": (".tar", lambda p: _tar(p, _long(tarfile.XHDTYPE, b"0 path=x\n"))),
    "negative-size": (
        ".tar",
        lambda p: p.write_bytes(_header("a.png", 5).replace(b"00000000005", b"-0000000005")),
    ),
    "only-links": (
        ".tar",
        lambda p: _tar(p, *(_header(f"{n}.png", 0, tarfile.SYMTYPE) for n in range(50))),
    ),
    "only-devices": (
        ".tar",
        lambda p: _tar(p, *(_header(f"{n}.png", 0, tarfile.CHRTYPE) for n in range(50))),
    ),
    "names-without-end": (
        ".tar",
        lambda p: _tar(p, *[_long(tarfile.GNUTYPE_LONGNAME, b"a")] * 3000),
    ),
    "archive-in-archive": (".zip", lambda p: _zip(p, [("a.zip", b"PK\x05\x06" + bytes(18))])),
    "fifty-thousand-empty-names": (
        ".zip",
        lambda p: _zip(p, [(f"{n}.txt", b"") for n in range(50_000)]),
    ),
    "paths-that-lead-out": (".tar", lambda p: _tar(p, _image("../../x/1.png"))),
    "absolute-paths": (".tar", lambda p: _tar(p, _image("/tmp/x/1.png"))),
    "names-that-are-no-text": (
        ".zip",
        lambda p: (_zip(p, [("cat/ab.png", PNG)]), _patched(p, b"ab.png", b"\x00\x01.png")),
    ),
    "table-points-beyond-its-end": (".zip", lambda p: _lies(p, 42, 0xFFFFFFF0)),
    "table-at-the-wrong-place": (
        ".zip",
        lambda p: (_zip(p, [("1.png", PNG)]), p.write_bytes(p.read_bytes()[40:])),
    ),
    "end-without-beginning": (".zip", lambda p: p.write_bytes(b"PK\x05\x06" + b"\xff" * 18)),
    "checksum-is-wrong": (
        ".zip",
        lambda p: (_zip(p, [("1.png", PNG)], 0), _patched(p, PNG[-30:-20], b"\x00" * 10)),
    ),
    "four-gigabytes-to-unpack-it": (".zip", _dictionary),
    "method-nobody-knows": (
        ".zip",
        lambda p: (_zip(p, [("1.png", PNG)]), _patched(p, b"\x08\x00", b"\x63\x00")),
    ),
    "half-a-zip": (
        ".zip",
        lambda p: (_zip(p, [("1.png", PNG * 9)], 0), p.write_bytes(p.read_bytes()[:400])),
    ),
}
# What looks like much: stopped by the limits on what comes out.
BOMBS: dict[str, tuple[str, Make]] = {
    "zip-of-zeros": (".zip", lambda p: _zip(p, [("cat/1.png", bytes(64 * MB))])),
    "zip-that-says-it-is-small": (
        ".zip",
        lambda p: (
            _zip(p, [("cat/1.png", bytes(64 * MB))]),
            _patched(p, struct.pack("<I", 64 * MB), struct.pack("<I", 9 * MB)),
        ),
    ),
    "tar-of-zeros": (
        ".tar.gz",
        lambda p: _gz(p, _header("cat/1.png", 64 * MB), bytes(64 * MB)),
    ),
    "sparse-file-of-a-terabyte": (".tar", lambda p: p.write_bytes(_sparse(2**40))),
    "hidden-behind-an-image": (
        ".tar.gz",
        lambda p: _gz(p, _image(), _header("cat/2.png", 64 * MB), bytes(64 * MB)),
    ),
    "what-is-left-out-is-large": (
        ".tar.gz",
        lambda p: _gz(p, _image(), _header("film.mp4", 64 * MB), bytes(64 * MB)),
    ),
}


def _sparse(size: int) -> bytes:
    """A tar of one image, and of a file of GNU's sparse kind that is nothing but a hole."""
    info = tarfile.TarInfo("cat/2.png")
    info.type = tarfile.GNUTYPE_SPARSE
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[386:398] = b"%011o\0" % 0
    block[398:410] = b"%011o\0" % 0
    block[483:495] = b"\x80" + size.to_bytes(11, "big")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return _image() + bytes(block) + bytes(1024)
