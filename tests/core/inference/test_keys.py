"""Keys are shown once, kept as a hash, recognised until they are revoked, and noted when used."""

from __future__ import annotations

import concurrent.futures

import pytest

from core.errors import InvalidInput, NotFound
from core.inference import keys as module
from core.inference.keys import create_key, find_key, list_keys, note_used, revoke_key
from core.workspace import Workspace


def test_a_key_is_recognised_until_it_is_taken_back(workspace: Workspace) -> None:
    first, secret = create_key(workspace, "  shop   scanner ")
    second, other = create_key(workspace, "robot", 60)
    assert secret.startswith("lb_")
    assert len(secret) > 40
    assert secret != other
    assert [key.name for key in list_keys(workspace)] == ["robot", "shop scanner"]
    assert find_key(workspace, secret) == first
    assert find_key(workspace, other) == second
    assert second.per_minute == 60
    for wrong in ("", "lb_", secret[:-1], secret + "a", first.hash, first.id, "\udcff"):
        assert find_key(workspace, wrong) is None
    assert revoke_key(workspace, "shop scanner") == first
    assert find_key(workspace, secret) is None
    assert revoke_key(workspace, second.id) == second
    assert list_keys(workspace) == []
    with pytest.raises(NotFound, match="no API key"):
        revoke_key(workspace, "shop scanner")


def test_only_a_hash_is_kept(workspace: Workspace) -> None:
    _, secret = create_key(workspace, "a")
    kept = b"".join(file.read_bytes() for file in workspace.home.rglob("*") if file.is_file())
    assert secret.encode() not in kept
    assert secret[7:].encode() not in kept


@pytest.mark.parametrize("name", ["", "   ", "a" * 81, "a\x00b"])
def test_a_key_needs_a_name(workspace: Workspace, name: str) -> None:
    with pytest.raises(InvalidInput, match="needs a name"):
        create_key(workspace, name)
    with pytest.raises(InvalidInput, match="Requests a minute"):
        create_key(workspace, "fast", 0)


def test_a_name_is_taken_once(workspace: Workspace) -> None:
    create_key(workspace, "a")
    with pytest.raises(InvalidInput, match="already"):
        create_key(workspace, "a ")


def test_when_a_key_was_used_is_written_once_a_minute(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000_000.0]
    monkeypatch.setattr(module.time, "time", lambda: now[0])
    key, _ = create_key(workspace, "a")
    create_key(workspace, "b")
    for at, written in ((0, 0), (59, 0), (61, 61), (62, 61)):
        now[0] = 1_000_000.0 + at
        note_used(workspace, key)
        assert [each.used_at for each in list_keys(workspace)] == [None, 1_000_000.0 + written]


def test_keys_made_at_once_are_all_kept(workspace: Workspace) -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda n: create_key(workspace, f"key {n}"), range(16)))
    assert {key.id for key in list_keys(workspace)} == {key.id for key, _ in made}


def test_a_damaged_list_says_so_and_opens_nothing(workspace: Workspace) -> None:
    _, secret = create_key(workspace, "a")
    (workspace.home / "api-keys.json").write_text("[{]")
    with pytest.raises(InvalidInput, match="damaged"):
        find_key(workspace, secret)


def test_a_key_ends_by_itself_and_is_for_the_models_it_was_made_for(workspace: Workspace) -> None:
    _, over = create_key(workspace, "over", days=1e-9)
    _, secret = create_key(workspace, "kiosk", models=["run-1"], days=1)
    assert find_key(workspace, over) is None
    found = find_key(workspace, secret)
    assert found is not None
    assert found.models == ("run-1",)
    for days in (0, -1, 4000):
        with pytest.raises(InvalidInput, match="in force"):
            create_key(workspace, f"for {days}", days=days)
