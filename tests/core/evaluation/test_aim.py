"""What models are for is said once, and each test is held against it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.catalog import Catalog
from core.cli import main
from core.errors import InvalidInput, NotAllowed
from core.evaluation.aim import load_aim, set_aim
from core.evaluation.evaluate import evaluate_run
from core.evaluation.figures.compute import judged_by_aim
from core.who import Who, acting_as
from tests.core.evaluation.coloured import CLASSES, make_run


def test_yes_no_and_too_few_to_tell(
    catalog: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right = [(label, label) for label in CLASSES]
    blue, green, red = CLASSES
    test = [*[(blue, blue)] * 40, *[(green, green)] * 30, *[(green, red)] * 30, *[(red, red)] * 4]
    run = make_run(catalog, tmp_path / "colours", {"train": right, "test": test})
    catalog.jobs.finish(run.job_id, "done")
    evaluate_run(catalog, run.id)
    assert judged_by_aim(catalog, run.id) is None

    def answer(of_100: int, label: str = "") -> str:
        set_aim(catalog, run.dataset_id, of_100, label)
        judged = judged_by_aim(catalog, run.id)
        assert judged is not None
        return judged.answer

    assert answer(90) == "no", "one class far below is enough"
    assert answer(90, blue) == "yes"
    assert answer(95, blue) == "untold"
    assert answer(60, red) == "untold", "four photos tell little, though all were right"
    assert answer(30) == "yes"
    assert answer(90, "olive") == "untold"

    arguments = ["verdict", run.id, "--json"]
    assert main([*arguments, "--aim", "90"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["aim"], said["answer"]) == (
        {"of_100": 90, "label": "", "together": False},
        "no",
    )
    worst = said["classes"][0]
    assert (worst["label"], worst["right"], worst["images"]) == (green, 30, 60)
    assert worst["low"] < 0.5 < worst["high"] < 0.9
    assert said["sentence"] == (
        "Good enough? No. You want 90 of 100 photos of each class recognised; of "
        "“green” 30 of 60 test photos were, likely between 38 and 65 of 100 (allowing for chance "
        "among 3 classes)."
    )
    assert main(["evaluate", run.id]) == 0
    assert said["sentence"] in " ".join(capsys.readouterr().out.split())
    assert main([*arguments, "--class", green]) == 2
    assert main([*arguments, "--aim", "100"]) == 2
    capsys.readouterr()
    assert main(["verdict", run.id, "--aim", "abc"]) == 2
    assert "“abc of 100” can't be what a test shows" in capsys.readouterr().err
    assert load_aim(catalog.workspace, run.dataset_id).of_100 == 90, "as it was said before"
    assert main([*arguments, "--aim", "60 %", "--together"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["answer"] == "yes"
    assert "60 of 100 photos recognised, all classes together; 74 of 104 test" in said["sentence"]
    assert main([*arguments, "--no-aim"]) == 0
    assert load_aim(catalog.workspace, run.dataset_id) is None


def test_each_class_is_never_answered_otherwise_than_its_classes(
    catalog: Catalog, tmp_path: Path
) -> None:
    blue, green, red = CLASSES
    test = [*[(blue, blue)] * 21, *[(green, green)] * 3, *[(green, red)] * 2, *[(red, red)] * 4]
    right = [(label, label) for label in CLASSES]
    run = make_run(catalog, tmp_path / "colours", {"train": right, "test": test})
    evaluate_run(catalog, run.id)

    def answer(of_100: int, label: str = "") -> str:
        set_aim(catalog, run.dataset_id, of_100, label)
        judged = judged_by_aim(catalog, run.id)
        assert judged is not None
        for each in judged.classes:
            within = each.low < of_100 / 100 <= each.high
            assert within == (each.answer == "untold"), "the answer is that of what is printed"
        return judged.answer

    for of_100 in range(1, 100):
        alone = {answer(of_100, label) for label in CLASSES}
        wanted = "no" if "no" in alone else "yes" if alone == {"yes"} else "untold"
        assert answer(of_100) == wanted, of_100
    set_aim(catalog, run.dataset_id, 90)
    judged = judged_by_aim(catalog, run.id)
    assert judged is not None
    # 35 right of 35 are the first whose interval, as Wilson's, begins above 90 %.
    assert "It takes 35 test photos of a class at least to show 90 of 100" in judged.sentence


def test_who_only_looks_says_nothing_and_no_number_that_a_test_can_not_show(
    catalog: Catalog, tmp_path: Path
) -> None:
    right = [(label, label) for label in CLASSES]
    run = make_run(catalog, tmp_path / "colours", {"train": right, "test": right})
    with acting_as(Who("viewer", "Ada")), pytest.raises(NotAllowed):
        set_aim(catalog, run.dataset_id, 90)
    with pytest.raises(InvalidInput, match="can't be what a test shows"):
        set_aim(catalog, run.dataset_id, 0)
