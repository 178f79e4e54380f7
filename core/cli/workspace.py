"""The commands for the workspace as a whole: backup and restore, move-database, move-files."""

from __future__ import annotations

import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from core import settings
from core.access.audit import note
from core.catalog import Catalog, open_catalog
from core.catalog.backups import backup, restore
from core.catalog.moving import FILE, move_database
from core.cli.command import Options, argument, command
from core.cli.output import Output, when
from core.errors import InvalidInput
from core.text import plural, size
from core.workspace import open_workspace, writable_place

in_library = partial(command, "Library")


@in_library(
    "workspace backup",
    "write all that Lightbox keeps into one file",
    argument("file", type=Path, metavar="FILE", help="where to; hands.lightbox for example"),
    argument("--replace", action="store_true", help="though there is a file of that name"),
    examples=("all.lightbox",),
)
def write(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    target = writable_place(options.file)
    if target.exists() and not options.replace:
        raise InvalidInput("There is a file of that name.", file=target, remedy="Or: --replace")
    done = backup(catalog.workspace, target, output.progress)
    output.text(f"{plural(done['files'], 'file')}, {size(done['bytes'])}, in {target}.")
    output.text("Pictures in folders of your own, which Lightbox only reads, are not in it.")
    note(catalog, "made a backup", str(target))
    return {**done, "path": str(target)}


@in_library(
    "workspace restore",
    "put what a backup holds in the place of the workspace",
    argument("file", type=Path, metavar="FILE", help="a backup"),
    argument("--replace", action="store_true", help="though there is a workspace; it is kept"),
    examples=("all.lightbox --replace",),
    opens=False,
)
def put_back(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    del catalog  # there may be none that can be opened
    home = settings.load().home
    done = restore(home, options.file, output.progress, replace=options.replace)
    keeper = open_catalog(open_workspace()).workspace.keeper if settings.files() else None
    if keeper is not None:
        keeper.settle_all()
    output.text(f"{home} is as it was at {when(done['made_at'])}.")
    if done["before"]:
        output.text(f"What was there before lies in {done['before']}.")
    return {**done, "home": str(home)}


@in_library(
    "move-database",
    "move the lists to PostgreSQL, for a team; or back to a file",
    argument(
        "target",
        metavar="ADDRESS",
        help="postgresql+pg8000://NAME:PASSWORD@HOST/DATABASE of an empty database; - reads it "
        "from standard input, where no list of processes shows it; or: sqlite",
    ),
    examples=("postgresql+pg8000://lightbox@db.example/lightbox", "-", "sqlite"),
)
def move(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    target = sys.stdin.readline().strip() if options.target == "-" else options.target
    moved = move_database(catalog, target, output.progress)
    output.text(f"{plural(moved.rows, 'row')}, each of them compared, in {moved.place}.")
    if target.strip().lower() == FILE:
        output.text("Remove LIGHTBOX_DATABASE from now on; what is on the server stays as it is.")
    else:
        output.text("Set LIGHTBOX_DATABASE to this address from now on, wherever Lightbox runs.")
    if moved.kept:
        output.text(f"The file that the lists were in lies in {moved.kept}.")
    return asdict(moved)


@in_library(
    "move-files",
    "move the files to a store, for a team; or back home",
    argument(
        "target",
        metavar="PLACE",
        help="s3://BUCKET/FOLDER, gs://…, az://… or the whole path of a shared folder; or: home",
    ),
    examples=("s3://lab/lightbox", "home"),
)
def move_all_files(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    # No other command needs what asks a store.
    from core.catalog.moving_files import HOME, move_files

    moved = move_files(catalog, options.target, output.progress)
    what = (
        f"{plural(moved.files, 'file')} in {plural(moved.folders, 'folder')}, {size(moved.bytes)}"
    )
    if moved.place == HOME:
        output.text(f"{what}, are in {catalog.workspace.home}, each compared with the store’s.")
        output.text("Remove LIGHTBOX_FILES from now on; what is in the store stays as it is.")
    else:
        output.text(f"{what}, are in {moved.place}; each was read again and compared.")
        output.text(f"From now on, wherever Lightbox runs, set LIGHTBOX_FILES={moved.place}")
    note(catalog, "moved files", moved.place, what)
    return asdict(moved)
