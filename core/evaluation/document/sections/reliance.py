"""Can I rely on it? The answer in a sentence, and what to take care of."""

from __future__ import annotations

from collections.abc import Iterable

from core.evaluation.document.parts import Headline, Note, Part, Statement, Statements, Tone
from core.evaluation.document.result import Result
from core.evaluation.document.section import OFF_CARD, section
from core.evaluation.trust import words as words

# What its sentences are like, and what they begin with.
TONES: dict[words.Answer, Tone] = {
    "yes": "good",
    "sometimes": "caution",
    "no": "bad",
    "unknown": "neutral",
}


@section("reliance", "Can I rely on it?", OFF_CARD, group="reliability", untested=True)
def reliance(result: Result) -> Iterable[Part]:
    answer, sentence = result.reliance
    yield Headline("answer", Statement(key=answer, text=sentence, tone=TONES[answer]))
    said = words.cautions(result.reliability)
    if said:
        yield Statements(
            "cautions", tuple(Statement(key="caution", text=each, tone="caution") for each in said)
        )
    if not result.evaluation.images:
        yield Note("how", "Train again with a test share above 0 to find out.")
