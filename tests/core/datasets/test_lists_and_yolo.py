"""Lists without a head, and YOLO's labels, in the forms that they are published in."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from core.catalog import Catalog
from core.datasets import intake
from core.datasets.content import Part, read_regular, split_path
from core.datasets.images import open_image
from core.datasets.layout import Choice, Kind, Layout, read_layout
from core.datasets.layout.lookup import Index
from core.datasets.layout.values import Entry
from core.errors import InvalidInput
from core.quality.curation import curated
from core.quality.scan import scan
from tests.core.datasets.packing import image_bytes, make_zip

CAT, DOG = "0 0.5 0.5 0.2 0.4\n", "1 0.3 0.3 0.2 0.2\n"
FISH = "n01440764 tench, Tinca tinca\nn01443537 goldfish\nn01484850 shark\n"


def make(root: Path, files: dict[str, str]) -> Path:
    """Texts, and pictures where there is none."""
    for path, text in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if text:
            place.write_text(text, encoding="utf-8")
        else:
            place.write_bytes(image_bytes(len(path)))
    return root


def pictures(pattern: str, count: int = 12) -> dict[str, str]:
    return {pattern.format(number): "" for number in range(count)}


def lines(pattern: str, *numbers: int, of: tuple[object, ...] = (0, 1, 2)) -> str:
    return "".join(pattern.format(n, of[n % len(of)]) + "\n" for n in numbers)


def found(layout: Layout) -> tuple[str, dict[str, int], dict[str, int]]:
    outline = layout.outline()
    return layout.kind, outline.classes, outline.splits


CLASSES = {"tench, Tinca tinca": 4, "goldfish": 4, "shark": 4}
SPLITS = {"train": 8, "validation": 4}
LISTS: dict[str, tuple[dict[str, str], tuple[str, dict[str, int], dict[str, int]]]] = {
    "caffe": (
        pictures("images/x {:04}.jpg")
        | {
            "train.txt": lines("images/x {:04}.jpg {}", *range(8)),
            "val.txt": lines("images/x {:04}.jpg {}", *range(8, 12)),
            "synset_words.txt": FISH,
        },
        ("table", CLASSES, SPLITS),
    ),
    "numbers from one": (
        pictures("{:04}.jpg")
        | {"list.txt": lines("/home/me/set/{:04}.jpg,{}", *range(12), of=(1, 2, 3))}
        | {"classes.txt": "tench, Tinca tinca\ngoldfish\nshark\n"},
        ("table", CLASSES, {}),
    ),
    "classes with blanks": (
        pictures("images/{:07}.jpg")
        | {"variant_train.txt": lines("{:07} {}", *range(8), of=("Boeing 717", "A300"))}
        | {"variant_test.txt": lines("{:07} {}", *range(8, 12), of=("Boeing 717", "A300"))},
        ("table", {"Boeing 717": 6, "A300": 6}, {"train": 8, "test": 4}),
    ),
    "in the pictures’ order": (
        pictures("val/ILSVRC2012_val_{:08}.JPEG")
        | {"synset_labels.txt": lines("{1}", *range(12), of=("n01440764", "n01443537"))}
        | {"LOC_synset_mapping.txt": FISH},
        ("table", {"tench, Tinca tinca": 6, "goldfish": 6}, {"validation": 12}),
    ),
    "a class before its box": (
        pictures("val/{:03}.JPEG")
        | {
            "LOC_val_solution.csv": "ImageId,PredictionString\n"
            + lines("{0:03},{1} 1 {0} 9 9 ", *range(12), of=("n01440764", "n01443537"))
        },
        ("table", {"n01440764": 6, "n01443537": 6}, {"validation": 12}),
    ),
    "a flat validation beside class folders": (
        pictures("train/n01440764/images/a{}.JPEG", 4)
        | pictures("train/n01443537/images/b{}.JPEG", 4)
        | pictures("val/images/val_{}.JPEG", 4)
        | {
            "val/val_annotations.txt": lines(
                "val_{}.JPEG\t{}\t0\t0\t9\t9", *range(4), of=("n01440764", "n01443537")
            )
        }
        | {"words.txt": FISH.replace(" ", "\t", 1)},
        ("splits", {"tench, Tinca tinca": 6, "goldfish": 6}, {"train": 8, "validation": 4}),
    ),
    "lists of what is for training": (
        pictures("images/pie/{}.jpg", 6)
        | pictures("images/ramen/{}.jpg", 6)
        | {
            "meta/train.txt": lines("{1}/{0}", 0, 1, 2, 3, of=("pie",))
            + lines("{1}/{0}", 0, 1, 2, 3, of=("ramen",))
        }
        | {
            "meta/test.txt": lines("{1}/{0}", 4, 5, of=("pie",))
            + lines("{1}/{0}", 4, 5, of=("ramen",))
        },
        ("classes", {"pie": 6, "ramen": 6}, {"train": 8, "test": 4}),
    ),
    "a table a split": (
        pictures("img/{}.png")
        | {"train.csv": "image,label\n" + lines("{}.png,{}", *range(8), of=("a", "b"))}
        | {"val.csv": "image,label\n" + lines("{}.png,{}", 8, 9, of=("a", "b"))}
        | {"test.csv": "image,label\n" + lines("{}.png,{}", 10, 11, of=("a", "b"))},
        ("table", {"a": 6, "b": 6}, {"train": 8, "validation": 2, "test": 2}),
    ),
    "names that say what numbers mean": (
        pictures("images/Abyssinian_{}.jpg", 6)
        | pictures("images/beagle_{}.jpg", 6)
        | {
            "list.txt": "#Image CLASS SPECIES\n"
            + lines("Abyssinian_{} 1 1 1", *range(6))
            + lines("beagle_{} 2 2 1", *range(6))
        },
        ("names", {"Abyssinian": 6, "beagle": 6}, {}),
    ),
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_say_the_classes(tmp_path: Path, name: str) -> None:
    files, expected = LISTS[name]
    layout = read_layout(make(tmp_path, files))
    assert found(layout) == expected
    assert not layout.doubt


BOX = {"x": 9, "y": 8, "width": 6, "height": 6}
SIX = {f"a{n}.jpg": "" for n in range(6)}
TOOLS: dict[str, dict[str, str]] = {
    "Create ML": {
        "_annotations.createml.json": json.dumps(
            [
                {"image": f"a{n}.jpg", "annotations": [{"label": "ab"[n % 2], "coordinates": BOX}]}
                for n in range(6)
            ]
        )
    },
    "LabelMe": {
        f"a{n}.json": json.dumps(
            {
                "imagePath": f"a{n}.jpg",
                "shapes": [{"label": "ab"[n % 2], "points": [[6, 5], [12, 11]]}],
            }
        )
        for n in range(6)
    },
    "VIA": {
        "via.json": json.dumps(
            {
                f"a{n}.jpg123": {
                    "filename": f"a{n}.jpg",
                    "regions": [
                        {
                            "region_attributes": {"class": "ab"[n % 2]},
                            "shape_attributes": {**BOX, "x": 6, "y": 5},
                        }
                    ],
                }
                for n in range(6)
            }
        )
    },
    "CSV": {
        "_annotations.csv": "filename,width,height,class,xmin,ymin,xmax,ymax\n"
        + lines("a{0}.jpg,16,16,{1},6,5,12,11", *range(6), of=("a", "b"))
    },
}


def test_classes_in_the_order_of_numbers_have_nine_before_ten(tmp_path: Path) -> None:
    files = pictures("image_{}.jpg") | {"labels.txt": "a\n" * 6 + "b\n" * 6}
    label_of = {file.path: file.label for file in read_layout(make(tmp_path, files)).files}
    assert label_of == {f"image_{n}.jpg": "ab"[n >= 6] for n in range(12)}


def test_what_pictures_are_found_by_is_made_once_for_all_files_that_ask() -> None:
    index = Index([Entry("images/1.jpg", ("images", "1.jpg"), 1, 1)])
    first, second = index.near("labels/1.xml"), index.near("labels/2.xml")
    assert first.find("1.jpg") is not None
    assert first._by_full is second._by_full


def test_boxes_that_are_said_in_two_forms_are_cut_out_once(tmp_path: Path) -> None:
    files = SIX | TOOLS["CSV"] | {f"a{n}.txt": (CAT, DOG)[n % 2] for n in range(6)}
    files |= {"classes.txt": "a\nb\n"}
    layout = read_layout(make(tmp_path, files), choice=Choice("boxes", margin=0))
    assert len(layout.files) == 6


@pytest.mark.parametrize("tool", TOOLS)
def test_boxes_of_other_tools_are_read(tmp_path: Path, tool: str) -> None:
    root = make(tmp_path, SIX | TOOLS[tool])
    layout = read_layout(root)
    assert found(layout) == ("annotations", {"a": 3, "b": 3}, {})
    assert tool in layout.reason
    boxes = read_layout(root, choice=Choice("boxes", margin=0))
    assert {split_path(file.path)[1] for file in boxes.files} == {Part(box=(6, 5, 6, 6))}


def test_a_table_in_a_folder_is_about_what_lies_beside_it(tmp_path: Path) -> None:
    files: dict[str, str] = {}
    for split, turned in (("train", ("a", "b")), ("test", ("b", "a"))):
        files |= {f"{split}/{n}.png": "" for n in range(4)}
        files[f"{split}/metadata.csv"] = "file_name,label\n" + lines(
            "{}.png,{}", *range(4), of=turned
        )
    layout = read_layout(make(tmp_path, files))
    assert found(layout) == ("table", {"a": 4, "b": 4}, {"train": 4, "test": 4})
    label_of = {file.path: file.label for file in layout.files}
    assert (label_of["train/0.png"], label_of["test/0.png"]) == ("a", "b")


def test_pictures_of_several_classes_in_a_table_are_left_out_and_told(tmp_path: Path) -> None:
    hot = "file,a,b,c\n" + "".join(
        f"{n}.png,{n % 2},{1 - n % 2},{int(n in (3, 4))}\n" for n in range(8)
    )
    layout = read_layout(make(tmp_path, pictures("{}.png", 8) | {"hot.csv": hot}))
    assert found(layout) == ("table", {"a": 3, "b": 3}, {})
    assert {item.path for item in layout.skipped} == {"3.png", "4.png"}
    assert "several classes" in layout.skipped[0].why


def test_what_lies_beside_class_folders_and_is_none_is_left_out_or_asked(tmp_path: Path) -> None:
    inner = pictures("cat/{}.png", 3) | pictures("dog/{}.png", 3)
    copy = {f"Set/{path}": "" for path in inner}
    layout = read_layout(make(tmp_path / "Set", inner | copy | pictures("pred/{}.png", 2)))
    assert found(layout) == ("classes", {"cat": 3, "dog": 3}, {})
    assert "“Set” and “pred” were left out" in layout.reason
    assert [other.kind for other in layout.others] == ["classes"]
    masks = pictures("images/{}.png", 4) | pictures("masks/{}.png", 4)
    assert "masks of those pictures" in read_layout(make(tmp_path / "m", masks)).doubt
    twice = pictures("train/train/cat.{}.jpg", 4) | pictures("train/train/dog.{}.jpg", 4)
    layout = read_layout(make(tmp_path / "k", twice | pictures("test1/test1/{}.jpg", 4)))
    assert found(layout) == ("names", {"cat": 4, "dog": 4}, {"train": 8})


YOLO: dict[str, tuple[dict[str, str], dict[str, int], dict[str, int]]] = {
    "a folder a split": (
        {
            f"{split}/{what}/{n}.{'jpg' if what == 'images' else 'txt'}": (
                "" if what == "images" else (CAT, DOG)[n % 2]
            )
            for split in ("train", "valid")
            for what in ("images", "labels")
            for n in range(4)
        }
        | {"data.yaml": "train: ../train/images\nnc: 2\nnames: ['cat', \"big dog\"]\n"},
        {"cat": 4, "big dog": 4},
        {"train": 4, "validation": 4},
    ),
    "images and labels": (
        pictures("images/train/{}.jpg", 6)
        | {f"labels/train/{n}.txt": (CAT, DOG)[n % 2] for n in range(6)}
        | {"coco8.yaml": "path: x\nnames:\n  0: cat # not dog\n  1: 'dog'\n\ndownload: y\n"},
        {"cat": 3, "dog": 3},
        {"train": 6},
    ),
    "darknet": (
        pictures("obj_train_data/f{}.jpg", 6)
        | {f"obj_train_data/f{n}.txt": (CAT, DOG)[n % 2] for n in range(6)}
        | {"obj.names": "cat\ndog\n", "train.txt": lines("data/obj_train_data/f{}.jpg", 0, 1, 2, 3)}
        | {"valid.txt": lines("data/obj_train_data/f{}.jpg", 4, 5)},
        {"cat": 3, "dog": 3},
        {"train": 4, "validation": 2},
    ),
    "outlines, without names": (
        pictures("{}.jpg", 6)
        | {f"{n}.txt": f"{n % 2} 0.1 0.1 0.5 0.1 0.5 0.6 0.3 0.9\n" for n in range(6)},
        {"0": 3, "1": 3},
        {},
    ),
}


@pytest.mark.parametrize("name", YOLO)
def test_labels_of_yolo_are_read(tmp_path: Path, name: str) -> None:
    files, classes, splits = YOLO[name]
    layout = read_layout(make(tmp_path, files))
    assert found(layout) == ("annotations", classes, splits)
    assert [each.kind for each in layout.others] == ["boxes"]
    assert "YOLO" in layout.reason


def test_a_text_that_is_no_label_makes_no_class(tmp_path: Path) -> None:
    files = {f"{c}/{n}.jpg": "" for c in ("cat", "dog") for n in range(4)}
    texts = {f"{c}/{n}.txt": "a photo of it" for c in ("cat", "dog") for n in range(4)}
    layout = read_layout(make(tmp_path, files | texts | {"labels.txt": "cat\ndog\n"}))
    assert found(layout) == ("classes", {"cat": 4, "dog": 4}, {})
    assert len(layout.skipped) == 9


def test_boxes_of_yolo_are_cut_out_where_they_are_also_from_an_archive(
    tmp_path: Path, catalog: Catalog
) -> None:
    photo = np.zeros((80, 200, 3), np.uint8)
    photo[20:60, 50:100] = (250, 10, 10)  # a red box of 50 x 40 at 50, 20
    photo[40:80, 150:200] = (10, 10, 250)
    packed = io.BytesIO()
    Image.fromarray(photo).save(packed, "PNG")
    both = "0 0.375 0.5 0.25 0.5\n1 0.875 0.75 0.25 0.5\n"
    names = {f"images/{n}.png": packed.getvalue() + bytes(n) for n in range(4)}
    labels = {f"labels/{n}.txt": both.encode() for n in range(3)} | {"labels/3.txt": b"\n"}
    content = {**names, **labels, "classes.txt": b"red\nblue\n"}
    record = intake.add_archive(
        catalog,
        make_zip(tmp_path / "a.zip", content),
        "a.zip",
        layout=Choice(margin=0),
    )
    refused = intake.prepare(catalog, record.id, intake.Reporter())
    done = scan(catalog, record.id, refused=refused)
    table = curated(catalog, record.id)
    assert Counter(table["label"]) == {"red": 3, "blue": 3}
    assert set(table["width"]) == {50}
    assert set(table["height"]) == {40}
    assert [(item.path, item.why) for item in done.skipped] == [("images/3.png", "It has no box.")]
    root = catalog.workspace.originals(record.id)
    for path, label in zip(table["path"], table["label"], strict=True):
        pixels = np.asarray(open_image(read_regular(root / path)).image)
        assert (pixels == photo[50, 60 if label == "red" else 160]).all()


@pytest.mark.parametrize("box", [(12.5, 40.0, 25.0, 25.0), (0.0, 0.1234, 99.9999, 3.0)])
def test_a_part_in_per_cent_is_written_and_read(box: tuple[float, float, float, float]) -> None:
    part = Part(box=box, percent=True)
    assert split_path(f"a/b#c.jpg{part}") == ("a/b#c.jpg", part)


# What may lie in a folder of pictures 0 to 7: lists, labels and words, whole and wrong.
SAYS = st.sampled_from(
    [
        CAT,
        CAT + DOG,
        "",
        "0 0.5 0.5",
        "2 1.5 0.5 0.2 0.2",
        "a photo of a cat",
        "cat\ndog\n",
        "names: [cat, dog]\n",
        "names:\n- cat\n- dog\n",
        "names: [cat",
        lines("{}.png {}", *range(8)),
        lines("images/{}.png {}", 0, 1, 2, 3, of=("cat", "dog")),
        lines("{}", *range(4)),
        lines("{1}", *range(8), of=(0, 1)),
        "file,label\n" + lines("{}.png,{}", *range(8), of=("cat", "dog")),
        lines("{}.png,{}", 2, 2, 3, 9, of=("cat", "dog")),
        "\ufeff\n\n",
    ]
)
PLACES = st.sampled_from(
    [
        *(
            "train.txt",
            "val.txt",
            "classes.txt",
            "list.txt",
            "labels.csv",
            "data.yaml",
            "obj.names",
        ),
        *("0.txt", "images/1.txt", "labels/0.txt", "labels/1.txt", "labels/train/2.txt", "x/3.txt"),
        *("val/val_annotations.txt", "synset_labels.txt", "train.csv", "val.csv", "notes.json"),
    ]
)
ROOMS = st.sampled_from(["", "images", "images/train", "train/cat", "train/dog", "val", "cat", "x"])


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(ROOMS, min_size=8, max_size=8),
    st.dictionaries(PLACES, SAYS, max_size=6),
    st.sampled_from([None, "classes", "table", "annotations", "boxes", "names", "splits"]),
)
def test_with_any_lists_and_labels_all_that_was_there_is_read_or_told(
    tmp_path_factory: pytest.TempPathFactory,
    rooms: list[str],
    says: dict[str, str],
    kind: Kind | None,
) -> None:
    root = tmp_path_factory.mktemp("any")
    shown = {f"{room}/{number}.png".lstrip("/") for number, room in enumerate(rooms)}
    for path in shown:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"")
    for path, text in says.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    try:
        layout = read_layout(root, choice=Choice(kind))
    except InvalidInput:
        return
    taken = {split_path(file.path)[0] for file in layout.files}
    left = {item.path for item in layout.skipped}
    assert taken | left | layout.used == shown | set(says)
    assert taken <= shown
    assert not taken & left
    assert not layout.used & (taken | left)
    assert all(file.label.strip() for file in layout.files)
