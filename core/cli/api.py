"""The commands for keys of the HTTP API: api-key new, list, revoke."""

from __future__ import annotations

from typing import Any

from core.catalog import Catalog
from core.cli.command import DAYS, Options, argument, command
from core.cli.output import Output, when
from core.cli.running import say_where
from core.inference.keys import PER_MINUTE, ApiKey, create_key, list_keys, revoke_key


@command(
    "Predict",
    "api-key new",
    "make a key of the HTTP API; it is shown once",
    argument("name", metavar="NAME", help="what it is for"),
    argument(
        "--per-minute",
        type=int,
        default=PER_MINUTE,
        metavar="N",
        help=f"requests that are answered in a minute; default {PER_MINUTE}",
    ),
    argument(
        "--model",
        dest="models",
        action="append",
        default=[],
        metavar="RUN",
        help="only this model may be asked; can be given several times",
    ),
    DAYS,
    examples=("kiosk", 'kiosk --per-minute 60 --model "hands 1" --days 90'),
)
def new(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    key, secret = create_key(
        catalog.workspace,
        options.name,
        options.per_minute,
        models=[catalog.runs.find(name).id for name in options.models],
        days=options.days,
    )
    output.text(secret)
    output.text("Keep it now: it is not shown again. Send it as “Authorization: Bearer lb_…”.")
    say_where(catalog, output, "It is in force")
    return {**_facts(key), "key": secret}


@command("Predict", "api-key list", "list keys, and when each was last used")
def list_all(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    found = list_keys(catalog.workspace)
    output.table(
        ("name", "begins with", "made", "by", "last used", "requests a minute", "until"),
        [
            (
                key.name,
                f"{key.hint}…",
                when(key.made_at),
                key.by,
                when(key.used_at),
                f"{key.per_minute:,}",
                when(key.ends_at),
            )
            for key in found
        ],
        none="There are no API keys. Make one with: api-key new NAME",
    )
    return [_facts(key) for key in found]


@command(
    "Predict",
    "api-key revoke",
    "take a key back",
    argument("name", metavar="NAME", help="its name, or its id as list gives it"),
    examples=("kiosk",),
)
def revoke(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    key = revoke_key(catalog.workspace, options.name)
    output.text(f"The key “{key.name}” opens nothing from now on.")
    return {"revoked": key.id, "name": key.name}


def _facts(key: ApiKey) -> dict[str, Any]:
    return key.model_dump(exclude={"hash"})
