"""The verdict says what the numbers say, and no more than they can bear."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.evaluation.figures import verdict as figures
from core.evaluation.figures.collecting import common_trait, more_images
from core.evaluation.figures.verdict import Verdict
from core.evaluation.trust.coverage import at_threshold
from core.text import listed, percent
from tests.core.evaluation.answered import answered, called

SEVENS = ["7", "8", "9"]


def verdict(evaluation, predictions, **about) -> Verdict:
    """The verdict of a model whose answers count from 90 % on."""
    point = at_threshold(predictions, 0.9)
    return figures.verdict(evaluation, predictions, point, **about)


def sevens(wrong: int = 8, sure: float = 0.95):
    """40 images of each class; some sevens are taken for eights."""
    true = np.repeat([0, 1, 2], 40)
    said = true.copy()
    said[:wrong] = 1
    return called(true, said, sure=sure, labels=SEVENS)


def text(found: Verdict, key: str) -> str:
    statement = found.get(key)
    assert statement is not None, key
    return statement.text


def test_the_headline_has_the_counts_and_the_interval() -> None:
    found = verdict(*sevens())
    said = "Right on 112 of 120 images it had never seen: 93 %, likely between 87 % and 97 %."
    assert text(found, "headline") == said
    assert found.statements[0].key == "headline"


def test_a_folder_may_have_been_seen_before() -> None:
    evaluation, predictions = called([0, 1], [0, 1], on="home:new")
    assert "never seen" not in text(verdict(evaluation, predictions), "headline")


def test_of_a_model_from_elsewhere_nobody_says_what_it_has_seen() -> None:
    found = verdict(*sevens(), not_new="nobody here can know")
    assert "never seen" not in text(found, "headline")
    assert "nobody here can know" in text(found, "elsewhere")
    assert found.cautions[0].key == "elsewhere"
    assert verdict(*sevens()).get("elsewhere") is None


def test_the_weakest_class_and_what_it_is_taken_for() -> None:
    statement = verdict(*sevens()).get("weakest")
    assert statement is not None
    assert statement.text == (
        "Weakest: “7”, right on 32 of 40 images (80 %, likely between 65 % and 90 %), the other 8 "
        "taken for “8”."
    )
    assert statement.about == {"true": "7", "predicted": "8"}
    assert statement.tone == "caution"


def test_the_commonest_mix_up_is_named_and_what_is_as_common() -> None:
    true = np.repeat([0, 1, 2, 3, 4], [6, 5, 5, 5, 5])
    said = true.copy()
    said[[0, 1]] = 2
    said[[6, 7]] = [0, 2]
    found = verdict(*called(true, said, 5, sure=0.6))
    weakest = found.get("weakest")
    assert weakest is not None
    assert "the others taken for “c0” and “c2” (1 of 2 each)." in weakest.text
    assert "Mixed up most often: “c0” taken for “c2” (2 of 6)." in weakest.text
    assert "are all of “c0” and “c1”: it can't be said" in text(found, "collect")


def test_who_is_sure_of_everything_is_said_to_tell_nothing_by_it() -> None:
    true = np.repeat([0, 1, 2], 10)
    said = true.copy()
    said[0] = 1
    assert text(verdict(*called(true, said, sure=0.92)), "sure") == (
        "It was at least 90 % sure of each of these 30 images, also of the one that it got wrong: "
        "being so sure tells nothing here."
    )


def test_a_weakest_class_by_chance_is_said_to_be() -> None:
    assert "may be chance" in text(verdict(*sevens(1)), "weakest")


@pytest.mark.parametrize(
    ("worst", "another", "chance"), [(3, 0, False), (2, 1, True), (1, 0, True)]
)
def test_the_worst_of_many_classes_must_be_clearly_worse(
    worst: int, another: int, chance: bool
) -> None:
    """By Fisher's exact test, 2 of 40 against 1 of 360 are 2.7 %: not enough among ten classes."""
    true = np.repeat(np.arange(10), 40)
    said = true.copy()
    said[:worst] = 1
    said[40 : 40 + another] = 2
    assert ("may be chance" in text(verdict(*called(true, said, 10)), "weakest")) == chance


def test_several_ways_of_being_wrong() -> None:
    true = np.repeat([0, 1, 2], 30)
    said = true.copy()
    said[:6], said[6:8] = 1, 2
    assert "the others mostly taken for “c1” (6 of 8)" in text(
        verdict(*called(true, said)), "weakest"
    )
    said[:6], said[6:12] = 1, 2
    assert "the others taken for “c1” and “c2” (6 of 12 each)." in text(
        verdict(*called(true, said)), "weakest"
    )
    said[:30] = 1
    assert (
        "right on 0 of 30 images (0 %, likely between 0 % and 11 %), all taken for “c1”."
        in text(verdict(*called(true, said)), "weakest")
    )


def test_no_mistake_at_all() -> None:
    found = verdict(*sevens(0))
    assert "No class is weak" in text(found, "weakest")
    assert "no mistake" in text(found, "collect")


def test_it_is_better_than_the_largest_class_where_the_range_says_so() -> None:
    for extra, better in ((2, False), (4, False), (7, True)):
        # The largest class is 0, with 60 images; the model gets 10 of them wrong.
        true = np.array([0] * 60 + [1] * 40)
        said = np.array([0] * 50 + [1] * 10 + [1] * (10 + 2 * extra) + [0] * (30 - 2 * extra))
        evaluation, predictions = called(true, said, 2)
        assert (evaluation.interval.low > 0.6) == better
        found = verdict(evaluation, predictions)
        assert found.better_than_baseline is better
        assert ("beyond chance" in text(found, "baseline")) == better
        assert "would be right on 60 %" in text(found, "baseline")


def test_few_images_may_be_too_few_to_be_better_beyond_chance() -> None:
    assert verdict(*called([0, 0, 1, 1], [0, 0, 1, 0], 2)).better_than_baseline is False
    # By a coin, one time in sixteen, though the range begins at 51 %.
    found = verdict(*called([0, 0, 1, 1], [0, 0, 1, 1], 2))
    assert found.better_than_baseline is None
    assert "by luck" in text(found, "baseline")
    found = verdict(*called([0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 2]))
    assert found.better_than_baseline is True
    assert "can't tell a good model" in text(found, "wide")


def test_a_model_that_is_worse_than_guessing_is_of_no_use() -> None:
    true = np.array([0] * 80 + [1] * 20)
    said = np.array([1] * 60 + [0] * 20 + [0] * 20)
    found = verdict(*called(true, said, 2))
    assert "of no use" in text(found, "baseline")
    assert found.statements[0].tone == "bad"


def test_constant_answers_are_never_better_than_the_baseline() -> None:
    found = verdict(*called([0] * 30 + [1] * 10, [0] * 40, 2))
    assert found.better_than_baseline is False


def test_images_of_one_class_tell_nothing_about_the_baseline() -> None:
    found = verdict(*called([0] * 30, [0] * 30))
    assert found.better_than_baseline is None
    assert "one class only" in text(found, "baseline")


def test_how_often_it_is_right_when_it_is_sure() -> None:
    true = np.repeat([0, 1], 50)
    given = np.where(np.arange(100)[:, None] < 80, [[0.95, 0.05]], [[0.6, 0.4]])
    given[true == 1] = given[true == 1][:, ::-1]
    given[0] = [0.05, 0.95]
    said = text(verdict(*answered(true, given)), "sure")
    assert said == (
        "When it says it is at least 90 % sure, as on 80 % of the images, it is right 99 % of the "
        "time (79 of 80), likely between 93 % and 99.8 %."
    )


def test_one_that_is_surer_than_it_should_be() -> None:
    true = np.repeat([0, 1, 2], 40)
    said = true.copy()
    said[:40] = 1
    assert "surer than it should be" in text(verdict(*called(true, said, sure=0.97)), "sure")


def test_sureness_that_is_rare_or_never_there() -> None:
    assert "never at least 90 % sure" in text(verdict(*sevens(sure=0.6)), "sure")
    few = called([0, 1, 2], [0, 1, 2], sure=0.95)
    assert "too few to rely on" in text(verdict(*few), "sure")


def test_what_cant_be_relied_on_is_said() -> None:
    found = verdict(*called([0, 0, 0, 1, 1], [0, 0, 1, 1, 1]))
    keys = {each.key for each in found.cautions}
    assert keys == {"without_images", "few_images", "wide"}
    assert "“c2” has no test images" in text(found, "without_images")
    assert "“c0” and “c1” have fewer than 10" in text(found, "few_images")
    for classes, which in ((2, "Both"), (8, "All 8")):
        each = text(verdict(*called(range(classes), range(classes), classes)), "few_images")
        assert each.startswith(f"{which} classes have fewer than 10 test images")
    assert not verdict(*sevens()).cautions


def test_nothing_can_be_said_about_no_images() -> None:
    found = verdict(*answered([], []))
    assert [each.key for each in found.statements] == ["headline"]
    assert "no test images" in text(found, "headline")


def test_more_images_of_the_class_that_goes_wrong_most() -> None:
    said = text(verdict(*sevens(), trained={"7": 100, "8": 900, "9": 900}), "collect")
    assert said == (
        "About 100 more images of “7” would help most: 8 of 40 images of it were taken for "
        "something else."
    )
    assert text(verdict(*sevens()), "collect").startswith("More images of “7”")
    none = text(verdict(*sevens(), trained={"8": 900, "9": 900}), "collect")
    assert "“7” has no training image" in none
    assert "more" not in none


def test_mistakes_that_are_spread_name_no_class() -> None:
    true = np.repeat([0, 1, 2], 40)
    said = true.copy()
    said[[0, 1, 2, 40, 41, 42, 80, 81, 82]] = [1] * 3 + [2] * 3 + [0] * 3
    assert "spread" in text(verdict(*called(true, said)), "collect")


@pytest.mark.parametrize(
    ("wrong", "who"),
    [
        ({0: 1}, "Its only mistake is “c0” taken for something else: too few to say"),
        ({0: 2}, "Both its mistakes are “c0” taken for something else: too few to say"),
        ({0: 3}, "All its 3 mistakes are “c0” taken for something else: too few to say"),
        ({1: 1, 2: 3}, "3 of its 4 mistakes are “c2” taken for something else: too few to say"),
        ({0: 1, 1: 1}, "Its 2 mistakes are all of “c0” and “c1”: it can't be said which"),
    ],
)
def test_a_few_mistakes_of_one_class_are_not_called_spread(wrong: dict[int, int], who: str) -> None:
    true = np.repeat([0, 1, 2], 11)
    said = true.copy()
    for each, count in wrong.items():
        said[np.flatnonzero(true == each)[:count]] = (each + 1) % 3
    assert text(verdict(*called(true, said)), "collect").startswith(who)


def test_most_mistakes_of_the_class_of_most_images_say_nothing_of_it() -> None:
    true = np.repeat([0, 1], [80, 10])
    said = true.copy()
    said[[0, 1, 2, 3, 80]] = [1, 1, 1, 1, 0]
    found = text(verdict(*called(true, said, 2)), "collect")
    assert found.startswith("4 of its 5 mistakes are “c0” taken for something else, but most test ")


def test_mistakes_in_dim_light_ask_for_images_in_dim_light() -> None:
    evaluation, predictions = sevens(12)
    random = np.random.default_rng(0)
    traits = pd.DataFrame(
        {"brightness": random.uniform(0.4, 0.6, 120), "sharpness": random.uniform(0, 1, 120)}
    )
    traits.loc[:11, "brightness"] = random.uniform(0.1, 0.3, 12)
    said = text(verdict(evaluation, predictions, trained={"7": 50}, traits=traits), "collect")
    assert "images of “7” in dim light would help most" in said
    assert "darker than those that were called right" in said


def test_traits_that_differ_by_chance_or_are_unknown_are_not_mentioned() -> None:
    wrong = np.arange(40) < 8
    random = np.random.default_rng(1)
    assert common_trait(pd.DataFrame({"brightness": random.uniform(0, 1, 40)}), wrong) is None
    assert common_trait(pd.DataFrame({"brightness": [np.nan] * 40}), wrong) is None
    assert common_trait(pd.DataFrame({"pixels": [64] * 40}), wrong) is None
    few = np.arange(40) < 3
    assert common_trait(pd.DataFrame({"brightness": np.where(few, 0.1, 0.9)}), few) is None


def test_the_strongest_trait_is_named_and_which_way() -> None:
    wrong = np.arange(40) < 10
    traits = pd.DataFrame({"sharpness": np.linspace(0, 1, 40), "pixels": np.where(wrong, 900, 100)})
    assert common_trait(traits[["pixels"]], wrong) == ("pixels", False)
    assert common_trait(traits[["sharpness"]], wrong) == ("sharpness", True)


@pytest.mark.parametrize(
    ("trained", "error", "others", "expected"),
    [
        (100, 0.12, 0.1, 50),  # 100 · (1.2² − 1) = 44
        (100, 0.5, 0.1, 100),  # no more than as many again
        (100, 0.1, 0.1, 10),  # never fewer than ten
        (4, 0.5, 0.1, 10),
        (0, 0.5, 0.1, 10),
    ],
)
def test_how_many_more_by_the_rule_of_thumb(
    trained: int, error: float, others: float, expected: int
) -> None:
    assert more_images(trained, error, others) == expected


def test_only_all_is_a_hundred_per_cent() -> None:
    assert [percent(x, 0) for x in (0, 0.5, 0.996, 0.9996, 1, 0.004)] == [
        "0 %",
        "50 %",
        "99.6 %",
        "99.96 %",
        "100 %",
        "0.4 %",
    ]
    assert percent(1 - 1e-9, 0) == "over 99.999 %"


def test_many_names_are_counted() -> None:
    assert listed(["a"]) == "“a”"
    assert listed(["a", "b"]) == "“a” and “b”"
    assert listed(list("abcdefg")) == "“a”, “b”, “c” and 4 other classes"
