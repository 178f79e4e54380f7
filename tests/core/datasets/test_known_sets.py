"""Known sets come whole and right or not at all, from Keras's cache or from the network.

The files are small ones in the original formats, and the network is a server on this computer.
"""

from __future__ import annotations

import errno
import pickle
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.catalog import Catalog
from core.datasets import downloads, intake, known_sets
from core.datasets.known_sets import KNOWN, write_known
from core.datasets.layout import read_layout
from core.errors import Cancelled, DataMissing, InvalidInput, NoSpace, NotAllowed
from core.jobs import kinds
from core.jobs.execute import execute
from core.progress import Reporter
from tests.core.datasets import published
from tests.core.datasets.published import ROSES, TEST, TRAIN, Server, publish, reply, serving
from tests.recording import RecordingReporter

WHOLE = published.mnist()["mnist.npz"]
CONTENTS = {
    "mnist": published.mnist,
    "fashion_mnist": published.fashion,
    "cifar10": published.cifar,
}
# Those of arrays, which become files here; the others are archives of class folders.
ARRAYS = list(CONTENTS)
CONTENTS["flowers"] = published.flowers


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Keras cache, and a network whose only way out is closed."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    return tmp_path / "keras/datasets"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as one:
        yield one


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "data" / "originals"


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def nothing_is_left(cache: Path, target: Path) -> bool:
    places = [path for root in (cache, target.parent) for path in root.rglob("*")]
    return not [path for path in places if path.is_file()] and not target.exists()


@pytest.mark.parametrize("key", ARRAYS)
def test_every_set_becomes_class_folders_with_its_own_test_set(
    key: str, server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = publish(server, monkeypatch, key, CONTENTS[key]())
    assert not known.is_downloaded
    assert write_known(key, target) == TRAIN + TEST
    assert known.is_downloaded
    files = read_layout(target).files
    assert Counter(file.split for file in files) == {"train": TRAIN, "test": TEST}
    assert {file.label for file in files} == set(known.classes)
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_an_archive_of_class_folders_is_unpacked(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(server, monkeypatch, "flowers", published.flowers())
    assert write_known("flowers", target) == 2 * len(ROSES)
    layout = read_layout(target)
    assert Counter(file.label for file in layout.files) == dict.fromkeys(ROSES, 2)
    assert layout.doubt == ""


@pytest.mark.parametrize(("key", "second"), [("mnist", "1"), ("fashion_mnist", "Trouser")])
def test_grey_pictures_are_those_of_the_original_in_its_order(
    key: str, second: str, server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(server, monkeypatch, key, CONTENTS[key]())
    write_known(key, target)
    np.testing.assert_array_equal(
        pixels(target / "train" / second / "00042.png"), published.grey(TRAIN, 0)[41]
    )
    np.testing.assert_array_equal(
        pixels(target / "test" / second / "00002.png"), published.grey(TEST, 1)[1]
    )


def test_colour_pictures_are_those_of_the_original_in_its_order(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(server, monkeypatch, "cifar10", published.cifar())
    write_known("cifar10", target)
    for path, batch, row in (
        ("train/airplane/00001.png", 1, 0),
        ("train/truck/00050.png", 5, 9),
        ("train/bird/00023.png", 3, 2),
    ):
        planes = published.cifar_rows(batch)[row].reshape(3, 32, 32)
        np.testing.assert_array_equal(pixels(target / path), np.moveaxis(planes, 0, 2))
    planes = published.cifar_rows(9, TEST)[11].reshape(3, 32, 32)
    np.testing.assert_array_equal(
        pixels(target / "test/automobile/00012.png"), np.moveaxis(planes, 0, 2)
    )


def test_a_pickle_that_wants_to_run_something_is_refused(
    server: Server, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Runs:
        def __reduce__(self) -> tuple[Callable[..., None], tuple[Path]]:
            return Path.mkdir, (tmp_path / "was run",)

    publish(server, monkeypatch, "cifar10", published.cifar(pickle.dumps(Runs(), 2)))
    with pytest.raises(pickle.UnpicklingError):
        write_known("cifar10", target)
    assert not (tmp_path / "was run").exists()
    assert not list(target.parent.iterdir())


def test_progress_tells_of_the_download_and_of_writing(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = publish(server, monkeypatch, "fashion_mnist", published.fashion())
    report = RecordingReporter()
    write_known("fashion_mnist", target, report)
    for phase, total in (("download", known.download_bytes), ("write", TRAIN + TEST)):
        steps = [step for step in report.steps if step[0] == phase]
        assert [step[1] for step in steps] == sorted(step[1] for step in steps)
        assert steps[-1][1:3] == (total, total)
    assert {step[3] for step in report.steps} == {
        "Downloading Fashion-MNIST",
        "Writing Fashion-MNIST",
    }


@pytest.mark.parametrize("key", ARRAYS)
def test_what_keras_has_downloaded_is_used_without_asking_the_network(
    key: str, server: Server, cache: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = publish(server, monkeypatch, key, CONTENTS[key]())
    places = {"mnist": "", "fashion_mnist": "fashion-mnist", "cifar10": ""}
    names = {"cifar-10-python.tar.gz": "cifar-10-batches-py-target_archive"}
    for name, content in CONTENTS[key]().items():
        place = cache / places[key] / names.get(name, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    assert known.is_downloaded
    assert write_known(key, target) == TRAIN + TEST
    assert server.asked == []


def test_only_what_is_missing_is_downloaded(
    server: Server, cache: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(server, monkeypatch, "fashion_mnist", published.fashion())
    write_known("fashion_mnist", target)
    (cache / "fashion-mnist/t10k-labels-idx1-ubyte.gz").unlink()
    (cache / "fashion-mnist/t10k-images-idx3-ubyte.gz").write_bytes(b"cut off by somebody else")
    server.asked.clear()
    write_known("fashion_mnist", target.with_name("again"))
    assert server.asked == ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]


@pytest.mark.parametrize("key", KNOWN)
def test_without_network_the_sentence_names_the_file_and_where_to_put_it(
    key: str, cache: Path, target: Path
) -> None:
    with pytest.raises(DataMissing) as caught:
        write_known(key, target)
    file = KNOWN[key].files[0]
    assert KNOWN[key].title in str(caught.value)
    assert file.url in str(caught.value)
    assert str((cache / file.names[0]).parent) in str(caught.value)
    assert nothing_is_left(cache, target)


def test_following_the_sentence_solves_it(
    server: Server, cache: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(server, monkeypatch, "cifar10", published.cifar())
    server.answers.clear()
    with pytest.raises(DataMissing, match="put it into"):
        write_known("cifar10", target)
    ((name, content),) = published.cifar().items()
    cache.mkdir(parents=True, exist_ok=True)
    (cache / name).write_bytes(content)
    assert write_known("cifar10", target) == TRAIN + TEST


@pytest.mark.parametrize(
    "answer",
    [
        reply(WHOLE[:9000], promised=len(WHOLE)),
        reply(WHOLE[:-1] + b"!"),
        reply(b"", status="404 Not Found"),
        reply(b"<html>Please log in to this network"),
        b"",
        b"hello\r\n\r\n",
    ],
    ids=["cut off", "wrong digest", "not there", "another page", "hung up", "not HTTP"],
)
def test_a_download_that_fails_leaves_nothing_behind(
    answer: bytes,
    server: Server,
    cache: Path,
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(server, monkeypatch, "mnist", published.mnist())
    server.answers["mnist.npz"] = answer
    with pytest.raises(DataMissing, match="could not be downloaded"):
        write_known("mnist", target)
    assert server.asked == ["mnist.npz"]
    assert nothing_is_left(cache, target)


def test_a_refused_connection_is_a_sentence(
    server: Server, cache: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(server, monkeypatch, "mnist", published.mnist())
    server.close()
    with pytest.raises(DataMissing):
        write_known("mnist", target)
    assert nothing_is_left(cache, target)


class StopsAt(RecordingReporter):
    """Somebody cancels once a phase has come this far."""

    def __init__(self, phase: str, done: int) -> None:
        super().__init__()
        self._phase, self._done = phase, done

    def cancelled(self) -> bool:
        return any(step[0] == self._phase and step[1] >= self._done for step in self.steps)


def test_a_download_can_be_stopped(
    server: Server, cache: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "_CHUNK", 4096)
    publish(server, monkeypatch, "mnist", published.mnist())
    with pytest.raises(Cancelled):
        write_known("mnist", target, StopsAt("download", 20_000))
    assert nothing_is_left(cache, target)


def test_writing_can_be_stopped_and_leaves_nothing(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_sets, "_BATCH", 10)
    publish(server, monkeypatch, "mnist", published.mnist())
    with pytest.raises(Cancelled):
        write_known("mnist", target, StopsAt("write", 30))
    assert not target.exists()
    assert list(target.parent.iterdir()) == []
    assert write_known("mnist", target) == TRAIN + TEST


def test_what_a_killed_job_left_is_swept(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(server, monkeypatch, "mnist", published.mnist())
    left = target.with_name(".originals.part") / "train" / "0"
    left.mkdir(parents=True)
    (left / "99999.png").write_bytes(b"half")
    write_known("mnist", target)
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    assert not (target / "train/0/99999.png").exists()


def test_a_set_that_does_not_fit_is_refused_before_anything_is_downloaded(
    server: Server, cache: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(server, monkeypatch, "mnist", published.mnist())
    monkeypatch.setattr(known_sets, "_BYTES_A_FILE", 10**15)
    with pytest.raises(NoSpace, match="MNIST"):
        write_known("mnist", target)
    assert server.asked == []
    assert nothing_is_left(cache, target)


def test_a_cache_that_may_not_be_written_is_named(
    server: Server, cache: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Path.mkdir

    def refuse(path: Path, *rest: object, **more: object) -> None:
        if path.is_relative_to(cache):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        make(path, *rest, **more)  # type: ignore[arg-type]

    publish(server, monkeypatch, "mnist", published.mnist())
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(NotAllowed, match="KERAS_HOME") as caught:
        write_known("mnist", target)
    assert str(cache) in str(caught.value)
    assert nothing_is_left(cache, target)


def test_an_unknown_key_names_those_that_there_are(catalog: Catalog, target: Path) -> None:
    for add in (lambda: write_known("imagenet", target), lambda: intake.add_known(catalog, "x")):
        with pytest.raises(InvalidInput, match="mnist, fashion_mnist, cifar10"):
            add()
    assert catalog.datasets.all() == []


def test_the_registry_says_what_comes_of_it() -> None:
    for key, known in KNOWN.items():
        assert known.key == key
        assert len(set(known.classes)) == len(known.classes) == (5 if key == "flowers" else 10)
        assert known.licence
        assert not any("/" in name for name in known.classes)
        assert 10**7 < known.download_bytes < 3 * 10**8


def test_a_known_set_is_added_once_and_imported_by_the_job(
    server: Server, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(server, monkeypatch, "fashion_mnist", published.fashion())
    publish(server, monkeypatch, "mnist", published.mnist())
    record = intake.add_known(catalog, "fashion_mnist")
    assert (record.name, record.origin, record.state) == ("Fashion-MNIST", "known", "importing")
    assert intake.add_known(catalog, "fashion_mnist").id == record.id
    assert intake.add_known(catalog, "mnist").id != record.id
    kinds.submit_import(catalog, record.id)
    job = catalog.jobs.claim("light", pid=1, host="here")
    assert job is not None
    execute(catalog, job)
    ready = intake.add_known(catalog, "fashion_mnist")
    assert (ready.id, ready.state) == (record.id, "ready")
    assert (ready.images, ready.classes) == (TRAIN + TEST, 10)
    server.asked.clear()
    assert intake.prepare(catalog, record.id, Reporter()) == []
    assert server.asked == []


def test_an_import_without_network_fails_with_the_sentence_and_can_be_tried_again(
    server: Server, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(server, monkeypatch, "mnist", published.mnist())
    answers = dict(server.answers)
    server.answers.clear()
    record = intake.add_known(catalog, "mnist")
    for state in ("failed", "ready"):
        kinds.submit_import(catalog, record.id)
        job = catalog.jobs.claim("light", pid=1, host="here")
        assert job is not None
        execute(catalog, job)
        now = catalog.datasets.get(record.id)
        assert now.state == state
        assert ("put it into" in now.problem) == (state == "failed")
        server.answers.update(answers)
