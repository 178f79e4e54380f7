"""What people meet of a kind of augmentation that was added; run by ``test_added.py`` in a process
in which it was there from the start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.catalog import Catalog, DatasetRecord
from core.training.augmentation.options import PRESETS, Augmentation
from core.training.augmentation.vary import preview, vary
from core.training.frozen import variations
from core.training.spec import parse_spec
from core.workspace import read_json
from tests.core.cli.conftest import Cli
from tests.core.cli.conftest import cli as cli
from tests.core.delivery.take_away.making import material_of
from tests.core.delivery.take_away.test_notebook import _run, cells
from tests.core.delivery.take_away.test_notebook import spec_of as spec_of_notebook
from tests.core.training.small import add_colours
from tests.pages.choosing import choose, expert, put, start
from tests.pages.conftest import Open

IMAGES = np.random.default_rng(2).integers(0, 256, (6, 32, 32, 3)).astype(np.uint8)


def varied(**options: float) -> np.ndarray:
    return vary(IMAGES, Augmentation(**options), np.random.default_rng(5))


def test_it_is_chosen_on_the_page(
    open_page: Open,
    catalog: Catalog,
    bring_in: Callable[..., DatasetRecord],
    class_folders: Callable[..., Path],
) -> None:
    bring_in(class_folders({"cat": 8, "dog": 8}), "Pets")
    at = expert(choose(open_page("train"), "quick"), "Augmentation")
    html = [each.proto.body for each in at.get("html")]
    put(at, "augmentation.sepia", 40)
    assert [each.proto.body for each in at.get("html")] != html, "the preview shows it"
    assert start(at, catalog).augmentation.sepia == 0.4


def test_the_command_line_explains_and_takes_it(
    cli: Cli, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli("train", "--help")
    said = " ".join(capsys.readouterr().out.split())
    assert "augmentation.sepia" in said
    assert "Old photo" in said


def test_it_changes_images_and_nothing_about_the_other_kinds() -> None:
    assert varied(sepia=1)[..., 2].mean() < IMAGES[..., 2].mean() - 10
    np.testing.assert_array_equal(varied(rotation=20), varied(rotation=20, sepia=0))
    both, alone = varied(flip_horizontal=1, sepia=0.5), varied(sepia=0.5)
    for one, other in zip(both, alone, strict=True):
        assert np.array_equal(one, other) or np.array_equal(one[:, ::-1], other)
    shown = preview(IMAGES, Augmentation(sepia=1), 1, 3)
    assert not np.array_equal(shown[:, 1], shown[:, 2])


def test_what_was_kept_before_it_came_is_still_good() -> None:
    assert all("sepia" not in values for values in PRESETS.values())
    # As it was named where nobody knew of sepia.
    assert variations(Augmentation.model_validate("light")).version == "2-85185597ea"


@pytest.mark.keras
def test_a_training_uses_it_and_its_notebook_too(catalog: Catalog, tmp_path: Path) -> None:
    from tests.core.training.running import train

    dataset = add_colours(catalog, tmp_path / "colours")
    run = train(catalog, dataset, augmentation__sepia=0.3)
    spec = parse_spec(read_json(run.folder / "spec.json"))
    assert spec.augmentation.sepia == 0.3
    made = cells(material_of(catalog, spec_of_notebook(augmentation={"sepia": 0.3})))
    known = _run(made, until="def vary", SIZE=32)
    theirs = known["vary"](IMAGES, known["AUGMENTATION"], np.random.default_rng(5))
    np.testing.assert_array_equal(varied(sepia=0.3), theirs)
    text = "\n".join(each.source for each in made)
    assert "browned by up to 30 %" in text
    assert "core." not in text
