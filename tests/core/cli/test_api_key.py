"""Keys of the HTTP API on the command line."""

from __future__ import annotations

import json

import pytest

from core.cli import main
from core.inference.keys import find_key
from core.workspace import Workspace


def test_a_key_is_made_shown_once_listed_and_revoked(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["api-key", "new", "scanner", "--per-minute", "60", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert find_key(workspace, made["key"]) is not None
    assert "hash" not in made
    assert main(["api-key", "list", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert listed == {name: value for name, value in made.items() if name != "key"}
    assert main(["api-key", "list"]) == 0
    text = capsys.readouterr().out
    assert "scanner" in text
    assert made["key"] not in text
    assert main(["api-key", "revoke", "scanner"]) == 0
    assert find_key(workspace, made["key"]) is None
    assert main(["api-key", "revoke", "scanner"]) == 2
    assert "no API key" in capsys.readouterr().err
