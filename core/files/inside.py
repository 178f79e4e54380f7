"""No request goes to an address of the network's inside, unless whoever runs Lightbox lists it.

What a store is called is set by whoever runs Lightbox (``AWS_ENDPOINT_URL`` and its kin), but names
change what they mean, and a bucket's name becomes part of one. So each name is looked up here, and
what it stands for is looked at before anything is connected. ``LIGHTBOX_STORES`` lists hosts that
may be inside.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver


class Inside(OSError):
    """A host is inside the network, and is not listed."""


def is_inside(ip: str) -> bool:
    """Whether an IP address is no public one: of this computer, of a private network, of a
    cloud's own services …; also for what is no IP address."""
    try:
        found = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return True
    mapped = getattr(found, "ipv4_mapped", None) or found
    return not mapped.is_global or mapped.is_multicast


def is_listed(host: str, port: int | None, listed: Collection[str]) -> bool:
    """Whether a host is one of those that are listed, or below one: as ``host`` or
    ``host:port``."""
    name = host.strip("[]").rstrip(".").lower()
    for each in listed:
        wanted, colon, its_port = each.lower().rpartition(":")
        if not colon or not its_port.isdigit() or (":" in wanted and "]" not in wanted):
            wanted, its_port = each.lower(), ""
        wanted = wanted.strip("[]")
        if (name == wanted or name.endswith(f".{wanted}")) and its_port in ("", str(port)):
            return True
    return False


class Resolver(AbstractResolver):
    """Looks names up, and refuses what is inside.

    Args:
        listed: hosts that may be.
    """

    def __init__(self, listed: Collection[str]) -> None:
        self._listed = listed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await ThreadedResolver().resolve(host, port, family)
        if is_listed(host, port, self._listed):
            return found
        outside = [each for each in found if not is_inside(each["host"])]
        if not outside:
            raise Inside(f"{host} is inside the network")
        return outside

    async def close(self) -> None:
        """There is nothing to close."""
