"""The commands for who may come in: people, audit. On the computer itself one is the
administrator."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from core.access import audit, people
from core.access.reach import reach
from core.access.visible import show_to
from core.api.entrance import PREFIX
from core.catalog import Catalog
from core.catalog.people import PersonRecord
from core.catalog.visibility import LEVELS, Kind
from core.cli.command import Options, argument, command
from core.cli.output import Output, when
from core.delivery.take_away.links import all_links, revoke_link
from core.who import GIVEN

in_people = partial(command, "People")

WHO = argument("name", metavar="NAME", help="as they sign in")
_HOW = "It works once, for seven days, where Lightbox runs with LIGHTBOX_ACCESS=password."
ROLE = argument("--role", choices=GIVEN, default="viewer", help="what they may do; default viewer")


@in_people(
    "people add",
    "make somebody who may sign in; prints their link",
    WHO,
    ROLE,
    examples=("Anna --role administrator",),
)
def add(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    person = people.add(catalog, options.name, options.role)
    token = people.invite(catalog, person.role, person.name)
    output.text(f"“{person.name}” may come in as {person.role}, and chooses a password at")
    return {**_facts(person), "address": _hand_over(catalog, token, output)}


def _hand_over(catalog: Catalog, token: str, output: Output) -> str:
    """Say where somebody who was invited chooses a password; returns the address."""
    at = reach(catalog.workspace)
    address = f"{at.base}{PREFIX}/invited?token={token}"
    output.text(address)
    output.text(_HOW)
    if at.why:
        output.text(at.why)
    return address


@in_people("people list", "who may sign in, and from how many browsers they are")
def list_all(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    found = catalog.people.all()
    browsers = {each.id: len(catalog.people.sessions(each.id)) for each in found}
    output.table(
        ("name", "role", "made", "by", "browsers", ""),
        [
            (
                each.name,
                each.role,
                when(each.made_at),
                each.by,
                str(browsers[each.id]),
                "shut out" if each.disabled_at else "",
            )
            for each in found
        ],
        none="Nobody signs in here. Make somebody with: people add NAME",
    )
    return [{**_facts(each), "browsers": browsers[each.id]} for each in found]


@in_people(
    "people invite",
    "make a link by which somebody chooses a name and a password",
    argument("--role", choices=GIVEN, default="viewer", help="of somebody new; default viewer"),
    argument("--for", dest="name", default="", metavar="NAME", help="a new password for them"),
    examples=("--role labeller",),
)
def invite(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    token = people.invite(catalog, options.role, options.name)
    address = _hand_over(catalog, token, output)
    return {"address": address, "role": options.role, "for": options.name}


@in_people(
    "people change",
    "give somebody another role, or shut them out",
    WHO,
    argument("--role", choices=GIVEN, help="their new role"),
    argument("--shut-out", action="store_true", help="end their sessions, and let them in no more"),
    argument("--let-in", action="store_true", help="let them in again"),
    argument("--sign-out", action="store_true", help="end their sessions"),
    examples=("Anna --role labeller", "Anna --sign-out"),
)
def change(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    disabled = True if options.shut_out else False if options.let_in else None
    if options.sign_out:
        people.end_sessions(catalog, options.name)
    person = people.change(catalog, options.name, role=options.role, disabled=disabled)
    shut = ", and is shut out" if person.disabled_at else ""
    output.text(f"“{person.name}” is {person.role}{shut}.")
    return _facts(person)


@in_people(
    "people remove",
    "forget somebody; what they did stays in the log",
    WHO,
    examples=("Anna",),
)
def remove(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    person = people.remove(catalog, options.name)
    output.text(f"“{person.name}” is gone.")
    return _facts(person)


@in_people(
    "links",
    "all links for guests that are in force; or take one back",
    argument("--revoke", metavar="TOKEN", help="take this one back"),
    examples=("",),
)
def links(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    if options.revoke is not None:
        revoke_link(catalog.workspace, options.revoke)
        output.text("The link leads nowhere from now on.")
    found = all_links(catalog.workspace)
    base = reach(catalog.workspace).base
    names = {run.id: run.name for run in catalog.runs.all(archived=True)}
    output.table(
        ("model", "kind", "made", "by", "until", "address"),
        [
            (
                names.get(each.run_id, each.run_id),
                each.kind,
                when(each.made_at),
                each.by,
                when(each.ends_at),
                base + each.address,
            )
            for each in found
        ],
        none="There are no links. Make one with: share RUN",
    )
    return [
        {**each.model_dump(), "address": each.address, "url": base + each.address} for each in found
    ]


@in_people(
    "visible",
    "who may see a model or, with --dataset, a dataset",
    argument("name", metavar="NAME", help="of the model or dataset"),
    argument(
        "to",
        nargs="?",
        choices=LEVELS,
        help="private: its owner; team: who signs in; link: guests too",
    ),
    argument("--dataset", action="store_true", help="it is a dataset"),
    examples=('"hands 1" team', "hands private --dataset"),
)
def visible(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    kind: Kind = "dataset" if options.dataset else "run"
    item_id = (catalog.datasets if options.dataset else catalog.runs).find(options.name).id
    if options.to is not None:
        show_to(catalog, kind, item_id, options.to)
    owner, level = catalog.visibility.of(kind, item_id)
    output.text(f"“{options.name}” is {owner}’s, and is shown to: {level}.")
    return {"name": options.name, "id": item_id, "owner": owner, "level": level}


@in_people(
    "audit",
    "what was done: sign-ins, refusals, deletions, decisions",
    argument("--days", type=float, default=30, metavar="N", help="so many days back; default 30"),
    argument("--csv", action="store_true", help="print a table for other programs"),
)
def log(catalog: Catalog, options: Options, output: Output) -> list[dict[str, Any]]:
    found = audit.entries(catalog, since=time.time() - options.days * 86400, most=100_000)
    if options.csv:
        output.text(audit.to_csv(found).rstrip("\n"))
    elif found:
        rows = [(when(each.at), each.who, each.what, each.subject, each.detail) for each in found]
        output.table(("when", "who", "what", "about", ""), rows)
    else:
        output.text("Nothing was done in that time.")
    return [each.__dict__ for each in found]


def _facts(person: PersonRecord) -> dict[str, Any]:
    return {
        "name": person.name,
        "role": person.role,
        "source": person.source,
        "made_at": person.made_at,
        "shut_out": person.disabled_at is not None,
    }
