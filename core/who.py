"""Who is acting right now, and what that lets them do.

Functions that change or hand out something ask here, so that a page, the API and a job obey alike.
Where nobody said otherwise (the command line, a worker) it is the person at the computer itself,
who may do everything. In the server it is whoever the middleware of :mod:`core.api.doors` found.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Literal, get_args

from core import settings
from core.errors import NotAllowed

Role = Literal["nobody", "guest", "viewer", "labeller", "trainer", "administrator"]
# Each role may do what those before it may.
ROLES: tuple[Role, ...] = get_args(Role)
# Those that a person can be given.
GIVEN: tuple[Role, ...] = ROLES[2:]


@dataclass(frozen=True)
class Who:
    """Somebody who asks for something.

    Attributes:
        name: as decisions are logged under; "" for the person at the computer.
        session: the id of the browser's session, "" where there is none.
        links: of a guest: the tokens that they came with.
    """

    role: Role = "administrator"
    name: str = ""
    session: str = ""
    links: tuple[str, ...] = ()

    def may(self, role: Role) -> bool:
        """Whether they may do what this role may."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def dump(self) -> bytes:
        """As ASCII, for :func:`load`."""
        return _dumped(self)


# Each request says anew who asks, and they are few.
@lru_cache(maxsize=256)
def _dumped(who: Who) -> bytes:
    return json.dumps(asdict(who)).encode("ascii")


MACHINE = Who()


def on_behalf_of(name: str) -> Who:
    """Whoever does what somebody has asked for: they were allowed to when they did, so it is done;
    and it is logged, and owned, under their name."""
    return Who(name=name)


NOBODY = Who("nobody")

_acting: ContextVar[Who | None] = ContextVar("acting", default=None)
_sources: list[Callable[[], Who | None]] = []


def load(text: str | bytes) -> Who:
    """The inverse of :meth:`Who.dump`."""
    value = json.loads(text)
    return Who(value["role"], value["name"], value["session"], tuple(value["links"]))


def acting() -> Who:
    """Who is acting in this thread or task."""
    if (found := _acting.get()) is not None:
        return found
    for source in _sources:
        if (found := source()) is not None:
            return found
    return MACHINE


@contextmanager
def acting_as(who: Who) -> Iterator[None]:
    """Everything within is done by them."""
    before = _acting.set(who)
    try:
        yield
    finally:
        _acting.reset(before)


def ask_also(source: Callable[[], Who | None]) -> None:
    """Have :func:`acting` ask this too; it answers ``None`` for what isn't its own."""
    if source not in _sources:
        _sources.append(source)


def author() -> str:
    """The name that what is done now is logged under."""
    return acting().name or settings.load().author


_SAID: dict[Role, str] = {
    "viewer": "look at results",
    "labeller": "change data",
    "trainer": "train, export and make keys",
    "administrator": "manage people",
}


_refused: list[Callable[[Who, Role], None]] = []


def tell_of_refusals(listener: Callable[[Who, Role], None]) -> None:
    """Have this called whenever somebody is refused what only another role may do."""
    if listener not in _refused:
        _refused.append(listener)


def require(role: Role) -> Who:
    """Whoever acts, if they may do what this role may.

    Raises:
        NotAllowed: they may not.
    """
    who = acting()
    if who.may(role):
        return who
    for listener in _refused:
        listener(who, role)
    known = "Ask whoever runs this Lightbox for that role."
    raise NotAllowed(
        f"Only {_a(role)} may {_SAID.get(role, 'do this')}"
        + (f", and you are {_a(who.role)}." if who.role in GIVEN else "."),
        remedy=known if who.role in GIVEN else "Sign in first.",
    )


def _a(role: Role) -> str:
    return f"an {role}" if role[0] in "aeiou" else f"a {role}"
