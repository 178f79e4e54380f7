"""Settings come from the environment and mistakes in them are said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core import settings
from core.errors import InvalidInput


def test_several_roots_are_separated_like_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTBOX_ROOTS", os.pathsep.join([str(tmp_path), str(tmp_path / "b")]))
    assert settings.load().roots == (tmp_path.resolve(), (tmp_path / "b").resolve())
    assert settings.load().roots_are_set


def test_without_roots_the_users_own_folder_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIGHTBOX_ROOTS")
    loaded = settings.load()
    assert loaded.roots == (Path.home().resolve(),)
    assert not loaded.roots_are_set


@pytest.mark.parametrize("value", ["many", "-1", "0", "nan"])
def test_a_limit_that_is_not_a_positive_number_is_refused(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTBOX_MAX_FILES", value)
    with pytest.raises(InvalidInput, match="LIGHTBOX_MAX_FILES"):
        settings.load()


@pytest.mark.parametrize(
    ("value", "lanes"),
    [
        ("", ("light", "train")),
        ("train", ("train",)),
        (" Train, light", ("light", "train")),
        ("none", ()),
    ],
)
def test_an_app_may_leave_some_work_to_other_computers(
    value: str, lanes: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTBOX_LANES", value)
    assert settings.load().lanes == lanes
    monkeypatch.setenv("LIGHTBOX_LANES", "heavy")
    with pytest.raises(InvalidInput, match="LIGHTBOX_LANES"):
        settings.load()
