"""People who sign in elsewhere: at a real provider on loopback, or at a proxy in front."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from core.access import elsewhere, people
from core.access.elsewhere import SignIn, by_proxy, check_configured, role_by, roles_of
from core.catalog import Catalog
from core.errors import InvalidInput, NotAllowed

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:authlib.*")
BACK = "http://localhost:8501/lightbox/door/provided"


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    mock = pytest.importorskip("oidc_provider_mock")
    users = [
        mock.User(sub="anna", claims={"email": "anna@lab.example", "groups": ["labs", "all"]}),
        mock.User(sub="boris", claims={"email": "boris@lab.example", "groups": ["all"]}),
        mock.User(sub="eve", claims={"email": "eve@lab.example"}),
        mock.User(
            sub="mallory",
            claims={"email": "anna@lab.example", "email_verified": False, "groups": ["labs"]},
        ),
    ]
    with mock.run_server_in_thread(user_claims=users) as server:
        address = f"http://localhost:{server.server_port}"
        monkeypatch.setenv("LIGHTBOX_ACCESS", "oidc")
        monkeypatch.setenv("LIGHTBOX_OIDC_ISSUER", address)
        monkeypatch.setenv("LIGHTBOX_OIDC_CLIENT_ID", "lightbox")
        monkeypatch.setenv("LIGHTBOX_OIDC_CLIENT_SECRET", "secret")
        monkeypatch.setenv("LIGHTBOX_OIDC_ROLES", "labs=trainer, all=viewer")
        yield address


def come_back(address: str, sub: str) -> dict[str, str]:
    """What the provider sends back with, after somebody signed in there."""
    answer = requests.post(address, data={"sub": sub}, allow_redirects=False, timeout=20)
    assert answer.status_code in (302, 303), answer.text
    place = answer.headers["Location"]
    assert place.startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(place).query).items()}


def test_somebody_signs_in_at_the_provider_with_the_role_of_their_group(
    catalog: Catalog, issuer: str
) -> None:
    for sub, role in (("anna", "trainer"), ("boris", "viewer")):
        sign_in = SignIn()
        address, state = sign_in.begin(BACK)
        assert "code_challenge_method=S256" in address
        got = come_back(address, sub)
        assert got["state"] == state
        person = sign_in.end(catalog, state, got["code"])
        assert (person.name, person.role, person.source) == (f"{sub}@lab.example", role, "oidc")
        # It is good once.
        with pytest.raises(NotAllowed, match="over"):
            sign_in.end(catalog, state, got["code"])


@pytest.mark.parametrize(("sub", "said"), [("eve", "in no group"), ("mallory", "e-mail address")])
def test_whoever_has_no_role_or_no_verified_name_stays_outside(
    catalog: Catalog, issuer: str, sub: str, said: str
) -> None:
    sign_in = SignIn()
    address, state = sign_in.begin(BACK)
    with pytest.raises(NotAllowed, match=said):
        sign_in.end(catalog, state, come_back(address, sub)["code"])
    assert catalog.people.all() == []


def test_a_name_that_has_a_password_here_or_is_shut_out_is_not_taken_over(
    catalog: Catalog, issuer: str
) -> None:
    people.add(catalog, "anna@lab.example", "administrator")
    people.add(catalog, "boris@lab.example", "viewer", source="oidc")
    people.change(catalog, "boris@lab.example", disabled=True)
    for sub, said in (("anna", "with a password"), ("boris", "shut out")):
        sign_in = SignIn()
        address, state = sign_in.begin(BACK)
        with pytest.raises(NotAllowed, match=said):
            sign_in.end(catalog, state, come_back(address, sub)["code"])


def test_what_comes_back_wrong_opens_nothing(
    catalog: Catalog, issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(change: Any = None, code: str | None = None) -> None:
        sign_in = SignIn()
        address, state = sign_in.begin(BACK)
        got = come_back(address, "anna")
        if change is not None:
            change(sign_in, state)
        sign_in.end(catalog, state, got["code"] if code is None else code)

    def other_nonce(sign_in: SignIn, state: str) -> None:
        kept = sign_in._waiting[state]
        sign_in._waiting[state] = elsewhere._Waiting("other", kept.verifier, BACK, kept.began)

    def over(sign_in: SignIn, state: str) -> None:
        kept = sign_in._waiting[state]
        sign_in._waiting[state] = elsewhere._Waiting(
            kept.nonce, kept.verifier, BACK, kept.began - 1000
        )

    for wrong in (
        lambda: ended(other_nonce),
        lambda: ended(over),
        lambda: ended(code="guessed"),
        lambda: ended(code=""),
        lambda: SignIn().end(catalog, "guessed", "guessed"),
    ):
        with pytest.raises(NotAllowed):
            wrong()
    ended()
    monkeypatch.setenv("LIGHTBOX_OIDC_ISSUER", "http://localhost:9")
    with pytest.raises(NotAllowed, match="reached"):
        SignIn().begin(BACK)


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["labs"], "trainer"),
        (["all", "labs"], "trainer"),
        ("all", "viewer"),
        ([], None),
        (None, None),
        (["root"], None),
        ({"labs": 1}, None),
        ([["labs"]], None),
    ],
)
def test_the_highest_role_of_somebodys_groups_counts(groups: Any, role: str | None) -> None:
    assert role_by(roles_of("labs=trainer,all=viewer"), groups) == role
    assert role_by(roles_of("*=viewer"), groups) == "viewer"


@pytest.mark.parametrize("text", ["labs", "=viewer", "labs=owner", "labs=nobody", "labs=guest"])
def test_a_table_of_roles_that_is_none_is_said(text: str) -> None:
    with pytest.raises(InvalidInput):
        roles_of(text)


@pytest.mark.parametrize(
    ("peer", "names", "comes"),
    [
        ("10.0.0.5", ["Anna"], True),
        ("10.0.1.5", ["Anna"], False),
        ("127.0.0.1", ["Anna"], False),
        ("", ["Anna"], False),
        ("10.0.0.5", [], False),
        ("10.0.0.5", [""], False),
        ("10.0.0.5", ["Anna", "Boris"], False),
        ("10.0.0.5", ["a" * 300], False),
        ("not an address", ["Anna"], False),
    ],
)
def test_a_proxy_that_is_listed_is_believed_and_nobody_else(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, peer: str, names: list[str], comes: bool
) -> None:
    monkeypatch.setenv("LIGHTBOX_PROXY_ADDRESSES", "10.0.0.0/24, 192.168.7.1")
    person = by_proxy(catalog, peer, names)
    assert (person is not None) == comes
    if person is not None:
        assert person.role == "viewer"
        people.change(catalog, "Anna", disabled=True)
        assert by_proxy(catalog, peer, names) is None


@pytest.mark.parametrize("access", ["oidc", "proxy"])
def test_a_way_in_that_is_not_set_up_is_said_before_anything_is_served(
    access: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidInput, match=re.escape(f"LIGHTBOX_ACCESS is {access}")):
        check_configured(access)
