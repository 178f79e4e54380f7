"""A run of which one kept file is damaged: every section that reads it shows what is right, or one
sentence that says how the file is made again; never a traceback."""

from __future__ import annotations

import shutil
from itertools import cycle
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import open_catalog
from core.workspace import Workspace
from tests.faults.damage import REMEDY, damage, kept_files, read_by
from tests.pages.conftest import (
    Open,
    assert_no_defect,
    has_sections,
    named_sections,
    turn_to,
    words,
)

# By page, what its sections are called: whatever is damaged, they are the same.
_NAMED: dict[str, list[str]] = {}


def wrong(at: AppTest, where: str) -> list[str]:
    """What a page must not say: a defect, or an error without a remedy."""
    try:
        assert_no_defect(at)
    except AssertionError:
        return [f"{where}: a defect"]
    said = [str(box.value) for box in at.error]
    return [f"{where}: {each}" for each in said if not REMEDY.search(each.replace("\\", ""))]


# Commands try every way; here each file breaks in one, so that it stays quick.
@pytest.mark.parametrize(
    ("name", "way"), list(zip(kept_files(), cycle(("garbage", "another shape")), strict=False))
)
def test_sections_say_in_one_sentence_what_is_damaged(
    asked_home: Path, workspace: Workspace, open_page: Open, name: str, way: str
) -> None:
    shutil.copytree(asked_home, workspace.home, dirs_exist_ok=True)
    run = open_catalog(workspace).runs.find("own")
    damage(workspace.run(run.id) / name, way)
    _, wanted = read_by(name)
    found = []
    for page in ("results", "predict"):
        at = open_page(page, run=run.id)
        found += wrong(at, page)
        if has_sections(at) and page not in _NAMED:
            names = named_sections(at)
            if has_sections(at):
                _NAMED[page] = names
        for section in wanted:
            if not has_sections(at) or section not in _NAMED[page]:
                continue
            turn_to(at, section)
            found += wrong(at, section)
            if not has_sections(at):
                assert REMEDY.search(words(at))
    assert found == []
