"""A training at a glance: a ring with the time left, pictures turning right, and its curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pages._widgets.component import component_of

_component = component_of(__file__, "lightbox-watching")


@dataclass(frozen=True)
class Curve:
    """One line in a frame that stays as it is: all from 0 to 1, 1 being the right or upper end.

    Attributes:
        points: (x, y), joined by a line.
        marks: (x, y, kept) of what was tried; ``kept`` ones are full.
        other: (x, y) of a second, dashed line.
        across, upwards: what the axes mean, with their ends.
    """

    points: Sequence[tuple[float, float]] = ()
    marks: Sequence[tuple[float, float, bool]] = ()
    other: Sequence[tuple[float, float]] = ()
    across: str = ""
    upwards: str = ""


def watching(
    fraction: float | None,
    time: str,
    left: str,
    doing: str,
    *,
    key: str,
    pictures: Sequence[Mapping[str, Any]],
    curves: Sequence[Curve],
    **more: str | bool,
) -> None:
    """Draw it; drawn again under the same key, it goes on from where it was.

    Args:
        fraction: of the whole, 0 to 1; ``None`` where that isn't known.
        time: in the ring, large: "12 s".
        left: below it: "left".
        doing: what it is at.
        pictures: that the training doesn't see. ``src``: its address, or ""; ``label``: the class
            that it is; ``answer``: what is answered now, or ""; ``right``: whether that is so;
            ``trying``: "right" or "wrong" by what is being tried, "" where nothing is.
        more: ``note``: what the pictures are; ``score``: how it stands, in words; ``working``: it
            is running now, and neither waits nor stops; ``leads``: it is what the person waits
            for: on a phone the page goes to where it is.
    """
    said = {"fraction": fraction, "time": time, "left": left, "doing": doing, **more}
    lines = [asdict(each) for each in curves]
    _component(key=key, data={**said, "pictures": pictures, "curves": lines})
