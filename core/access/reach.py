"""Where others find this Lightbox: the address that a link begins with, and who reaches it.

A running server notes where it listens, so that the command line prints whole addresses too. Before
one starts it is looked who listens there already.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import json
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import segno
from pydantic import BaseModel, ValidationError

from core import settings
from core.access.hosts import is_loopback, parse_bind
from core.errors import Conflict, NotFound
from core.workspace import Workspace, read_json, write_json

_PORT = 8501
# What a server listens at that all addresses of its computer lead to.
_ALL = ("", "0.0.0.0", "::")
# An address of documentation (RFC 5737). Nothing is sent there; it makes the system say by which of
# its own addresses it would go out.
_OUT_THERE = ("192.0.2.1", 9)
# On this computer whoever listens answers sooner by far, unless the computer is very busy.
_PATIENCE_S = 5.0
_HEALTH = {"status", "version", "models_loaded"}


class _Listening(BaseModel):
    address: str
    port: int


@dataclass(frozen=True)
class Reach:
    """Where a link leads.

    Attributes:
        base: what stands before a link's path, without a slash at its end.
        others: whether another device can open it: one in the same network, or further away.
        secure: whether browsers there give a page their camera (https, or this computer itself).
        why: what keeps others out and what to do about it; "" where nothing does.
    """

    base: str
    others: bool
    secure: bool
    why: str = ""


def remember(workspace: Workspace, address: str, port: int) -> None:
    """Note where the server listens."""
    write_json(_file(workspace), {"address": address, "port": port})


def reach(workspace: Workspace, seen: str = "") -> Reach:
    """Where others find this Lightbox.

    Args:
        seen: the address that a browser has opened it by, with the path above its pages if there is
            one; "" where nobody knows.
    """
    name = urlsplit(seen).hostname or ""
    if name and not is_loopback(name):
        return Reach(seen, True, seen.startswith("https:"))
    for host in settings.load().hosts:
        if "://" in host:
            return Reach(host.rstrip("/"), True, host.startswith("https:"))
    address, port = _listening(workspace)
    below = urlsplit(seen).path
    if is_loopback(address):
        return Reach(seen or f"http://localhost:{port}", False, True, _alone())
    if address in _ALL:
        found = own_address()
        if found is None:
            return Reach(
                seen or f"http://localhost:{port}",
                False,
                True,
                "Only this computer opens it, since it is in no network now.",
            )
        address = found
    return Reach(f"{listening_at(address, port)}{below}", True, False)


def listening_at(address: str, port: int) -> str:
    """Where a browser finds what listens there: one on this computer, where that is all addresses
    or its own."""
    name = "localhost" if address in _ALL or is_loopback(address) else address
    return f"http://{f'[{name}]' if ':' in name else name}:{port}"


def _alone() -> str:
    """Why only this computer opens it, and what to do where people sign in, or don't yet."""
    why = (
        "Only this computer opens it, since Lightbox listens on this computer only. For phones and "
        "other computers: "
    )
    if settings.access() != "local":
        return f"{why}start Lightbox with LIGHTBOX_BIND=0.0.0.0."
    return (
        f"{why}start Lightbox with LIGHTBOX_ACCESS=password and LIGHTBOX_BIND=0.0.0.0, once there "
        "is an administrator (python -m core people add NAME --role administrator)."
    )


def own_address() -> str | None:
    """This computer's address in its network; ``None`` if it is in none."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
            asked.connect(_OUT_THERE)
            found = str(asked.getsockname()[0])
    except OSError:
        return None
    address = ipaddress.ip_address(found)
    return None if address.is_loopback or address.is_unspecified else found


def qr_code(address: str, kind: str = "png") -> bytes:
    """An address as a QR code with its quiet zone, black on white, whatever is around it.

    Args:
        kind: ``png`` or ``svg``.
    """
    made = io.BytesIO()
    segno.make(address, micro=False).save(made, kind=kind, scale=8, border=4, light="white")
    return made.getvalue()


def listened(workspace: Workspace) -> tuple[str, int] | None:
    """The address and the port of the server that was started last; ``None`` before any was."""
    try:
        noted = _Listening.model_validate(read_json(_file(workspace)))
    except (NotFound, ValidationError):
        return None
    return noted.address, noted.port


def _listening(workspace: Workspace) -> tuple[str, int]:
    """Where the server listens that was started last, or else would by its settings."""
    address, port = parse_bind(settings.load().bind)
    return listened(workspace) or (address, port or _PORT)


def _file(workspace: Workspace) -> Path:
    # Not state: another start writes it anew.
    return workspace.cache / "listening.json"


def already_running(workspace: Workspace, address: str, port: int) -> str:
    """Where this Lightbox runs already; "" where the port is free.

    Raises:
        Conflict: another program has the port, or a Lightbox with other data.
    """
    place = listening_at(address, port)
    health = _health("localhost" if address in _ALL else address, port)
    if health is None:
        return ""
    free = port + 1 if port < 65_535 else 8501
    choose = f"Choose another: PORT={free} make app (or LIGHTBOX_BIND={address}:{free})."
    if not health.keys() >= _HEALTH:
        raise Conflict(f"Port {port} is taken by another program.", remedy=choose)
    noted = listened(workspace)
    if noted is None or noted[1] != port:
        raise Conflict(f"A Lightbox with other data is running at {place}.", remedy=choose)
    return place


def _health(address: str, port: int) -> dict[str, object] | None:
    """What whoever listens there says of its health, {} if nothing; ``None`` if nobody listens."""
    connection = http.client.HTTPConnection(address, port, timeout=_PATIENCE_S)
    try:
        connection.connect()
    except OSError:
        return None
    try:
        connection.request("GET", "/api/v1/health")
        said = json.loads(connection.getresponse().read(1000))
    except (OSError, http.client.HTTPException, ValueError):
        return {}
    finally:
        connection.close()
    return said if isinstance(said, dict) else {}
