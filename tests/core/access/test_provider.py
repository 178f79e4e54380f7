"""Signing in at a provider that others use in earnest, too, and that insists on PKCE."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests

from core.access.elsewhere import SignIn
from core.catalog import Catalog
from core.errors import NotAllowed
from tests.waiting import wait_until

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:authlib.*")
FOLDER = Path(__file__).parents[2] / "provider"
BACK = "http://localhost:8501/lightbox/door/provided"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed, so oidc-provider can't run")
    if not (FOLDER / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("oidc-provider is not installed: make provider")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [node, "provider.mjs", str(port), BACK],
        cwd=FOLDER,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            address = f"http://localhost:{port}"
            wait_until(lambda: _answers(address), 60, "the provider")
            yield address
        finally:
            process.kill()


def _answers(address: str) -> bool:
    try:
        place = f"{address}/.well-known/openid-configuration"
        return requests.get(place, timeout=5).status_code == 200
    except requests.RequestException:
        return False


@pytest.fixture(autouse=True)
def configured(issuer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ACCESS": "oidc",
        "OIDC_ISSUER": issuer,
        "OIDC_CLIENT_ID": "lightbox",
        "OIDC_CLIENT_SECRET": "secret",
        "OIDC_ROLES": "labs=trainer",
    }.items():
        monkeypatch.setenv(f"LIGHTBOX_{name}", value)


def come_back(address: str, name: str) -> dict[str, str]:
    """Sign in there as somebody does, and agree; what the browser comes back with."""
    browser = requests.Session()
    forms = [{"prompt": "login", "login": name, "password": "any"}, {"prompt": "consent"}]
    answer = browser.get(address, allow_redirects=False, timeout=20)
    for _ in range(12):
        place = answer.headers.get("Location")
        if place is not None and place.startswith(BACK):
            return {key: found[0] for key, found in parse_qs(urlsplit(place).query).items()}
        if place is not None:
            answer = browser.get(urljoin(answer.url, place), allow_redirects=False, timeout=20)
            continue
        action = re.search(r'action="([^"]+)"', answer.text)
        assert action is not None, answer.text
        place = urljoin(answer.url, action[1])
        answer = browser.post(place, data=forms.pop(0), allow_redirects=False, timeout=20)
    raise AssertionError("the provider leads in circles")


def test_somebody_signs_in_there_with_the_role_of_their_group(catalog: Catalog) -> None:
    sign_in = SignIn()
    address, state = sign_in.begin(BACK)
    got = come_back(address, "anna")
    assert got["state"] == state
    person = sign_in.end(catalog, state, got["code"])
    assert (person.name, person.role) == ("anna@lab.example", "trainer")


@pytest.mark.parametrize("changed", ["verifier", "nonce", "back"])
def test_a_code_that_was_stolen_opens_nothing(catalog: Catalog, changed: str) -> None:
    sign_in, thief = SignIn(), SignIn()
    address, state = sign_in.begin(BACK)
    code = come_back(address, "anna")["code"]
    # Whoever has the code, and all else but one, is refused: by the provider or by us.
    theirs = sign_in._waiting[state]
    values = {"verifier": theirs.verifier, "nonce": theirs.nonce, "back": theirs.back}
    values[changed] = "https://evil.example/" if changed == "back" else "x" * 64
    thief._waiting[state] = type(theirs)(began=theirs.began, **values)
    with pytest.raises(NotAllowed):
        thief.end(catalog, state, code)
    assert catalog.people.all() == []


def test_without_a_challenge_the_provider_lets_nobody_in(issuer: str) -> None:
    address, _ = SignIn().begin(BACK)
    without = re.sub(r"&code_challenge(_method)?=[^&]*", "", address)
    assert without != address
    answer = requests.get(without, allow_redirects=False, timeout=20)
    assert "error=invalid_request" in answer.headers["Location"]
