"""People who sign in elsewhere: at a provider of identities (OpenID Connect), or at a proxy in
front.

What they are called and what they may comes from there; who has come once is listed and can be shut
out here like anybody else.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import threading
from dataclasses import dataclass
from time import monotonic
from typing import Any

import requests
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from core.access import people
from core.access.audit import note
from core.catalog import Catalog
from core.catalog.datasets import clean_name
from core.catalog.people import PersonRecord
from core.errors import InvalidInput, NotAllowed, NotFound
from core.who import ROLES, Role

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
_WAITS_S = 600.0
_TIMEOUT_S = 10
_MOST_WAITING = 1000


@dataclass(frozen=True)
class Provider:
    """A provider of identities, by the environment.

    Attributes:
        issuer: its address (``LIGHTBOX_OIDC_ISSUER``).
        client_id, client_secret: Lightbox's own there (``LIGHTBOX_OIDC_CLIENT_ID``, ``…_SECRET``).
        roles: which group has which role (``LIGHTBOX_OIDC_ROLES``, as ``labs=trainer,all=viewer``;
            ``*`` for whoever is in none). In none of them, nobody comes in.
        name_claim: what people are called by (``LIGHTBOX_OIDC_NAME``).
        groups_claim: where their groups are (``LIGHTBOX_OIDC_GROUPS``).
    """

    issuer: str
    client_id: str
    client_secret: str
    roles: dict[str, Role]
    name_claim: str
    groups_claim: str


def provider() -> Provider:
    """The provider that the environment names.

    Raises:
        InvalidInput: something is missing or can't be.
    """
    env = os.environ
    issuer, client = (env.get(f"LIGHTBOX_OIDC_{each}", "") for each in ("ISSUER", "CLIENT_ID"))
    if not issuer.startswith(("https://", "http://localhost", "http://127.0.0.1")) or not client:
        raise InvalidInput(
            "LIGHTBOX_ACCESS is oidc, and no provider is named.",
            remedy="Set LIGHTBOX_OIDC_ISSUER (https://…), LIGHTBOX_OIDC_CLIENT_ID and "
            "LIGHTBOX_OIDC_CLIENT_SECRET.",
        )
    return Provider(
        issuer.rstrip("/"),
        client,
        env.get("LIGHTBOX_OIDC_CLIENT_SECRET", ""),
        roles_of(env.get("LIGHTBOX_OIDC_ROLES", "")),
        env.get("LIGHTBOX_OIDC_NAME", "email"),
        env.get("LIGHTBOX_OIDC_GROUPS", "groups"),
    )


def roles_of(text: str) -> dict[str, Role]:
    """``labs=trainer,*=viewer`` as a table.

    Raises:
        InvalidInput: it is none.
    """
    found = {}
    for pair in filter(None, (each.strip() for each in text.split(","))):
        group, equals, role = pair.rpartition("=")
        if not equals or not group:
            raise InvalidInput(f"“{pair}” is no group with a role.", remedy="Write group=role.")
        found[group.strip()] = people.as_given(role.strip())
    return found


@dataclass(frozen=True)
class _Waiting:
    nonce: str
    verifier: str
    back: str
    began: float


class SignIn:
    """Sign-ins at the provider that have begun and not come back yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, _Waiting] = {}

    def begin(self, back: str) -> tuple[str, str]:
        """Where to send the browser, and the state that it has to come back with.

        Args:
            back: the address here that the provider sends it to.

        Raises:
            InvalidInput, NotAllowed: there is no provider, or it can't be reached.
        """
        named = provider()
        waiting = _Waiting(secrets.token_urlsafe(24), secrets.token_urlsafe(48), back, monotonic())
        session = _session(named, back)
        address, state = session.create_authorization_url(
            str(_described(named)["authorization_endpoint"]),
            code_verifier=waiting.verifier,
            nonce=waiting.nonce,
        )
        with self._lock:
            old = [key for key, it in self._waiting.items() if monotonic() - it.began > _WAITS_S]
            for key in old or list(self._waiting)[: max(0, len(self._waiting) - _MOST_WAITING)]:
                del self._waiting[key]
            self._waiting[state] = waiting
        return str(address), str(state)

    def end(self, catalog: Catalog, state: str, code: str) -> PersonRecord:
        """Who has come back.

        Args:
            state: as the browser was sent away with; it is good once.

        Raises:
            NotAllowed: what came back isn't right, or whoever it is may not come in.
        """
        with self._lock:
            waiting = self._waiting.pop(state, None)
        if waiting is None or monotonic() - waiting.began > _WAITS_S or not code:
            raise NotAllowed("This sign-in is over, or wasn’t begun here.", remedy="Try again.")
        named = provider()
        claims = _claims(named, waiting, code)
        name = clean_name(str(claims.get(named.name_claim) or claims.get("sub") or ""))
        if named.name_claim == "email" and claims.get("email_verified") is False:
            raise NotAllowed("The provider doesn’t know whether this e-mail address is yours.")
        role = role_by(named.roles, claims.get(named.groups_claim))
        if role is None:
            note(catalog, "was refused at the door", name, "no group with a role", who="nobody")
            raise NotAllowed(
                f"“{name}” is in no group that may come in.",
                remedy="Ask whoever runs this Lightbox.",
            )
        return _known(catalog, name, role, "oidc")


def role_by(roles: dict[str, Role], groups: Any) -> Role | None:
    """The highest role that somebody's groups have; ``None`` if they may not come in."""
    theirs = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    found = [roles[str(each)] for each in theirs if str(each) in roles]
    if not found and "*" in roles:
        return roles["*"]
    return max(found, key=ROLES.index, default=None)


def _session(named: Provider, back: str) -> Any:
    return OAuth2Session(
        named.client_id,
        named.client_secret,
        scope="openid profile email groups",
        redirect_uri=back,
        code_challenge_method="S256",
    )


def _described(named: Provider) -> dict[str, Any]:
    found = _fetched(f"{named.issuer}/.well-known/openid-configuration")
    if str(found.get("issuer", "")).rstrip("/") != named.issuer:
        raise NotAllowed("The provider says that it is another one.")
    return found


def _fetched(address: str) -> dict[str, Any]:
    try:
        answer = requests.get(address, timeout=_TIMEOUT_S, allow_redirects=False)
        answer.raise_for_status()
        found = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise NotAllowed(
            "The provider that people sign in at can’t be reached.", remedy="Try again later."
        ) from error
    return found if isinstance(found, dict) else {}


def _claims(named: Provider, waiting: _Waiting, code: str) -> dict[str, Any]:
    """What the provider vouches for, once all that protects it holds."""
    described = _described(named)
    try:
        session = _session(named, waiting.back)
        got = session.fetch_token(
            str(described["token_endpoint"]),
            code=code,
            code_verifier=waiting.verifier,
            timeout=_TIMEOUT_S,
        )
        keys = KeySet.import_key_set(_fetched(str(described["jwks_uri"])))  # type: ignore[arg-type]
        token = jwt.decode(str(got["id_token"]), keys, algorithms=_ALGORITHMS)
        jwt.JWTClaimsRegistry(
            leeway=60,
            iss={"essential": True, "values": [named.issuer, f"{named.issuer}/"]},
            aud={"essential": True, "value": named.client_id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": waiting.nonce},
        ).validate(token.claims)
    except NotAllowed:
        raise
    except (JoseError, ValueError, KeyError, requests.RequestException) as error:
        raise NotAllowed("What the provider sent back isn’t right.", remedy="Try again.") from error
    except Exception as error:  # Authlib's own errors share no class with others
        raise NotAllowed("The provider refused this sign-in.", remedy="Try again.") from error
    return dict(token.claims)


def _known(catalog: Catalog, name: str, role: Role, source: str) -> PersonRecord:
    """Somebody who signs in elsewhere, with the role that they have there."""
    try:
        person = catalog.people.get(name)
    except NotFound:
        person = catalog.people.add(name, role, source=source, by=source)
        note(catalog, "added a person", name, role, who=source)
    if person.source != source:
        raise NotAllowed(
            f"“{name}” signs in here with a password.", remedy="Ask whoever runs this Lightbox."
        )
    if person.disabled_at is not None:
        raise NotAllowed(f"“{name}” is shut out.", remedy="Ask whoever runs this Lightbox.")
    if source == "oidc":
        if person.role != role:
            person = catalog.people.change(person.id, role=role)
        note(catalog, "signed in", name, source, who=name)
    return person


def by_proxy(catalog: Catalog, peer: str, names: list[str]) -> PersonRecord | None:
    """Who a proxy says is there; ``None`` if it says nobody, or isn't one that is listed.

    Args:
        peer: the address that the request came from.
        names: values of the header that ``LIGHTBOX_PROXY_HEADER`` names.
    """
    if len(names) != 1 or not names[0].strip() or not _is_listed(peer):
        return None
    role = people.as_given(os.environ.get("LIGHTBOX_PROXY_ROLE", "viewer"))
    try:
        return _known(catalog, clean_name(names[0]), role, "proxy")
    except (InvalidInput, NotAllowed):
        return None


def proxy_header() -> str:
    """The header by which a proxy says who is there."""
    return os.environ.get("LIGHTBOX_PROXY_HEADER", "X-Forwarded-User")


def _is_listed(peer: str) -> bool:
    try:
        address = ipaddress.ip_address(peer)
        networks = os.environ.get("LIGHTBOX_PROXY_ADDRESSES", "").split(",")
        return any(
            address in ipaddress.ip_network(each.strip()) for each in networks if each.strip()
        )
    except ValueError:
        return False


def check_configured(access: str) -> None:
    """Refuse to start with a way in that can't work.

    Raises:
        InvalidInput: naming what is missing.
    """
    if access == "oidc":
        provider()
    if access == "proxy" and not os.environ.get("LIGHTBOX_PROXY_ADDRESSES", "").strip():
        raise InvalidInput(
            "LIGHTBOX_ACCESS is proxy, and no proxy is listed.",
            remedy="Set LIGHTBOX_PROXY_ADDRESSES to the proxy’s address, 127.0.0.1 for example.",
        )
