"""Is it good enough? A person says once per dataset what its models are for: how many of 100 photos
of each class, of one class or of all together must be recognised. Each test is then held against
that.

The aim is kept beside the dataset, so all of its models are judged by the same one; the answer is
worked out whenever it is asked for, so a moved aim answers at once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from core.access.audit import note
from core.catalog import Catalog
from core.errors import InvalidInput
from core.evaluation.document.parts import Statement, Tone
from core.evaluation.intervals import LEVEL, wilson_bounds
from core.evaluation.predictions import Predictions, worth_by
from core.evaluation.records import Evaluation
from core.runs.reading import value_in
from core.text import listed, plural, quoted
from core.who import require
from core.workspace import Workspace, write_json

Answer = Literal["yes", "no", "untold"]
LEAST, MOST = 1, 99
# More than it takes of photos that are all right to show the most that can be wanted.
_MOST_NEEDED = 1_000
_TONES: dict[Answer, Tone] = {"yes": "good", "no": "bad", "untold": "caution"}


class Aim(BaseModel, frozen=True, extra="ignore"):
    """What models of a dataset are for.

    Attributes:
        of_100: so many of 100 photos of a class must be recognised; 1 to 99.
        label: the class that matters; "" for each of them.
        together: all photos count as one, whatever their class; ``label`` is "" then.
    """

    of_100: int = Field(ge=LEAST, le=MOST)
    label: str = ""
    together: bool = False

    @property
    def sentence(self) -> str:
        """The aim in words."""
        if self.together:
            return f"{self.of_100} of 100 photos recognised, all classes together"
        whose = quoted(self.label) if self.label else "each class"
        return f"{self.of_100} of 100 photos of {whose} recognised"


@dataclass(frozen=True)
class Held:
    """One class, or with "" for a label all photos, held against the aim.

    Attributes:
        right, images: test images of the class, and how many of them were recognised.
        low, high: between which that share likely lies, 0 to 1; the answer is made by these.
    """

    label: str
    right: int
    images: int
    low: float
    high: float
    answer: Answer


@dataclass(frozen=True)
class Judgement:
    """The answer, with the classes that it rests on, the least good first."""

    aim: Aim
    answer: Answer
    sentence: str
    classes: tuple[Held, ...]

    @property
    def statement(self) -> Statement:
        """For wherever results are told."""
        return Statement(key="aim", text=self.sentence, tone=_TONES[self.answer])

    def as_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "aim": self.aim.model_dump(),
            "answer": self.answer,
            "sentence": self.sentence,
            "classes": [asdict(each) for each in self.classes],
        }


def aim_file(workspace: Workspace, dataset_id: str) -> Path:
    """Where it is kept what models of a dataset are for; not there where nobody has said."""
    return workspace.dataset(dataset_id) / "aim.json"


def load_aim(workspace: Workspace, dataset_id: str) -> Aim | None:
    """What was said of a dataset; ``None`` where nobody has, or nobody can read it."""
    return value_in(aim_file(workspace, dataset_id), Aim)


def set_aim(
    catalog: Catalog,
    dataset_id: str,
    of_100: int | str | None,
    label: str = "",
    *,
    together: bool = False,
) -> Aim | None:
    """Say what a dataset's models are for; for everybody who sees their results.

    Args:
        of_100: a number, or what a person typed for one (``90``, ``90 %``); ``None`` to take back
            what was said.
        label, together: as of :class:`Aim`.

    Raises:
        NotAllowed: whoever acts may change nothing of the dataset.
        InvalidInput: no such number.
        NotFound: there is no such dataset.
    """
    require("labeller")
    record = catalog.datasets.get(dataset_id)
    file = aim_file(catalog.workspace, record.id)
    if of_100 is None:
        file.unlink(missing_ok=True)
        note(catalog, "took back what models are for", record.name, "")
        return None
    try:
        number = of_100.removesuffix("%").strip() if isinstance(of_100, str) else of_100
        aim = Aim.model_validate({"of_100": number, "label": label, "together": together})
    except ValidationError as error:
        raise InvalidInput(
            f"“{of_100} of 100” can't be what a test shows.",
            remedy=f"Give a number from {LEAST} to {MOST}, for example 90.",
        ) from error
    write_json(file, aim.model_dump())
    note(catalog, "said what models are for", record.name, aim.sentence)
    return aim


def judge(aim: Aim, evaluation: Evaluation, predictions: Predictions) -> Judgement:
    """Hold a test against an aim.

    Yes where the whole interval of each class that matters lies at the aim or above. No where that
    of one lies below. Else the test is too small to tell. One of several classes looks bad by
    chance easily, and who asks about one may have chosen it for that: so of every class the upper
    end shares the 5 % with all that were tested (Bonferroni), whichever are asked about, and the
    answer about each class is never another than those about them one by one.
    """
    confusion = np.array(evaluation.confusion).reshape(len(evaluation.labels), -1)
    right, images = confusion.diagonal(), confusion.sum(axis=1)
    if aim.together:
        ends = evaluation.interval
        held = [_held(aim, "", evaluation.correct, evaluation.images, ends.low, ends.high)]
        return Judgement(aim, held[0].answer, _sentence(aim, held, 1), tuple(held))
    matter = [at for at, each in enumerate(evaluation.labels) if aim.label in ("", each)]
    if not matter:
        text = f"Good enough? {_said(aim)}; this model doesn’t know that class."
        return Judgement(aim, "untold", text, ())
    tested = int(np.count_nonzero(images))
    worth = worth_by(predictions, predictions.true)
    low, _ = wilson_bounds(right, images, worth=worth)
    _, high = wilson_bounds(right, images, 1 - (1 - LEVEL) / max(1, tested), worth)
    held = [
        _held(aim, evaluation.labels[at], right[at], images[at], low[at], high[at]) for at in matter
    ]
    rank = {"no": 0, "untold": 1, "yes": 2}
    held.sort(key=lambda each: (rank[each.answer], each.right / max(1, each.images), each.high))
    return Judgement(aim, held[0].answer, _sentence(aim, held, tested), tuple(held))


def _held(aim: Aim, label: str, right: int, images: int, low: float, high: float) -> Held:
    least = aim.of_100 / 100
    answer: Answer = "yes" if low >= least else "no" if high < least else "untold"
    return Held(label, int(right), int(images), float(low), float(high), answer)


def _sentence(aim: Aim, held: list[Held], tested: int) -> str:
    worst, answer = held[0], held[0].answer
    # Why a class's range reaches higher than where it stands alone.
    of_many = f" (allowing for chance among {tested:,} classes)" if tested > 1 else ""
    if answer == "yes":
        least = min(held, key=lambda each: each.low)
        others = " The other classes do as well or better." if held[1:] else ""
        return f"Good enough? Yes. {_said(aim)}; {_found(least, of_many)}.{others}"
    if answer == "no":
        too = [each for each in held if each.answer == "no"]
        text = f"Good enough? No. {_said(aim)}; {_found(worst, of_many)}."
        if too[1:]:
            text += f" So are too few of {listed([each.label for each in too[1:]])}."
        return text
    text = f"Good enough? Too few test photos to tell. {_said(aim)}; {_found(worst, of_many)}."
    if worst.images < (needed := _needed(aim.of_100 / 100)):
        whose = "" if aim.together else " of a class"
        text += (
            f" It takes {plural(needed, 'test photo')}{whose} at least to show "
            f"{aim.of_100} of 100, were it right on all of them."
        )
    return text


def _said(aim: Aim) -> str:
    return f"You want {aim.sentence}"


def _found(held: Held, of_many: str) -> str:
    if not held.images:
        return f"{quoted(held.label)} has no test photo" if held.label else "there is no test photo"
    low, high = 100 * held.low, 100 * held.high
    whose = f"of {quoted(held.label)} " if held.label else ""
    return (
        f"{whose}{held.right:,} of {held.images:,} test photos were, "
        f"likely between {low:.0f} and {high:.0f} of 100{of_many if held.label else ''}"
    )


def _needed(least: float) -> int:
    """The fewest test images, all of them right and none like another, that show so large a
    share."""
    n = np.arange(1, _MOST_NEEDED)
    low, _ = wilson_bounds(n, n)
    return int(n[np.argmax(low >= least)])
