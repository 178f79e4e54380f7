"""What was open last is a person's own, or a browser's."""

from __future__ import annotations

from core.access.opened import keep_opened, last_opened
from core.who import Who, acting_as
from core.workspace import Workspace


def test_each_person_and_each_browser_without_one_has_its_own(workspace: Workspace) -> None:
    ada, ada_elsewhere, bob = (
        Who(name="Ada", session="1"),
        Who(name="Ada", session="2"),
        Who(name="Bob"),
    )
    here, there = Who(session="1"), Who(session="2")
    for who in (ada, bob, here):
        with acting_as(who):
            assert last_opened(workspace) is None
            keep_opened(workspace, f"of {who.name}")
    found = []
    for who in (ada, ada_elsewhere, bob, here, there):
        with acting_as(who):
            found.append(last_opened(workspace))
    assert found == ["of Ada", "of Ada", "of Bob", "of ", None]
    for file in (workspace.home / "opened").iterdir():
        file.write_text("[")
    with acting_as(ada):
        assert last_opened(workspace) is None, "a damaged file is as good as none"
