"""Before the server starts: who listens already where it is to listen, and what to do about it."""

from __future__ import annotations

import http.client
import json

from core.access.hosts import is_loopback
from core.access.reach import listened
from core.errors import Conflict
from core.workspace import Workspace

# On this computer whoever listens answers sooner by far, unless the computer is very busy.
_PATIENCE_S = 5.0
_HEALTH = {"status", "version", "models_loaded"}


def already_running(workspace: Workspace, address: str, port: int) -> str:
    """Where this Lightbox runs already; "" where the port is free.

    Raises:
        Conflict: another program has the port, or a Lightbox with other data.
    """
    asked = "localhost" if address in ("", "0.0.0.0", "::") else address
    name = "localhost" if is_loopback(asked) else asked
    place = f"http://{f'[{name}]' if ':' in name else name}:{port}"
    health = _health(asked, port)
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
