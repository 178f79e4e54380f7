"""Where others find this Lightbox: the address that a link begins with, and who reaches it.

A running server notes where it listens, so that the command line prints whole addresses too.
"""

from __future__ import annotations

import io
import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import segno
from pydantic import BaseModel, ValidationError

from core import settings
from core.access.hosts import is_loopback, parse_bind
from core.errors import NotFound
from core.workspace import Workspace, read_json, write_json

_PORT = 8501
# An address of documentation (RFC 5737). Nothing is sent there; it makes the system say by which of
# its own addresses it would go out.
_OUT_THERE = ("192.0.2.1", 9)


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
    if address in ("", "0.0.0.0", "::"):
        found = own_address()
        if found is None:
            return Reach(
                seen or f"http://localhost:{port}",
                False,
                True,
                "Only this computer opens it, since it is in no network now.",
            )
        address = found
    shown = f"[{address}]" if ":" in address else address
    return Reach(f"http://{shown}:{port}{below}", True, False)


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
