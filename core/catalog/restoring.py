"""A restore into a server that was killed between its rows and its files.

Files are in their new place before the server has said that the rows are in theirs. So a restore
leaves a note of its transaction's number with the files, and whoever opens the catalog next asks
the server what became of it: the files stay, or those from before come back.
"""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing, suppress
from pathlib import Path

from filelock import FileLock
from sqlalchemy import Connection, Engine, text

from core.errors import Conflict
from core.workspace import Workspace, read_json

# Where a restore keeps the rows that it replaces, beside those that it puts back.
ROWS_BEFORE = "before.db"


def restoring_note(workspace: Workspace) -> Path:
    """Where it is written which transaction puts back the rows that belong to these files."""
    return workspace.home / ".restoring.json"


def number_of(connection: Connection) -> int:
    """The number under which PostgreSQL knows the transaction of a connection."""
    return int(connection.execute(text("SELECT txid_current()")).scalar_one())


def settle(engine: Engine, workspace: Workspace) -> None:
    """Have files that belong to a server's rows, should a restore have been killed between them.

    Raises:
        Conflict: it is still at work.
    """
    note, home = restoring_note(workspace), workspace.home
    if not note.exists():
        return
    with FileLock(home.with_name(f"{home.name}.settle.lock")):
        if not note.exists():  # another process was quicker
            return
        left = read_json(note)
        with engine.connect() as connection:
            asked = text("SELECT txid_status(:number)").bindparams(number=left["in"])
            status = connection.execute(asked).scalar_one_or_none()
        if status == "in progress":
            raise Conflict("A backup is being restored just now.", remedy="Try again in a moment.")
        before = home.with_name(left["was"])
        if status == "aborted" and before.is_dir():
            home.rename(home.with_name(f"{home.name}.restoring-{uuid.uuid4().hex[:8]}"))
            before.rename(home)
            return
        # What the restore had still to do: the lists of before belong beside the files of before.
        if (home / ROWS_BEFORE).exists():
            before.mkdir(mode=0o700, exist_ok=True)
            (home / ROWS_BEFORE).rename(before / "lightbox.db")
        (home / "lightbox.db").unlink(missing_ok=True)
        note.unlink(missing_ok=True)


def forget_store(database: Path) -> None:
    """What is restored lies here, whatever store it was in: it goes there anew."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as opened:
        opened.execute("DELETE FROM folders")  # not there in older ones
        opened.commit()
