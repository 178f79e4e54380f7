"""Bodies that no program should send, by kind: each a function of a seed."""

from __future__ import annotations

import base64
import io
import json
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache

from tests.core.api.asking import image

Body = tuple[str, bytes]  # content type, content
_BOUNDARY = "----limit"
_FORM = f"multipart/form-data; boundary={_BOUNDARY}"
_JSON = "application/json"


def every(count: int, seed: int = 0) -> list[tuple[str, Body]]:
    """So many bodies with the names of their kinds, always the same for a seed."""
    chance = random.Random(seed)
    return [
        (kind.__name__, kind(chance)) for n in range(count) for kind in [_KINDS[n % len(_KINDS)]]
    ]


def form(*parts: tuple[bytes, bytes], end: bytes = b"--") -> Body:
    """A form of parts that are headers and content."""
    out = io.BytesIO()
    for headers, content in parts:
        out.write(f"--{_BOUNDARY}\r\n".encode() + headers + b"\r\n\r\n" + content + b"\r\n")
    out.write(f"--{_BOUNDARY}".encode() + end + b"\r\n")
    return _FORM, out.getvalue()


def file(content: bytes, name: bytes = b"a.png") -> tuple[bytes, bytes]:
    """The part that is a file."""
    return b'Content-Disposition: form-data; name="images"; filename="' + name + b'"', content


def value(name: bytes, content: bytes) -> tuple[bytes, bytes]:
    """The part that is a value."""
    return b'Content-Disposition: form-data; name="' + name + b'"', content


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def _png_of(width: int, height: int, pixels: bytes, *more: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + b"".join(more)
        + _chunk(b"IDAT", zlib.compress(pixels))
        + _chunk(b"IEND", b"")
    )


def _truncated_image(chance: random.Random) -> Body:
    kind = chance.choice(["PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP"])
    data = image(chance.choice(["red", "green"]), (64, 48), kind)
    return form(file(data[: int(len(data) * chance.uniform(0.02, 0.6))]))


def _truncated_form(chance: random.Random) -> Body:
    kind, data = form(file(image()))
    return kind, data[: chance.randrange(len(data) - 6)]


def _truncated_json(chance: random.Random) -> Body:
    text = json.dumps({"images": [base64.b64encode(image()).decode()], "top_k": 3})
    return _JSON, text[: chance.randrange(len(text))].encode()


def _noise(chance: random.Random) -> Body:
    data = chance.randbytes(chance.randrange(5000))
    return chance.choice([_FORM, _JSON, "image/png", "text/plain", "", "multipart/form-data"]), data


def _noise_as_image(chance: random.Random) -> Body:
    magic = chance.choice(
        [
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff\xe0",
            b"GIF89a",
            b"BM",
            b"II*\x00",
            b"RIFF\0\0\1\0WEBP",
        ]
    )
    return form(file(magic + chance.randbytes(chance.randrange(3000))))


def _huge(chance: random.Random) -> Body:
    kind = chance.choice([_JSON, _FORM])
    return kind, b'{"images": ["' + b"A" * (33 * 1024**2) if kind == _JSON else b"x" * (
        33 * 1024**2
    )


def _wrong_type(chance: random.Random) -> Body:
    wrong: list[object] = [None, 1, "a", [], {}, True, [[]], [None], [1.5], [{}], [{"data": 1}]]
    body = chance.choice(
        [
            {"images": chance.choice(wrong)},
            {
                "images": [base64.b64encode(image()).decode()],
                "top_k": chance.choice([0, -1, 1.5, "3", None, [], 10**30, 1e400]),
            },
            {
                "images": [base64.b64encode(image()).decode()],
                "threshold": chance.choice(
                    [-0.1, 1.1, "0.5", None, [], float("nan"), float("inf")]
                ),
            },
            {"images": [base64.b64encode(image()).decode()], "more": 1},
            chance.choice(wrong),
        ]
    )
    return _JSON, json.dumps(body).encode()


def _wrong_media_type(chance: random.Random) -> Body:
    kind = chance.choice(
        [
            "text/html",
            "application/xml",
            "application/x-www-form-urlencoded",
            "multipart/mixed",
            "application/json5",
            "image/jpeg",
            ";;;",
            "a" * 3000,
            "multipart/form-data",
        ]
    )
    return kind, image()


def _pixel_bomb(chance: random.Random) -> Body:
    side = chance.choice([12_000, 40_000, 2**31 - 1])
    return form(file(_png_of(side, side, bytes(1000))))


def _compressed_bomb(chance: random.Random) -> Body:
    # What it says it is, and a thousand times as much once unpacked.
    flood = _flood(chance.choice([8, 16]))
    text = _chunk(b"zTXt", b"Comment\x00\x00" + flood)
    return form(file(_png_of(30_000, 30_000, b"", text)))


@cache
def _flood(megabytes: int) -> bytes:
    return zlib.compress(bytes(megabytes * 1024**2))


def _polyglot(chance: random.Random) -> Body:
    begin = chance.choice(
        [
            b"%PDF-1.7\n",
            b"<html><script>alert(1)</script>",
            b"PK\x03\x04",
            b"#!/bin/sh\n",
            b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
            b"%!PS-Adobe-3.0 EPSF\n",
            b"GIF89a=1;/*",
            b"\x7fELF",
            b"MZ",
        ]
    )
    return form(file(begin + image(kind=chance.choice(["PNG", "JPEG", "GIF"])), b"a.png\x00.php"))


def _nul_names(chance: random.Random) -> Body:
    name = chance.choice(
        [b"\x00", b"a\x00.png", b"\x00" * 300, b"../../\x00etc/passwd", b"\xff\xfe\x00"]
    )
    if chance.random() < 0.5:
        return form(file(b"", name))
    return form(value(name, b"1"), file(image()))


def _bad_base64(chance: random.Random) -> Body:
    good = base64.b64encode(image()).decode()
    text = chance.choice(
        [
            "!" + good,
            good[:-3] + "*" + good[-2:],
            good[:-1],
            "é" + good,
            "data:image/png;base64",
            "data:,",
            "\x00" + good,
            "=",
            "====",
            good + "=A",
        ]
    )
    return _JSON, json.dumps({"images": [text]}).encode()


def _base64_of_noise(chance: random.Random) -> Body:
    text = base64.b64encode(chance.randbytes(chance.randrange(1, 2000))).decode()
    return _JSON, json.dumps({"images": [{"data": text, "name": "\x00\ud800" * 3}]}).encode()


def _bad_form(chance: random.Random) -> Body:
    picture = image()
    return chance.choice(
        [
            form((b"Content-Type: image/png", picture)),
            form((b"no header at all", picture)),
            form((b"Content-Disposition: form-data", picture)),
            form((b'Content-Disposition: form-data; name="images', picture)),
            form(value(b"top_k", b"3")),
            form(value(b"top_k", b"many"), file(picture)),
            form(value(b"top_k", b"3"), value(b"top_k", b"4"), file(picture)),
            form(value(b"threshold", b"nan"), file(picture)),
            form(value(b"other", b"x"), file(picture)),
            form(),
            form(file(picture), end=b""),
            form((b"X: " + b"y" * 100_000, picture)),
            form(*[(f"X-{n}: y".encode(), b"") for n in range(200)]),
            form(*[file(picture)] * 65),
            (_FORM.replace("limit", "other"), form(file(picture))[1]),
            (f"multipart/form-data; boundary={'b' * 5000}", form(file(picture))[1]),
            ("multipart/form-data; boundary=", form(file(picture))[1]),
        ]
    )


def _deep_json(chance: random.Random) -> Body:
    depth = chance.choice([1000, 100_000])
    begin, end = chance.choice([("[", "]"), ('{"a":', "}")])
    inside = begin * depth + ("1" if begin != "[" else "") + end * depth
    return _JSON, ('{"images": ' + inside + "}").encode()


def _odd_text(chance: random.Random) -> Body:
    text = chance.choice(
        [
            '{"images": ["AAAA"]}'.encode("utf-16"),
            b"\xef\xbb\xbf{}",
            b"{'images': []}",
            b"\x00" * 50,
            b'{"images": NaN}',
            b'{"images": [1e999999]}',
            b"{" + b'"images":[],' * 5000 + b'"a":1}',
            b'"' + b"\\ud800" * 100 + b'"',
            b"1" * 100_000,
        ]
    )
    return _JSON, text


_KINDS: list[Callable[[random.Random], Body]] = [
    _truncated_image,
    _truncated_form,
    _truncated_json,
    _noise,
    _noise_as_image,
    _wrong_type,
    _wrong_media_type,
    _pixel_bomb,
    _compressed_bomb,
    _polyglot,
    _nul_names,
    _bad_base64,
    _base64_of_noise,
    _bad_form,
    _deep_json,
    _odd_text,
]
"""All kinds but huge ones, which take as long to send as all others together."""

HUGE = _huge
