"""Photos gather until they are added to a class, each once, and nowhere else."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.catalog import Catalog
from core.datasets import intake
from core.datasets.upload import new_token
from core.datasets.webcam import Shots
from core.errors import InvalidInput, UnreadableImage
from core.progress import Reporter
from core.quality.curation import curated
from core.quality.scan import scan


def photo(seed: int, kind: str = "JPEG", size: tuple[int, int] = (640, 480)) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).resize(size).save(out, kind)
    return out.getvalue()


@pytest.fixture
def dataset_id(catalog: Catalog, class_folders: Callable[..., Path], tmp_path: Path) -> str:
    folder = class_folders({"cat": 2, "dog": 2})
    archive = shutil.make_archive(str(tmp_path / "pets"), "zip", folder)
    record = intake.add_archive(catalog, Path(archive), "pets.zip", "Pets")
    scan(catalog, record.id, refused=intake.prepare(catalog, record.id, Reporter()))
    return record.id


def test_photos_are_added_to_a_class_as_they_were_taken(catalog: Catalog, dataset_id: str) -> None:
    shots = Shots(catalog.workspace, new_token())
    for seed in (1, 2, 3):
        shots.add(photo(seed))
    assert shots.add_to(catalog, dataset_id, "owl") == 3
    assert shots.all() == []
    scan(catalog, dataset_id)
    table = curated(catalog, dataset_id)
    owls = table[table["label"] == "owl"]
    assert len(owls) == 3
    assert set(owls["format"]) == {"JPEG"}
    kept = {file.read_bytes() for file in catalog.workspace.originals(dataset_id).rglob("webcam*")}
    assert kept == {photo(seed) for seed in (1, 2, 3)}


def test_the_same_photo_again_is_kept_once(catalog: Catalog) -> None:
    token = new_token()
    for _ in range(3):
        Shots(catalog.workspace, token).add(photo(1))
    (shot,) = Shots(catalog.workspace, token).all()
    assert max(Image.open(io.BytesIO(shot.preview)).size) <= 240


def test_one_can_be_thrown_away(catalog: Catalog) -> None:
    shots = Shots(catalog.workspace, new_token())
    shots.add(photo(1))
    shots.add(photo(2))
    first, second = shots.all()
    shots.drop(first.id)
    shots.drop("not here")
    assert [shot.id for shot in shots.all()] == [second.id]


def test_whatever_the_browser_sends_is_kept_as_jpeg(catalog: Catalog, dataset_id: str) -> None:
    shots = Shots(catalog.workspace, new_token())
    shots.add(photo(1, "PNG"))
    shots.add_to(catalog, dataset_id, "cat")
    (file,) = (catalog.workspace.originals(dataset_id)).rglob("webcam*")
    assert Image.open(file).format == "JPEG"


def test_what_is_no_picture_is_refused_and_nothing_is_kept(catalog: Catalog) -> None:
    shots = Shots(catalog.workspace, new_token())
    with pytest.raises(UnreadableImage):
        shots.add(b"not a picture")
    assert shots.all() == []


def test_without_photos_there_is_nothing_to_add(catalog: Catalog, dataset_id: str) -> None:
    with pytest.raises(InvalidInput, match="no photos yet"):
        Shots(catalog.workspace, new_token()).add_to(catalog, dataset_id, "cat")


@pytest.mark.parametrize("label", ["", " ", ".."])
def test_a_class_that_no_folder_can_be_called_is_refused_and_the_photos_stay(
    catalog: Catalog, dataset_id: str, label: str
) -> None:
    shots = Shots(catalog.workspace, new_token())
    shots.add(photo(1))
    with pytest.raises(InvalidInput, match="needs a name"):
        shots.add_to(catalog, dataset_id, label)
    assert len(shots.all()) == 1


@pytest.mark.parametrize("token", ["", "../../etc", "a/b", "ä"])
def test_a_token_that_is_a_path_is_refused(catalog: Catalog, token: str) -> None:
    with pytest.raises(InvalidInput):
        Shots(catalog.workspace, token)
