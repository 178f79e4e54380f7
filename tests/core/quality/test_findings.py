"""What deserves a look, what hurts most first; decided images are left alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from core.catalog import Catalog
from core.quality.curation import curated, decide
from core.quality.detectors import DETECTORS
from core.quality.findings import Finding, extra_copies, find, taken_as_kind
from tests.core.quality.pictures import as_bytes, blurred, clean, found, picture, scanned, write


def copies(catalog: Catalog, tmp_path: Path, *paths: str) -> tuple[Finding, pd.DataFrame]:
    """The duplicates among good pictures and the same picture at ``paths``."""
    files = {**clean("cat", "dog"), **{path: picture(9) for path in paths}}
    table = curated(catalog, scanned(catalog, write(tmp_path / "photos", files)).id)
    return found(table)["exact_duplicates"], table


def test_nothing_is_found_in_a_good_dataset(catalog: Catalog, tmp_path: Path) -> None:
    root = write(tmp_path / "photos", clean("cat", "dog", images=6))
    assert find(curated(catalog, scanned(catalog, root).id)) == []


def test_every_detector_speaks_to_people_and_knows_its_bounds() -> None:
    for key, each in DETECTORS.items():
        assert each.key == key
        assert each.title[0].isupper()
        assert each.sentence.endswith(".")
        assert each.suggestion.endswith(".")
        assert 0 < each.harm <= 1
        assert 0 < each.threshold <= 1
    assert len({each.title for each in DETECTORS.values()}) == len(DETECTORS)


def test_scores_are_between_zero_and_one_and_the_clearest_case_is_first(
    catalog: Catalog, tmp_path: Path
) -> None:
    darker = {f"cat/dark {top}.png": picture(50 + top, 0, top) for top in (10, 60, 30)}
    root = write(tmp_path / "photos", {**clean("cat", "dog"), **darker, "dog/empty.png": b""})
    table = curated(catalog, scanned(catalog, root).id)
    dark = found(table)["dark"]
    assert dark.paths == ("cat/dark 10.png", "cat/dark 30.png", "cat/dark 60.png")
    assert list(dark.scores) == sorted(dark.scores, reverse=True)
    for each in DETECTORS.values():
        scores = each.score(table)
        assert scores.shape == (len(table),)
        assert scores.min() >= 0
        assert scores.max() <= 1


def test_a_grave_fault_comes_before_a_slight_one(catalog: Catalog, tmp_path: Path) -> None:
    root = write(
        tmp_path / "photos",
        {
            **clean("cat", "dog"),
            "cat/copy.png": picture(9),
            "dog/copy.png": picture(9),
            "cat/again.png": picture(8),
            "cat/and again.png": picture(8),
            "cat/cut.png": as_bytes(picture(1))[:3000],
            "cat/really a png.jpg": picture(2),
        },
    )
    keys = list(found(curated(catalog, scanned(catalog, root).id)))
    assert keys[0] == "label_conflict"
    assert keys[-1] == "wrong_extension"
    assert {"truncated", "exact_duplicates"} < set(keys)


def test_a_moved_threshold_flags_more_or_fewer(catalog: Catalog, tmp_path: Path) -> None:
    darker = {f"cat/{top}.png": picture(50 + top, 0, top) for top in (20, 60, 110)}
    root = write(tmp_path / "photos", {**clean("dog"), **darker})
    table = curated(catalog, scanned(catalog, root).id)
    assert set(found(table)["dark"].paths) == {"cat/20.png", "cat/60.png"}
    assert set(found(table, dark=0.9)["dark"].paths) == {"cat/20.png"}
    assert set(found(table, dark=0.2)["dark"].paths) == {"cat/20.png", "cat/60.png", "cat/110.png"}
    assert found(table, dark=0.2)["dark"].threshold == 0.2
    assert "dark" not in found(table, dark=1.1)


def test_a_threshold_of_zero_does_not_flag_what_has_no_fault(
    catalog: Catalog, tmp_path: Path
) -> None:
    root = write(tmp_path / "photos", {**clean("dog"), "cat/dark.png": picture(5, 0, 20)})
    table = curated(catalog, scanned(catalog, root).id)
    zero = dict.fromkeys(DETECTORS, 0.0)
    assert found(table, **zero)["dark"].paths == ("cat/dark.png",)
    assert "empty" not in found(table, **zero)


def test_what_was_marked_as_fine_is_never_flagged_again(catalog: Catalog, tmp_path: Path) -> None:
    root = write(
        tmp_path / "photos",
        {**clean("cat", "dog"), "cat/a.png": blurred(), "cat/b.png": blurred(1)},
    )
    dataset = scanned(catalog, root).id
    assert set(found(curated(catalog, dataset))["blurry"].paths) == {"cat/a.png", "cat/b.png"}
    decide(catalog, dataset, "keep", ["cat/a.png"])
    assert found(curated(catalog, dataset))["blurry"].paths == ("cat/b.png",)
    decide(catalog, dataset, "keep", ["cat/b.png"])
    assert found(curated(catalog, dataset)) == {}


def test_excluded_images_are_out_of_the_picture_until_they_are_restored(
    catalog: Catalog, tmp_path: Path
) -> None:
    root = write(tmp_path / "photos", {**clean("cat", "dog"), "cat/empty.png": b""})
    dataset = scanned(catalog, root).id
    decide(catalog, dataset, "exclude", ["cat/empty.png"])
    assert find(curated(catalog, dataset)) == []
    decide(catalog, dataset, "restore", ["cat/empty.png"])
    assert found(curated(catalog, dataset))["empty"].paths == ("cat/empty.png",)


def test_a_copy_whose_twin_is_excluded_is_alone(catalog: Catalog, tmp_path: Path) -> None:
    finding, table = copies(catalog, tmp_path, "cat/x.png", "cat/y.png")
    assert finding.paths == ("cat/x.png", "cat/y.png")
    table = table.assign(excluded=table["path"] == "cat/y.png")
    assert find(table) == []


def test_a_copy_whose_twin_was_marked_as_fine_is_alone(catalog: Catalog, tmp_path: Path) -> None:
    _, table = copies(catalog, tmp_path, "cat/x.png", "cat/y.png")
    assert find(table.assign(kept=table["path"] == "cat/y.png")) == []


def test_a_dataset_of_which_everything_is_excluded_has_no_findings(
    catalog: Catalog, tmp_path: Path
) -> None:
    _, table = copies(catalog, tmp_path, "cat/x.png", "cat/y.png")
    assert find(table.assign(excluded=True)) == []


def test_copies_of_a_group_lie_side_by_side(catalog: Catalog, tmp_path: Path) -> None:
    files: dict[str, Image.Image | bytes] = clean("cat", "dog")
    for number, path in enumerate(["cat/a", "cat/b", "cat/c", "cat/d", "cat/e"]):
        files[f"{path}.png"] = picture(100 + number % 2)
    table = curated(catalog, scanned(catalog, write(tmp_path / "photos", files)).id)
    finding = found(table)["exact_duplicates"]
    assert finding.groups == (
        ("cat/a.png", "cat/c.png", "cat/e.png"),
        ("cat/b.png", "cat/d.png"),
    )
    assert finding.paths == tuple(path for group in finding.groups for path in group)
    assert finding.scores == (1.0,) * 5
    assert extra_copies(finding, table) == ["cat/c.png", "cat/e.png", "cat/d.png"]


def test_of_copies_the_largest_stays(catalog: Catalog, tmp_path: Path) -> None:
    finding, table = copies(catalog, tmp_path, "cat/x.png", "cat/y.png", "cat/z.png")
    wider = table["width"].where(table["path"] != "cat/y.png", 1000)
    assert extra_copies(finding, table.assign(width=wider)) == ["cat/x.png", "cat/z.png"]


def test_the_sizes_of_huge_images_do_not_overflow(catalog: Catalog, tmp_path: Path) -> None:
    finding, table = copies(catalog, tmp_path, "cat/x.png", "cat/y.png")
    huge = (table["path"] == "cat/y.png").astype("int32") * 60_000
    table = table.assign(width=table["width"] + huge, height=table["height"] + huge)
    assert extra_copies(finding, table) == ["cat/x.png"]


@pytest.mark.parametrize("held_out", ["valid", "test"])
def test_of_copies_the_one_that_is_kept_for_testing_stays(
    catalog: Catalog, tmp_path: Path, held_out: str
) -> None:
    files: dict[str, Image.Image | bytes] = {
        f"{split}/{path}": picture(seed * 50 + number)
        for seed, split in enumerate(("train", held_out))
        for number, path in enumerate(clean("cat", "dog"))
    }
    files |= dict.fromkeys(("train/cat/a.png", f"{held_out}/cat/z.png"), picture(999))
    table = curated(catalog, scanned(catalog, write(tmp_path / "photos", files)).id)
    leak = found(table)["leakage"]
    assert set(leak.paths) == {"train/cat/a.png", f"{held_out}/cat/z.png"}
    assert extra_copies(leak, table) == ["train/cat/a.png"]


def test_of_copies_that_disagree_about_the_class_none_is_extra(
    catalog: Catalog, tmp_path: Path
) -> None:
    _, table = copies(catalog, tmp_path, "cat/x.png", "dog/x.png", "dog/y.png")
    conflict = found(table)["label_conflict"]
    assert conflict.groups == (("cat/x.png", "dog/x.png", "dog/y.png"),)
    assert extra_copies(conflict, table) == []
    settled = table.assign(label=table["label"].where(table["path"] != "cat/x.png", "dog"))
    assert extra_copies(found(settled)["exact_duplicates"], settled) == ["dog/x.png", "dog/y.png"]


def test_a_finding_tells_what_is_wrong_with_each_file(catalog: Catalog, tmp_path: Path) -> None:
    root = write(tmp_path / "photos", {**clean("cat", "dog"), "cat/words.png": b"only words"})
    finding = found(curated(catalog, scanned(catalog, root).id))["unreadable"]
    assert "not an image" in finding.reasons[0]
    assert finding.title == DETECTORS["unreadable"].title


def test_what_most_pictures_are_is_no_fault_of_them_unless_it_is_asked_for(
    catalog: Catalog, tmp_path: Path
) -> None:
    drawings = {f"cat/{n}.png": picture(n, 225 if n % 3 else 200, 255) for n in range(12)}
    root = write(tmp_path / "drawings", {**drawings, "dog/photo.png": picture(50, 0, 255)})
    table = curated(catalog, scanned(catalog, root).id)
    assert "bright" not in found(table)
    bright = found(table, bright=0.8)["bright"]
    assert len(bright.paths) > 6
    assert taken_as_kind(table) == [bright], "it is said, though"
    assert taken_as_kind(table, {"blurry": 0.2}) == [bright], "whatever else is asked for"
    assert taken_as_kind(table, {"bright": 0.8}) == [], "and not twice"
    # As many dark ones among as many others are a fault.
    half = {f"cat/{n}.png": picture(n, 0, 60) for n in range(12)}
    root = write(tmp_path / "half", {**half, **clean("dog", images=13)})
    assert len(found(curated(catalog, scanned(catalog, root).id))["dark"].paths) == 12
