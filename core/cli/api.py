"""The commands for keys of the HTTP API: api-key new, list, revoke."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from core.catalog import Catalog
from core.cli.output import Output, when
from core.inference.keys import PER_MINUTE, ApiKey, create_key, list_keys, revoke_key

Options = argparse.Namespace


def add_verbs(verbs: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """Put these commands into the grammar."""
    keys = verbs.add_parser("api-key", help="make, list and revoke keys of the HTTP API")
    kinds = keys.add_subparsers(required=True, metavar="ACTION")
    command = add(kinds, "new", new, "make a key; it is shown once")
    command.add_argument("name", metavar="NAME", help="what it is for")
    command.add_argument(
        "--per-minute",
        type=int,
        default=PER_MINUTE,
        metavar="N",
        help=f"requests that are answered in a minute; default {PER_MINUTE}",
    )
    add(kinds, "list", list_all, "list keys, and when each was last used")
    command = add(kinds, "revoke", revoke, "take a key back")
    command.add_argument("name", metavar="NAME", help="its name, or its id as list gives it")


def new(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    key, secret = create_key(catalog.workspace, options.name, options.per_minute)
    output.text(secret)
    output.text("Keep it now: it is not shown again. Send it as “Authorization: Bearer lb_…”.")
    return {**_facts(key), "key": secret}


def list_all(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    found = list_keys(catalog.workspace)
    if found:
        output.table(
            ("name", "begins with", "made", "by", "last used", "requests a minute"),
            [
                (
                    key.name,
                    f"{key.hint}…",
                    when(key.made_at),
                    key.by,
                    "–" if key.used_at is None else when(key.used_at),
                    f"{key.per_minute:,}",
                )
                for key in found
            ],
        )
    else:
        output.text("There are no API keys. Make one with: api-key new NAME")
    return [_facts(key) for key in found]


def revoke(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    key = revoke_key(catalog.workspace, options.name)
    output.text(f"The key “{key.name}” opens nothing from now on.")
    return {"revoked": key.id, "name": key.name}


def _facts(key: ApiKey) -> dict[str, Any]:
    return key.model_dump(exclude={"hash"})
