"""Everybody can use it: axe-core finds nothing on any page, in light and in dark, on three widths;
and the keyboard alone is enough."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from core.catalog import open_catalog
from core.datasets import intake
from core.delivery.take_away.links import create_link
from core.quality import by_hand
from core.quality.curation import curated, usable
from core.training.start import create_run, suggest_spec
from core.workspace import open_workspace
from tests.browser import journey
from tests.browser.conftest import DESKTOP, Server, light_app
from tests.core.evaluation.coloured import write_colour
from tests.earlier import PACKED, unpack

WAYS = [
    (width, height, theme)
    for theme in ("light", "dark")
    for width, height in ((1440, 900), (1024, 768), (390, 844))
]
# What lies within a page has the same frame: seen in both themes, on the widest and the narrowest.
FEW = [WAYS[0], WAYS[-1]]
# What comes from Streamlit itself and can't be changed from outside: rule, and what its node looks
# like.
STREAMLITS: tuple[tuple[str, str, str], ...] = (
    (
        "presentation-role-conflict",
        "stFileUploaderDropzone",
        "the place to drop files is a section without a role, and names itself all the same",
    ),
)
SECTIONS = {
    "results": (
        "What it mixes up",
        "Mistakes",
        "What it looks at",
        "Can I trust it",
        "Take away",
        "All figures",
        "Class by class",
        "Reliability",
        "Copies",
        "Map",
        "Compare",
        "Training",
    ),
    "predict": ("Batch", "Export", "API"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app with what an earlier version left: datasets, models and their tests."""
    base = tmp_path_factory.mktemp("everybody")
    unpack(PACKED[-1], base / "home")
    with light_app(base / "home", base / "app.log") as running:
        yield running


@pytest.fixture(scope="module")
def axe() -> str:
    """The script of axe-core."""
    found = pytest.importorskip("axe_playwright_python.base", reason="axe-core is not installed")
    return str(found.AXE_SCRIPT)


# Some transitions of what is hidden never end, so it is 2 s at most.
_FADED = """() => Promise.race([
    Promise.allSettled(document.getAnimations()
        .filter((each) => each instanceof CSSTransition).map((each) => each.finished)),
    new Promise((done) => setTimeout(done, 2000)),
]).then(() => true)"""

_AXE = (
    """() => axe.run(document, {resultTypes: ["violations"]}).then((found) => found.violations)"""
)


def faults(page: Any, axe: str) -> list[str]:
    """What axe-core finds that is ours, once nothing fades: colours in between count too."""
    page.evaluate(_FADED)
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(axe)
    # The rest of its report takes longer to hand over than it is worth.
    found = page.evaluate(_AXE)
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))}: {node['html'][:160]}"
        for rule in found
        for node in rule["nodes"]
        if not any(
            rule["id"] == name and re.search(looks, f"{node['target']} {node['html']}")
            for name, looks, _ in STREAMLITS
        )
    ]


def looked_at(page: Any, axe: str, what: str, ways: list[tuple[int, int, str]] = WAYS) -> list[str]:
    """The faults of a page as it stands, in these themes and on these widths."""
    found = []
    for width, height, theme in ways:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": height})
        journey.settled(page)
        found += [f"{what}, {width}, {theme}: {fault}" for fault in faults(page, axe)]
    return found


@pytest.mark.parametrize(
    "name", ["home", "data", "clean", "train", "results", "predict", "models", "people", "machines"]
)
def test_axe_finds_nothing(
    server: Server, new_page: Callable[..., Any], axe: str, name: str
) -> None:
    page = new_page(f"{server.url}/{'' if name == 'home' else name}")
    page.get_by_test_id("stPageLink-NavLink").first.wait_for()
    journey.settled(page)
    found = looked_at(page, axe, name)
    for section in SECTIONS.get(name, ()):
        page.set_viewport_size({"width": 1440, "height": 900})
        journey.section(page, section)
        found += looked_at(page, axe, f"{name}, {section}", FEW)
    assert found == []


def test_axe_finds_nothing_in_the_studio_whatever_is_going_on(
    tmp_path: Path, class_folders: Callable[..., Path], new_page: Callable[..., Any], axe: str
) -> None:
    """Each state in three of the six ways, so that all six are seen twice."""
    home = tmp_path / "home"
    unpack(PACKED[-1], home)
    catalog = open_catalog(open_workspace(home))
    run = catalog.runs.find("own")
    # Nobody does what is held, so it is being read for as long as it is looked at.
    reading = intake.add_folder(catalog, class_folders({"cat": 3, "dog": 3}), restrict=False)
    held = catalog.jobs.hold("import", {"dataset_id": reading.id}, lane="light")
    catalog.datasets.set(reading.id, job_id=held.id)
    empty = by_hand.start(catalog)
    photo = write_colour(tmp_path / "new.png", "green", 700)
    found: list[str] = []

    def look(page: Any, what: str) -> None:
        found.extend(looked_at(page, axe, what, WAYS[len(seen) % 2 :: 2]))
        page.set_viewport_size(DESKTOP)
        journey.settled(page)
        seen.append(what)

    seen: list[str] = []
    with light_app(home, tmp_path / "app.log") as server:
        page = new_page(f"{server.url}/?dataset={empty.id}")
        expect(page.get_by_role("button", name="Webcam: record Class 1")).to_be_visible()
        look(page, "empty")

        page.goto(f"{server.url}/?dataset={reading.id}")
        expect(page.get_by_role("progressbar", name="How far it is")).to_be_visible()
        look(page, "reading")

        page.goto(f"{server.url}/?dataset={run.dataset_id}")
        expect(page.locator(".st-key-studio-outcome")).to_be_visible()
        look(page, "with a result")

        page.locator("input[type=file][accept^='image/*']").last.set_input_files(photo)
        wrong = page.locator("details.wrong summary")
        expect(wrong).to_be_visible()
        journey.settled(page)
        wrong.click()
        page.get_by_role("button", name="None of these").click()
        expect(page.get_by_label("Name of a new class")).to_be_visible()
        look(page, "wrong")

        page.get_by_role("button", name=re.compile("^See all")).first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        look(page, "photos of a class")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)

        again = create_run(catalog, suggest_spec(catalog, run.dataset_id, "scratch"))
        table = usable(curated(catalog, run.dataset_id)).iloc[:2]
        samples = [
            {"path": path, "label": label, "answer": table["label"].iloc[0], "trying": label}
            for path, label in zip(table["path"], table["label"], strict=True)
        ]
        told = {"samples": samples, "right": 1, "of": 2, "history": [[1.0, 0.5, "10"]]}
        catalog.jobs.replace_event(again.job_id, "snapshot", told)
        page.reload()
        wall = page.get_by_role("list", name="Pictures that this training")
        expect(wall.get_by_role("listitem").first).to_be_visible()
        look(page, "training")
    assert found == []


@pytest.mark.parametrize("kind", ["demo", "results"])
def test_axe_finds_nothing_where_guests_come(
    server: Server, new_page: Callable[..., Any], axe: str, kind: Any
) -> None:
    catalog = open_catalog(open_workspace(server.home))
    link = create_link(catalog, catalog.runs.find("own").id, kind)
    page = new_page(server.url + link.address, guest=True)
    page.get_by_role("heading").first.wait_for()
    journey.settled(page)
    assert looked_at(page, axe, kind, FEW) == []


# Whatever has the focus, also inside a component's shadow: what it is and what it is called.
_FOCUSED = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  const named = at?.getAttribute?.("aria-label") || at?.innerText
    || [...(at?.labels ?? [])].map((label) => label.innerText).join(" ") || "";
  return [at?.getAttribute?.("role") || at?.type || at?.tagName?.toLowerCase() || "", named.trim(),
          at ? getComputedStyle(at).outlineStyle : "none"];
}"""


def tab_to(page: Any, what: str, most: int = 120) -> str:
    """Press Tab until what has this name has the focus; the style of the frame around it then."""
    seen = []
    for _ in range(most):
        page.keyboard.press("Tab")
        role, name, outline = page.evaluate(_FOCUSED)
        seen.append(f"{role} {name[:40]!r}")
        # The page as a whole, which can be scrolled, holds all names.
        if role not in ("main", "body") and re.search(what, name):
            return str(outline)
    raise AssertionError(f"Tab never comes to {what!r}: {seen}")


def test_the_keyboard_alone_is_enough(server: Server, new_page: Callable[..., Any]) -> None:
    catalog = open_catalog(open_workspace(server.home))
    run = catalog.runs.find("own")
    page = new_page(f"{server.url}/data?run={run.id}")
    page.get_by_role("heading", name="Images in each class").wait_for()
    # The steps at the top are bones until their code has come.
    page.get_by_role("link", name="Clean").first.wait_for()
    journey.settled(page)
    assert tab_to(page, "Clean$") == "solid", "one sees where one is"
    page.keyboard.press("Enter")
    page.wait_for_url("**/clean*")
    journey.settled(page)
    tab_to(page, "Train$")
    page.keyboard.press("Enter")
    page.wait_for_url("**/train*")
    journey.settled(page)
    tab_to(page, "Start training")
    tab_to(page, "Other ways")
    page.keyboard.press("Enter")
    page.get_by_role("radio", name=re.compile("^Quick")).wait_for()

    page.goto(f"{server.url}/results?run={run.id}")
    page.get_by_role("radio", name="Verdict", exact=True).wait_for()
    journey.settled(page)
    tab_to(page, "Verdict$")
    # Within a row of choices the arrows lead on.
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert page.evaluate(_FOCUSED)[1] == "Mistakes"
    page.keyboard.press("Space")
    page.get_by_role("heading", name="Test images and answers").wait_for()
    journey.settled(page)
    tab_to(page, "answers$")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")

    assert "section=Mistakes" in page.url, "what is looked at stands in the address"
    tab_to(page, "Try it on new images")
    page.keyboard.press("Enter")
    page.wait_for_url("**/predict*")
    journey.settled(page)
    tab_to(page, "Test images to try")
    page.keyboard.press("Enter")
    page.get_by_text(re.compile("image answered")).wait_for()
    page.go_back()
    page.wait_for_url("**/results*")
    page.get_by_role("radio", name="Mistakes", exact=True).wait_for()


def test_the_start_of_a_training_stays_in_view(
    server: Server, new_page: Callable[..., Any]
) -> None:
    """On a phone, below all that an expert may set."""
    page = new_page(f"{server.url}/train", phone=True)
    start = page.get_by_role("button", name="Start training")
    start.wait_for()
    journey.settled(page)
    page.get_by_text("Expert", exact=True).click()
    page.get_by_text("All settings as text").scroll_into_view_if_needed()
    journey.settled(page)
    expect(start).to_be_in_viewport()


def test_more_of_a_model_is_right_below_its_card(
    server: Server, new_page: Callable[..., Any]
) -> None:
    """On a phone, where the cards of a row lie below one another."""
    page = new_page(f"{server.url}/models", phone=True)
    more = page.get_by_role("button", name="More", exact=True)
    more.first.wait_for()
    journey.settled(page)
    assert more.count() > 1
    more.first.click()
    page.get_by_label("Notes").wait_for()
    journey.settled(page)
    first, second = (more.nth(at).bounding_box()["y"] for at in range(2))
    assert first < page.get_by_label("Notes").bounding_box()["y"] < second
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
