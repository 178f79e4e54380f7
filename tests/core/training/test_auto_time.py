"""How long Auto takes is what it took before, and where a training is goes by that."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import pytest

from core.catalog import Catalog, RunSummary
from core.jobs.live import how_far, live, whole
from core.training import speeds
from core.training.estimate import estimate
from core.training.start import create_run, usable_images
from tests.core.training.small import add_colours, spec_of


@pytest.mark.parametrize(("images", "expected"), [(36, 4 + 6), (72, 4 + 3)])
def test_auto_takes_as_long_an_image_as_the_last_time_and_the_same_to_finish(
    catalog: Catalog, tmp_path: Path, images: int, expected: float
) -> None:
    dataset = add_colours(catalog, tmp_path / "colours")
    spec = spec_of(dataset, recipe="auto", minutes=1, image_size=160)
    table = usable_images(catalog, spec)
    assert estimate(catalog, spec, table) is None
    summary = RunSummary(
        seconds={"search": 5.0, "fit": 1.0, "export": 3.0, "evaluate": 1.0}, decoded=images
    )
    speeds.learn_auto(catalog.workspace, spec, summary, images)
    found = estimate(catalog, spec, table)
    assert found is not None
    assert found.seconds == pytest.approx(expected)
    short = spec.model_copy(update={"minutes": 0.1})
    speeds.learn_auto(catalog.workspace, short, summary, images)
    capped = estimate(catalog, short, table)
    assert capped is not None
    assert capped.seconds == pytest.approx(6), "longer than it may take"
    # What learns again is another matter.
    assert estimate(catalog, spec.model_copy(update={"refits": "x"}), table) is None


def test_a_training_is_as_far_as_what_was_expected_of_it_says(
    catalog: Catalog, tmp_path: Path
) -> None:
    dataset = add_colours(catalog, tmp_path / "colours")
    run = create_run(catalog, spec_of(dataset), summary=RunSummary(expected=1000.0))
    view = live(catalog, run.job_id)
    assert whole(run, view).fraction is None
    half = dataclasses.replace(view.job, state="running", started_at=time.time() - 500)
    far = whole(run, dataclasses.replace(view, job=half))
    assert far.fraction == pytest.approx(0.5, abs=0.1)
    assert far.seconds_left == pytest.approx(500, abs=100)
    late = dataclasses.replace(view.job, state="running", started_at=time.time() - 5000)
    far = whole(run, dataclasses.replace(view, job=late))
    assert far.fraction is not None
    assert far.fraction < 1
    assert far.seconds_left == 0
    assert far.words == "a little longer than thought"


def test_once_it_has_learned_it_goes_by_what_the_end_takes(
    catalog: Catalog, tmp_path: Path
) -> None:
    dataset = add_colours(catalog, tmp_path / "colours")
    run = create_run(catalog, spec_of(dataset, recipe="auto", minutes=5, image_size=160))
    assert run.summary.expected is None
    assert run.summary.expected_end == pytest.approx(10, abs=1)
    view = live(catalog, run.job_id)
    now = time.time()
    going = dataclasses.replace(view.job, state="running", started_at=now - 20)
    far = whole(run, dataclasses.replace(view, job=going))
    assert far.at_most
    assert far.words.endswith(" s at most")
    assert far.seconds_left == pytest.approx(280, abs=20)
    # Nothing was left to try after a few seconds.
    far = whole(run, dataclasses.replace(view, job=going, begun={"search": now, "export": now - 4}))
    assert not far.at_most
    assert far.seconds_left == pytest.approx(6, abs=3)


def test_what_learns_again_ends_as_what_it_comes_from_did(catalog: Catalog, tmp_path: Path) -> None:
    dataset = add_colours(catalog, tmp_path / "colours")
    spec = spec_of(dataset, recipe="auto", minutes=1, image_size=160)
    before = create_run(catalog, spec)
    seconds = {"search": 30.0, "export": 5.0, "evaluate": 1.0}
    catalog.runs.summarise(before.id, RunSummary(seconds=seconds))
    table = usable_images(catalog, spec)
    found = estimate(catalog, spec.model_copy(update={"refits": before.id}), table)
    assert found is not None
    assert found.seconds == 6


def test_a_training_says_the_whole_whatever_part_it_is_at(catalog: Catalog, tmp_path: Path) -> None:
    dataset = add_colours(catalog, tmp_path / "colours")
    run = create_run(catalog, spec_of(dataset, recipe="auto", minutes=5, image_size=160))
    view = live(catalog, run.job_id)
    going = dataclasses.replace(view.job, state="running", started_at=time.time() - 10)
    # The look that it takes now would go on for longer than all of it may.
    part = dataclasses.replace(view, job=going, fraction=0.02, seconds_left=620.0)
    far = how_far(catalog, part)
    assert far.at_most
    assert far.seconds_left == pytest.approx(290, abs=20)
    # Other work is as far as the part that it is at.
    scan = dataclasses.replace(part, job=dataclasses.replace(going, kind="scan"))
    assert how_far(catalog, scan).words == "about 10 min 20 s left"
    # A step of an epoch knows better than what was measured before.
    plain = create_run(catalog, spec_of(dataset), summary=RunSummary(expected=1000.0))
    job = dataclasses.replace(
        catalog.jobs.get(plain.job_id), state="running", phase="fit", started_at=time.time() - 10
    )
    learning = dataclasses.replace(view, job=job, seconds_left=40.0)
    assert how_far(catalog, learning).seconds_left == pytest.approx(40, abs=1)
