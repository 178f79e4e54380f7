"""A thousand bodies that are not what they should be: told so, each of them, and nothing is
left."""

from __future__ import annotations

import collections
import contextlib
import gc
import random
from pathlib import Path

import requests

from core.catalog import Catalog, RunRecord
from tests.core.api import malformed
from tests.core.api.asking import Client, image

_STATUS = Path("/proc/self/status")
_ALLOWED_MB = 48


def memory_mb() -> float:
    """What this process, with the server in it, holds now (Linux; elsewhere 0)."""
    gc.collect()
    if not _STATUS.exists():
        return 0.0
    lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
    return int(lines["VmRSS"].split()[0]) / 1024


def test_a_thousand_malformed_bodies_are_refused_and_leave_nothing(
    program: Client, model: RunRecord, catalog: Catalog
) -> None:
    bodies = malformed.every(1000)
    wrong = []
    seen: collections.Counter[int] = collections.Counter()
    before = 0.0
    for n, (kind, (content_type, body)) in enumerate(bodies):
        if n == 100:
            before = memory_mb()
        answer = program.predict(model, data=body, headers={"Content-Type": content_type})
        seen[answer.status_code] += 1
        if (
            not 400 <= answer.status_code < 500
            or answer.headers["content-type"] != "application/problem+json"
            or answer.json()["status"] != answer.status_code
        ):
            wrong.append((n, kind, answer.status_code, answer.text[:200]))
    assert wrong == []
    assert set(seen) >= {400, 413, 415, 422}, "all ways to be wrong were tried"
    assert memory_mb() - before < _ALLOWED_MB
    assert list(catalog.workspace.logs.iterdir()) == [], "no defect was met"
    assert program.predict(model, files={"images": image()}).ok


def test_bodies_far_too_large_are_refused_before_they_are_in(
    program: Client, model: RunRecord
) -> None:
    chance = random.Random(1)
    before = 0.0
    for n in range(6):
        kind, body = malformed.HUGE(chance)
        # The connection may be cut before the client has read why.
        with contextlib.suppress(requests.ConnectionError):
            answer = program.predict(model, data=body, headers={"Content-Type": kind})
            assert answer.status_code == 413
        del body
        before = before or memory_mb()
        assert memory_mb() - before < _ALLOWED_MB, n
    assert program.predict(model, files={"images": image()}).ok
