"""Files come in one by one: what can be taken is, what can't has its reason."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from core.catalog import Catalog, DatasetRecord
from core.datasets import intake
from core.datasets.layout import read_layout
from core.datasets.upload import UploadStage, new_token
from core.errors import Conflict, InvalidInput, NoSpace
from core.progress import Reporter
from core.quality.curation import curated
from core.quality.export import export_dataset
from core.quality.scan import scan
from tests.core.datasets.packing import good, image_bytes, make_zip


def stage_of(catalog: Catalog, *paths: str, into_class: str | None = None) -> UploadStage:
    stage = UploadStage(catalog.workspace)
    for number, path in enumerate(paths):
        stage.add(path, io.BytesIO(image_bytes(number)))
    if into_class is not None:
        stage.gather(into_class)
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


def test_what_begins_like_a_picture_is_one_whatever_it_is_called(catalog: Catalog) -> None:
    stage = stage_of(catalog, "pets/cat/IM01", "pets/dog/IM01.x")
    assert not stage.add("pets/dog/LICENCE", io.BytesIO(b"free"))
    assert (stage.kept, stage.count) == (2, 2)
    assert found(catalog, stage.finish(catalog, "pets")) == {"cat": ["IM01"], "dog": ["IM01.x"]}


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
    assert "document" in said["a/x.pdf"]
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


def as_they_lie(folder: Path) -> dict[Path, tuple[int, int, int]]:
    """All that is in a folder, but for when it was last read."""
    facts = {file: file.stat() for file in folder.rglob("*")}
    return {file: (each.st_mode, each.st_size, each.st_mtime_ns) for file, each in facts.items()}


def test_a_folder_of_the_persons_own_stays_as_it_is_and_what_is_added_is_kept_beside_it(
    catalog: Catalog, tmp_path: Path, class_folders: Callable[..., Path]
) -> None:
    own = class_folders({"cat": 2, "dog": 2}, root="own")
    before = as_they_lie(own)
    record = intake.add_folder(catalog, own, restrict=False)
    scan(catalog, record.id)
    added = stage_of(catalog, "1.png", into_class="cat").add_to(catalog, record.id)
    added += stage_of(catalog, "pets/bird/2.png", "pets/dog/3.png").add_to(catalog, record.id)
    scan(catalog, record.id)
    table = curated(catalog, record.id).set_index("path")
    assert list(table.loc[added, "label"]) == ["cat", "bird", "dog"]
    assert list(table.loc[added, "status"]) == ["ok"] * 3
    assert len(table) == 7
    assert as_they_lie(own) == before
    export_dataset(catalog, record.id, tmp_path / "out")
    assert len(list((tmp_path / "out").rglob("*.*g"))) == 7


def test_tokens_are_long_and_no_two_are_alike(catalog: Catalog) -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert min(map(len, tokens)) >= 32
    for token in list(tokens)[:10]:
        UploadStage(catalog.workspace, token).abandon()


@pytest.mark.parametrize("token", ["short", "x" * 65, "../" * 10, "a/b" * 8, "x" * 30 + "\n"])
def test_a_token_of_another_shape_is_refused_and_makes_no_folder(
    catalog: Catalog, token: str
) -> None:
    with pytest.raises(InvalidInput, match="not known here"):
        UploadStage(catalog.workspace, token)
    assert list(catalog.workspace.staging.iterdir()) == []


def test_several_stages_of_one_token_are_one_upload(catalog: Catalog) -> None:
    token = new_token()
    for number in range(3):
        stage = UploadStage(catalog.workspace, token)
        stage.add(f"cat/{number}.png", io.BytesIO(image_bytes(number)))
        stage.add(f"cat/{number}.pdf", io.BytesIO(b"%PDF"))
        assert (stage.kept, len(stage.refused)) == (1, 1)
    last = UploadStage(catalog.workspace, token)
    assert (last.kept, last.count, len(last.all_refused())) == (0, 3, 3)
    record = last.finish(catalog, "pets", [("cat/lost.png", "It never arrived.")])
    refused = [item.path for item in intake.prepare(catalog, record.id, Reporter())]
    assert refused == ["cat/0.pdf", "cat/1.pdf", "cat/2.pdf", "cat/lost.png"]


def test_the_parts_of_an_archive_lie_where_they_belong(catalog: Catalog) -> None:
    stage = UploadStage(catalog.workspace)
    assert stage.append(0, b"abcdef") == 6
    assert stage.append(6, b"ghi") == 9
    assert stage.append(3, b"DEF") == 9, "a part that is sent again"
    assert stage.archive.read_bytes() == b"abcDEFghi"
    for offset in (10, -1):
        with pytest.raises(InvalidInput, match="part of this upload is missing"):
            stage.append(offset, b"late")
    assert stage.append(0, b"xy") == 2, "another archive"


def test_the_first_part_can_not_be_missing(catalog: Catalog) -> None:
    with pytest.raises(InvalidInput, match="part of this upload is missing"):
        UploadStage(catalog.workspace).append(4, b"late")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_is_said_while_an_archive_comes(catalog: Catalog) -> None:
    stage = UploadStage(catalog.workspace)
    stage.archive.symlink_to("/dev/full")
    with pytest.raises(NoSpace, match="disk is full"):
        stage.append(0, b"part")


def test_everything_is_gathered_into_one_class(catalog: Catalog) -> None:
    stage = stage_of(catalog, "x/1.png", "x/y/1.png", "2.png")
    stage.gather("  my cats. ")
    assert stage.count == 3
    record = stage.finish(catalog, "pets")
    assert found(catalog, record) == {"my cats": ["1 (2).png", "1.png", "2.png"]}


def test_a_class_with_the_name_of_a_folder_that_came_is_gathered_as_well(catalog: Catalog) -> None:
    stage = stage_of(catalog, "cat/1.png", "cat/cat/2.png")
    stage.gather("cat")
    assert found(catalog, stage.finish(catalog, "pets")) == {"cat": ["1.png", "2.png"]}


@pytest.mark.parametrize("label", ["", " . ", "..", "__MACOSX", "Thumbs.db"])
def test_a_class_that_no_folder_can_be_named_after_is_refused_and_nothing_is_moved(
    catalog: Catalog, label: str
) -> None:
    stage = stage_of(catalog, "cat/1.png")
    with pytest.raises(InvalidInput, match="needs a name"):
        stage.gather(label)
    assert found(catalog, stage.finish(catalog, "pets")) == {"cat": ["1.png"]}


def test_a_gathered_class_never_leads_out_of_the_upload(catalog: Catalog) -> None:
    stage = stage_of(catalog, "cat/1.png")
    stage.gather("../../dogs")
    record = stage.finish(catalog, "pets")
    (place,) = catalog.workspace.originals(record.id).rglob("*.png")
    assert place.parent.parent == catalog.workspace.originals(record.id)


def test_an_upload_that_is_given_up_is_gone_and_can_be_given_up_again(catalog: Catalog) -> None:
    stage = stage_of(catalog, "cat/1.png")
    stage.append(0, b"part")
    for _ in range(2):
        stage.abandon()
        assert list(catalog.workspace.staging.iterdir()) == []
