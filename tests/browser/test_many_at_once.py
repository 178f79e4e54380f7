"""Two apps and ten command lines on one workspace: each does its work, none loses another's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import requests

from core.catalog import open_catalog
from core.delivery.take_away.links import all_links
from core.inference.keys import list_keys
from core.workspace import open_workspace
from tests.browser.conftest import ROOT, TOKEN, light_app, running_app
from tests.browser.visitor import visiting
from tests.core.api.asking import Client, add_run, image
from tests.core.datasets.packing import good, make_zip


def begun(home: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "core", *arguments, "--json"],
        cwd=ROOT,
        env={**os.environ, "LIGHTBOX_HOME": str(home), "LIGHTBOX_AHEAD": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_apps_and_ten_command_lines_share_a_workspace(tmp_path: Path) -> None:
    home, photos = tmp_path / "home", make_zip(tmp_path / "photos.zip", good())
    catalog = open_catalog(open_workspace(home))
    run = add_run(catalog)
    with (
        light_app(home, tmp_path / "one.log") as one,
        running_app(home, tmp_path / "two.log") as two,
    ):
        doing = [
            *(begun(home, "dataset", "add", str(photos), "--name", f"set {n}") for n in range(4)),
            *(begun(home, "api-key", "new", f"key {n}") for n in range(3)),
            *(begun(home, "share", run.name, "--demo") for _ in range(2)),
            begun(home, "people", "add", "Ada", "--role", "viewer"),
        ]
        # Meanwhile pages of both are opened.
        for app in (one, two):
            browser = requests.Session()
            browser.get(f"{app.url}/?token={TOKEN}", timeout=60)
            with visiting(app.url, browser) as visitor:
                for page in ("data", "models", "predict", "people") * 3:
                    assert "Something went wrong inside" not in visitor.ask(page)
        done = [(each.communicate(timeout=240), each.returncode) for each in doing]
        assert [code for _, code in done] == [0] * 10, [said[1] for said, _ in done]
        keys = [json.loads(said[0])["key"] for said, _ in done[4:7]]
        for app in (one, two):
            for key in keys:
                answer = Client(app.url, key).predict(run, files={"images": image()})
                assert answer.status_code == 200
    records = {each.name: each for each in catalog.datasets.all()}
    assert {f"set {n}" for n in range(4)} == set(records)
    assert [each.images for each in records.values()] == [4] * 4
    assert len(list_keys(catalog.workspace)) == 3
    assert len(all_links(catalog.workspace)) == 2
    assert [each.name for each in catalog.people.all()] == ["Ada"]
