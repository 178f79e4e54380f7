"""What Auto tries depends on the images."""

from __future__ import annotations

import threading
from dataclasses import replace

import pandas as pd
import pytest

from core.training.auto.clock import Clock, Paced, processor
from core.training.auto.ladder import Rung, left_out, story
from core.training.auto.looks import Look, sizes, squares
from tests.recording import RecordingReporter


def _of(width: int, height: int) -> pd.DataFrame:
    return pd.DataFrame({"width": [width] * 5, "height": [height] * 5})


def test_small_images_are_never_enlarged_as_much_as_photos():
    assert max(sizes(_of(32, 32))) < max(sizes(_of(100, 100))) < max(sizes(_of(640, 480)))
    for side in (8, 32, 100, 640):
        tried = sizes(_of(side, side))
        assert tried == sorted(tried)


def test_cropping_is_tried_only_where_images_are_long():
    assert squares(_of(100, 100)) == []
    assert set(squares(_of(300, 200))) == {"crop", "pad"}


def test_larger_looks_are_expected_to_take_longer():
    small, large = Look("mobilenet_v2", 160), Look("mobilenet_v2", 224)
    assert small.work < large.work < Look("efficientnet_lite0", 224).work


def test_a_closer_look_is_each_networks_and_takes_as_long_as_the_first():
    once = Look("efficientnet_lite0", 224, beside=("efficientnet_lite1",), peaks="all")
    twice = replace(once, closer=(0.15,))
    assert twice.work == pytest.approx(2 * once.work)
    assert len(twice.views) == 2 * len(once.views) == 4
    assert set(once.views) < set(twice.views)
    assert "whole and closer up" in str(twice)


def test_time_is_kept_to_save_what_looks_often():
    clock = Clock(60, 5, lambda: 0.0)
    clock.keep_for(2)
    assert clock.left == 55
    clock.keep_for(6)
    assert clock.left < 55
    clock.keep_for(1)
    assert clock.left == 55


def test_time_is_counted_by_whatever_clock_is_given():
    passed = iter([100.0, 140.0, 170.0])
    clock = Clock(60, 5, lambda: next(passed))
    assert (clock.left, clock.left) == (15, -15)


def test_the_processor_clock_counts_work_and_no_waiting():
    before = processor()
    threading.Event().wait(0.2)
    waited = processor() - before
    numbers = sum(range(3_000_000))
    assert numbers
    assert processor() - before - waited > waited


def test_progress_is_the_time_that_is_spent():
    report = RecordingReporter()
    Paced(report, Clock(60, 5)).progress("features", 3, 4, "Looking")
    assert report.steps == [("search", 0, 60, "Looking")]


def test_the_story_names_what_was_kept_and_what_came_close():
    rungs = [
        Rung(seconds=2, accuracy=0.9, what="A at 160 pixels", kept=True),
        Rung(seconds=5, accuracy=0.95, what="A at 224 pixels", kept=True),
        Rung(seconds=9, accuracy=0.94, what="B at 224 pixels", kept=False),
    ]
    text = story(rungs, 1000, left_out(["C", "D", "E"]))
    assert "3 ways" in text
    assert "A at 224 pixels was kept: right on 95.0 % of 1,000 images" in text
    assert "B at 224 pixels (94.0 %)" in text
    assert text.endswith("With more time it would have tried C; D; and more.")
    assert "chance" not in text
    fewer = rungs[1].model_copy(update={"accuracy": 0.89})
    text = story([rungs[0], fewer], 1000, "It ended early.")
    assert "after 90.0 % at first (A at 160 pixels). So few more are chance; it was kept" in text
    text = story(rungs[:1], 0, "It ended early.")
    assert "too few images to judge it" in text
    assert "%" not in text, "there is no figure to be had"
