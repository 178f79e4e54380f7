"""Sets as they are downloaded, whose folders and tables are easily misread without a word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.datasets.layout import Choice, read_layout
from core.errors import InvalidInput
from tests.core.datasets.test_lists_and_yolo import found, make

ROWS = "Width,Height,ClassId,Path\n"
ANTS = {f"{label}/{label}_{n}.png": "" for label in ("ant", "bee") for n in range(1, 9)}
SPLIT = {"train": 12, "test": 4}


def table(head: str, line: str, numbers: range, of: tuple[str, ...] = ("ant", "bee")) -> str:
    return head + "".join(line.format(n, of[n % len(of)]) + "\n" for n in numbers)


def beside_ants(line: str) -> str:
    return "".join(
        line.format(file=path, label=path[:3], split="test" if path[8] in "78" else "train")
        for path in ANTS
    )


SHAPES = (
    '<box label="ant" xtl="1" ytl="1" xbr="8" ybr="8"/><polygon label="bee" points="1,1;9,2;5,9"/>'
)


def task(place: str, kind: str, where: dict[str, int] | None = None, **labels: list[str]) -> object:
    done = {"type": kind, "value": {**(where or {}), **labels}}
    given_up = {"was_cancelled": True, "result": []}
    return {"data": {"image": place}, "annotations": [given_up, {"result": [done]}]}


AS_DOWNLOADED: dict[str, tuple[dict[str, str], tuple[str, dict[str, int], dict[str, int]]]] = {
    "a folder of signs beside folders of classes and a flat test with a table": (
        {f"Train/{label}/{n}.png": "" for label in (0, 1) for n in range(6)}
        | {f"Test/1{n}.png": "" for n in range(6)}
        | {f"Meta/{label}.png": "" for label in (0, 1)}
        | {"Test.csv": table(ROWS, "1{0},9,{1},Test/1{0}.png", range(6), ("0", "1"))},
        ("splits", {"0": 9, "1": 9}, {"train": 12, "test": 6}),
    ),
    "vehicles, one of which is called train": (
        {f"{name}/{n}.png": "" for name in ("bus", "train/steam", "train/electric") for n in "123"},
        ("classes", {"bus": 3, "train": 6}, {}),
    ),
    "lists of families and of variants, in three parts each": (
        {f"images/10{n}.png": "" for n in range(10, 22)}
        | {
            f"images_{kind}_{split}.txt": table("", "10{} {}", numbers, of)
            for kind, of in (("variant", ("747-400", "A320", "A330")), ("family", ("747", "A3")))
            for split, numbers in (("train", range(10, 16)), ("test", range(16, 22)))
        },
        ("table", {"747-400": 4, "A320": 4, "A330": 4}, {"train": 6, "test": 6}),
    ),
    "names with their numbers after them": (
        {f"val/{n}.png": "" for n in range(8)}
        | {"val.txt": table("", "{}.png {}", range(8), ("0", "1"))}
        | {"categories.txt": "/a/airfield 0\n/a/bar 1\n"},
        ("table", {"/a/airfield": 4, "/a/bar": 4}, {"validation": 8}),
    ),
    "zeros that a spreadsheet took off": (
        {f"images/0000{n}.png": "" for n in range(8)}
        | {"labels.csv": table("id,label\n", "{},{}", range(8))},
        ("table", {"ant": 4, "bee": 4}, {}),
    ),
    "file names in small letters, and a line for Excel": (
        {f"images/IMG_{n}.PNG": "" for n in range(8)}
        | {"labels.csv": table("sep=;\nfile;label\n", "img_{}.png;{}", range(8))},
        ("table", {"ant": 4, "bee": 4}, {}),
    ),
    "pictures of the same names for training and test": (
        {f"{split}_images/{n}.png": "" for split in ("train", "test") for n in range(8)}
        | {"train.csv": table("file,label\n", "{}.png,{}", range(8))},
        ("table", {"ant": 4, "bee": 4}, {"train": 8}),
    ),
    "a column of splits beside class folders": (
        ANTS | {"all.csv": "file,label,split\n" + beside_ants("{file},{label},{split}\n")},
        ("classes", {"ant": 8, "bee": 8}, SPLIT),
    ),
    "tables of the parts beside class folders": (
        ANTS
        | {
            f"{split}.csv": "file,label\n"
            + "".join(f"{path},{path[:3]}\n" for path in ANTS if (path[8] in "78") == held_out)
            for split, held_out in (("train", False), ("test", True))
        },
        ("classes", {"ant": 8, "bee": 8}, SPLIT),
    ),
    "folds beside class folders": (
        ANTS | {"folds.csv": "file,fold\n" + "".join(f"{path},{path[8]}\n" for path in ANTS)},
        ("classes", {"ant": 8, "bee": 8}, {}),
    ),
    "a table without a head, of splits, addresses and classes": (
        {f"img/{n}.png": "" for n in range(8)}
        | {
            "import.csv": table("", "TRAINING,gs://bucket/img/{}.png,{}", range(6))
            + table("", "TEST,gs://bucket/img/{}.png,{}", range(6, 8))
        },
        ("table", {"ant": 4, "bee": 4}, {"train": 6, "test": 2}),
    ),
    "boxes without a head, whose numbers are called as pictures are": (
        {f"{n}.png": "" for n in range(8)}
        | {"labels.csv": table("", "{1},1,1,8,8,{0}.png,16,12", range(8))},
        ("table", {"ant": 4, "bee": 4}, {}),
    ),
    "tags of CVAT": (
        {f"images/{n}.png": "" for n in range(8)}
        | {
            "annotations.xml": "<annotations><version>1.1</version>"
            + table("", '<image name="{}.png"><tag label="{}"/></image>', range(8))
            + "</annotations>"
        },
        ("annotations", {"ant": 4, "bee": 4}, {}),
    ),
    "boxes and outlines of CVAT": (
        {f"images/{n}.png": "" for n in range(4)}
        | {
            "annotations.xml": "<annotations>"
            + table("", '<image name="images/{}.png">' + SHAPES + "</image>", range(4))
            + "</annotations>"
        },
        ("boxes", {"ant": 4, "bee": 4}, {}),
    ),
    "choices of Label Studio": (
        {f"images/{n}.png": "" for n in range(8)}
        | {
            "project.json": json.dumps(
                [
                    task(f"/data/upload/1/ab12-{n}.png", "choices", choices=["ant", "bee"][n % 2 :])
                    for n in range(1, 8, 2)
                ]
                + [task(f"/data/upload/{n}.png", "choices", choices=["ant"]) for n in (0, 2, 4, 6)]
            )
        },
        ("annotations", {"ant": 4, "bee": 4}, {}),
    ),
    "rectangles of Label Studio": (
        {f"images/{n}.png": "" for n in range(4)}
        | {
            "project.json": json.dumps(
                [
                    task(
                        f"/data/local-files/?d=images/{n}.png",
                        "rectanglelabels",
                        {"x": 10, "y": 10, "width": 50, "height": 50},
                        rectanglelabels=["ant"],
                    )
                    for n in range(4)
                ]
            )
        },
        ("annotations", {"ant": 4}, {}),
    ),
    "folders called by WordNet's numbers, and a list of words": (
        {f"train/{wordnet}/{n}.png": "" for wordnet in ("n01440764", "n02102040") for n in "123"}
        | {"words.txt": "n01440764\ttench\nn02102040\tspaniel\nn00000001\tanother\n"},
        ("splits", {"tench": 3, "spaniel": 3}, {"train": 6}),
    ),
    "what is for training and validation at once": (
        {
            f"{split}/{label}/{n}.png": ""
            for split in ("trainval", "test")
            for label in "ab"
            for n in "12"
        },
        ("splits", {"a": 4, "b": 4}, {"train": 4, "test": 4}),
    ),
    "splits in another language": (
        {
            f"{split}/{label}/{n}.png": ""
            for split in ("Training", "Validierung", "Prüfung")
            for label in ("Hund", "Katze")
            for n in range(2)
        },
        ("splits", {"Hund": 6, "Katze": 6}, {"train": 4, "validation": 4, "test": 4}),
    ),
    "parts of what is large, with a table and lists of what is for training": (
        {f"images_00{n % 2}/images/{n}.png": "" for n in range(8)}
        | {"entries.csv": table("Image Index,Labels,Age\n", "{0}.png,{1},4{0}", range(8))}
        | {"train_val_list.txt": table("", "{}.png", range(6))}
        | {"test_list.txt": table("", "{}.png", range(6, 8))},
        ("table", {"ant": 4, "bee": 4}, {"train": 6, "test": 2}),
    ),
    "what an Android phone has found after a fault": (
        ANTS | {"LOST.DIR/1.png": ""},
        ("classes", {"ant": 8, "bee": 8}, {}),
    ),
    "a column of attributes, −1 and 1": (
        {f"{n}.png": "" for n in range(8)}
        | {"list.csv": table("file,smiling\n", "{}.png,{}", range(8), ("-1", "1"))},
        ("table", {"-1": 4, "1": 4}, {}),
    ),
}


@pytest.mark.parametrize("name", AS_DOWNLOADED)
def test_it_is_read_as_it_is_meant(tmp_path: Path, name: str) -> None:
    files, expected = AS_DOWNLOADED[name]
    layout = read_layout(make(tmp_path, files))
    assert found(layout) == expected
    assert not layout.doubt
    assert not any("differ only in how" in note for note in layout.notes)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"data/train-00000-of-00001.parquet": "PAR1"}, "inside its Parquet files"),
        ({"train-images-idx3-ubyte": "x", "train-labels-idx1-ubyte": "x"}, "as MNIST and CIFAR"),
        ({"a/data_batch_1": "x", "a/batches.meta": "x"}, "known sets"),
    ],
)
def test_pictures_in_another_form_are_named(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_layout(make(tmp_path, files))


def test_what_a_table_says_of_images_of_several_classes_is_pointed_out(tmp_path: Path) -> None:
    labels = ("cat", "dog", "cat|dog", "hot dog", "dog, cat")
    rows = table("file,label\n", '{}.png,"{}"', range(20), labels)
    layout = read_layout(make(tmp_path, {f"{n}.png": "" for n in range(20)} | {"a.csv": rows}))
    (note,) = layout.notes
    assert note.startswith("“cat|dog” and “dog, cat” are several of the classes each at once")


def test_classes_that_were_numbers_stay_what_they_were(tmp_path: Path) -> None:
    files = {f"{label}/{n}.png": "" for label in (0, 1) for n in range(3)}
    root = make(tmp_path, files | {"classes.txt": "ant\nbee\n"})
    before = {path: path[0] for path in files}
    assert found(read_layout(root))[1] == {"ant": 3, "bee": 3}
    assert found(read_layout(root, had=lambda: before))[1] == {"0": 3, "1": 3}
    named = {path: "bee" if path[0] == "1" else "ant" for path in files}
    assert found(read_layout(root, had=lambda: named))[1] == {"ant": 3, "bee": 3}


def test_folders_of_the_same_classes_beside_those_for_training_are_asked_about(
    tmp_path: Path,
) -> None:
    places = [f"{part}/{label}" for part in ("train", "query", "gallery") for label in "ab"]
    layout = read_layout(
        make(tmp_path, {f"{place}/{n}.png": "" for place in places for n in "123"})
    )
    assert found(layout) == ("splits", {"a": 3, "b": 3}, {"train": 6})
    assert "“gallery” and “query” hold the same folders" in layout.doubt
    assert [way.classes for way in layout.others] == [{"a": 9, "b": 9}]
    chosen = read_layout(tmp_path, choice=Choice("inner"))
    assert found(chosen)[1] == {"a": 9, "b": 9}


def test_varied_copies_of_a_picture_are_offered_to_be_kept_together(tmp_path: Path) -> None:
    copies = [f"{n}_jpg.rf.{n}{mark}.png" for n in "123" for mark in ("0ab1f", "9fe2c", "77d0a")]
    names = [f"{label}/{label}{copy}" for label in "ab" for copy in copies]
    layout = read_layout(make(tmp_path, dict.fromkeys(names, "")))
    assert [(way.key, way.groups, way.largest) for way in layout.ways] == [("name", 6, 3)]
