"""Keys that let programs ask for predictions: made, listed, revoked, recognised.

Only a key's SHA-256 is kept, in ``api-keys.json`` in the workspace, so that nobody who reads the
file can use a key. A slow hash, as for passwords, is not needed: a key is 256 random bits, which
nobody can guess however fast the guessing is.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from core.access.audit import note
from core.access.browsers import digest
from core.access.in_force import ends_at
from core.catalog import open_catalog
from core.errors import InvalidInput, NotFound
from core.who import acting, author, require
from core.workspace import Workspace, read_json, write_json

PREFIX = "lb_"
# More than this computer's model answers in a minute, so that it only stops what runs wild.
PER_MINUTE = 30_000
MOST_PER_MINUTE = 1_000_000
_LONGEST_NAME = 80
# The file is not written more often than this for when a key was last used, in seconds.
_NOTE_EVERY_S = 60


class ApiKey(BaseModel, frozen=True, extra="ignore"):
    """What is known of a key; not the key itself.

    Attributes:
        id: names it, here and nowhere else.
        hint: how the key begins, to tell keys apart.
        hash: SHA-256 of the key, hexadecimal.
        made_at, used_at: seconds since 1970; ``used_at`` to about a minute, ``None`` for never.
        by: who made it.
        person: whether that was somebody who signs in; such a key acts for them alone.
        per_minute: so many requests a minute are answered.
        models: ids of runs that it may ask; empty for all that its owner may see.
        ends_at: from then on it opens nothing; ``None`` for until it is taken back.
    """

    id: str
    name: str
    hint: str
    hash: str
    made_at: float
    by: str = ""
    person: bool = False
    used_at: float | None = None
    per_minute: int = Field(default=PER_MINUTE, ge=1, le=MOST_PER_MINUTE)
    models: tuple[str, ...] = ()
    ends_at: float | None = None


_KEYS = TypeAdapter(list[ApiKey])
_Seen = tuple[int, int, int]
_read_before: dict[Path, tuple[_Seen, list[ApiKey]]] = {}
_noted: dict[tuple[Path, str], float] = {}
_lock = threading.Lock()


def create_key(
    workspace: Workspace,
    name: str,
    per_minute: int = PER_MINUTE,
    *,
    models: Sequence[str] = (),
    days: float | None = None,
) -> tuple[ApiKey, str]:
    """A new key, and its secret: this is the only time that it can be seen.

    Args:
        name: what it is for, as people will read it; not taken yet.
        per_minute: so many requests a minute are answered, 1 to 1,000,000.
        models: ids of the runs that it may ask; none for all.
        days: for so many it is in force; ``None`` for until it is taken back.

    Raises:
        NotAllowed: whoever acts may make none.
        InvalidInput: the name is empty, too long or taken, or the number is out of range.
    """
    require("trainer")
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidInput(
            f"A key needs a name of 1 to {_LONGEST_NAME} characters.",
            remedy="Say what it is for, “shop scanner” for example.",
        )
    if not 1 <= per_minute <= MOST_PER_MINUTE:
        raise InvalidInput(f"Requests a minute can be 1 to {MOST_PER_MINUTE:,}.")
    end = ends_at(days, "a key")
    secret = PREFIX + secrets.token_urlsafe(32)
    with _changing(workspace):
        keys = list_keys(workspace)
        if any(key.name == name for key in keys):
            raise InvalidInput(
                f"There is a key named “{name}” already.", remedy="Choose another name."
            )
        key = ApiKey(
            id=secrets.token_hex(4),
            name=name,
            hint=secret[:7],
            hash=digest(secret),
            made_at=time.time(),
            by=author(),
            person=bool(acting().name),
            per_minute=per_minute,
            models=tuple(models),
            ends_at=end,
        )
        _write(workspace, [key, *keys])
    note(open_catalog(workspace), "made a key", key.name)
    return key, secret


def list_keys(workspace: Workspace) -> list[ApiKey]:
    """The keys in force, newest first.

    Raises:
        InvalidInput: the file with the keys is damaged.
    """
    path = _file(workspace)
    try:
        facts = path.stat()
    except FileNotFoundError:
        return []
    seen = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
    known = _read_before.get(path)
    if known is not None and known[0] == seen:
        return known[1]
    try:
        keys = _KEYS.validate_python(read_json(path))
    except (NotFound, ValidationError) as error:
        raise InvalidInput(
            "The list of API keys is damaged.",
            file=path,
            remedy="Remove the file, and make new keys.",
        ) from error
    _read_before[path] = (seen, keys)
    return keys


def revoke_key(workspace: Workspace, name_or_id: str) -> ApiKey:
    """Take a key back: nobody gets an answer with it from now on.

    Raises:
        NotFound: there is no key with this name or id.
    """
    require("trainer")
    with _changing(workspace):
        keys = list_keys(workspace)
        found = next((key for key in keys if name_or_id in (key.id, key.name)), None)
        if found is None:
            raise NotFound(
                f"There is no API key “{name_or_id}”.", remedy="List those that there are."
            )
        _write(workspace, [key for key in keys if key.id != found.id])
    note(open_catalog(workspace), "took a key back", found.name)
    return found


def find_key(workspace: Workspace, secret: str) -> ApiKey | None:
    """The key that this is, or ``None``. How long it takes says nothing about any key."""
    given = digest(secret)
    found = None
    for key in list_keys(workspace):
        if hmac.compare_digest(key.hash, given):
            found = key
    over = found is not None and found.ends_at is not None and found.ends_at < time.time()
    return None if over else found


def note_used(workspace: Workspace, key: ApiKey) -> None:
    """Remember that a key was used now; written once a minute at most."""
    place = (_file(workspace), key.id)
    now = time.time()
    with _lock:
        if now - _noted.get(place, key.used_at or 0.0) < _NOTE_EVERY_S:
            return
        _noted[place] = now
    with _changing(workspace):
        keys = list_keys(workspace)
        _write(
            workspace,
            [
                each.model_copy(update={"used_at": now}) if each.id == key.id else each
                for each in keys
            ],
        )


def _write(workspace: Workspace, keys: list[ApiKey]) -> None:
    write_json(_file(workspace), [key.model_dump() for key in keys])


def _file(workspace: Workspace) -> Path:
    return workspace.home / "api-keys.json"


def _changing(workspace: Workspace) -> FileLock:
    """One process at a time changes the list; the command line is another one than the app."""
    return FileLock(workspace.home / ".api-keys.lock", timeout=10)
