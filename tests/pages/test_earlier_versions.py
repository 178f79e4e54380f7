"""All pages about runs show a workspace that an earlier version made."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.catalog import open_catalog
from core.workspace import Workspace
from tests.earlier import PACKED, unpack
from tests.pages.conftest import Open, sections, words

pytestmark = pytest.mark.parametrize("packed", PACKED, ids=[file.stem for file in PACKED])


@pytest.mark.parametrize("name", ["own", "views", "brought"])
def test_every_section_of_results_and_predict_shows_its_runs(
    packed: Path, name: str, open_page: Open, workspace: Workspace
) -> None:
    unpack(packed, workspace.home)
    run = open_catalog(workspace).runs.find(name)
    for page in ("results", "predict"):
        at = open_page(page, run=run.id)
        for _ in sections(at):
            assert [str(each.value) for each in at.error] == []
            assert name in words(at) or name in str(at.selectbox[0].options)


def test_lists_of_runs_show_it(packed: Path, open_page: Open, workspace: Workspace) -> None:
    unpack(packed, workspace.home)
    for page in ("home", "data", "clean", "train", "models"):
        assert words(open_page(page))
