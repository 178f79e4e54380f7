"""Which addresses Lightbox listens on and answers to.

A page of somebody else's can have its own name point at this computer (DNS rebinding), and the
browser then takes what it reads here for that page's own. So names are answered only if they are
known; numbers can't be pointed anywhere else. What a page may send is answered only if it comes
from a page of the same address.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import lru_cache
from urllib.parse import urlsplit

from core import settings
from core.errors import InvalidInput, NotAllowed

_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_loopback(address: str) -> bool:
    """Whether only this computer can reach what listens there."""
    number = _number(address.strip("[]"))
    return address.lower() == "localhost" or (number is not None and number.is_loopback)


def parse_bind(text: str) -> tuple[str, int | None]:
    """``LIGHTBOX_BIND`` as an address and, if it says one, a port.

    >>> parse_bind("0.0.0.0:80"), parse_bind("[::1]:8501"), parse_bind("127.0.0.1")
    (('0.0.0.0', 80), ('::1', 8501), ('127.0.0.1', None))

    Raises:
        InvalidInput: it is neither.
    """
    try:
        number = _number(text.strip())
        parts = urlsplit(f"//[{text}]" if number and number.version == 6 else f"//{text.strip()}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.path or (not _number(host) and host != "localhost"):
        raise InvalidInput(
            f"LIGHTBOX_BIND is {text!r}, which is no address of this computer.",
            remedy="Set it to 127.0.0.1, 0.0.0.0 or one of the computer’s own, with “:8501” or "
            "another port behind it if you like.",
        )
    return host, port


def check_bind(address: str) -> None:
    """Refuse to listen beyond this computer while anybody who comes would be the owner.

    Raises:
        NotAllowed: there are no accounts, and others could reach this.
    """
    if is_loopback(address) or settings.access() != "local":
        return
    raise NotAllowed(
        f"Lightbox doesn’t listen on {address or 'all addresses'}, where others can reach it, as "
        "long as people don’t sign in.",
        remedy="Make a first administrator (python -m core people add NAME --role administrator) "
        "and set LIGHTBOX_ACCESS=password; or leave it on 127.0.0.1.",
    )


def host_is_known(host: str) -> bool:
    """Whether a request's ``Host`` is an address of this Lightbox.

    Args:
        host: as the header has it, with or without a port.
    """
    name = _name_of(host)
    if name is None:
        return False
    apart = settings.access() != "local"
    if _number(name):
        return is_loopback(name) or apart
    if name in _LOOPBACK or any(name == each for each, _ in _listed()):
        return True
    return apart and name in _own_names()


def origin_is_own(origin: str, host: str) -> bool:
    """Whether a page of this origin may send things here: one of the same address, or listed."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return False
    if parts.netloc.lower() == host.lower():
        return True
    name = _name_of(parts.netloc)
    return any(name == each and scheme == parts.scheme for each, scheme in _listed() if scheme)


@lru_cache(maxsize=1)
def _own_names() -> tuple[str, str]:
    """What this computer is called. Its full name may be asked of a server far away, so once."""
    return socket.gethostname().lower(), socket.getfqdn().lower()


def _listed() -> list[tuple[str, str]]:
    """What ``LIGHTBOX_HOSTS`` lists: names, each with a scheme where it has one."""
    found = []
    for each in settings.hosts():
        scheme, _, rest = each.lower().rpartition("://")
        found.append((rest.split("/")[0].partition(":")[0], scheme))
    return found


# The same few names are asked for at every request.
@lru_cache(maxsize=256)
def _name_of(host: str) -> str | None:
    """A header's host without its port, in small letters; ``None`` if it is none."""
    if not host or len(host) > 300 or any(each in host for each in "@/\\?#, \t"):
        return None
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    name = (parts.hostname or "").removesuffix(".")
    return name if _number(name) or _NAME.fullmatch(name) else None


def _number(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address in numbers; ``None`` if it is none."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
