"""Is it good enough? A person says once per dataset what its models are for: how many of 100 photos
of each class that matters must be recognised. Each test is then held against that.

The aim is kept beside the dataset, so all of its models are judged by the same one; the answer is
worked out whenever it is asked for, so a moved aim answers at once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.access.audit import note
from core.catalog import Catalog
from core.errors import InvalidInput, NotFound
from core.evaluation.document.parts import Statement, Tone
from core.evaluation.intervals import LEVEL, wilson_bounds
from core.evaluation.predictions import Predictions, worth_by
from core.evaluation.records import Evaluation
from core.text import listed, plural, quoted
from core.who import require
from core.workspace import Workspace, read_json, write_json

Answer = Literal["yes", "no", "untold"]
LEAST, MOST = 1, 99
# Of more photos than this nobody would say that a few more will tell.
_MOST_MORE = 2_000
_TONES: dict[Answer, Tone] = {"yes": "good", "no": "bad", "untold": "caution"}


class Aim(BaseModel):
    """What models of a dataset are for.

    Attributes:
        of_100: so many of 100 photos of a class must be recognised; 1 to 99.
        label: the class that matters; "" for each of them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    of_100: int = Field(ge=LEAST, le=MOST)
    label: str = ""

    @property
    def sentence(self) -> str:
        """The aim in words."""
        whose = quoted(self.label) if self.label else "each class"
        return f"{self.of_100} of 100 photos of {whose} recognised"


@dataclass(frozen=True)
class Held:
    """One class held against the aim.

    Attributes:
        right, images: test images of the class, and how many of them were recognised.
        low, high: the 95 % interval of that share (Wilson), 0 to 1.
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
    try:
        return Aim.model_validate(read_json(aim_file(workspace, dataset_id)))
    except (NotFound, ValidationError):
        return None


def set_aim(catalog: Catalog, dataset_id: str, of_100: int | None, label: str = "") -> Aim | None:
    """Say what a dataset's models are for; for everybody who sees their results.

    Args:
        of_100: ``None`` to take back what was said.

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
        aim = Aim(of_100=of_100, label=label)
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
    of one lies below; of several classes one looks bad by chance easily, so for this the 5 % are
    shared among them (Bonferroni). Else the test is too small to tell.
    """
    confusion = np.array(evaluation.confusion).reshape(len(evaluation.labels), -1)
    right, images = confusion.diagonal(), confusion.sum(axis=1)
    matter = [at for at, each in enumerate(evaluation.labels) if aim.label in ("", each)]
    if not matter:
        text = f"Good enough? {_said(aim)}; this model doesn’t know that class."
        return Judgement(aim, "untold", text, ())
    worth = worth_by(predictions, predictions.true)
    low, high = wilson_bounds(right, images, worth=worth)
    _, surely_below = wilson_bounds(right, images, 1 - (1 - LEVEL) / len(matter), worth)
    least = aim.of_100 / 100
    held = [
        Held(
            evaluation.labels[at],
            int(right[at]),
            int(images[at]),
            float(low[at]),
            float(high[at]),
            "yes" if low[at] >= least else "no" if surely_below[at] < least else "untold",
        )
        for at in matter
    ]
    rank = {"no": 0, "untold": 1, "yes": 2}
    held.sort(key=lambda each: (rank[each.answer], each.right / max(1, each.images), each.high))
    answer = held[0].answer
    return Judgement(aim, answer, _sentence(aim, answer, held), tuple(held))


def _sentence(aim: Aim, answer: Answer, held: list[Held]) -> str:
    worst = held[0]
    if answer == "yes":
        least = min(held, key=lambda each: each.low)
        others = " The other classes do as well or better." if held[1:] else ""
        return f"Good enough? Yes. {_said(aim)}; {_found(least)}.{others}"
    if answer == "no":
        too = [each for each in held if each.answer == "no"]
        text = f"Good enough? No. {_said(aim)}; {_found(worst)}."
        if too[1:]:
            text += f" So are too few of {listed([each.label for each in too[1:]])}."
        return text
    text = f"Good enough? Too few test photos to tell. {_said(aim)}; {_found(worst)}."
    if (more := _more(worst, aim.of_100 / 100)) is not None:
        text += (
            f" About {plural(more, 'more test photo')} of it would tell, if it goes on like this."
        )
    return text


def _said(aim: Aim) -> str:
    return f"You want {aim.sentence}"


def _found(held: Held) -> str:
    if not held.images:
        return f"{quoted(held.label)} has no test photo"
    low, high = 100 * held.low, 100 * held.high
    return (
        f"of {quoted(held.label)} {held.right:,} of {held.images:,} test photos were, "
        f"likely between {low:.0f} and {high:.0f} of 100"
    )


def _more(held: Held, least: float) -> int | None:
    """How many more test images would settle it, were as many of them right; none where there is
    no telling."""
    if not held.images or held.right == least * held.images:
        return None
    share, most = held.right / held.images, held.images + _MOST_MORE
    n = np.arange(held.images + 1, most + 1)
    low, high = wilson_bounds(share * n, n)
    settled = np.flatnonzero((low >= least) | (high < least))
    if not len(settled):
        return None
    more = int(settled[0]) + 1
    # No more exact than it is.
    return more if more < 10 else -(-more // 10) * 10
