"""What is installed is what was locked: every pinned package, at its version, by hash."""

from __future__ import annotations

import re

from tests.conftest import ROOT

PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def test_all_that_is_pinned_is_locked_by_hash() -> None:
    wanted = dict(PINNED.findall((ROOT / "requirements.txt").read_text(encoding="utf-8")))
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = dict(PINNED.findall(text))
    different = {name for name, version in wanted.items() if locked.get(name) != version}
    assert not different, f"run: make lock (for {', '.join(sorted(different))})"
    for block in re.split(r"\n(?=[A-Za-z0-9])", text)[1:]:
        assert "--hash=sha256:" in block, block.splitlines()[0]
    assert "http" not in text, "where packages came from is nobody else's business"
