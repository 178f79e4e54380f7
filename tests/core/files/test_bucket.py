"""A dataset in a bucket is what the same folder is; what goes wrong on the way is said."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core import settings
from core.catalog import Catalog
from core.datasets import intake
from core.datasets.pixels import Files, expected_pixels, load_pixels
from core.errors import InvalidInput, LightboxError, NotAllowed, NotFound, Unreachable
from core.files import objects
from core.files.kept import Kept
from core.inference.batch import answer_batch
from core.inference.batch_files import find_files
from core.inference.batch_store import new_batch, place_of
from core.progress import Reporter
from core.quality import thumbs
from core.quality.curation import curated
from core.quality.export import ExportOptions, export_dataset
from core.quality.scan import scan
from tests.bucket import Bucket, Fault
from tests.conftest import write_image
from tests.core.evaluation.coloured import CLASSES, make_run, write_colour

Folders = Callable[..., Path]


def _scanned(catalog: Catalog, place: object, name: str) -> pd.DataFrame:
    record = intake.add_folder(catalog, str(place), name, restrict=True)
    scan(catalog, record.id)
    return curated(catalog, record.id)


def _thumbs(catalog: Catalog, dataset_id: str, table: pd.DataFrame) -> list[bytes]:
    places = zip(table["thumb_at"], table["thumb_bytes"], strict=True)
    return thumbs.read(catalog.workspace, dataset_id, places)


def test_a_bucket_is_read_as_the_same_folder_is(
    catalog: Catalog, bucket: Bucket, class_folders: Folders, tmp_path: Path
) -> None:
    folder = class_folders({"cat": 3, "dog": 2})
    write_image(folder / "cat" / "tïny (1)+&.png", 9)
    (folder / "dog" / "broken.jpg").write_bytes(b"\xff\xd8\xff none")
    (folder / "dog" / "notes.md").write_text("none")
    (folder / "dog" / ".hidden").mkdir()
    write_image(folder / "dog" / ".hidden" / "a.jpg")
    write_image(folder / "dog" / "unnamed", 7, format="JPEG")
    address = bucket.fill(folder, "a/photos")
    bucket.put("a/photos-2/cat/x.jpg", b"another dataset's")
    local, there = _scanned(catalog, folder, "here"), _scanned(catalog, address, "there")
    placed = ["mtime_ns", "thumb_at"]
    pd.testing.assert_frame_equal(local.drop(columns=placed), there.drop(columns=placed))
    here, far = catalog.datasets.find("here"), catalog.datasets.find("there")
    assert far.root == address
    shown = [
        thumbs.read(
            catalog.workspace, key, zip(table["thumb_at"], table["thumb_bytes"], strict=True)
        )
        for key, table in ((here.id, local), (far.id, there))
    ]
    assert shown[0] == shown[1]
    # Everything that reads images does it in a bucket, too; what was read lies on this disk.
    bucket.read()
    good = there[there["status"] == "ok"].reset_index(drop=True)
    root = catalog.workspace.load_path(far.root)
    rows = np.arange(len(good))
    at = load_pixels(catalog.workspace, far.id, Files(root, good, 16))
    mine = load_pixels(catalog.workspace, here.id, Files(folder, good, 16))
    np.testing.assert_array_equal(at.take(rows), mine.take(rows))
    assert not at.failed
    export_dataset(catalog, far.id, tmp_path / "out", ExportOptions(), Reporter())
    assert (tmp_path / "out/cat/000.jpg").read_bytes() == (folder / "cat/000.jpg").read_bytes()
    assert [each[0] for each in find_files(root)] == [each[0] for each in find_files(folder)]
    assert bucket.read() == ["a/photos/dog/unnamed"]  # whose first bytes tell that it is one


def test_a_scan_reads_what_has_changed_in_the_bucket_and_nothing_else(
    catalog: Catalog, bucket: Bucket, class_folders: Folders, tmp_path: Path
) -> None:
    folder = class_folders({"cat": 3, "dog": 3})
    address = bucket.fill(folder, "photos")
    record = intake.add_folder(catalog, address, restrict=True)
    scan(catalog, record.id)
    assert len(bucket.read()) == 6
    before = curated(catalog, record.id)
    changed = write_image(tmp_path / "new.jpg", 77).read_bytes()
    bucket.put("photos/cat/001.jpg", changed)
    bucket.delete("photos/dog/002.jpg")
    root = catalog.workspace.load_path(record.root)
    expected = expected_pixels(catalog.workspace, record.id, Files(root, before, 16))
    # Both are noticed; until they are asked for again, they are here as they were scanned.
    assert (expected.decoded, expected.failed) == (2, [])
    bucket.read()
    scan(catalog, record.id)
    assert bucket.read() == ["photos/cat/001.jpg"]
    table = curated(catalog, record.id).set_index("path")
    assert len(table) == 5
    assert table.loc["cat/001.jpg", "hash"] != before.set_index("path").loc["cat/001.jpg", "hash"]


def test_a_table_in_the_bucket_says_the_classes(
    catalog: Catalog, bucket: Bucket, tmp_path: Path
) -> None:
    folder = tmp_path / "flat"
    for number in range(4):
        write_image(folder / f"{number}.jpg", number)
    (folder / "labels.csv").write_text("file,label\n0.jpg,a\n1.jpg,b\n2.jpg,a\n3.jpg,b\n")
    table = _scanned(catalog, bucket.fill(folder, "flat"), "flat")
    assert list(table["label"]) == ["a", "b", "a", "b"]


def test_tables_that_no_disk_could_hold_stop_nothing(
    catalog: Catalog, bucket: Bucket, class_folders: Folders
) -> None:
    address = bucket.fill(class_folders({"cat": 2, "dog": 2}), "odd")
    for key in ("a.csv", "a.csv/b.csv", f"{'x' * 300}.csv"):
        bucket.put(f"odd/{key}", b"name,size\nnone,1\n")
    assert len(_scanned(catalog, address, "odd")) == 4


def test_a_bucket_without_images_says_what_it_has_instead(catalog: Catalog, bucket: Bucket) -> None:
    bucket.put("texts/a/notes.md", b"none")
    bucket.put("texts/a/readme.txt", b"none")
    record = intake.add_folder(catalog, f"s3://{bucket.name}/texts", restrict=True)
    with pytest.raises(InvalidInput, match="no images in this folder, only 2 other files"):
        scan(catalog, record.id)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("error", "The store answers with an error (500)"),
        ("truncated", "It broke off each time"),
        ("forbidden", "The store doesn't let Lightbox read it."),
    ],
)
def test_what_passes_is_tried_again_and_one_bad_object_stops_no_other(
    kind: str, says: str, catalog: Catalog, bucket: Bucket, class_folders: Folders
) -> None:
    address = bucket.fill(class_folders({"cat": 2, "dog": 2}), "photos")
    bucket.wire.faults["photos/cat/000.jpg"] = Fault(kind)
    bucket.wire.faults["photos/dog/000.jpg"] = Fault("error", times=2)
    bucket.wire.faults["photos/dog/001.jpg"] = Fault("truncated", times=2)
    table = _scanned(catalog, address, "photos").set_index("path")
    assert list(table["status"]) == ["unreadable", "ok", "ok", "ok"]
    assert says in table.loc["cat/000.jpg", "problem"]
    bucket.wire.faults.clear()
    scan(catalog, catalog.datasets.find("photos").id)
    assert list(curated(catalog, catalog.datasets.find("photos").id)["status"]) == ["ok"] * 4


def test_a_store_that_goes_away_ends_the_scan_with_a_sentence_and_loses_nothing(
    catalog: Catalog, bucket: Bucket, class_folders: Folders
) -> None:
    record = intake.add_folder(
        catalog, bucket.fill(class_folders({"cat": 2, "dog": 2}), "photos"), restrict=True
    )
    scan(catalog, record.id)
    bucket.put("photos/dog/002.jpg", b"new")
    bucket.server.end()
    try:
        with pytest.raises(Unreachable, match="can't be reached") as said:
            scan(catalog, record.id)
        assert "127.0.0.1" in str(said.value)
    finally:
        bucket.server.begin()
    assert len(curated(catalog, record.id)) == 4
    bucket.wire.faults["*"] = Fault("error")
    with pytest.raises(Unreachable, match="InternalError"):
        scan(catalog, record.id)
    bucket.wire.faults.clear()
    scan(catalog, record.id)
    assert len(curated(catalog, record.id)) == 5


def test_that_one_bucket_is_away_says_nothing_of_another(bucket: Bucket) -> None:
    other = Bucket(f"{bucket.name}-other", bucket.server)
    other.create()
    for each in (bucket, other):
        each.put("a.jpg", b"some")
    bucket.wire.faults["*"] = Fault("error")
    with pytest.raises(Unreachable):
        objects.read(f"s3://{bucket.name}/a.jpg")
    bucket.wire.faults.clear()
    bucket.wire.faults["a.jpg"] = Fault("error")
    with pytest.raises(OSError, match="each time it is asked"):
        objects.read(f"s3://{other.name}/a.jpg")


def test_a_batch_answers_what_is_in_the_bucket_now(
    catalog: Catalog, bucket: Bucket, tmp_path: Path
) -> None:
    images = [("red", "red"), ("green", "green")]
    run = make_run(catalog, tmp_path / "training", {"train": images, "test": images})
    write_colour(tmp_path / "new" / "a.png", "red")
    address = Path(bucket.fill(tmp_path / "new", "new"))
    answers = []
    for colour in ("red", "green"):
        bucket.fill(write_colour(tmp_path / colour / "a.png", colour).parent, "new")
        batch = new_batch(catalog, run.id, address)
        answer_batch(catalog, run.id, batch.id)
        table = pd.read_parquet(place_of(catalog.workspace, batch) / "answers.parquet")
        answers.append(CLASSES[table["label"][0]])
    assert answers == ["red", "green"]


def test_nothing_is_asked_of_an_address_inside_that_is_not_listed(
    catalog: Catalog, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, before = bucket.server.url.rpartition(":")[2], bucket.wire.heard
    for host in ("127.0.0.1", "localhost"):
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        for listed in ("", "10.0.0.1", f"{host}:1"):
            monkeypatch.setenv("LIGHTBOX_STORES", listed)
            with pytest.raises(NotAllowed, match=f"LIGHTBOX_STORES={host}:{port}"):
                intake.add_folder(catalog, f"s3://{bucket.name}", restrict=True)
    assert bucket.wire.heard == before
    monkeypatch.setenv("LIGHTBOX_STORES", f"minio, localhost:{port}")
    bucket.put("a/b.jpg", b"some")
    assert intake.subfolders(Path(f"s3://{bucket.name}")) == ["a"]


def test_without_credentials_no_address_inside_is_asked_for_some(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    # Where a computer of a cloud would be asked for some, listens the server of this test.
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", bucket.server.url)
    before = bucket.wire.heard
    with pytest.raises(NotAllowed, match="no credentials"):
        objects.is_there(f"s3://{bucket.name}")
    assert bucket.wire.heard == before


@pytest.mark.parametrize(
    ("place", "error", "says"),
    [
        ("s3://elsewhere/photos", NotAllowed, "may not read"),
        ("s3://{bucket}/nothing", NotFound, "nothing at that place"),
        ("s3://{bucket}/../{bucket}", InvalidInput, "written out"),
        ("s3://B_d/photos", InvalidInput, "can't be a bucket"),
        ("s3://169.254.169.254/../a", InvalidInput, "written out"),
        ("gs://bucket/photos", InvalidInput, "begin with gs://"),
    ],
)
def test_a_place_that_cannot_be_is_told(
    place: str, error: type[LightboxError], says: str, catalog: Catalog, bucket: Bucket
) -> None:
    with pytest.raises(error, match=says):
        intake.add_folder(catalog, place.format(bucket=bucket.name), restrict=True)


def test_a_bucket_that_is_not_there_or_lets_nobody_in_is_told(
    catalog: Catalog, bucket: Bucket
) -> None:
    with pytest.raises(NotFound, match="no such bucket"):
        intake.add_folder(catalog, "s3://not-there/photos", restrict=False)
    bucket.wire.faults["*"] = Fault("forbidden")
    with pytest.raises(NotAllowed, match="doesn't let Lightbox in"):
        intake.add_folder(catalog, f"s3://{bucket.name}/photos", restrict=False)


def test_what_is_needed_and_not_installed_is_named(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)  # type: ignore[arg-type]
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")  # a store that was never asked yet
    with pytest.raises(InvalidInput, match="requirements-team"):
        objects.is_there(f"s3://{bucket.name}")


def test_what_is_read_again_is_checked_and_asked_for_only_after_a_while(bucket: Bucket) -> None:
    bucket.put("a.jpg", b"first")
    place = f"s3://{bucket.name}/a.jpg"
    assert (objects.read(place), objects.read(place)) == (b"first", b"first")
    assert bucket.read() == ["a.jpg"]
    kept = settings.load().home / "cache" / "objects"
    (content,) = (kept / "content").glob("*/*")
    content.write_bytes(b"fir")
    assert objects.read(place) == b"first"
    bucket.put("a.jpg", b"second")
    assert objects.read(place) == b"first"
    assert objects.read(place, trusted_s=0) == b"second"
    bucket.delete("a.jpg")
    with pytest.raises(FileNotFoundError, match="not in the bucket any more"):
        objects.read(place, trusted_s=0)


def test_what_was_read_from_one_store_is_not_taken_for_what_another_holds(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("a.jpg", b"first")
    place = f"s3://{bucket.name}/a.jpg"
    assert objects.read(place) == b"first"
    bucket.put("a.jpg", b"another store's")
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.server.url.replace("127.0.0.1", "localhost"))
    monkeypatch.setenv("LIGHTBOX_STORES", "localhost")
    assert objects.read(place) == b"another store's"


def test_the_cache_keeps_copies_once_and_stays_within_its_limit(tmp_path: Path) -> None:
    kept = Kept(tmp_path, 100_000)
    for number in range(50):
        kept.keep(f"a/{number}", "tag", bytes([number]) * 5_000)
        kept.keep(f"b/{number}", "tag", bytes([number]) * 5_000)
    sizes = [file.stat().st_size for file in (tmp_path / "content").glob("*/*")]
    assert len(sizes) >= 10
    assert sum(sizes) <= 100_000
    newest = kept.find("b/49")
    assert newest is not None
    assert newest.data == bytes([49]) * 5_000
    assert kept.find("a/0") is None
    kept.keep("large", "tag", bytes(60_000))
    assert kept.find("large") is None
