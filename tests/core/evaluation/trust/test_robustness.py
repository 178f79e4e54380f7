"""Disturbances are what they say, and a model's answers to them can be worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from core.catalog import Catalog
from core.errors import Cancelled
from core.evaluation.evaluate import evaluate_run
from core.evaluation.study.phases import StudyContext
from core.evaluation.trust.disturbances import KINDS, chances, disturb
from core.evaluation.trust.robustness import (
    MOST_IMAGES,
    Robustness,
    example_pictures,
    harms_first,
    harms_most,
    load_robustness,
    measure,
    sample,
    study_robustness,
)
from core.evaluation.trust.words import sentence_of_robustness
from core.progress import SILENT, Reporter
from core.runs.files import RunFiles
from tests.core.evaluation.answered import called
from tests.core.evaluation.coloured import CLASSES, GAIN, make_run
from tests.recording import RecordingReporter

SIZE = 24


def flat(images: int, level: int) -> np.ndarray:
    return np.full((images, SIZE, SIZE, 3), level, np.uint8)


def photos(images: int) -> np.ndarray:
    return np.random.default_rng(0).integers(60, 190, (images, SIZE, SIZE, 3), dtype=np.uint8)


def once(kind: str, strength: float, images: np.ndarray) -> np.ndarray:
    return disturb(images, kind, strength, chances(len(images), 0))


def brightness_model(images: np.ndarray) -> np.ndarray:
    """“bright” where the mean is at least 100, by a margin that grows with it."""
    bright = 1 / (1 + np.exp(-(images.mean(axis=(1, 2, 3)) - 100) / 20))
    return np.stack([1 - bright, bright], axis=1)


def asked(
    images: np.ndarray, true: np.ndarray, report: Reporter = SILENT, size: int = 7
) -> Robustness:
    parts = [
        (rows, images[rows])
        for rows in np.array_split(np.arange(len(true)), max(1, -(-len(true) // size)))
        if len(rows)
    ]
    _, answers = called(true, true, 2, labels=["dim", "bright"])
    return measure(brightness_model, parts, answers, np.arange(len(true)), report=report)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_disturbance_gives_the_same_each_time_and_leaves_the_images_alone(kind: str) -> None:
    images = photos(3)
    before = images.copy()
    strength = KINDS[kind].strengths[2]
    first, second = once(kind, strength, images), once(kind, strength, images)
    assert first.shape == images.shape
    assert first.dtype == np.uint8
    assert (first == second).all()
    assert (images == before).all()
    assert (first != images).any()


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_is_disturbed_alike_in_whatever_part_of_its_set(kind: str) -> None:
    images, chance = photos(5), chances(5, 0)
    strength = KINDS[kind].strengths[1]
    whole = disturb(images, kind, strength, chance)
    assert (disturb(images[3:], kind, strength, chance[3:]) == whole[3:]).all()


def test_light_is_multiplied() -> None:
    assert (once("dark", 0.5, flat(1, 200)) == 100).all()
    assert (once("dark", 0.3, flat(1, 0)) == 0).all()
    assert (once("bright", 1.6, flat(1, 100)) == 160).all()
    assert (once("bright", 2.0, flat(1, 200)) == 255).all()


def test_noise_has_the_deviation_that_it_says() -> None:
    noisy = once("noise", 0.06, flat(20, 128)).astype(float)
    assert noisy.std() == pytest.approx(0.06 * 255, rel=0.05)
    assert noisy.mean() == pytest.approx(128, abs=1)


def test_blur_is_in_shares_of_the_side() -> None:
    for side in (100, 200):
        edge = np.zeros((1, side, side, 3), np.uint8)
        edge[:, :, side // 2 :] = 255
        row = once("blur", 0.02, edge)[0, side // 2, :, 0].astype(float)
        # The slope of a blurred edge is a normal curve of that deviation.
        slope = np.diff(row)
        places = np.arange(len(slope))
        middle = (places * slope).sum() / slope.sum()
        deviation = np.sqrt(((places - middle) ** 2 * slope).sum() / slope.sum())
        assert deviation == pytest.approx(0.02 * side, rel=0.15)


def test_images_are_turned_to_either_side() -> None:
    bar = np.zeros((12, 41, 41, 3), np.uint8)
    bar[:, 20, :] = 255
    turned = once("turn", 20, bar)[..., 0]
    # Left of the middle, the bar goes up or down by tan(20°) of the way.
    heights = turned[:, :, 10].argmax(axis=1) - 20
    assert set(np.abs(heights)) <= {3, 4}
    assert {1, -1} == set(np.sign(heights))


def test_jpeg_loses_more_at_a_lower_quality() -> None:
    images = photos(2)
    lost = [
        np.abs(once("jpeg", quality, images).astype(int) - images).mean() for quality in (60, 10)
    ]
    assert 0 < lost[0] < lost[1]


def test_a_kind_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="fog"):
        once("fog", 1, photos(1))


def test_answers_are_compared_image_by_image() -> None:
    # 40 bright images at 150: 105 at 70 % of the light, then 75 and 45, which are dim.
    images = np.concatenate([flat(40, 150), flat(10, 30)])
    true = np.array([1] * 40 + [0] * 10)
    found = asked(images, true)
    assert (found.plain.correct, found.images, found.of) == (50, 50, 50)
    dark = [test for test in found.tests if test.kind == "dark"]
    assert [test.right.correct for test in dark] == [50, 10, 10]
    assert [(test.lost, test.gained) for test in dark] == [(0, 0), (40, 0), (40, 0)]
    assert [test.worse for test in dark] == [False, True, True]
    assert dark[1].p == pytest.approx(binomtest(40, 40).pvalue)
    assert dark[1].low <= dark[1].change == -0.8 <= dark[1].high
    # 30 becomes 60 at most: dim images stay dim.
    assert all(test.right.correct == 50 for test in found.tests if test.kind == "bright")
    worst = harms_most(found)
    assert worst is not None
    assert worst.kind == "dark"
    # The mildest that harms is what photos in use will suffer from.
    first = harms_first(found)
    assert first is not None
    assert (first.kind, first.level) == ("dark", 2)
    assert "In half the light (with 50 % of the light), it falls from 100 % to 20 %" in (
        sentence_of_robustness(found)
    )


def test_a_few_lost_images_may_be_chance() -> None:
    images = np.concatenate([flat(2, 150), flat(48, 30)])
    found = asked(images, np.array([1] * 2 + [0] * 48))
    (half,) = [test for test in found.tests if (test.kind, test.level) == ("dark", 2)]
    assert half.lost == 2
    assert not half.worse
    assert harms_most(found) is None


def test_parts_of_any_size_give_the_same() -> None:
    def left_or_right(images: np.ndarray) -> np.ndarray:
        """Near balance in noise, so that every bit of grain counts."""
        halves = images.astype(float).reshape(len(images), SIZE, 2, -1).mean(axis=(1, 3))
        return halves / halves.sum(axis=1, keepdims=True)

    images, true = photos(60), np.arange(60) % 2
    _, answers = called(true, true, 2, labels=["left", "right"])
    found = [
        measure(
            left_or_right,
            [(rows, images[rows]) for rows in np.array_split(np.arange(60), parts)],
            answers,
            np.arange(60),
        )[0]
        for parts in (1, 4)
    ]
    assert found[0] == found[1]
    assert any(test.lost for test in found[0].tests if test.kind == "noise")


def test_images_that_never_come_are_left_out() -> None:
    true = np.array([1, 1, 0])
    parts = [(np.array([0, 2]), np.concatenate([flat(1, 200), flat(1, 30)]))]
    _, answers = called(true, true, 2, labels=["dim", "bright"])
    found, _ = measure(brightness_model, parts, answers, np.arange(3))
    assert (found.images, found.of, found.plain.correct) == (2, 3, 2)


def test_the_example_is_an_image_that_is_right_undisturbed() -> None:
    images = np.concatenate([flat(5, 30), flat(5, 150)])
    found = asked(images, np.ones(10, int), size=3)
    assert (found.path, found.label) == ("5.png", "bright")
    assert [example.kind for example in found.examples[:2]] == ["", "blur"]
    assert found.examples[0].right
    by = {(example.kind, example.level): example for example in found.examples}
    assert by["dark", 3].answer == "dim"
    assert not by["dark", 3].right


def test_no_images_and_one_image() -> None:
    nothing = asked(flat(0, 0), np.zeros(0, int))
    assert (nothing.images, nothing.path, nothing.examples) == (0, "", [])
    assert not any(test.worse for test in nothing.tests)
    one = asked(flat(1, 150), np.ones(1, int))
    assert one.images == 1
    assert not any(test.worse for test in one.tests)
    assert "1 image is too few to say" in sentence_of_robustness(one)


def test_a_sample_is_drawn_of_many_and_is_always_the_same() -> None:
    assert sample(5).tolist() == [0, 1, 2, 3, 4]
    rows = sample(5000)
    assert len(rows) == len(set(rows.tolist())) == MOST_IMAGES
    assert (rows == sample(5000)).all()
    assert rows.max() < 5000


def test_it_stops_when_asked() -> None:
    class Stopped(RecordingReporter):
        def cancelled(self) -> bool:
            return True

    with pytest.raises(Cancelled):
        asked(photos(2), np.zeros(2, int), Stopped())


def test_a_run_is_asked_again_and_what_it_answers_is_kept(catalog: Catalog, tmp_path: Path) -> None:
    right = [(colour, colour) for colour in CLASSES]
    run = make_run(
        catalog, tmp_path / "photos", {"train": right, "test": [*right, ("red", "blue")]}
    )
    evaluate_run(catalog, run.id)
    workspace = catalog.workspace
    assert load_robustness(workspace, run.id) is None
    folder = workspace.run(run.id) / "study"
    context = StudyContext(
        catalog, run, RunFiles(workspace, run.id).model(), "test", folder, Reporter(), "robustness"
    )
    study_robustness(context)
    mark_as_done(catalog, run.id, folder)
    found = load_robustness(workspace, run.id)
    assert found is not None
    assert (found.plain.correct, found.images) == (3, 4)
    # The strongest channel stays the strongest in the dark, but by less: by hand,
    # 1 / (1 + 2·exp(-gain · light · (220 - 40) / 255)).
    by = {(each.kind, each.level): each for each in found.examples}
    for key, light in ((("", 0), 1.0), (("dark", 1), 0.7), (("dark", 3), 0.3)):
        sure = 1 / (1 + 2 * np.exp(-GAIN * light * 180 / 255))
        assert by[key].confidence == pytest.approx(sure, abs=0.02)
        assert by[key].right
    assert len(example_pictures(workspace, run.id)) == len(found.examples) == 19


def mark_as_done(catalog: Catalog, run_id: str, folder: Path) -> None:
    """What a whole study notes at its end."""
    from core.evaluation.study.phases import Notes, notes_of

    notes = notes_of(catalog.workspace, run_id, "test")
    assert notes.path.parent == folder
    notes.keep(Notes(seconds={"robustness": 1.0}))
