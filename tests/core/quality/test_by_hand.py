"""Classes made by hand: there before their first photo, and every change can be undone."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from core.catalog import Catalog
from core.datasets import intake
from core.datasets.splits import Shares, plan_splits
from core.datasets.upload import UploadStage
from core.errors import InvalidInput, NotFound
from core.quality import by_hand, curation
from core.quality.belonging import with_groups
from core.quality.class_names import called, why_called
from core.quality.scan import scan
from core.who import Who, acting_as
from tests.core.datasets.packing import image_bytes


def cards(catalog: Catalog, dataset_id: str) -> dict[str, int]:
    return {each.label: each.images for each in by_hand.classes_of(catalog, dataset_id)}


def add_photos(
    catalog: Catalog, dataset_id: str, label: str, *seeds: int, name: str = "{}.png"
) -> list[str]:
    stage = UploadStage(catalog.workspace)
    for seed in seeds:
        stage.add(name.format(seed), io.BytesIO(image_bytes(seed)))
    stage.gather(label)
    added = stage.add_to(catalog, dataset_id)
    scan(catalog, dataset_id)
    return added


def test_blank_classes_get_photos_and_other_names(catalog: Catalog) -> None:
    record = by_hand.start(catalog)
    assert cards(catalog, record.id) == {"Class 1": 0, "Class 2": 0}
    assert why_called(" open hand ") == ""
    assert "“open_hand”, not “open/hand”" in why_called("open/hand")
    # As text copied from a page brings them, and as a folder of that name is read.
    assert (called("\u200fיד\u200f"), why_called("\u200fיד\u200f")) == ("יד", "")
    versions = by_hand.rename_class(catalog, record.id, "Class 1", "open hand")
    assert cards(catalog, record.id) == {"open hand": 0, "Class 2": 0}
    curation.undo(catalog, record.id, versions)
    assert list(cards(catalog, record.id)) == ["Class 1", "Class 2"]
    add_photos(catalog, record.id, "Class 1", 1, 2)
    assert catalog.datasets.get(record.id).state == "ready"
    by_hand.rename_class(catalog, record.id, "Class 1", "fist")
    add_photos(catalog, record.id, "fist", 3)
    assert by_hand.add_class(catalog, record.id).payload["label"] == "Class 3"
    assert cards(catalog, record.id) == {"fist": 3, "Class 2": 0, "Class 3": 0}
    with pytest.raises(InvalidInput, match="merge the two"):
        by_hand.rename_class(catalog, record.id, "fist", "Class 2")


def test_a_class_and_a_photo_that_are_taken_out_come_back(catalog: Catalog) -> None:
    record = by_hand.start(catalog, classes=["cat", "dog"])
    add_photos(catalog, record.id, "cat", 1, 2, 3)
    versions = by_hand.remove_class(catalog, record.id, "cat")
    assert cards(catalog, record.id) == {"dog": 0}
    curation.undo(catalog, record.id, versions)
    assert cards(catalog, record.id) == {"cat": 3, "dog": 0}
    (cat, _) = by_hand.classes_of(catalog, record.id)
    curation.decide(catalog, record.id, "exclude", cat.paths)
    assert cards(catalog, record.id) == {"cat": 0, "dog": 0}, "its card stays, to be filled again"


def test_a_class_that_is_removed_is_there_again_once_it_gets_a_photo(
    catalog: Catalog, class_folders: Callable[..., Path]
) -> None:
    record = intake.add_folder(catalog, class_folders({"9": 2, "10": 2, "x": 1}), restrict=False)
    scan(catalog, record.id)
    assert list(cards(catalog, record.id)) == ["9", "10", "x"]
    by_hand.remove_class(catalog, record.id, "x")
    assert list(cards(catalog, record.id)) == ["9", "10"]
    add_photos(catalog, record.id, "x", 50)
    assert cards(catalog, record.id) == {"9": 2, "10": 2, "x": 1}


def test_a_class_that_is_renamed_keeps_its_place(
    catalog: Catalog, class_folders: Callable[..., Path]
) -> None:
    record = intake.add_folder(catalog, class_folders({"a": 2, "b": 2, "c": 1}), restrict=False)
    scan(catalog, record.id)
    first = by_hand.rename_class(catalog, record.id, "a", "zebra")
    second = by_hand.rename_class(catalog, record.id, "zebra", "monkey")
    assert list(cards(catalog, record.id)) == ["monkey", "b", "c"]
    curation.undo(catalog, record.id, second)
    assert list(cards(catalog, record.id)) == ["zebra", "b", "c"]
    curation.undo(catalog, record.id, first)
    assert list(cards(catalog, record.id)) == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["", "  ", "CAT", "x" * 300])
def test_a_name_that_can_not_be_is_refused(catalog: Catalog, name: str) -> None:
    record = by_hand.start(catalog, classes=["cat", "dog"])
    with pytest.raises(InvalidInput):
        by_hand.rename_class(catalog, record.id, "dog", name)
    with pytest.raises(InvalidInput):
        by_hand.add_class(catalog, record.id, name)
    with pytest.raises(NotFound):
        by_hand.remove_class(catalog, record.id, "bird")
    assert list(cards(catalog, record.id)) == ["cat", "dog"]


def test_what_was_moved_on_another_page_leaves_no_empty_card(catalog: Catalog) -> None:
    record = by_hand.start(catalog, classes=["cat", "dog"])
    paths = add_photos(catalog, record.id, "cat", 1, 2)
    curation.decide(catalog, record.id, "relabel", paths, label="dog")
    assert cards(catalog, record.id) == {"dog": 2}


def test_frames_of_a_recording_are_never_torn_apart(catalog: Catalog) -> None:
    record = by_hand.start(catalog, classes=["cat", "dog"])
    for n, label in enumerate(["cat", "cat", "dog", "dog"]):
        frames = range(100 * n, 100 * n + 10)
        add_photos(catalog, record.id, label, *frames, name=f"webcam rec0000{n}xyz {{:03d}}.jpg")
    table = with_groups(curation.usable(curation.curated(catalog, record.id)))
    splits = plan_splits(table, shares=Shares(), seed=1)
    parts = pd.DataFrame({"recording": table["path"].str.extract(r"(rec\d+)")[0], "split": splits})
    assert parts.groupby("recording")["split"].nunique().tolist() == [1] * 4
    assert set(splits) == {"train", "test"}


def test_a_blank_project_is_used_again_by_whoever_began_it_only(catalog: Catalog) -> None:
    with acting_as(Who("trainer", "Ann")):
        begun = by_hand.start(catalog)
        assert by_hand.blank(catalog) == begun
    with acting_as(Who("trainer", "Ben")):
        assert begun in catalog.datasets.all()
        assert by_hand.blank(catalog) is None
