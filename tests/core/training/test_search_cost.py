"""A search takes what its trainings take, and what they share only once."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from core.catalog import Catalog
from core.features import hardware
from core.training import speeds
from core.training.estimate import estimate
from core.training.search import predict_seconds
from core.training.spec import TrainSpec
from core.training.speeds import Speed
from core.training.start import usable_images
from tests.core.training.small import add_colours, spec_of


@pytest.fixture
def spec(catalog: Catalog, tmp_path: Path) -> TrainSpec:
    return spec_of(add_colours(catalog, tmp_path / "colours"))


@pytest.fixture
def table(catalog: Catalog, spec: TrainSpec) -> pd.DataFrame:
    return usable_images(catalog, spec)


def know(catalog: Catalog, spec: TrainSpec) -> None:
    """As if this computer had trained with it: 1 s a part, and 0.5 s an image that is read."""
    precision = hardware.resolve(spec.precision)
    speeds.keep(
        catalog.workspace,
        {
            speeds.key(part, spec, precision): Speed(1.0, 0.5 if part == "decode" else 0.0)
            for part in speeds.parts(spec)
        },
    )


def test_reading_images_is_counted_once_for_those_of_one_size(
    catalog: Catalog, spec: TrainSpec, table: pd.DataFrame
) -> None:
    know(catalog, spec)
    one = estimate(catalog, spec, table)
    assert one is not None
    assert one.by_part["decode"] == 1 + 0.5 * len(table)
    alike = [spec.with_values({"learning_rate": rate}) for rate in (0.1, 0.01, 0.001)]
    rest = one.seconds - one.by_part["decode"]
    assert predict_seconds(catalog, alike, table) == pytest.approx(one.seconds + 2 * rest)
    larger = spec.with_values({"image_size": 48})
    know(catalog, larger)
    both = predict_seconds(catalog, [*alike, larger], table)
    assert both == pytest.approx(2 * one.seconds + 2 * rest)


def test_nothing_is_said_where_one_of_them_was_never_measured(
    catalog: Catalog, spec: TrainSpec, table: pd.DataFrame
) -> None:
    know(catalog, spec)
    assert predict_seconds(catalog, [spec, spec.with_values({"batch_size": 3})], table) is None
    assert predict_seconds(catalog, [], table) == 0
