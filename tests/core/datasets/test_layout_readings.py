"""Folders are read as people mean them, and where two ways are meant as likely, it is said."""

from __future__ import annotations

import json
import os
import unicodedata
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.datasets.layout import Choice, Layout, is_litter, read_layout
from core.errors import InvalidInput
from tests.core.datasets.packing import image_bytes

PICTURE = image_bytes()


def make(root: Path, *paths: str) -> Path:
    """Files of these paths: pictures, unless their names say otherwise."""
    for path in paths:
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(PICTURE)
    return root


def many(*folders: str, images: int = 3) -> list[str]:
    return [f"{folder}/{number}.png" for folder in folders for number in range(images)]


def classes(layout: Layout) -> dict[str, int]:
    return dict(Counter(file.label for file in layout.files))


def splits(layout: Layout) -> dict[str, int]:
    return dict(Counter(file.split for file in layout.files))


@pytest.mark.parametrize(
    "folders",
    [
        ("train/a", "train/b", "test/a", "test/b"),
        ("Training/a", "Training/b", "Test/a", "Test/b"),
        ("seg_train/seg_train/a", "seg_train/seg_train/b", "seg_test/seg_test/a", "seg_test/x/b"),
        ("train/train/a", "train/train/b", "test/test/a", "test/test/b"),
        ("train/images/a", "train/images/b", "val/images/a", "val/images/b"),
        ("train/a", "train/b", "testset/a", "testset/b"),
        ("set/trainSet/a", "set/trainSet/b", "set/validation_data/a", "set/validation_data/b"),
        ("a/train", "b/train", "a/test", "b/test"),
    ],
)
def test_folders_named_like_splits_are_splits(tmp_path: Path, folders: tuple[str, ...]) -> None:
    layout = read_layout(make(tmp_path, *many(*folders)))
    assert layout.kind == "splits"
    found = set(classes(layout)) - {"seg_test", "x"}
    assert found == {"a", "b"}, layout.outline()
    assert set(splits(layout)) >= {"train"}
    assert not layout.doubt


def test_what_is_no_folder_of_pictures_does_not_count(tmp_path: Path) -> None:
    root = make(tmp_path, *many("train/a", "train/b", "val/a", "val/b"), "train/stray.png")
    (root / "models").mkdir()
    (root / "docs").mkdir()
    (root / "docs/readme.pdf").write_bytes(b"%PDF-1.4")
    layout = read_layout(root)
    assert (layout.kind, classes(layout)) == ("splits", {"a": 6, "b": 6})
    said = {item.path: item.why for item in layout.skipped}
    assert said["train/stray.png"] == "It lies outside the class folders."
    assert "document" in said["docs/readme.pdf"]


def test_a_flat_test_folder_is_unlabelled_and_left_out(tmp_path: Path) -> None:
    root = make(tmp_path, *many("train/a", "train/b"), *many("test", "pred/pred"))
    layout = read_layout(root)
    assert (layout.kind, classes(layout), splits(layout)) == (
        "splits",
        {"a": 3, "b": 3},
        {"train": 6},
    )
    assert len(layout.skipped) == 6
    assert "no labels" in layout.reason


def test_a_second_copy_beside_the_splits_is_left_out_and_shown(tmp_path: Path) -> None:
    inner = many("train/a", "train/b", "test/a", "test/b")
    root = make(tmp_path, *inner, *(f"copy/{path}" for path in inner))
    layout = read_layout(root)
    assert (layout.kind, sum(classes(layout).values())) == ("splits", 12)
    assert "“copy” was left out" in layout.reason
    assert [other.kind for other in layout.others] == ["classes"]


def test_a_vehicle_may_be_called_train(tmp_path: Path) -> None:
    layout = read_layout(make(tmp_path, *many("train", "bus", "car")))
    assert (layout.kind, layout.doubt) == ("classes", "")
    deeper = make(tmp_path / "deeper", *many("train/x", "bus/x", "car"))
    assert set(classes(read_layout(deeper))) == {"train", "bus", "car"}


def test_flat_folders_that_are_all_named_like_splits_are_in_doubt(tmp_path: Path) -> None:
    layout = read_layout(make(tmp_path, *many("train", "test")))
    assert layout.kind == "classes"
    assert "sounds like splits" in layout.doubt
    assert not read_layout(tmp_path, choice=Choice("classes")).doubt


def test_folders_of_the_same_names_inside_are_in_doubt_and_can_be_chosen(tmp_path: Path) -> None:
    root = make(tmp_path, *many("monday/cat", "monday/dog", "friday/cat", "friday/dog"))
    layout = read_layout(root)
    assert "either may be the classes" in layout.doubt
    assert [other.kind for other in layout.others] == ["inner", "joined"]
    assert classes(read_layout(root, choice=Choice("inner"))) == {"cat": 6, "dog": 6}
    joined = classes(read_layout(root, choice=Choice("joined")))
    assert joined == dict.fromkeys(
        ["monday / cat", "monday / dog", "friday / cat", "friday / dog"], 3
    )


def test_classes_in_classes_are_offered_without_a_doubt(tmp_path: Path) -> None:
    layout = read_layout(make(tmp_path, *many("pet/cat", "pet/dog", "wild/fox", "wild/bear")))
    assert (layout.kind, layout.doubt) == ("classes", "")
    assert set(layout.others[0].classes) == {"cat", "dog", "fox", "bear"}


@pytest.mark.parametrize(
    "names",
    [
        ["cat.0", "cat.1", "dog.0", "dog.12"],
        ["cat_001", "cat_002", "big dog_001", "big dog_002"],
        ["0001-cat", "0002-cat", "0003-dog", "0004-dog"],
        ["cat (1)", "cat (2)", "dog (1)", "dog (2)"],
        ["cat_ab", "cat_cd", "dog_ef", "dog_gh"],
    ],
)
def test_classes_in_file_names_are_found_and_shown(tmp_path: Path, names: list[str]) -> None:
    layout = read_layout(make(tmp_path, *(f"{name}.png" for name in names)))
    assert layout.kind == "names"
    assert len(classes(layout)) == 2
    assert "is “" in layout.reason


@pytest.mark.parametrize(
    "names", [["IMG_0001", "IMG_0002"], ["DSC1", "PXL2"], ["1", "2", "3"], ["ab", "cd", "ef"]]
)
def test_names_that_say_nothing_are_not_guessed_from(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(InvalidInput, match="say which class"):
        read_layout(make(tmp_path, *(f"{name}.png" for name in names)))


def table_of(kind: str, root: Path) -> None:
    rows = pd.DataFrame(
        {
            "image_id": ["x1", "x2", "x3", "x4"],
            "breed": ["pug", "boxer", "pug", "boxer"],
            "age": ["1.5", "2.25", "3.125", "4.0625"],
            "split": ["train", "train", "test", "test"],
        }
    )
    if kind == "csv":
        rows.to_csv(root / "labels.csv", index=False)
    elif kind == "semicolons":
        rows.to_csv(root / "labels.csv", index=False, sep=";", encoding="utf-8-sig")
    elif kind == "tsv":
        rows.to_csv(root / "labels.tsv", index=False, sep="\t")
    elif kind == "parquet":
        rows.to_parquet(root / "labels.parquet")
    else:
        named = rows.assign(file_name="images/" + rows["image_id"] + ".png")
        named.drop(columns="image_id").to_json(
            root / "metadata.jsonl", orient="records", lines=True
        )


@pytest.mark.parametrize("kind", ["csv", "semicolons", "tsv", "parquet", "jsonl"])
def test_a_table_says_the_classes_and_the_splits(tmp_path: Path, kind: str) -> None:
    root = make(tmp_path, *(f"images/x{number}.png" for number in range(1, 6)))
    table_of(kind, root)
    layout = read_layout(root)
    assert layout.kind == "table"
    assert classes(layout) == {"pug": 2, "boxer": 2}
    assert splits(layout) == {"train": 2, "test": 2}
    ((path, why),) = [(item.path, item.why) for item in layout.skipped]
    assert path == "images/x5.png"
    assert "doesn't name it" in why


@pytest.mark.parametrize("name", ["labels.csv", "train.txt"])
def test_a_way_that_fits_no_image_is_refused_also_where_a_table_lies_beside(
    tmp_path: Path, name: str
) -> None:
    make(tmp_path, "1.png", "2.png")
    (tmp_path / name).write_text("file,class\n1.png,cat\n2.png,dog\n")
    with pytest.raises(InvalidInput, match="can't be read that way"):
        read_layout(tmp_path, choice=Choice("classes"))


def test_a_table_whose_classes_nobody_can_know_is_asked_about(tmp_path: Path) -> None:
    root = make(tmp_path, "1.png", "2.png", "3.png", "4.png")
    rows = {
        "file": ["1.png", "2.png", "3.png", "4.png"],
        "colour": list("rrgg"),
        "form": list("abab"),
    }
    pd.DataFrame(rows).to_csv(root / "all.csv", index=False)
    asked = read_layout(root)
    assert "not which of its columns" in asked.doubt
    assert asked.outline().labels == "colour"
    assert [other.options for other in asked.others] == ['--layout table --labels "form"']
    chosen = read_layout(root, choice=Choice("table", None, "colour"))
    assert classes(chosen) == {"r": 2, "g": 2}
    with pytest.raises(InvalidInput, match="no column “size”"):
        read_layout(root, choice=Choice("table", "all.csv", "size"))
    with pytest.raises(InvalidInput, match="not in this folder"):
        read_layout(root, choice=Choice("table", "../all.csv"))


def test_a_table_that_only_repeats_the_folders_changes_nothing(tmp_path: Path) -> None:
    paths = many("cat", "dog")
    root = make(tmp_path, *paths)
    labels = [path.partition("/")[0] for path in paths]
    pd.DataFrame({"path": paths, "label": labels}).to_csv(root / "a.csv", index=False)
    assert (read_layout(root).kind, read_layout(root).doubt) == ("classes", "")
    other = ["x", "y", "x", "y", "x", "y"]
    pd.DataFrame({"path": paths, "label": other}).to_csv(root / "a.csv", index=False)
    layout = read_layout(root)
    assert layout.kind == "table"
    assert "different classes" in layout.doubt
    assert [each.kind for each in layout.others] == ["classes"]


def test_annotations_say_the_class_where_there_is_one(tmp_path: Path) -> None:
    root = make(tmp_path / "coco", *(f"images/{name}.png" for name in "abcd"))
    boxes = [(1, 1), (1, 1), (2, 2), (3, 1), (3, 2)]
    document = {
        "images": [{"id": n, "file_name": f"{name}.png"} for n, name in enumerate("abcd", 1)],
        "categories": [{"id": 1, "name": "nut"}, {"id": 2, "name": "bolt"}],
        "annotations": [{"image_id": image, "category_id": kind} for image, kind in boxes],
    }
    (root / "annotations.json").write_text(json.dumps(document))
    layout = read_layout(root)
    assert (layout.kind, classes(layout)) == ("annotations", {"nut": 1, "bolt": 1})
    said = {item.path: item.why for item in layout.skipped}
    assert "Several classes" in said["images/c.png"]
    assert "Nothing is annotated" in said["images/d.png"]
    voc = make(tmp_path / "voc", "JPEGImages/1.png", "JPEGImages/2.png")
    (voc / "Annotations").mkdir()
    for number, name in ((1, "nut"), (2, "bolt")):
        text = f"<annotation><filename>{number}.png</filename><object><name>{name}</name></object>"
        (voc / f"Annotations/{number}.xml").write_text(text + "</annotation>")
    assert classes(read_layout(voc)) == {"nut": 1, "bolt": 1}


def test_what_is_labelled_and_is_not_here_is_said(tmp_path: Path) -> None:
    root = make(tmp_path / "table", *(f"{number}.png" for number in range(6)))
    rows = [f"{number}.png,{'ab'[number % 2]}" for number in range(6)]
    (root / "labels.csv").write_text("\n".join(["file,kind", *rows, "8.png,a", "9.png,b", ""]))
    assert read_layout(root).reason.endswith("; it names 2 files that are not here: 8.png.")
    coco = make(tmp_path / "coco", "a.png", "b.png")
    document = {
        "images": [{"id": n, "file_name": f"{name}.png"} for n, name in enumerate("abc", 1)],
        "categories": [{"id": 1, "name": "nut"}, {"id": 2, "name": "bolt"}],
        "annotations": [
            {"image_id": n, "category_id": kind} for n, kind in enumerate((1, 2, 1), 1)
        ],
    }
    (coco / "annotations.json").write_text(json.dumps(document))
    assert read_layout(coco).reason == (
        "COCO annotations say what is in each image; they name one image that is not here: c.png."
    )


def test_names_in_two_ways_of_unicode_are_one_class_and_case_is_said(tmp_path: Path) -> None:
    composed, apart = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    root = make(tmp_path, *many(composed, apart, "Cat", "cat", "dog", "dog "))
    layout = read_layout(root)
    assert classes(layout) == {composed: 6, "Cat": 3, "cat": 3, "dog": 6}
    assert sum("one class" in note for note in layout.notes) == 2
    assert any("“Cat” and “cat”" in note for note in layout.notes)


def test_classes_in_classes_are_offered_inside_of_splits_too(tmp_path: Path) -> None:
    inside = ("animal/cat", "animal/dog", "car/bus", "car/van")
    root = make(tmp_path, *many(*(f"{split}/{c}" for split in ("train", "test") for c in inside)))
    layout = read_layout(root)
    assert (layout.kind, classes(layout)) == ("splits", {"animal": 12, "car": 12})
    assert [other.kind for other in layout.others] == ["inner", "joined"]
    inner = read_layout(root, choice=Choice("inner"))
    assert classes(inner) == {"cat": 6, "dog": 6, "bus": 6, "van": 6}
    assert splits(inner) == {"train": 12, "test": 12}
    joined = read_layout(root, choice=Choice("joined"))
    assert set(classes(joined)) == {"animal / cat", "animal / dog", "car / bus", "car / van"}
    assert splits(joined) == splits(inner)


@pytest.mark.parametrize(
    "pair",
    [
        ("t-shirt", "t–shirt"),
        ("t shirt", "t_shirt"),
        ("cat's", "cat’s"),
        ("cat", "саt"),
        ("istanbul", "İSTANBUL"),
        ("❤", "❤️"),
        ("7", "007"),
        ("a b", "a\nb"),
        ("cat", "cat."),
    ],
)
def test_classes_that_look_alike_are_pointed_out(tmp_path: Path, pair: tuple[str, str]) -> None:
    layout = read_layout(make(tmp_path, *many(*pair, "C", "C++")))
    assert len(classes(layout)) == 4
    (note,) = layout.notes
    assert "differ only in how they are written" in note
    assert pair[0] in note


@pytest.mark.parametrize("mark", ["​", "﻿", "‎", " ", " "])
def test_marks_that_can_not_be_seen_make_no_class(tmp_path: Path, mark: str) -> None:
    layout = read_layout(make(tmp_path, *many("cat", f"cat{mark}", "dog")))
    assert classes(layout) == {"cat": 6, "dog": 3}
    assert "was read as one class" in layout.notes[0]


def test_folders_of_systems_are_left_out_in_one_line(tmp_path: Path) -> None:
    root = make(tmp_path, *many("cat", "dog", "cat/@eaDir/1.png", "$RECYCLE.BIN", "lost+found"))
    layout = read_layout(root)
    assert classes(layout) == {"cat": 3, "dog": 3}
    ((note),) = layout.notes
    assert all(name in note for name in ("@eaDir", "$RECYCLE.BIN", "lost+found"))


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_linked_folders_are_followed_where_they_may_be(tmp_path: Path) -> None:
    store = make(tmp_path / "store", *many("cat", "dog"))
    root = make(tmp_path / "photos", *many("fox"))
    (root / "cat").symlink_to(store / "cat")
    (root / "dog").symlink_to(store / "dog")
    (root / "fox/again").symlink_to("..")
    inside = read_layout(root, allowed=[store.resolve()])
    assert classes(inside) == {"fox": 3, "cat": 3, "dog": 3}
    outside = read_layout(root)
    assert classes(outside) == {"fox": 3}
    said = {item.path: item.why for item in outside.skipped}
    assert "outside those that may be read" in said["cat"]
    assert "that it lies in" in said["fox/again"]
    only = tmp_path / "only"
    only.mkdir()
    (only / "cat").symlink_to(store / "cat")
    with pytest.raises(InvalidInput, match="link to a folder outside"):
        read_layout(only)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is closed to root")
def test_a_folder_that_can_not_be_read_stops_nothing(tmp_path: Path) -> None:
    root = make(tmp_path, *many("cat", "dog", "shut"))
    (root / "shut").chmod(0)
    try:
        layout = read_layout(root)
    finally:
        (root / "shut").chmod(0o700)
    assert classes(layout) == {"cat": 3, "dog": 3}
    assert "may not read" in layout.skipped[0].why


def test_pictures_without_a_pictures_name_are_known_by_what_is_in_them(tmp_path: Path) -> None:
    root = make(tmp_path, "cat/1", "cat/2.download", "dog/3.jpg_large", "dog/4.png", "dog/5.txt")
    (root / "cat/6").write_bytes(b"just words, and no picture at all")
    layout = read_layout(root)
    assert classes(layout) == {"cat": 2, "dog": 2}
    assert [item.path for item in layout.skipped] == ["cat/6", "dog/5.txt"]


name = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="/\\\0"),
    min_size=1,
    max_size=12,
).filter(lambda text: text not in (".", "..") and len(text.encode()) < 100)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(name, min_size=1, max_size=3), min_size=1, max_size=8))
def test_what_is_read_and_what_is_left_out_is_all_there_is(
    tmp_path_factory: pytest.TempPathFactory, folders: list[list[str]]
) -> None:
    root = tmp_path_factory.mktemp("any")
    there = set()
    for number, parts in enumerate(folders):
        place = root.joinpath(*parts, f"picture {number}.png")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(PICTURE)
        except (OSError, ValueError):
            continue
        there.add(place.relative_to(root).as_posix())
    try:
        layout = read_layout(root)
    except InvalidInput:
        return
    told = {file.path for file in layout.files} | {item.path for item in layout.skipped}
    notes = " ".join(layout.notes)

    def is_left_out(part: str) -> bool:
        return part.startswith(".") or (
            is_litter(part) and (f"{part} (" in notes or part.lower() == "__macosx")
        )

    hidden = {path for path in there - told if any(map(is_left_out, path.split("/")))}
    assert told <= there
    assert there - told == hidden
    assert all(file.label.strip() for file in layout.files)


def _made(root: Path, names: list[str]) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return root


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("no-head.csv", "".join(f"{n}.jpg,{'ab'[n % 2]}\n" for n in range(8))),
        ("hot.csv", "image,a,b\n" + "".join(f"{n},{1 - n % 2}.0,{n % 2}.0\n" for n in range(8))),
        ("map.json", json.dumps({f"{n}.jpg": "ab"[n % 2] for n in range(8)})),
        ("list.json", json.dumps([{"file": f"{n}.jpg", "class": "ab"[n % 2]} for n in range(8)])),
    ],
)
def test_tables_of_other_forms_are_understood(tmp_path: Path, file: str, text: str) -> None:
    _made(tmp_path, [f"{n}.jpg" for n in range(8)])
    (tmp_path / file).write_text(text)
    found = read_layout(tmp_path)
    assert found.kind == "table"
    assert found.outline().classes == {"a": 4, "b": 4}


@pytest.mark.parametrize(
    ("names", "kind", "labels"),
    [
        ("train/{c}/{n}.jpg eval/{c}/{n}.jpg", "splits", {"cat", "dog"}),
        ("train/{c}/{n}.jpg hold_out/{c}/{n}.jpg", "splits", {"cat", "dog"}),
        ("patient_1/{c}/{n}.jpg patient_2/{c}/{n}.jpg", "inner", {"cat", "dog"}),
        ("fold1/{c}/{n}.jpg fold2/{c}/{n}.jpg", "inner", {"cat", "dog"}),
        ("{c}/patient1/{n}.jpg {c}/patient2/{n}.jpg", "classes", {"cat", "dog"}),
        ("{c}/{n}.jpg @Recycle/{n}.jpg found.000/{n}.jpg", "classes", {"cat", "dog"}),
    ],
)
def test_who_when_and_which_part_are_no_classes(
    tmp_path: Path, names: str, kind: str, labels: set[str]
) -> None:
    made = [p.format(c=c, n=n) for p in names.split() for c in ("cat", "dog") for n in range(3)]
    found = read_layout(_made(tmp_path, made))
    assert (found.kind, found.doubt) == (kind, "")
    assert {file.label for file in found.files} == labels


def test_splits_inside_folds_are_never_taken_for_classes_without_a_word(tmp_path: Path) -> None:
    made = [
        f"cv{k}/{s}/{c}/{n}.jpg"
        for k in (1, 2)
        for s in ("train", "test")
        for c in ("cat", "dog")
        for n in range(3)
    ]
    found = read_layout(_made(tmp_path, made))
    assert found.doubt or {file.label for file in found.files} == {"cat", "dog"}
