"""Which addresses are answered, and pages of which addresses may send something."""

from __future__ import annotations

import pytest

from core import settings
from core.access.hosts import check_bind, host_is_known, is_loopback, origin_is_own, parse_bind
from core.errors import InvalidInput, NotAllowed

OWN = ["localhost", "localhost:8501", "LOCALHOST:8501", "127.0.0.1:8501", "[::1]:8501", "127.9.9.9"]
FOREIGN = [
    *("", "evil.example", "evil.example:8501", "localhost.evil.example", "127.0.0.1.nip.io"),
    *("localhost@evil.example", "evil.example/localhost", "localhost#evil", "localhost?x"),
    *("192.168.0.7:8501", "0.0.0.0:8501", "[::]", "[fe80::1]:8501", "localhost:port", "local host"),
    *("localhost:99999999", "localhost\\evil", "localhost,evil", "[::1", "x" * 400, "löcalhost"),
    *("2130706433", "0x7f.1", "localhost..", "-", "a..b", "http://localhost"),
]


@pytest.mark.parametrize("host", OWN)
def test_this_computers_own_names_are_answered(host: str) -> None:
    assert host_is_known(host)


@pytest.mark.parametrize("host", FOREIGN)
def test_a_name_that_anybody_can_point_here_is_not_answered(host: str) -> None:
    assert not host_is_known(host)


def test_listed_names_are_answered_and_with_accounts_numbers_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIGHTBOX_HOSTS", "lab.example, https://photos.example")
    assert host_is_known("lab.example:8501")
    assert host_is_known("photos.example")
    assert not host_is_known("192.168.0.7:8501")
    monkeypatch.setenv("LIGHTBOX_ACCESS", "password")
    assert host_is_known("192.168.0.7:8501")
    assert not host_is_known("evil.example")
    # A proxy in front keeps the name of the page, and puts its own in Host.
    assert origin_is_own("https://photos.example", "127.0.0.1:8501")
    assert not origin_is_own("http://photos.example", "127.0.0.1:8501")
    assert not origin_is_own("https://lab.example", "127.0.0.1:8501")


@pytest.mark.parametrize(
    "origin",
    [
        *("null", "", "http://evil.example", "http://localhost", "http://localhost:8502"),
        *("file://", "http://localhost:8501.evil.example", "http://localhost:8501@evil.example"),
        *("http://127.0.0.1:8501", "chrome-extension://x", "http://[::1", "localhost:8501"),
    ],
)
def test_what_a_page_of_another_address_sends_is_not_taken(origin: str) -> None:
    assert not origin_is_own(origin, "localhost:8501")
    assert origin_is_own("http://localhost:8501", "localhost:8501")


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.0.7", "", "example.org"])
def test_without_accounts_nobody_else_can_reach_it(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotAllowed, match="as long as people don’t sign in"):
        check_bind(address)
    monkeypatch.setenv("LIGHTBOX_ACCESS", "password")
    check_bind(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "[::1]", "127.0.0.53"])
def test_loopback_is_this_computer_alone(address: str) -> None:
    assert is_loopback(address)
    check_bind(address)


@pytest.mark.parametrize("text", ["", "evil.example", "0.0.0.0:x", "1.2.3.4/5", "1.2.3:80", "::z"])
def test_what_is_no_address_to_listen_on_is_said(text: str) -> None:
    with pytest.raises(InvalidInput, match="LIGHTBOX_BIND"):
        parse_bind(text)


@pytest.mark.parametrize("text", ["everybody", "none", "locale"])
def test_an_unknown_way_in_is_not_taken_for_an_open_door(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTBOX_ACCESS", text)
    with pytest.raises(InvalidInput, match="no way to let people in"):
        settings.load()
