"""A program that asks the API over real HTTP, about a model whose answers are known."""

from __future__ import annotations

import io
from typing import Any

import requests
from PIL import Image

from core.catalog import Catalog, RunRecord, RunSummary
from core.inference.keys import create_key
from tests.core.evaluation.coloured import save_model

COLOURS = {"red": (220, 40, 40), "green": (40, 220, 40), "blue": (40, 40, 220)}


def add_run(catalog: Catalog, name: str = "colours") -> RunRecord:
    """A finished run with the model that sees colours; it has no dataset."""
    job = catalog.jobs.hold("train", {}, lane="train", subject="none")
    catalog.jobs.finish(job.id, "done")
    run = catalog.runs.add(
        name,
        dataset_id="none",
        dataset_version=1,
        spec={},
        job_id=job.id,
        summary=RunSummary(test_accuracy=0.9),
    )
    save_model(catalog.workspace.run(run.id))
    return catalog.runs.get(run.id)


def image(colour: str = "red", size: tuple[int, int] = (24, 20), kind: str = "PNG") -> bytes:
    """A small image file of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, COLOURS[colour]).save(out, kind)
    return out.getvalue()


class Client:
    """Asks the server at an address, with or without a key."""

    def __init__(self, base: str, key: str | None = None) -> None:
        self._base = f"{base}/api"
        self._session = requests.Session()
        if key is not None:
            self._session.headers["Authorization"] = f"Bearer {key}"

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.ask("GET", path, **options)

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        return self._session.request(method, self._base + path, timeout=30, **options)

    def predict(self, run: RunRecord, **options: Any) -> requests.Response:
        return self.ask("POST", f"/v1/models/{run.id}/predict", **options)


def with_key(base: str, catalog: Catalog, name: str = "test", **options: Any) -> Client:
    """A client with a new key."""
    return Client(base, create_key(catalog.workspace, name, **options)[1])


def problem(answer: requests.Response, status: int, kind: str) -> dict[str, Any]:
    """The problem document that an answer must be."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = dict(answer.json())
    assert found["status"] == status
    assert found["type"] == f"/api/v1/docs#{kind}"
    assert found["title"]
    assert found["detail"]
    return found
