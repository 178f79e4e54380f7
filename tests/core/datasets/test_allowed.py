"""Which folders pages may read: those below the roots where somebody's photos can be."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import pytest

from core.datasets.intake import check_allowed, is_elsewhere, subfolders
from core.errors import NotAllowed, NotFound
from core.workspace import Workspace

ROOTS = (PureWindowsPath("C:/Users/anna"), PureWindowsPath("//nas/photos"))


@pytest.mark.parametrize(
    "place",
    [
        *(".ssh", ".ssh/keys", "photos/.git", ".local/share/other", "photos/../.ssh", ".aws/x"),
        *(".config/chrome", ".gnupg", "link-to-ssh"),
    ],
)
def test_a_hidden_folder_is_not_read(tmp_path: Path, place: str) -> None:
    for each in (".ssh/keys", "photos/.git", ".local/share/other", ".aws/x", ".config/chrome"):
        (tmp_path / each).mkdir(parents=True)
    (tmp_path / "link-to-ssh").symlink_to(tmp_path / ".ssh")
    with pytest.raises(NotAllowed, match="hidden"):
        check_allowed(tmp_path / place)


@pytest.mark.parametrize("place", ["", "datasets", "runs/r-1", "../lightbox-home/cache"])
def test_lightboxs_own_folder_is_not_read(workspace: Workspace, place: str) -> None:
    with pytest.raises(NotAllowed, match="keeps its own files"):
        check_allowed(workspace.home / place)


@pytest.mark.parametrize(
    "place", ["/etc", "/", "/proc/self/root", "..", "photos/../../..", "~nobody/x", "a\0b", "/root"]
)
def test_what_lies_outside_the_roots_is_not_read(tmp_path: Path, place: str) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises((NotAllowed, NotFound)):
        check_allowed(tmp_path / place if not place.startswith("~") else Path(place))
    with pytest.raises((NotAllowed, NotFound)):
        subfolders(tmp_path / place if not place.startswith("~") else Path(place))


def test_a_hidden_root_that_somebody_named_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".photos" / "cats").mkdir(parents=True)
    monkeypatch.setenv("LIGHTBOX_ROOTS", str(tmp_path / ".photos"))
    assert check_allowed(tmp_path / ".photos" / "cats").name == "cats"


@pytest.mark.parametrize(
    "path",
    [
        *(r"\\evil\share", "//evil/share", r"\\?\UNC\evil\share", r"\\.\UNC\evil\share\x"),
        *(r"\\evil\share\..\x", r"/\evil\share", r"\\nas\photos\..\..\evil", "  //evil/x"),
    ],
)
def test_no_other_computer_is_asked_for_a_folder_on_windows(path: str) -> None:
    assert is_elsewhere(path, ROOTS, windows=True)


@pytest.mark.parametrize("path", [r"\\nas\photos\cats", "C:/Users/anna/cats", "cats", r"D:\x"])
def test_a_share_that_is_a_root_and_what_is_here_is_looked_at(path: str) -> None:
    assert not is_elsewhere(path, ROOTS, windows=True)
