"""The sections of the page Results, all of them or those that a guest sees."""

from __future__ import annotations

from pages._widgets.one_of import Sections, draw_section
from pages._widgets.results import (
    classes,
    compare,
    confusion,
    explain,
    how,
    mistakes,
    near_copies,
    overview,
    reliability,
    scatter_map,
    share,
    trust,
)
from pages._widgets.results.document import tabs
from pages._widgets.results.view import SHOWN, View

_SECTIONS: Sections[View] = {
    "overview": ("Verdict", overview.draw),
    "confusion": ("What it mixes up", confusion.draw),
    "mistakes": ("Mistakes", mistakes.draw),
    "explain": ("What it looks at", explain.draw),
    "trust": ("Can I trust it", trust.draw),
    "share": ("Take away", share.draw),
}
_SPECIALISTS: Sections[View] = {
    "figures": ("All figures", overview.draw_figures),
    "classes": ("Class by class", classes.draw),
    "reliability": ("Reliability", reliability.draw),
    "copies": ("Copies", near_copies.draw_near_copies),
    "map": ("Map", scatter_map.draw),
    "compare": ("Compare", compare.draw),
    "how": ("Training", how.draw),
}
_NOT_FOR_GUESTS = {"explain", "share", "copies", "map", "compare", "how"}


def draw(view: View, *, guest: bool = False) -> None:
    """Offer the sections, and draw the chosen one."""
    first, more = (
        {key: each for key, each in sections.items() if not (guest and key in _NOT_FOR_GUESTS)}
        for sections in (_SECTIONS, _SPECIALISTS)
    )
    draw_section(first, view, key=SHOWN, specialists=more | tabs({*first, *more}))
