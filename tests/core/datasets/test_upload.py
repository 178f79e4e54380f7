"""Files come in one by one: what can be taken is, what can't has its reason."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from core.catalog import Catalog, DatasetRecord
from core.datasets import intake
from core.datasets.layout import read_layout
from core.datasets.upload import UploadStage
from core.errors import Conflict, InvalidInput
from core.progress import Reporter
from tests.core.datasets.packing import good, image_bytes, make_zip


def stage_of(catalog: Catalog, *paths: str, into_class: str | None = None) -> UploadStage:
    stage = UploadStage(catalog.workspace)
    for number, path in enumerate(paths):
        stage.add(path, io.BytesIO(image_bytes(number)), into_class=into_class)
    return stage


def uploaded(catalog: Catalog, *paths: str) -> DatasetRecord:
    return stage_of(catalog, *paths).finish(catalog, "pets")


def found(catalog: Catalog, record: DatasetRecord) -> dict[str, list[str]]:
    """Names of the files of each class, as the next scan will see them."""
    layout = read_layout(catalog.workspace.originals(record.id))
    result: dict[str, list[str]] = {}
    for file in layout.files:
        result.setdefault(f"{file.split} {file.label}".strip(), []).append(Path(file.path).name)
    return result


def test_a_folder_becomes_a_dataset(catalog: Catalog) -> None:
    record = uploaded(catalog, "pets/cat/1.png", "pets/cat/2.png", "pets\\dog\\1.png")
    assert (record.name, record.origin, record.state) == ("pets", "upload", "importing")
    assert found(catalog, record) == {"cat": ["1.png", "2.png"], "dog": ["1.png"]}
    assert intake.prepare(catalog, record.id, Reporter()) == []
    assert list(catalog.workspace.staging.iterdir()) == []


def test_what_can_not_be_taken_is_listed_with_its_reason(catalog: Catalog) -> None:
    stage = stage_of(catalog, "a/1.png", "a/x.pdf", "a/.DS_Store", "a/ .png/...", "a/caf\udce9.png")
    assert stage.kept == 1
    said = {item.path: item.why for item in stage.refused}
    assert said["a/x.pdf"] == "It is not an image."
    assert "UTF-8" in next(why for path, why in said.items() if path.startswith("a/caf"))
    record = stage.finish(catalog, "pets")
    refused = intake.prepare(catalog, record.id, Reporter())
    assert {item.path: item.why for item in refused} == said


def test_a_path_never_leads_out_of_the_upload(catalog: Catalog) -> None:
    stage = stage_of(catalog, "../../cat/1.png", "/etc/2.png", "a/../../../3.png")
    assert stage.kept == 3
    record = stage.finish(catalog, "pets")
    inside = {p.name for p in catalog.workspace.originals(record.id).rglob("*.png")}
    assert inside == {"1.png", "2.png", "3.png"}


def test_the_same_name_twice_is_two_images(catalog: Catalog) -> None:
    record = uploaded(catalog, "cat/1.png", "cat/1.png", "cat/1.png")
    assert found(catalog, record) == {"cat": ["1 (2).png", "1 (3).png", "1.png"]}


def test_a_folder_with_the_name_of_an_image_is_refused(catalog: Catalog) -> None:
    stage = stage_of(catalog, "cat/1.png", "cat/1.png/2.png")
    assert stage.kept == 1
    assert "name of an image" in stage.refused[0].why


def test_very_long_names_are_shortened_and_keep_their_suffix(catalog: Catalog) -> None:
    record = uploaded(catalog, f"{'ü' * 200}/{'🐈' * 200}.png", f"{'ü' * 200}/2.png")
    ((label, names),) = found(catalog, record).items()
    assert set(label) == {"ü"}
    assert len(names) == 2
    assert all(name.endswith(".png") for name in names)


def test_a_class_given_by_hand_replaces_the_folder(catalog: Catalog) -> None:
    record = stage_of(catalog, "x/y/1.png", "2.png", into_class="my cats").finish(catalog, "pets")
    assert found(catalog, record) == {"my cats": ["1.png", "2.png"]}


def test_nothing_taken_is_no_dataset(catalog: Catalog) -> None:
    stage = stage_of(catalog, "a/x.pdf")
    with pytest.raises(InvalidInput, match="None of these files"):
        stage.finish(catalog, "pets")
    assert catalog.datasets.all() == []


def test_a_taken_name_keeps_the_upload_for_another_try(catalog: Catalog) -> None:
    uploaded(catalog, "cat/1.png")
    stage = stage_of(catalog, "cat/1.png")
    with pytest.raises(Conflict):
        stage.finish(catalog, "pets")
    assert found(catalog, stage.finish(catalog, "pets 2")) == {"cat": ["1.png"]}


def test_images_are_added_to_a_class_that_is_there(catalog: Catalog) -> None:
    record = uploaded(catalog, "cat/1.png", "dog/1.png")
    stage_of(catalog, "1.png", into_class="cat").add_to(catalog, record.id)
    assert found(catalog, record) == {"cat": ["1 (2).png", "1.png"], "dog": ["1.png"]}
    assert list(catalog.workspace.staging.iterdir()) == []


@pytest.mark.parametrize("wrapper", ["pets", "a/b"])
def test_a_folder_around_the_classes_does_not_relabel_what_is_added(
    catalog: Catalog, wrapper: str
) -> None:
    record = uploaded(catalog, f"{wrapper}/cat/1.png", f"{wrapper}/dog/1.png")
    stage_of(catalog, "2.png", into_class="cat").add_to(catalog, record.id)
    stage_of(catalog, "3.png", into_class="owl").add_to(catalog, record.id)
    stage_of(catalog, "other/dog/4.png", "other/cat/5.png").add_to(catalog, record.id)
    assert found(catalog, record) == {
        "cat": ["1.png", "2.png", "5.png"],
        "dog": ["1.png", "4.png"],
        "owl": ["3.png"],
    }


def test_an_unpacked_archive_can_be_added_to_as_well(catalog: Catalog, tmp_path: Path) -> None:
    record = intake.add_archive(catalog, make_zip(tmp_path / "a.zip", good()), "a.zip")
    intake.prepare(catalog, record.id, Reporter())
    stage_of(catalog, "new.png", into_class="1").add_to(catalog, record.id)
    assert found(catalog, record) == {
        "0": ["0.png", "1.png"],
        "1": ["0.png", "1.png", "new.png"],
    }


def test_folders_inside_a_known_class_stay_in_it(catalog: Catalog) -> None:
    record = uploaded(catalog, "cat/1.png", "dog/1.png")
    stage_of(catalog, "cat/big/2.png").add_to(catalog, record.id)
    assert found(catalog, record) == {"cat": ["1.png", "2.png"], "dog": ["1.png"]}


def test_what_is_added_to_a_dataset_that_came_split_trains(catalog: Catalog) -> None:
    record = uploaded(catalog, "set/Train/cat/1.png", "set/Train/dog/1.png", "set/test/cat/1.png")
    stage_of(catalog, "2.png", into_class="cat").add_to(catalog, record.id)
    stage_of(catalog, "test/dog/3.png").add_to(catalog, record.id)
    assert found(catalog, record) == {
        "train cat": ["1.png", "2.png"],
        "train dog": ["1.png"],
        "test cat": ["1.png"],
        "test dog": ["3.png"],
    }


def test_a_folder_of_the_persons_own_is_only_read(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    record = intake.add_folder(catalog, tmp_path / "own", restrict=False)
    with pytest.raises(InvalidInput, match="only reads"):
        stage_of(catalog, "1.png", into_class="cat").add_to(catalog, record.id)
    assert list((tmp_path / "own").iterdir()) == []
