"""Archives that were packed to do harm end in a sentence, in a helper, within limits."""

from __future__ import annotations

import gzip
import os
import sys
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from core.catalog.engines import is_on_server
from core.contained import Limits, contained
from core.datasets.archives import Most, inspect, inspect_here, unpack
from core.datasets.images import open_image
from core.datasets.known_formats import read_gzip
from core.errors import Cancelled, InvalidInput, UnreadableImage
from core.inference.given import open_given
from core.progress import Reporter
from core.text import quoted
from core.workspace import open_workspace, read_json
from tests.core.datasets.packing import image_bytes
from tests.faults.hostile_archives import ARCHIVES, BOMBS, MB

LIMIT = 8 * MB


def _made(tmp_path: Path, cases: dict, name: str) -> Path:  # type: ignore[type-arg]
    suffix, make = cases[name]
    path = tmp_path / f"a{suffix}"
    make(path)
    return path


@pytest.mark.parametrize("name", ARCHIVES)
def test_no_image_comes_out_and_a_sentence_says_why(tmp_path: Path, name: str) -> None:
    path = _made(tmp_path, ARCHIVES, name)
    (tmp_path / "out").mkdir()
    with suppress(InvalidInput):
        inspect(path, most=Most(LIMIT, 100))
        result = unpack(path, tmp_path / "out", most=Most(LIMIT, 100))
        assert result.kept == 0
        assert result.skipped
    assert [each for each in (tmp_path / "out").rglob("*") if each.is_file()] == []
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("name", BOMBS)
def test_what_is_larger_than_it_says_is_stopped(tmp_path: Path, name: str) -> None:
    path = _made(tmp_path, BOMBS, name)
    (tmp_path / "out").mkdir()
    with pytest.raises(InvalidInput, match=r"unpacks to more than|takes more memory|took too long"):
        inspect(path, most=Most(LIMIT, 100))
        unpack(path, tmp_path / "out", most=Most(LIMIT, 100))
    lying = sum(each.stat().st_size for each in (tmp_path / "out").rglob("*"))
    assert lying <= LIMIT + MB


@pytest.mark.parametrize("name", [*ARCHIVES, *BOMBS])
def test_tried_on_a_page_it_is_left_out_with_a_reason(tmp_path: Path, name: str) -> None:
    path = _made(tmp_path, {**ARCHIVES, **BOMBS}, name)
    given = open_given([("a.zip", path.read_bytes())])
    # Zeros are no image, which is seen when they are decoded.
    assert given.refused or name.startswith(("zip-", "names-that"))


SENTENCE = InvalidInput("It is too much.")
DAMAGED = InvalidInput("It is damaged.", file="a.tar.gz", remedy="Pack it again.")


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are the system's")
def test_a_helper_that_wants_too_much_memory_ends_and_the_next_one_works(tmp_path: Path) -> None:
    bomb = tmp_path / "images.gz"
    bomb.write_bytes(gzip.compress(bytes(200 * MB), 1))
    small = Limits(processor_s=20, memory_mb=120)
    with pytest.raises(InvalidInput, match="too much"):
        contained(read_gzip, bomb, limits=small, otherwise=SENTENCE)
    with zipfile.ZipFile(tmp_path / "words.zip", "w") as words:
        words.writestr("a.txt", "hello")
    with pytest.raises(InvalidInput, match="There are no images"):
        inspect(tmp_path / "words.zip", most=Most(LIMIT, 9))


def test_sentences_of_all_kinds_come_back_as_they_were_raised(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage) as raised:
        contained(open_image, b"", file="a.png", limits=Limits(), otherwise=SENTENCE)
    assert (raised.value.kind, raised.value.file) == ("empty", "a.png")


def test_what_comes_back_is_plain_values_only(tmp_path: Path) -> None:
    assert contained(open_workspace, limits=Limits(), otherwise=SENTENCE).home.is_dir()
    # Its answer holds an image of Pillow's, which is no plain value.
    png = image_bytes(1, "PNG")
    with pytest.raises(InvalidInput, match="too much"):
        contained(open_image, png, limits=Limits(), otherwise=SENTENCE)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes")
def test_a_helper_that_says_nothing_is_ended(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput, match="took too long"):
        contained(read_json, tmp_path / "pipe", limits=Limits(still_s=0.5), otherwise=SENTENCE)


@pytest.mark.skipif(sys.platform == "win32", reason="the processor's time isn't limited there")
def test_a_file_that_takes_too_long_is_not_called_damaged(tmp_path: Path) -> None:
    endless = tarfile.TarInfo("a.bin")
    endless.size = 1024 * 16 * MB
    zeros = gzip.compress(bytes(16 * MB), 1)
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(endless.tobuf()) + zeros * 1024)
    with pytest.raises(InvalidInput, match="took too long") as raised:
        contained(
            inspect_here,
            tmp_path / "a.tar.gz",
            None,
            Most(endless.size, 9),
            limits=Limits(processor_s=1),
            otherwise=DAMAGED,
        )
    assert (raised.value.file, "damaged" in str(raised.value)) == ("a.tar.gz", False)
    assert str(raised.value).endswith(DAMAGED.remedy)


class _WhatIsAllowed:
    """In a helper it is how large a file may be that is written while it is made."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        import resource

        return resource.getrlimit, (resource.RLIMIT_FSIZE,)


@pytest.mark.skipif(sys.platform == "win32", reason="limits are the system's, which has none")
def test_limits_hold_before_what_is_asked_is_read() -> None:
    for megabytes in (7, 9):
        allowed = contained(
            quoted, _WhatIsAllowed(), limits=Limits(file_mb=megabytes), otherwise=SENTENCE
        )
        assert str(megabytes * MB) in allowed


def test_a_person_can_stop_a_helper(tmp_path: Path) -> None:
    class Stopped(Reporter):
        def cancelled(self) -> bool:
            return True

    with pytest.raises(Cancelled):
        contained(read_json, tmp_path / "a", limits=Limits(), otherwise=SENTENCE, report=Stopped())


def test_only_functions_of_ours_are_called() -> None:
    with pytest.raises(InvalidInput, match="too much"):
        contained(os.getpid, limits=Limits(), otherwise=SENTENCE)


def test_helpers_are_told_no_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIGHTBOX_DATABASE", "postgresql://anna:secret@db.example/lightbox")
    assert is_on_server()
    assert not contained(is_on_server, limits=Limits(), otherwise=SENTENCE)
