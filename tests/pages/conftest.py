"""The app as a browser sees it, on small data that core's own functions made."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from filelock import FileLock
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner import script_runner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest, app_test
from streamlit.util import calc_hash

from core.catalog import Catalog, DatasetRecord, open_catalog
from core.datasets import intake
from core.jobs.supervisor import stop_all
from core.progress import Reporter
from core.quality.scan import scan
from core.workspace import Workspace, open_workspace
from tests.conftest import ROOT
from tests.core.evaluation.coloured import CLASSES, write_colour
from tests.earlier import ask
from tests.sharing import copied, made_once

Open = Callable[..., AppTest]
# A "<" that Markdown has not been told to take as a mere character.
RAW = re.compile(r"(?<!\\)<")
SPECIALISTS = "For specialists"


@pytest.fixture(autouse=True, scope="session")
def _as_in_a_server() -> Iterator[None]:
    """A server looks through what is installed for components once, and compiles a page's script
    once; here both would be done each time that an app is opened or runs."""
    scripts = ScriptCache()
    with pytest.MonkeyPatch.context() as patch:
        scan_all = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan_all)
        patch.setattr(app_test, "ScriptCache", lambda: scripts)
        # A server has no Keras either, which an earlier test may have left here, and all of whose
        # garbage would be collected after each run.
        patch.setattr(script_runner, "_clean_problem_modules", lambda: None)
        yield


@pytest.fixture(autouse=True)
def _no_workers(workspace: Workspace) -> Iterator[None]:
    """Pages think that another process keeps the workers, so that none is started here."""
    with FileLock(workspace.home / ".workers.lock"):
        yield
        stop_all()
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def open_page() -> Open:
    """Open a page in a new browser: ``open_page("clean", dataset=record.id)``."""

    def open_it(key: str = "home", **query: str) -> AppTest:
        at = AppTest.from_file(ROOT / "pages" / "front.py", default_timeout=120)
        at.query_params.update(query)
        # By its address, as a browser does: `switch_page` needs a page that was drawn before.
        at._page_hash = calc_hash(key) if key != "home" else ""
        at.run()
        # The browser stays where it is led from now on.
        at._page_hash = ""
        assert_no_defect(at)
        return at

    return open_it


def assert_no_defect(at: AppTest) -> None:
    """Nothing was raised, neither in Streamlit's words nor in ours."""
    assert not at.exception
    assert not [box.value for box in at.error if "inside Lightbox" in box.value]


def click(at: AppTest, label: str) -> AppTest:
    """Click the button with this label, as it is read on the page."""
    found = [button for button in at.button if button.label == label]
    assert found, f"no button “{label}” among {[button.label for button in at.button]}"
    found[0].click().run()
    assert_no_defect(at)
    return at


def words(at: AppTest) -> str:
    """All that can be read on the page, without the backslashes that keep Markdown harmless and
    the spaces that keep units beside their numbers."""
    kinds = (
        at.title,
        at.header,
        at.subheader,
        at.markdown,
        at.caption,
        at.error,
        at.warning,
        at.info,
    )
    text = [str(each.value) for kind in kinds for each in kind]
    text += [str(each.value) for each in at.success]
    text += [f"{each.label}: {each.value}" for each in at.metric]
    return "\n".join(text).replace("\\", "").replace("\u00a0", " ")


def _row(at: AppTest, label: str) -> Any:
    return next((each for each in at.segmented_control if each.label == label), None)


def _options(at: AppTest, label: str) -> list[str]:
    row = _row(at, label)
    return list(row.options) if row is not None else []


def sections(at: AppTest) -> Iterator[str]:
    """Turn to each section of a page in turn, which has no defect: those for specialists last."""
    for label in ("Section", SPECIALISTS):
        for name in _options(at, label):
            if name == SPECIALISTS:
                _row(at, label).select(name).run()
            else:
                show(at, name)
                yield name


def named_sections(at: AppTest) -> list[str]:
    """What the sections of a page are called."""
    names = _options(at, "Section")
    if SPECIALISTS in names:
        names.remove(SPECIALISTS)
        _row(at, "Section").select(SPECIALISTS).run()
    return [*names, *_options(at, SPECIALISTS)]


def has_sections(at: AppTest) -> bool:
    """Whether the page is one of sections."""
    return _row(at, "Section") is not None


def turn_to(at: AppTest, section: str) -> AppTest:
    """Turn to a section of the page, by its name; one that is shown is not drawn again."""
    label = "Section" if section in _options(at, "Section") else SPECIALISTS
    if _row(at, label) is None:
        _row(at, "Section").select(SPECIALISTS).run()
    if _row(at, label).formatted_values != [section]:
        _row(at, label).select(section).run()
    return at


def show(at: AppTest, section: str) -> AppTest:
    """Turn to a section, which has no defect."""
    turn_to(at, section)
    assert_no_defect(at)
    return at


def title(at: AppTest) -> str:
    """The title of the page that is shown, or ""."""
    return str(at.title[0].value) if at.title else ""


@pytest.fixture
def bring_in(catalog: Catalog) -> Callable[..., DatasetRecord]:
    """Import a folder, as the job does: ``bring_in(folder, "Photos")``."""

    def make(folder: Path, name: str | None = None) -> DatasetRecord:
        record = intake.add_folder(catalog, folder, name, restrict=True)
        scan(catalog, record.id, refused=intake.prepare(catalog, record.id, Reporter()))
        return catalog.datasets.get(record.id)

    return make


@pytest.fixture(scope="session")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a dataset of three colours, and one run of two epochs on it."""
    return made_once(tmp_path_factory, "trained-on-pages", _train) / "home"


def _train(base: Path) -> None:
    for colour in CLASSES:
        for number in range(12):
            write_colour(base / "colours" / colour / f"{number:02d}.png", colour, number)
    archive = shutil.make_archive(str(base / "colours"), "zip", base / "colours")
    catalog = open_catalog(open_workspace(base / "home"))
    record = intake.add_archive(catalog, Path(archive), "colours.zip", "Colours")
    scan(catalog, record.id, refused=intake.prepare(catalog, record.id, Reporter()))
    catalog.engine.dispose()
    settings = ["--set", "epochs=2", "--set", "image_size=16", "--set", "augmentation=none"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIGHTBOX_HOME", str(base / "home"))
        ask("train", "Colours", "--recipe", "scratch", *settings)


@dataclass(frozen=True)
class Trained:
    """A copy of that workspace, for one test."""

    catalog: Catalog
    dataset_id: str
    run_id: str


@pytest.fixture
def trained(trained_home: Path, workspace: Workspace) -> Trained:
    catalog = copied(trained_home, workspace)
    (run,) = catalog.runs.all()
    return Trained(catalog, run.dataset_id, run.id)


@dataclass(frozen=True)
class Gallery:
    """A page of pictures on a page, as it was given to the browser."""

    at: AppTest
    key: str
    tiles: list[dict[str, object]]

    @property
    def ids(self) -> list[object]:
        return [tile["id"] for tile in self.tiles]

    def select(self, *ids: str) -> None:
        """What the browser does when these are clicked."""
        self.at.session_state[self.key] = {"selected": list(ids)}
        self.at.run()
        assert_no_defect(self.at)

    def open(self, id: str) -> None:
        """What the browser does when one that opens is clicked."""
        self.at.session_state[self.key] = {"opened": {"id": id, "at": 1}}
        self.at.run()
        assert_no_defect(self.at)


def answers(at: AppTest) -> list[str]:
    """The headlines of the answers that are shown, in their order."""
    drawn = [each for each in at.get("bidi_component") if (each.key or "").startswith("said-")]
    return [str(json.loads(each.proto.json)["headline"]) for each in drawn]


def component(at: AppTest, start: str) -> dict[str, Any]:
    """What the component is given whose key starts like this; empty if it is not there."""
    found = [each for each in at.get("bidi_component") if (each.key or "").startswith(start)]
    return dict(json.loads(found[0].proto.json), key=found[0].key) if found else {}


def gallery(at: AppTest, key: str) -> Gallery:
    """The gallery whose key starts like this."""
    (found,) = [each for each in at.get("bidi_component") if (each.key or "").startswith(key)]
    return Gallery(at, found.key or "", json.loads(found.proto.json)["tiles"])
