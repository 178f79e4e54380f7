"""Each detector finds the fault that was planted for it, and nothing in good pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from core.catalog import Catalog
from core.quality.curation import curated, decide
from tests.core.quality.pictures import (
    as_bytes,
    blurred,
    clean,
    found,
    found_in,
    picture,
    scanned,
    write,
)

Files = dict[str, Image.Image | bytes]


def flagged(catalog: Catalog, tmp_path: Path, planted: Files) -> dict[str, set[str]]:
    """Detector → flagged paths, among good pictures of cats and dogs."""
    root = write(tmp_path / "photos", {**clean("cat", "dog", images=4), **planted})
    return {key: set(finding.paths) for key, finding in found_in(catalog, root).items()}


def noisy(high: int, low: int = 0) -> Image.Image:
    pixels = np.random.default_rng(0).integers(low, high, (72, 96, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def test_empty_files_are_found(catalog: Catalog, tmp_path: Path) -> None:
    planted: Files = {"cat/empty.jpg": b"", "dog/empty.png": b""}
    assert flagged(catalog, tmp_path, planted) == {"empty": {"cat/empty.jpg", "dog/empty.png"}}


def test_files_that_are_no_images_are_found(catalog: Catalog, tmp_path: Path) -> None:
    png = as_bytes(picture())
    planted: Files = {
        "cat/words.jpg": b"the quick brown fox",
        "cat/zeros.png": bytes(5000),
        "dog/damaged.png": png[:60] + b"\0" * 40 + png[100:],
        "dog/head.png": png[:16],
    }
    found_here = flagged(catalog, tmp_path, planted)
    assert set().union(*found_here.values()) == set(planted)
    assert {"cat/words.jpg", "cat/zeros.png", "dog/damaged.png"} <= found_here["unreadable"]


def test_images_with_too_many_pixels_are_found_as_unreadable(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTBOX_MAX_PIXELS", "10000")
    large: Files = {"cat/large.png": Image.new("RGB", (101, 100))}
    assert flagged(catalog, tmp_path, large) == {"unreadable": {"cat/large.png"}}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP"])
@pytest.mark.parametrize("part", [0.4, 0.95])
def test_images_that_end_in_the_middle_are_found(
    catalog: Catalog, tmp_path: Path, kind: str, part: float
) -> None:
    whole = as_bytes(picture(5), kind)
    path = f"cat/half.{kind.lower()}"
    planted: Files = {path: whole[: int(len(whole) * part)]}
    assert flagged(catalog, tmp_path, planted) == {"truncated": {path}}


def test_images_of_another_type_than_their_name_says_are_found(
    catalog: Catalog, tmp_path: Path
) -> None:
    planted: Files = {
        "cat/really a png.jpg": as_bytes(picture(1), "PNG"),
        "cat/really a jpeg.png": as_bytes(picture(2), "JPEG"),
        "dog/fine.JPEG": as_bytes(picture(3), "JPEG"),
        "dog/fine.tif": as_bytes(picture(4), "TIFF"),
    }
    assert flagged(catalog, tmp_path, planted) == {
        "wrong_extension": {"cat/really a png.jpg", "cat/really a jpeg.png"}
    }


def test_exact_copies_are_found_and_similar_pictures_are_not(
    catalog: Catalog, tmp_path: Path
) -> None:
    copy = as_bytes(picture(9), "JPEG")
    planted: Files = {
        "cat/a.jpg": copy,
        "cat/b.jpg": copy,
        "cat/one byte more.jpg": copy + b"\0",
        "dog/a.jpg": as_bytes(picture(10), "JPEG"),
    }
    assert flagged(catalog, tmp_path, planted)["exact_duplicates"] == {"cat/a.jpg", "cat/b.jpg"}


def test_two_empty_or_broken_files_are_no_copies_of_each_other(
    catalog: Catalog, tmp_path: Path
) -> None:
    planted: Files = {f"cat/{n}.png": b"" for n in "ab"} | {f"dog/{n}.png": b"words" for n in "ab"}
    assert set(flagged(catalog, tmp_path, planted)) == {"empty", "unreadable"}


def test_the_same_picture_in_two_classes_is_found_until_one_is_moved(
    catalog: Catalog, tmp_path: Path
) -> None:
    planted: Files = dict.fromkeys(("cat/x.png", "dog/y.png"), picture(9))
    same_class: Files = dict.fromkeys(("cat/p.png", "cat/q.png"), picture(8))
    root = write(tmp_path / "photos", {**clean("cat", "dog"), **planted, **same_class})
    dataset = scanned(catalog, root).id
    conflict = found(curated(catalog, dataset))["label_conflict"]
    assert conflict.groups == (("cat/x.png", "dog/y.png"),)
    decide(catalog, dataset, "relabel", ["dog/y.png"], label="cat")
    assert "label_conflict" not in found(curated(catalog, dataset))
    decide(catalog, dataset, "relabel", ["cat/q.png"], label="dog")
    assert found(curated(catalog, dataset))["label_conflict"].paths == ("cat/p.png", "cat/q.png")


def test_the_same_picture_in_train_and_test_is_found(catalog: Catalog, tmp_path: Path) -> None:
    files: Files = {
        f"{split}/{path}": picture(split_seed * 100 + number)
        for split_seed, split in enumerate(("train", "val", "test"))
        for number, path in enumerate(clean("cat", "dog"))
    }
    files |= dict.fromkeys(("train/cat/a.png", "test/cat/b.png"), picture(901))
    files |= dict.fromkeys(("train/dog/a.png", "val/dog/b.png"), picture(902))
    files |= dict.fromkeys(("train/dog/p.png", "train/dog/q.png"), picture(903))
    leakage = found_in(catalog, write(tmp_path / "photos", files))["leakage"]
    assert leakage.groups == (
        ("test/cat/b.png", "train/cat/a.png"),
        ("train/dog/a.png", "val/dog/b.png"),
    )


def test_copies_in_a_dataset_without_splits_are_no_leak(catalog: Catalog, tmp_path: Path) -> None:
    planted: Files = dict.fromkeys(("cat/x.png", "dog/y.png"), picture(9))
    assert "leakage" not in flagged(catalog, tmp_path, planted)


def test_dark_pictures_are_found_and_those_with_a_bright_part_are_not(
    catalog: Catalog, tmp_path: Path
) -> None:
    lamp = picture(3, 0, 40)
    lamp.paste((255, 255, 230), (40, 30, 56, 42))
    planted: Files = {
        "cat/night.png": picture(1, 0, 50),
        "dog/cellar.png": picture(2, 0, 70),
        "dog/lamp.png": lamp,
        "dog/dusk.png": picture(4, 0, 180),
    }
    assert flagged(catalog, tmp_path, planted)["dark"] == {"cat/night.png", "dog/cellar.png"}


def test_washed_out_pictures_are_found_and_a_thing_on_a_white_page_is_not(
    catalog: Catalog, tmp_path: Path
) -> None:
    drawing = Image.new("RGB", (96, 72), "white")
    drawing.paste(picture(3).crop((0, 0, 40, 30)), (30, 20))
    planted: Files = {"cat/glare.png": picture(1, 235, 255), "dog/drawing.png": drawing}
    assert flagged(catalog, tmp_path, planted)["bright"] == {"cat/glare.png"}


def test_blurred_pictures_are_found_among_sharp_ones(catalog: Catalog, tmp_path: Path) -> None:
    slightly = picture(3).filter(ImageFilter.GaussianBlur(0.5))
    planted: Files = {
        "cat/shaken.png": blurred(1),
        "dog/shaken.jpg": as_bytes(blurred(2), "JPEG"),
        "dog/slightly.png": slightly,
    }
    assert flagged(catalog, tmp_path, planted)["blurry"] == {"cat/shaken.png", "dog/shaken.jpg"}


def test_a_dataset_that_is_soft_throughout_is_not_all_blurry(
    catalog: Catalog, tmp_path: Path
) -> None:
    files: Files = {f"{label}/{n}.png": blurred(n + ord(label)) for label in "ab" for n in range(4)}
    assert "blurry" not in found_in(catalog, write(tmp_path / "photos", files))


def test_nearly_blank_pictures_are_found(catalog: Catalog, tmp_path: Path) -> None:
    planted: Files = {
        "cat/grey.png": Image.new("RGB", (96, 72), (120, 120, 120)),
        "cat/blue.png": Image.new("RGB", (96, 72), (30, 60, 200)),
        "dog/nearly.png": noisy(122, 118),
        "dog/flat but full of detail.png": noisy(150, 90),
    }
    assert flagged(catalog, tmp_path, planted)["low_information"] == set(planted) - {
        "dog/flat but full of detail.png"
    }


def test_a_dataset_of_broken_files_only_is_measured_without_a_warning(
    catalog: Catalog, tmp_path: Path
) -> None:
    files: Files = {"cat/0.png": b"", "cat/1.png": b"words", "dog/0.png": b""}
    assert set(found_in(catalog, write(tmp_path / "photos", files))) == {"empty", "unreadable"}


@pytest.mark.real
def test_few_of_two_hundred_real_photos_are_flagged(
    catalog: Catalog, hands: Path, tmp_path: Path
) -> None:
    files: Files = {
        path.relative_to(hands).as_posix(): path.read_bytes()
        for label in sorted(hands.iterdir())
        if label.is_dir()
        for path in sorted(label.glob("*.JPG"))[:20]
    }
    assert len(files) == 200
    findings = found_in(catalog, write(tmp_path / "hands", files))
    assert sum(len(finding.paths) for finding in findings.values()) <= 10
