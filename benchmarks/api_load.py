"""Clients that ask the API as fast as it answers, each on a connection of its own.

    python -m benchmarks.api_load HOST PORT PATH BODY --type CONTENT-TYPE --clients 16 --requests
    2000

BODY is a file with the body of every request; the environment's API_KEY is sent along. Prints one
JSON document: requests a second, milliseconds from sending to having the whole answer, and how many
answers were not 200; and the milliseconds that the server says it took, if it does. It holds
nothing but a number for each request.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import time
from pathlib import Path
from typing import Any

import numpy as np

_SERVER = re.compile(rb'"milliseconds": ([0-9.]+)')
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("body", type=Path)
    parser.add_argument("--type", default="application/octet-stream")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--requests", type=int, default=2000)
    print(json.dumps(asyncio.run(_load(parser.parse_args()))))


async def _load(options: argparse.Namespace) -> dict[str, Any]:
    body = options.body.read_bytes()
    head = (
        f"POST {options.path} HTTP/1.1\r\nHost: {options.host}\r\nContent-Type: {options.type}\r\n"
        f"Authorization: Bearer {os.environ.get('API_KEY', '')}\r\nContent-Length: "
        f"{len(body)}\r\n\r\n"
    )
    request = head.encode() + body
    left = iter(range(options.requests))
    times: list[float] = []
    on_server: list[float] = []
    errors = 0

    async def client() -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection(options.host, options.port)
        for _ in left:
            started = time.perf_counter()
            try:
                writer.write(request)
                answer = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(answer)
                content = await reader.readexactly(int(length[1]) if length else 0)
            except (OSError, asyncio.IncompleteReadError):
                errors += 1
                reader, writer = await asyncio.open_connection(options.host, options.port)
                continue
            errors += not answer.startswith(b"HTTP/1.1 200")
            if said := _SERVER.search(content):
                on_server.append(float(said[1]))
            times.append((time.perf_counter() - started) * 1000)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(options.clients)))
    took = time.perf_counter() - began
    return {
        "clients": options.clients,
        "requests": options.requests,
        "errors": errors,
        "requests_per_s": round(options.requests / took, 1),
        "p50_ms": round(float(np.percentile(times, 50)), 2),
        "p99_ms": round(float(np.percentile(times, 99)), 2),
        "server_p50_ms": round(float(np.percentile(on_server, 50)), 2) if on_server else None,
        "server_p99_ms": round(float(np.percentile(on_server, 99)), 2) if on_server else None,
    }


if __name__ == "__main__":
    main()
