"""A training at a glance: a ring with the time left, pictures turning right, and its curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from core.quality.thumbs import data_uri
from pages._widgets.component import component_of

_component = component_of(__file__, "lightbox-watching")


@dataclass(frozen=True)
class Picture:
    """One picture that the training doesn't see.

    Attributes:
        image: JPEG or PNG bytes; empty for one that can't be shown.
        label: the class that it is.
        answer: what is answered now; "" before anything is.
        trying: what answers that is being tried; "" where nothing is.
    """

    image: bytes
    label: str
    answer: str
    trying: str = ""


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


@dataclass(frozen=True)
class Watching:
    """What is shown.

    Attributes:
        fraction: of the whole, 0 to 1; ``None`` where that isn't known.
        time: in the ring, large: "12 s".
        left: below it: "left".
        doing: what it is at.
        note: what the pictures are.
        score: how it stands, in words.
        working: it is running now, and neither waits nor stops.
        leads: it is what the person waits for: on a phone the page goes to where it is.
    """

    fraction: float | None
    time: str
    left: str
    doing: str
    note: str = ""
    score: str = ""
    pictures: Sequence[Picture] = ()
    curves: Sequence[Curve] = field(default=())
    working: bool = True
    leads: bool = True


def watching(now: Watching, *, key: str) -> None:
    """Draw it; drawn again under the same key, it goes on from where it was."""
    pictures = [
        {
            "src": data_uri(each.image),
            "label": each.label,
            "answer": each.answer,
            "right": each.answer == each.label,
            "trying": "" if not each.trying else "right" if each.trying == each.label else "wrong",
        }
        for each in now.pictures
    ]
    values = {**asdict(now), "pictures": pictures, "curves": [asdict(one) for one in now.curves]}
    _component(key=key, data=values)
