"""The register of sections: each a function from a result to parts, with its title and places.

A new section is one file with such a function, and a line in ``_MODULES``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

from core.evaluation.document.parts import Part, Section
from core.evaluation.document.result import Result

Place = Literal["page", "report", "card", "terminal"]
EVERYWHERE: tuple[Place, ...] = ("page", "report", "card", "terminal")
OFF_CARD: tuple[Place, ...] = ("page", "report", "terminal")
Build = Callable[[Result], Iterable[Part]]
_SECTIONS = "core.evaluation.document.sections."
# Where sections are registered, in the order in which they are read.
_MODULES = (
    "verdict",
    "metrics",
    "confusions",
    "classes",
    "mistakes",
    "reliance",
    "calibration",
    "coverage",
    "robustness",
    "slices",
    "others",
)


@dataclass(frozen=True)
class Registered:
    """A section of results.

    Attributes:
        title: what it is called; "" where it opens a page and needs no title.
        places: where it is drawn.
        group: sections of a group are drawn together: on one tab of the page Results, and by one
            command.
        build: its parts, from a result; none where there is nothing to say.
        on_card: its title on the model card, where the field expects another one.
        untested: has something to say without test images, too.
    """

    key: str
    title: str
    places: tuple[Place, ...]
    group: str
    build: Build
    on_card: str
    untested: bool


SECTIONS: dict[str, Registered] = {}


def section(
    key: str,
    title: str,
    places: tuple[Place, ...] = EVERYWHERE,
    *,
    group: str = "",
    on_card: str = "",
    untested: bool = False,
) -> Callable[[Build], Build]:
    """Register a function as a section of results: by default everywhere, in a group of its own."""

    def register(build: Build) -> Build:
        SECTIONS[key] = Registered(
            key, title, places, group or key, build, on_card or title, untested
        )
        return build

    return register


def sections_for(place: Place, group: str | None = None) -> list[Registered]:
    """The sections that are drawn in a place, in their order; of one group, if that is named."""
    for module in _MODULES:
        import_module(_SECTIONS + module)
    order = {_SECTIONS + module: at for at, module in enumerate(_MODULES)}
    # Whichever was imported first; those of one module stay as they are written.
    known = sorted(SECTIONS.values(), key=lambda each: order.get(each.build.__module__, len(order)))
    return [
        each for each in known if place in each.places and (group is None or each.group == group)
    ]


def build(registered: Registered, result: Result, place: Place = "page") -> Section | None:
    """One section of a result; none where there is nothing to say."""
    if not (result.evaluation.images or registered.untested):
        return None
    parts = tuple(registered.build(result))
    title = registered.on_card if place == "card" else registered.title
    return Section(registered.key, title, parts) if parts else None


def built(result: Result, place: Place, group: str | None = None) -> list[Section]:
    """The sections of a result that are drawn in a place, as :func:`sections_for`."""
    made = (build(each, result, place) for each in sections_for(place, group))
    return [each for each in made if each is not None]
