"""Schemathesis asks what the OpenAPI document allows, and what it doesn't, and finds it kept."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from core.catalog import Catalog, RunRecord
from core.inference.keys import create_key
from tests.core.api.asking import Client

# No schema can say that a text is a picture, so what fits it may still be refused.
_SETTINGS = """
[checks]
positive_data_acceptance.expected-statuses = [200, 404, 413, 422]

[[operations]]
include-path = "/models/{{id}}/predict"
parameters = {{ "path.id" = "{id}" }}
"""


def test_the_api_keeps_what_its_document_promises(
    api: str, model: RunRecord, catalog: Catalog, tmp_path: Path
) -> None:
    _, secret = create_key(catalog.workspace, "schemathesis")
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(_SETTINGS.format(id=model.id))
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert program, "install requirements-dev.txt"
    done = subprocess.run(
        [
            *(program, "--config-file", str(settings), "run", f"{api}/api/v1/openapi.json"),
            *("--header", f"Authorization: Bearer {secret}", "--no-color"),
            *("--seed", "1", "--max-examples", "25", "--phases", "examples,coverage,fuzzing"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "Tested: 4" in done.stdout or "Tested: 5" in done.stdout
    assert list(catalog.workspace.logs.iterdir()) == []
    assert Client(api).get("/v1/health").ok
