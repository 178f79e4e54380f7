"""The learning rate at the start, at its peak and at the end of every schedule."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from core.training.options import Schedule
from core.training.rates import Plateau, rate_at

PEAK = 0.01
EACH = 10  # steps an epoch


def rates(epochs: int = 40, **options: Any) -> np.ndarray:
    schedule, steps = Schedule(**options), epochs * EACH
    return np.array([rate_at(schedule, PEAK, step, steps, step // EACH) for step in range(steps)])


@pytest.mark.parametrize("name", ["one_cycle", "cosine"])
@pytest.mark.parametrize("warmup", [0.0, 0.05, 0.25, 0.9])
def test_it_rises_to_the_peak_and_falls_to_almost_nothing(name: str, warmup: float) -> None:
    found = rates(name=name, warmup=warmup)
    top = round(warmup * len(found))
    assert found.argmax() == top
    assert found[top] == pytest.approx(PEAK)
    assert found[0] == pytest.approx(PEAK * 0.04 if warmup else PEAK)
    assert (np.diff(found[: top + 1]) > 0).all()
    assert (np.diff(found[top:]) <= 0).all()
    assert PEAK * 1e-3 <= found[-1] < PEAK * 0.01
    # Half way down, a cosine is at half.
    assert found[(top + len(found)) // 2] == pytest.approx(PEAK / 2, rel=0.05)


@pytest.mark.parametrize("name", ["constant", "cosine", "one_cycle", "step", "plateau"])
@pytest.mark.parametrize("epochs", [1, 3])
def test_however_short_it_is_the_rate_is_above_nothing_and_at_most_the_peak(
    name: str, epochs: int
) -> None:
    found = rates(epochs, name=name, warmup=0.9)
    assert (found > 0).all()
    assert found.max() <= PEAK
    only = rate_at(Schedule(name=name), PEAK, 0, 1, 0)
    assert 0 < only <= PEAK


@pytest.mark.parametrize("name", ["constant", "plateau"])
def test_constant_is_the_peak_throughout(name: str) -> None:
    assert set(rates(name=name)) == {PEAK}


def test_step_falls_by_its_factor_every_so_many_epochs() -> None:
    found = rates(name="step", every=15, factor=0.1)
    assert found[15 * EACH - 1] == PEAK
    assert found[15 * EACH] == pytest.approx(PEAK * 0.1)
    assert found[30 * EACH] == found[-1] == pytest.approx(PEAK * 0.01)


def scales(plateau: Plateau, losses: list[float | None]) -> list[float]:
    found = []
    for loss in losses:
        plateau.epoch_ended(loss)
        found.append(plateau.scale)
    return found


PATIENT = Schedule(name="plateau", patience=2, factor=0.5)


def test_a_loss_that_stands_still_lowers_the_rate_after_its_patience() -> None:
    losses = [1.0, 0.5, 0.5, 0.6, 0.55, 0.5, 0.4, 0.41]
    assert scales(Plateau(PATIENT), losses) == [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25]


def test_a_loss_that_falls_or_is_not_known_or_another_schedule_leaves_the_rate() -> None:
    assert scales(Plateau(PATIENT), [1 / n for n in range(1, 10)]) == [1] * 9
    assert scales(Plateau(PATIENT), [None] * 9) == [1] * 9
    assert scales(Plateau(Schedule(name="step", patience=1)), [1.0] * 9) == [1] * 9


@pytest.mark.parametrize("killed", range(7))
def test_restored_it_goes_on_as_if_nothing_had_happened(killed: int) -> None:
    losses: list[float | None] = [1.0, 1.1, 0.9, 0.95, 0.96, 0.9, 0.9]
    whole = scales(Plateau(PATIENT), losses)
    first = Plateau(PATIENT)
    before = scales(first, losses[:killed])
    second = Plateau(PATIENT)
    second.restore(first.state())
    assert before + scales(second, losses[killed:]) == whole
    assert all(value is None or math.isfinite(value) for value in first.state().values())
