"""Boxes, pages and DICOM: a part of a file is an image like any other; files stay as they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.catalog import Catalog
from core.datasets import intake
from core.datasets.content import Part, hash_bytes, read_regular, split_path
from core.datasets.images import Decoding, decode, open_image
from core.datasets.layout import Choice, read_layout, save_choice
from core.errors import UnreadableImage
from core.quality.curation import curated, decide, usable
from core.quality.export import export_dataset
from core.quality.scan import scan
from core.training.start import suggest_spec
from tests.deep import deep_png, dicom_file

COLOURS = {"red": (220, 20, 30), "green": (20, 200, 40)}


def _street(root: Path, name: str, boxes: list[tuple[str, int, int]]) -> dict[str, object]:
    """A grey photo with coloured squares of 20 pixels, and what COCO says of it."""
    picture = np.full((80, 120, 3), 90, np.uint8)
    for label, left, top in boxes:
        picture[top : top + 20, left : left + 20] = COLOURS[label]
    Image.fromarray(picture).save(root / name)
    return {"name": name, "boxes": boxes}


def _coco(root: Path) -> Path:
    root.mkdir()
    photos = [
        _street(root, f"{n}.png", [("red", 10 + n, 5), ("green", 60, 30 + n)]) for n in range(6)
    ]
    (root / "instances.json").write_text(
        json.dumps(
            {
                "images": [
                    {"id": n, "file_name": each["name"], "width": 120, "height": 80}
                    for n, each in enumerate(photos)
                ],
                "categories": [{"id": 1, "name": "red"}, {"id": 2, "name": "green"}],
                "annotations": [
                    {
                        "id": f"{n}{label}",
                        "image_id": n,
                        "category_id": 1 + (label == "green"),
                        "bbox": [left, top, 20, 20],
                    }
                    for n, each in enumerate(photos)
                    for label, left, top in each["boxes"]  # type: ignore[attr-defined]
                ],
            }
        )
    )
    return root


def test_boxes_are_images_of_their_own(tmp_path: Path, catalog: Catalog) -> None:
    root = _coco(tmp_path / "street")
    before = {file.name: file.read_bytes() for file in root.iterdir()}
    layout = read_layout(root)
    assert layout.kind == "boxes", "no photo is of one class"
    choice = Choice("boxes", margin=0.0)
    dataset = intake.add_folder(catalog, root, "street", restrict=False, layout=choice).id
    scan(catalog, dataset)
    table = usable(curated(catalog, dataset))
    assert table["label"].value_counts().to_dict() == {"red": 6, "green": 6}
    assert (table["width"] == 20).all()
    assert table["hash"].nunique() == 12
    for row in table.itertuples():
        pixels = decode(read_regular(root / row.path), 20)
        assert (pixels == COLOURS[str(row.label)]).all()
    assert (table.groupby("together")["path"].count() == 2).all(), "boxes of one photo"
    done = export_dataset(catalog, dataset, tmp_path / "out")
    assert done.images == 12
    made = sorted((tmp_path / "out").rglob("*.png"))
    assert {Image.open(each).size for each in made} == {(20, 20)}
    assert {file.name: file.read_bytes() for file in root.iterdir()} == before


def test_a_margin_goes_around_the_box_and_ends_at_the_rim(tmp_path: Path) -> None:
    root = _coco(tmp_path / "street")
    found = read_layout(root, choice=Choice("boxes", margin=0.5)).files
    boxes = {split_path(file.path)[1].box for file in found if file.path.startswith("0.png")}
    assert boxes == {(0, 0, 40, 35), (50, 20, 40, 40)}
    rim = read_regular(root / "0.png#xywh=100,60,40,40")
    assert open_image(rim).image.size == (20, 20)
    with pytest.raises(UnreadableImage, match="outside"):
        open_image(read_regular(root / "0.png#xywh=500,60,40,40"))


def test_a_file_whose_name_looks_like_a_part_is_that_file(tmp_path: Path) -> None:
    file = tmp_path / "a.png#xywh=1,2,3,4"
    Image.new("RGB", (9, 9)).save(file, "PNG")
    assert hash_bytes(read_regular(file)) == hash_bytes(file.read_bytes())
    assert split_path("b/c#page=7") == ("b/c", Part(page=7))
    assert split_path("b/c#1.png") == ("b/c#1.png", Part())


def test_the_page_that_was_chosen_is_seen_everywhere(tmp_path: Path, catalog: Catalog) -> None:
    for label, level in (("dark", 60), ("light", 200)):
        for n in range(6):
            (tmp_path / label).mkdir(exist_ok=True)
            pages = [Image.new("L", (16, 16), at) for at in (0, level + n)]
            pages[0].save(tmp_path / label / f"{n}.tif", save_all=True, append_images=pages[1:])
    choice = Choice(page=2)
    dataset = intake.add_folder(catalog, tmp_path, "pages", restrict=False, layout=choice).id
    scan(catalog, dataset)
    table = usable(curated(catalog, dataset))
    assert (table.groupby("label")["brightness"].min() > [0.2, 0.7]).all()
    spec = suggest_spec(catalog, dataset)
    assert spec.as_decoded.page == 2
    whole = (tmp_path / "light" / "0.tif").read_bytes()
    assert decode(whole, 8, decoding=spec.as_decoded).mean() == 200
    with pytest.raises(UnreadableImage, match="no page 3"):
        open_image(whole, decoding=Decoding(page=3))


def test_the_range_of_greys_is_that_which_was_chosen(tmp_path: Path, catalog: Catalog) -> None:
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for n in range(3):
            values = np.full((8, 8), 1000 + n, np.uint16)
            Image.fromarray(values).save(tmp_path / label / f"{n}.png")
    choice = Choice(greys=(0.0, 2000.0))
    dataset = intake.add_folder(catalog, tmp_path, "deep", restrict=False, layout=choice).id
    scan(catalog, dataset)
    assert suggest_spec(catalog, dataset).as_decoded.greys == (0, 2000)
    assert curated(catalog, dataset)["brightness"].mean() == pytest.approx(0.5, abs=0.01)


def test_colours_of_twelve_bits_are_as_bright_as_greys(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 4096, (12, 10, 3))
    values[0, 0] = 4095
    opened = open_image(deep_png(values))
    assert opened.greys == (0, 4095)
    assert np.abs(np.asarray(opened.image) - values * 255 / 4095).max() <= 0.5
    full = np.random.default_rng(0).integers(0, 65536, (12, 10, 3))
    full[0, 0] = 65535
    assert (np.asarray(open_image(deep_png(full)).image) == full >> 8).all()
    then = open_image(deep_png(values), decoding=Decoding(2))
    assert (np.asarray(then.image) == values >> 8).all(), "models of before see what they saw"


def test_dicom_is_seen_through_its_window(tmp_path: Path) -> None:
    values = np.arange(64).reshape(8, 8) * 40
    plain = dicom_file(
        values, RescaleSlope=2, RescaleIntercept=-100, WindowCenter=900, WindowWidth=801
    )
    # Of 500 to 1300 of the modality's values, which are twice the stored ones less 100.
    expected = np.clip((values * 2 - 100 - 499.5) / 800 * 255, 0, 255)
    seen = np.asarray(open_image(plain).image)[..., 0]
    assert np.abs(seen - expected).max() <= 1
    turned = dicom_file(
        values,
        RescaleSlope=2,
        RescaleIntercept=-100,
        WindowCenter=900,
        WindowWidth=801,
        PhotometricInterpretation="MONOCHROME1",
    )
    assert (np.asarray(open_image(turned).image)[..., 0] == 255 - seen).all()
    chosen = open_image(plain, decoding=Decoding(greys=(-100.0, 4940.0))).image
    assert np.asarray(chosen).max() == 255
    without = open_image(dicom_file(values))
    assert without.greys is not None
    assert "Doe" not in str(vars(without))


def test_dicom_is_found_whatever_it_is_called(tmp_path: Path) -> None:
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "IM0001").write_bytes(dicom_file(np.arange(64).reshape(8, 8)))
        (tmp_path / label / "2.dcm").write_bytes(dicom_file(np.arange(64).reshape(8, 8) + 5))
    assert len(read_layout(tmp_path).files) == 4


def test_what_was_decided_holds_for_another_page_and_another_margin(
    tmp_path: Path, catalog: Catalog
) -> None:
    folder = tmp_path / "stacks"
    for number in range(6):
        pages = [np.full((9, 9), 20 * number + page, np.uint8) for page in range(3)]
        first, *more = map(Image.fromarray, pages)
        file = folder / "ab"[number % 2] / f"{number}.tif"
        file.parent.mkdir(parents=True, exist_ok=True)
        first.save(file, save_all=True, append_images=more)
    stacks = intake.add_folder(catalog, folder, restrict=False)
    scan(catalog, stacks.id)
    decide(catalog, stacks.id, "exclude", ["a/0.tif"])
    for page in (3, 2, None):
        save_choice(catalog.workspace, stacks.id, Choice(page=page))
        scan(catalog, stacks.id)
        table = curated(catalog, stacks.id)
        at = f"#page={page}" if page else ""
        excluded = table.loc[table["excluded"], "path"].tolist()
        assert excluded == ([] if page else ["a/0.tif"]), "another page shows something else"
        if page == 3:
            decide(catalog, stacks.id, "relabel", [f"b/1.tif{at}"], label="a")
        else:
            assert table.set_index("path").loc[f"b/1.tif{at}", "label"] == "a"

    street = intake.add_folder(catalog, _coco(tmp_path / "street"), restrict=False)
    scan(catalog, street.id)
    (green,) = [p for p in curated(catalog, street.id)["path"] if p.startswith("2.png#xywh=58")]
    decide(catalog, street.id, "relabel", [green], label="lime")
    for margin in (0.0, 0.5, 2.0):
        save_choice(catalog.workspace, street.id, Choice(margin=margin))
        scan(catalog, street.id)
        moved = curated(catalog, street.id).query("label == 'lime'")
        assert moved["path"].str.startswith("2.png").tolist() == [True]
        assert moved["label_found"].tolist() == ["green"]
