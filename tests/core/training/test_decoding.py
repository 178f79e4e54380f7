"""What a training saw is what its model sees: deep greys in one range, from files to exports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from core.catalog import Catalog
from core.datasets.images import NOW, Decoding
from core.quality.curation import curated, usable
from core.runs.values import ModelInfo
from core.training.recipes import default_spec
from tests.core.quality.pictures import scanned


def deep(root: Path) -> Path:
    """Two classes of 12 bits that differ in brightness only, each file far from its own range."""
    rng = np.random.default_rng(0)
    for label, level in (("dark", 900), ("light", 2600)):
        for number in range(6):
            values = (level + rng.normal(0, 120, (24, 24))).clip(0, 4095).astype(np.uint16)
            place = root / label / f"{number}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(values).save(place)
    return root


def test_the_range_of_a_dataset_goes_into_its_settings(catalog: Catalog, tmp_path: Path) -> None:
    record = scanned(catalog, deep(tmp_path / "photos"))
    table = usable(curated(catalog, record.id))
    spec = default_spec(record.id, record.version, "scratch", table)
    how = spec.as_decoded
    assert (how.version, how.greys) == (NOW.version, (0.0, 4095.0))
    assert Decoding.parse(str(how)) == how
    info = ModelInfo(classes=("dark", "light"), image_size=8, decoding=spec.decoding)
    means = {
        label: info.decode((tmp_path / f"photos/{label}/0.png").read_bytes()).mean()
        for label in ("dark", "light")
    }
    assert 40 < means["dark"] < 75, "a dark picture stays dark"
    assert 145 < means["light"] < 180


def test_ordinary_pictures_need_no_range(catalog: Catalog, tmp_path: Path) -> None:
    for label in ("a", "b"):
        place = tmp_path / "photos" / label / "1.png"
        place.parent.mkdir(parents=True)
        Image.new("RGB", (20, 20), (9, 9, 9)).save(place)
    record = scanned(catalog, tmp_path / "photos")
    spec = default_spec(record.id, record.version, "scratch", usable(curated(catalog, record.id)))
    assert spec.decoding == str(NOW)


def test_models_of_before_go_on_seeing_what_they_learned_from(tmp_path: Path) -> None:
    file = tmp_path / "deep.png"
    Image.fromarray(np.full((8, 8), 4095, np.uint16)).save(file)
    old = ModelInfo(classes=("a",), image_size=8)
    assert old.decode(file.read_bytes()).max() == 16, "of 65,535, as it was then"
