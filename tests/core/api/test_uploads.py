"""Uploads over real HTTP: what arrives is on the disk whole, and nothing else can happen."""

from __future__ import annotations

import errno
import json
import shutil
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from starlette.formparsers import MultiPartParser

from core.api import uploads
from core.catalog import Catalog
from core.datasets import intake
from core.datasets.upload import UploadStage
from core.errors import Unreachable
from core.progress import Reporter
from core.quality.scan import scan
from core.who import Who, acting_as
from core.workspace import Workspace, new_token
from tests.core.api.serving import serving
from tests.core.datasets.packing import good, image_bytes, make_zip
from tests.indexes import latest_index
from tests.waiting import wait_until

Files = list[tuple[str, bytes]]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server with the routes, as in the app; it asks for the workspace at every request."""
    with serving(uploads.ROUTES) as base:
        yield f"{base}{uploads.PREFIX}"


class Upload:
    """What a page does for one upload."""

    def __init__(self, address: str, workspace: Workspace, token: str | None = None) -> None:
        self.token = token or uploads.issue()
        self.url = f"{address}/{self.token}"
        self.folder = workspace.staging / f"in-{self.token}"

    def files(self, files: Files, paths: str | None = None) -> requests.Response:
        """Send a bundle; ``paths`` instead of the right list of places."""
        return requests.post(
            f"{self.url}/files",
            data={"paths": json.dumps([path for path, _ in files]) if paths is None else paths},
            files=[("files", ("blob", data)) for _, data in files] or {"none": b""},
            timeout=20,
        )

    def archive(self, part: bytes, offset: int | str = 0) -> requests.Response:
        return requests.put(f"{self.url}/archive", data=part, params={"offset": offset}, timeout=20)

    @property
    def stage(self) -> UploadStage:
        return UploadStage(Workspace(self.folder.parent.parent), self.token)

    def lying(self) -> dict[str, bytes]:
        """Everything that has arrived, by its place."""
        base = self.folder / "files"
        files = (path for path in base.rglob("*") if path.is_file())
        return {path.relative_to(base).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def upload(address: str, workspace: Workspace) -> Upload:
    return Upload(address, workspace)


def pictures(number: int, folder: str = "photos/cat") -> Files:
    return [(f"{folder}/{n}.png", image_bytes(n)) for n in range(number)]


def problem(response: requests.Response, status: int = 400) -> str:
    """The sentence of a problem document."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["type"].startswith("/api/v1/docs#")
    assert body["detail"].startswith(body["title"].rstrip("."))
    return str(body["detail"])


def test_a_bundle_of_files_lies_on_the_disk_byte_for_byte(upload: Upload) -> None:
    files = pictures(40)
    answer = upload.files(files)
    assert answer.status_code == 200
    assert answer.json() == {"taken": 40, "refused": []}
    assert upload.lying() == dict(files)


def test_several_bundles_become_one_dataset(catalog: Catalog, upload: Upload) -> None:
    assert upload.files(pictures(5, "photos/cat")).json()["taken"] == 5
    assert upload.files(pictures(4, "photos/dog")).json()["taken"] == 4
    record = upload.stage.finish(catalog, "pets")
    scan(catalog, record.id, refused=intake.prepare(catalog, record.id, Reporter()))
    index = latest_index(catalog, record.id)
    assert index is not None
    assert index["label"].value_counts().to_dict() == {"cat": 5, "dog": 4}
    assert not upload.folder.exists()


def test_a_large_image_arrives_whole(upload: Upload) -> None:
    large = image_bytes(1, "BMP") + bytes(range(256)) * 20_000
    assert upload.files([("cat/large.bmp", large)]).json()["taken"] == 1
    assert upload.lying() == {"cat/large.bmp": large}


def test_files_that_can_not_be_taken_are_named_and_the_rest_are_kept(
    catalog: Catalog, upload: Upload
) -> None:
    picture = image_bytes()
    answer = upload.files(
        [("cat/1.png", picture), ("cat/notes.docx", b"words"), ("cat/.DS_Store", b"litter")]
    )
    assert answer.json() == {
        "taken": 1,
        "refused": [["cat/notes.docx", "It is not an image (.docx)."]],
    }
    assert upload.stage.all_refused() == [("cat/notes.docx", "It is not an image (.docx).")]
    assert upload.lying() == {"cat/1.png": picture}


@pytest.mark.parametrize(
    ("evil", "place"),
    [
        ("../../../../escaped.png", "escaped.png"),
        ("/etc/escaped.png", "etc/escaped.png"),
        ("..\\..\\escaped.png", "escaped.png"),
        ("cat/../../../escaped.png", "cat/escaped.png"),
        ("cat/./\u0000escaped.png", "cat/_escaped.png"),
        ("C:\\escaped.png", "C:/escaped.png"),
    ],
)
def test_a_path_never_leads_out_of_the_upload(
    upload: Upload, tmp_path: Path, evil: str, place: str
) -> None:
    assert upload.files([(evil, image_bytes())]).json()["taken"] == 1
    assert list(upload.lying()) == [place]
    assert len(list(tmp_path.rglob("*escaped.png"))) == 1
    assert not Path("/etc/escaped.png").exists()


def test_names_that_are_no_text_are_refused_in_words(upload: Upload) -> None:
    answer = upload.files([("a", b"")], paths='["cat/caf\\udce9.png"]')
    assert answer.json()["refused"] == [
        ["cat/caf\\udce9.png", "Its name is not valid text (UTF-8)."]
    ]


def test_the_same_name_in_requests_at_once_is_as_many_images(upload: Upload) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(upload.files, [pictures(10)] * 6))
    assert [answer.json()["taken"] for answer in answers] == [10] * 6
    arrived = sorted(upload.lying().values())
    assert arrived == sorted(data for _, data in pictures(10) * 6)


@pytest.mark.parametrize(
    "paths",
    [
        "",
        "not JSON",
        "{}",
        "null",
        "[]",
        '["cat/1.png"]',
        '["cat/1.png", "cat/2.png", "3.png"]',
        "[" * 200_000,
    ],
    ids=["none", "words", "object", "null", "empty", "too few", "too many", "too deep"],
)
def test_a_bundle_whose_list_does_not_fit_is_refused_whole(upload: Upload, paths: str) -> None:
    assert "not complete" in problem(upload.files(pictures(2), paths=paths))
    assert not upload.folder.exists()


def test_a_body_that_is_no_form_is_refused(upload: Upload) -> None:
    form = "multipart/form-data; boundary=b"
    for kind, body in [
        ("application/json", b"[]"),
        ("text/plain", b""),
        (form, b"--b\r\nno form at all"),
        (form, b'--b\r\nContent-Disposition: form-data; name="paths"\r\n\r\n["1.png"]'),
        ("multipart/form-data", b"--b--"),
    ]:
        answer = requests.post(
            f"{upload.url}/files", data=body, headers={"content-type": kind}, timeout=20
        )
        assert "not complete" in problem(answer)
    assert not upload.folder.exists()


def test_a_bundle_of_too_many_files_is_refused_in_a_sentence(upload: Upload) -> None:
    many = [("cat/1.png", b"")] * (uploads.MAX_FILES_A_REQUEST + 1)
    assert "not complete" in problem(upload.files(many))
    assert not upload.folder.exists()


@pytest.mark.parametrize(
    "token", ["short", "x" * 65, "../../../../../etc/passwd", "a.b" * 10, "ü" * 30, "%00" * 30]
)
def test_a_token_that_is_none_of_ours_opens_nothing(
    address: str, workspace: Workspace, token: str
) -> None:
    upload = Upload(address, workspace, token)
    for answer in (
        upload.files(pictures(1)),
        upload.archive(b"part"),
        requests.delete(upload.url, timeout=20),
    ):
        if answer.status_code not in (404, 405):  # a slash in it leads to no route at all
            assert "not known here" in problem(answer)
    assert list(workspace.staging.iterdir()) == []


def test_one_upload_does_not_see_another(address: str, workspace: Workspace) -> None:
    mine, theirs = Upload(address, workspace), Upload(address, workspace)
    mine.files(pictures(3))
    theirs.files(pictures(1))
    requests.delete(theirs.url, timeout=20)
    assert len(mine.lying()) == 3


def test_an_upload_that_is_given_up_leaves_nothing_behind(
    upload: Upload, workspace: Workspace
) -> None:
    upload.files(pictures(3))
    upload.archive(b"part")
    for _ in range(2):
        assert requests.delete(upload.url, timeout=20).status_code == 204
        assert list(workspace.staging.iterdir()) == []


def test_an_archive_arrives_in_parts_and_becomes_a_dataset(
    catalog: Catalog, upload: Upload, tmp_path: Path
) -> None:
    whole = make_zip(tmp_path / "a.zip", good()).read_bytes()
    step = len(whole) // 3 + 1
    for offset in range(0, len(whole), step):
        answer = upload.archive(whole[offset : offset + step], offset)
        assert answer.json() == {"bytes": min(len(whole), offset + step)}
    assert upload.stage.archive.read_bytes() == whole
    record = intake.add_archive(catalog, upload.stage.archive, "a.zip", take=True)
    assert scan(
        catalog, record.id, refused=intake.prepare(catalog, record.id, Reporter())
    ).images == len(good())


def test_a_part_whose_answer_was_lost_can_be_sent_again(upload: Upload) -> None:
    whole = bytes(range(256)) * 40
    upload.archive(whole[:4000])
    upload.archive(whole[:4000])
    upload.archive(whole[4000:8000], 4000)
    upload.archive(whole[8000:], 8000)
    assert upload.archive(whole[4000:8000], 4000).json() == {"bytes": len(whole)}
    assert upload.stage.archive.read_bytes() == whole


def test_a_shorter_archive_that_is_chosen_instead_replaces_the_first(upload: Upload) -> None:
    upload.archive(b"a long archive")
    assert upload.archive(b"short").json() == {"bytes": 5}
    assert upload.stage.archive.read_bytes() == b"short"


def test_an_empty_archive_is_a_file_of_no_bytes(upload: Upload) -> None:
    assert upload.archive(b"").json() == {"bytes": 0}


@pytest.mark.parametrize("begun", [True, False])
@pytest.mark.parametrize("offset", [-1, 6, 10**30])
def test_a_part_that_leaves_a_hole_is_refused(upload: Upload, offset: int, begun: bool) -> None:
    if begun:
        upload.archive(b"begun")
    assert "part of this upload is missing" in problem(upload.archive(b"part", offset))
    assert upload.stage.archive.exists() == begun
    if begun:
        assert upload.stage.archive.read_bytes() == b"begun"


@pytest.mark.parametrize("offset", ["", "ten", "1.5", "9" * 5000])
def test_an_offset_that_is_no_number_is_refused(upload: Upload, offset: str) -> None:
    assert "not complete" in problem(upload.archive(b"part", offset))


def test_a_part_that_is_too_large_is_refused_before_it_is_written(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_PART_BYTES", 100_000)
    assert "too large" in problem(upload.archive(bytes(100_001)))
    assert not upload.folder.exists()
    assert upload.archive(bytes(100_000)).json() == {"bytes": 100_000}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_is_said_when_an_archive_comes(upload: Upload) -> None:
    upload.stage.archive.symlink_to("/dev/full")
    assert "disk is full" in problem(upload.archive(bytes(100_000)), 507)


def disk_full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_said_when_files_come_and_those_before_are_kept(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload.files(pictures(3))
    with monkeypatch.context() as full:
        full.setattr(shutil, "copyfileobj", disk_full)
        assert "disk is full" in problem(upload.files(pictures(2, "dog")), 507)
    assert upload.lying() == dict(pictures(3))
    assert upload.files(pictures(2, "dog")).json()["taken"] == 2
    assert len(upload.lying()) == 5


def test_a_full_temporary_folder_is_said_as_well(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MultiPartParser, "parse", disk_full)
    assert "disk is full" in problem(upload.files(pictures(2)), 507)


def test_a_defect_is_a_problem_with_an_id_and_no_details(
    upload: Upload, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("secret")

    monkeypatch.setattr(UploadStage, "append", broken)
    answer = upload.archive(b"part")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    log = catalog.workspace.logs / f"{answer.json()['error_id']}.txt"
    assert "secret" in log.read_text(encoding="utf-8")


def test_a_database_that_is_away_is_tried_again_by_the_page(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise Unreachable("The database can’t be reached.")

    monkeypatch.setattr(UploadStage, "append", away)
    answer = upload.archive(b"part")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "5")


@pytest.mark.parametrize("kind", ["files", "archive"])
def test_a_browser_that_goes_in_the_middle_leaves_nothing_and_harms_nobody(
    upload: Upload, address: str, kind: str
) -> None:
    host, port = address.split("/")[2].split(":")
    path = upload.url.split(port, 1)[1]
    head = (
        f"{'POST' if kind == 'files' else 'PUT'} {path}/{kind} HTTP/1.1\r\nHost: {host}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nsome bytes'
    )
    with socket.create_connection((host, int(port))) as browser:
        browser.sendall(head.encode())
    assert upload.files(pictures(2)).json()["taken"] == 2
    assert upload.lying() == dict(pictures(2))
    assert not upload.stage.archive.exists()


def test_an_upload_is_for_whoever_its_token_was_issued_to(
    address: str, workspace: Workspace
) -> None:
    with acting_as(Who("labeller", "Anna", "session-of-anna")):
        theirs = Upload(address, workspace)
    made_up = Upload(address, workspace, new_token())
    for upload in (theirs, made_up):
        assert "not known here" in problem(upload.files(pictures(1)))
        assert "not known here" in problem(upload.archive(b"part"))
        assert not upload.folder.exists()


def test_an_upload_has_a_quota_and_an_end(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIGHTBOX_MAX_UNPACKED_GB", "0.001")
    assert upload.archive(bytes(1_000_000)).status_code == 200
    assert "become too large" in problem(upload.archive(bytes(500_000), 1_000_000))
    monkeypatch.setattr(uploads, "KEPT_S", -1)
    assert "not known here" in problem(upload.archive(b"part"))


def test_half_a_part_is_on_the_disk_and_not_in_memory(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_PIECE", 1000)
    place = urlsplit(upload.url)
    head = (
        f"PUT {place.path}/archive?offset=0 HTTP/1.1\r\nHost: {place.netloc}\r\n"
        "Content-Length: 100000\r\n\r\n"
    )
    with socket.create_connection((str(place.hostname), int(place.port or 0)), 20) as sender:
        sender.sendall(head.encode() + bytes(50_000))
        wait_until(
            lambda: (
                (upload.folder / "archive").is_file()
                and (upload.folder / "archive").stat().st_size >= 49_000
            ),
            10,
            "what came in",
        )
