"""What is called like a mask of a picture beside it is asked about, never taken for an image of a
class without a word; and what two tools say of one box counts once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.catalog import Catalog
from core.cli import main
from core.datasets import intake
from core.datasets.layout import Choice, kept_layout, read_layout
from core.quality.curation import curated, decide
from core.quality.scan import scan
from tests.core.datasets.test_lists_and_yolo import found, make, pictures

SCANS = (
    pictures("benign/benign ({}).png", 4)
    | pictures("benign/benign ({})_mask.png", 4)
    | {"benign/benign (1)_mask_1.png": ""}
    | pictures("normal/normal ({}).png", 3)
    | pictures("normal/normal ({})_mask.png", 3)
)
INSIDE = {
    f"{label}/{what}/{label}-{n}.png": ""
    for label in ("ill", "well")
    for what in ("images", "masks")
    for n in range(3)
}


@pytest.mark.parametrize(
    ("files", "without", "too"),
    [
        (SCANS, {"benign": 4, "normal": 3}, {"benign": 9, "normal": 6}),
        (INSIDE, {"ill": 3, "well": 3}, {"ill": 6, "well": 6}),
        (
            {f"{split}/{path}": "" for path in SCANS for split in ("train", "test")},
            {"benign": 8, "normal": 6},
            {"benign": 18, "normal": 12},
        ),
    ],
)
def test_masks_are_asked_about(
    tmp_path: Path, files: dict[str, str], without: dict[str, int], too: dict[str, int]
) -> None:
    root = make(tmp_path, files)
    layout = read_layout(root)
    left = sum(too.values()) - sum(without.values())
    assert f"{left} files are called like masks of pictures beside them" in layout.doubt
    now, other = layout.outline(), layout.others[-1]
    assert (now.classes, now.masks) == (without, "out")
    assert (other.classes, other.masks) == (too, "images")
    assert sum("like a mask of" in item.why for item in layout.skipped) == left
    for outline in (now, other):
        chosen = read_layout(root, choice=Choice(outline.kind, masks=outline.masks))
        assert chosen.outline().classes == outline.classes
        assert not chosen.doubt
    assert read_layout(root, choice=Choice(now.kind)).doubt, "that doesn't say it"


def test_a_column_that_was_chosen_goes_on_being_the_class_beside_masks(tmp_path: Path) -> None:
    names = [(n, f"{n}{end}.png") for n in range(6) for end in ("", "_mask")]
    table = "".join(f"{name},{'ab'[n % 2]},{'xy'[n // 3]}\n" for n, name in names)
    files = pictures("{}.png", 6) | pictures("{}_mask.png", 6)
    root = make(tmp_path, files | {"t.csv": f"file,sort,coat\n{table}"})
    chosen = read_layout(root, choice=Choice("table", labels="sort"))
    assert found(chosen)[1] == {"a": 3, "b": 3}
    assert chosen.others[-1].classes == {"a": 6, "b": 6}
    asked = read_layout(root)
    for way in (asked.outline(), asked.others[-1], chosen.outline(), chosen.others[-1]):
        again = read_layout(root, choice=Choice(way.kind, labels=way.labels, masks=way.masks))
        assert again.outline().classes == way.classes


def test_what_only_sounds_like_masks_is_no_doubt(tmp_path: Path) -> None:
    files = pictures("with_mask/{}.png", 3) | pictures("without_mask/{}.png", 3)
    layout = read_layout(make(tmp_path, {f"train/{path}": "" for path in files}))
    assert (layout.doubt, found(layout)[1]) == ("", {"with_mask": 3, "without_mask": 3})
    files = pictures("clown/{}_mask.png", 3) | pictures("fox/{}.png", 3)
    layout = read_layout(make(tmp_path / "no picture of that name", files))
    assert (layout.doubt, found(layout)[1]) == ("", {"clown": 3, "fox": 3})
    table = "".join(f"{n}.png,{'ab'[n % 2]}\n" for n in range(6))
    files = pictures("{}.png", 6) | pictures("{}_mask.png", 6) | {"t.csv": f"file,class\n{table}"}
    layout = read_layout(make(tmp_path / "a table names the others", files))
    assert (layout.doubt, found(layout)[1]) == ("", {"a": 3, "b": 3})
    assert len(layout.skipped) == 6


def test_the_question_is_kept_until_it_is_answered(catalog: Catalog, tmp_path: Path) -> None:
    root = make(tmp_path / "scans", SCANS)
    choice = Choice("classes")
    dataset = intake.add_folder(catalog, root, restrict=False, layout=choice).id
    scan(catalog, dataset)
    kept = kept_layout(catalog.workspace, dataset)
    assert kept is not None
    assert kept.plainly
    assert [way.options for way in (kept.outline, *kept.others)] == [
        "--layout classes --masks out",
        "--layout classes --masks images",
    ]
    assert len(curated(catalog, dataset)) == 7


def test_a_command_asks_and_takes_the_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(make(tmp_path / "scans", SCANS))
    assert main(["dataset", "add", root]) == 2
    assert "--masks out (2 classes (benign 4, normal 3))" in capsys.readouterr().err
    assert main(["dataset", "add", root, "--masks", "images", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["images"] == 15


def test_boxes_that_two_tools_wrote_count_once(tmp_path: Path) -> None:
    objects = [("cat", (9.6, 4.3, 30.2, 20.0)), ("dog", (50.0, 30.0, 12.5, 9.0))]
    boxes = [
        {"image_id": 1, "category_id": 1 + (label == "dog"), "bbox": box} for label, box in objects
    ]
    coco = {
        "images": [{"id": 1, "file_name": "1.png"}],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
        "annotations": [*boxes, {"image_id": 1, "category_id": 1, "bbox": [14, 6, 30, 20]}],
    }
    said = "".join(
        f"<object><name>{label}</name><bndbox><xmin>{round(x) + 1}</xmin>"
        f"<ymin>{round(y) + 1}</ymin><xmax>{round(x + w)}</xmax><ymax>{round(y + h)}</ymax>"
        "</bndbox></object>"
        for label, (x, y, w, h) in objects
    )
    files = {
        "images/1.png": "",
        "images/2.png": "",
        "instances.json": json.dumps(coco),
        "voc/1.xml": f"<annotation><filename>2.png</filename>{said}</annotation>",
    }
    layout = read_layout(make(tmp_path, files))
    assert found(layout)[:2] == ("boxes", {"cat": 2, "dog": 1})
    assert {file.together for file in layout.files} == {"images/1.png"}, "it is called as that"


def test_a_table_of_boxes_is_asked_for_its_column_of_classes(tmp_path: Path) -> None:
    head = "filename,xmin,ymin,xmax,ymax,breed,coat\n"
    rows = "".join(
        f"{n}.png,{at},2,{at + 20},30,{'ab'[n % 2]},{coat}\n"
        for n in range(6)
        for at, coat in ((3 + n, "red"), (40, "grey"))
    )
    layout = read_layout(make(tmp_path, pictures("{}.png", 6) | {"boxes.csv": head + rows}))
    assert "which of its columns is the class" in layout.doubt
    ways = {way.options: way.classes for way in (layout.outline(), *layout.others)}
    assert ways == {
        '--layout boxes --labels "breed"': {"a": 6, "b": 6},
        '--layout boxes --labels "coat"': {"grey": 6, "red": 6},
    }
    chosen = read_layout(tmp_path, choice=Choice("boxes", labels="coat"))
    assert found(chosen)[:2] == ("boxes", {"grey": 6, "red": 6})


def test_a_dataset_that_had_masks_keeps_them_until_somebody_says_what_they_are(
    catalog: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make(tmp_path / "scans", SCANS)
    record = intake.add_folder(catalog, root, restrict=False, layout=Choice(masks="images"))
    scan(catalog, record.id)
    source = catalog.workspace.dataset(record.id) / "source.json"
    source.write_text(json.dumps({"kind": "folder"}), "utf-8")  # as earlier versions wrote it
    decide(catalog, record.id, "relabel", ["normal/normal (1)_mask.png"], label="odd")
    before = curated(catalog, record.id)
    assert main(["scan", "scans", "--json"]) == 0
    assert curated(catalog, record.id)["path"].equals(before["path"])
    assert curated(catalog, record.id)["label"].equals(before["label"])
    assert "are called like masks" in json.loads(capsys.readouterr().out)["doubt"]
    kept = kept_layout(catalog.workspace, record.id)
    assert kept is not None
    assert [kept.outline.masks, *(each.masks for each in kept.others)] == ["images", "out"]
    assert kept.others[0].classes == {"benign": 4, "normal": 3}
    assert main(["dataset", "layout", "scans", "--masks", "out"]) == 0
    assert len(curated(catalog, record.id)) == 7
