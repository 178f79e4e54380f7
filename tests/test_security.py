"""What docs/SECURITY.md says is shown by a test is shown by one that is there."""

from __future__ import annotations

import re

from tests.conftest import ROOT


def test_every_test_that_is_named_is_there() -> None:
    text = (ROOT / "docs" / "SECURITY.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:tests/[\w/]+/)?test_\w+\.py)`", text))
    there = {str(file.relative_to(ROOT)) for file in (ROOT / "tests").rglob("test_*.py")}
    assert len(named) > 20
    assert [each for each in named if not any(file.endswith(each) for file in there)] == []
