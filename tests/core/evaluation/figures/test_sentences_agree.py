"""What is said of one result never says two things: every sentence against the others, on answers
of all kinds."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.evaluation.figures.doubts import with_doubts
from core.evaluation.figures.verdict import Verdict, verdict
from core.evaluation.intervals import WIDE
from core.evaluation.predictions import Predictions
from core.evaluation.records import Evaluation
from core.evaluation.threshold import choose_sure
from core.evaluation.trust import words as words
from core.evaluation.trust.calibration import said_and_right
from core.evaluation.trust.coverage import Point, at_threshold
from core.evaluation.trust.reliability import Reliability, compute_reliability
from core.text import rate
from tests.core.evaluation.answered import answered

LABELS = ["ant", "bee", "cow", "dog", "elk", "fox"]


@st.composite
def answers(draw: st.DrawFn) -> tuple[Evaluation, Predictions, Predictions]:
    """A test and its validation images: few or many, of even or of odd sizes, of a good or of a
    poor model, with a class that it is blind to, or one that it always says."""
    classes = draw(st.integers(2, 6))
    images = draw(st.integers(1, 400) | st.integers(950, 1100))
    shares = np.array(draw(st.lists(st.integers(0, 20), min_size=classes, max_size=classes)))
    shares = shares + (shares.sum() == 0)
    skill = draw(st.sampled_from([0.0, 1.0, 2.5, 5.0, 12.0]))
    blind, always = (draw(st.none() | st.integers(0, classes - 1)) for _ in range(2))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    made = []
    for count in (images, draw(st.sampled_from([0, 12, 200]))):
        true = random.choice(classes, count, p=shares / shares.sum())
        logits = random.normal(size=(count, classes))
        logits[np.arange(count), true] += np.where(true == blind, 0, skill)
        if always is not None:
            logits[:, always] += 2
        given = np.exp(logits)
        given = given / given.sum(axis=1, keepdims=True)
        made.append(answered(true, given, LABELS[:classes], classes=classes))
    return *made[0], made[1][1]


def told(
    case: tuple[Evaluation, Predictions, Predictions],
) -> tuple[Verdict, Reliability, Point, str, str]:
    evaluation, predictions, validation = case
    point = at_threshold(predictions, choose_sure(validation).threshold)
    trained = dict.fromkeys(evaluation.labels, 400)
    said = verdict(evaluation, predictions, point, trained=trained)
    found = compute_reliability(predictions, validation, [])
    answer, sentence = words.can_i_rely_on_it(
        found, point, said.better_than_baseline, evaluation.rarely_found
    )
    return said, found, point, answer, sentence


def text(found: Verdict, key: str) -> str:
    statement = found.get(key)
    return statement.text if statement is not None else ""


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(answers())
def test_no_sentence_contradicts_another(
    case: tuple[Evaluation, Predictions, Predictions],
) -> None:
    evaluation, predictions, _ = case
    said, found, point, answer, sentence = told(case)
    weakest, collect, sure = (text(said, key) for key in ("weakest", "collect", "sure"))

    # The class that is weak beyond chance is the one to collect; by chance, none is.
    named = re.search(r"images of “(.+?)”", collect)
    chance = "may be chance" in weakest or "No class is weak" in weakest
    assert (named is None) == chance
    brief = said.get("collect").brief  # type: ignore[union-attr]
    assert set(re.findall("“.+?”", brief)) <= set(re.findall("“.+?”", collect))
    assert ("help most" in brief) == ("help most" in collect)
    if named is not None:
        assert weakest.startswith(f"Weakest: “{named[1]}”")
    perfect = evaluation.correct == evaluation.images
    assert ("No class is weak" in weakest) == ("made no mistake" in collect) == perfect

    # Mistakes are spread where no class has most of them, and only there; else who has them is
    # named.
    if chance and not perfect:
        missed = np.bincount(predictions.true[~predictions.correct])
        alike = "spread" in collect or "are all of “" in collect
        assert alike == (2 * missed.max() <= missed.sum())
        if not alike:
            assert f"“{evaluation.labels[int(missed.argmax())]}” taken for" in collect

    # “No better than always the largest class” is said where the range reaches as far, and only
    # there.
    interval, baseline = evaluation.interval, text(said, "baseline")
    if "one class only" not in baseline:
        within = interval.low <= evaluation.baseline <= interval.high
        assert ("may be no better" in baseline) == within
    if said.get("wide") is not None:
        assert interval.high - interval.low > WIDE

    # What may be no better than one constant answer can't be relied on.
    if said.better_than_baseline is not True:
        assert answer in ("no", "unknown")
    # Nor what the verdict calls too few to tell.
    if said.get("wide") is not None:
        assert answer == "unknown"
    # What is surer than it should be is not left alone when it is sure.
    if answer == "yes" and "when it is at least" in sentence:
        assert sure
        assert "too few" not in sure
        assert "never" not in sure

    # Who misses most of a class is not good, nor to be relied on without a word about it.
    missed_most = [row for row in evaluation.report if row.support and 2 * row.recall < 1]
    headline = said.statements[0]
    if missed_most:
        assert headline.tone != "good"
        told_weakest = said.get("weakest")
        assert told_weakest is not None
        assert told_weakest.tone == "caution"
        assert answer != "yes"
        assert (answer == "sometimes") == ("misses more than half" in sentence)
        assert any(f"“{row.label}”" in weakest for row in missed_most)
    else:
        assert "more than half" not in weakest + sentence
    if headline.tone == "good":
        assert said.get("wide") is None
        assert said.better_than_baseline
    # No share of few images without how far it may be off.
    assert perfect or "likely between" in weakest
    assert ("likely between" in sure) == ("of the time" in sure)

    # Percentages hold where the error is small, likely too; what is told is where they hold least.
    calibrated = words.sentence_of_calibration(found.before)
    if calibrated.startswith("Its percentages can be taken"):
        assert found.before.ece <= 0.05
    worst = said_and_right(found.before)
    if worst is not None and "differ most" in calibrated:
        assert f"({worst.right.correct:,} of {worst.right.images:,})" in calibrated
        off = [
            abs(each.confidence - each.right.share) * each.right.images
            for each in found.before.equal_count
            if not each.right.low <= each.confidence <= each.right.high
        ]
        mine = abs(worst.confidence - worst.right.share) * worst.right.images
        assert mine >= max(off, default=0.0)

    # One accuracy, rounded once; one confidence, and one count at it.
    accuracy = rate(evaluation.accuracy, evaluation.images)
    assert accuracy in text(said, "headline")
    if "it is right on" in sentence and "when it is" not in sentence:
        assert accuracy in sentence
    assert found.right.correct == evaluation.correct
    assert said.statements[0].key == "headline"
    confident = predictions.confidence >= point.threshold
    assert point.answered.images == confident.sum()
    if "when it is at least" in sentence:
        share = rate(point.answered.share, point.answered.images)
        assert share in sentence
        assert share in sure


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(answers(), st.sampled_from([0.0, 0.3, 0.6, 1.0]), st.integers(0, 1000))
def test_labels_are_looked_at_before_more_of_a_class_is_collected(
    case: tuple[Evaluation, Predictions, Predictions], share: float, seed: int
) -> None:
    _, predictions, _ = case
    doubted = np.random.default_rng(seed).random(len(predictions)) < share
    plain = told(case)[0]
    statements = with_doubts(plain, predictions, doubted)
    said = plain.model_copy(update={"statements": statements})
    wrong = ~predictions.correct
    count = int((wrong & doubted).sum())
    doubtful, collect = text(said, "doubtful"), text(said, "collect")
    assert bool(doubtful) == (count > 0)
    if not doubtful:
        assert said == plain
        return
    keys = [each.key for each in said.statements]
    assert keys.index("doubtful") + 1 == keys.index("collect")
    assert "only mistake" in doubtful or doubtful.startswith(f"{count:,} of its {wrong.sum():,} ")
    # Of a class half of whose mistakes may be none, nobody is told to collect more first.
    named = re.search(r"images of “(.+?)”", collect)
    if "help most" in collect and named is not None:
        mine = wrong & (predictions.table["label"] == named[1]).to_numpy()
        assert 2 * (mine & doubted).sum() < mine.sum()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(answers())
def test_one_is_one_and_many_are_many(
    case: tuple[Evaluation, Predictions, Predictions],
) -> None:
    said, found, point, _, sentence = told(case)
    everything = [
        *(each.text for each in said.statements),
        sentence,
        words.sentence_of_point(point),
        words.sentence_of_calibration(found.before),
        *(words.sentence_of_suggestion(each) for each in found.suggestions),
    ]
    for each in everything:
        assert not re.search(r"\b1 (images|mistakes|times)\b", each), each
        assert not re.search(r"\b(0|[2-9]|\d\d+) (image|mistake|time)\b", each), each
        assert not re.search(r"\bthem\b", each) or "1 image only" not in each, each
