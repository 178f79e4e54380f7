"""What a person does on the pages, in words that the journeys share."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import expect, sync_playwright

from core.training.recipes import RECIPES
from tests.browser import chromium
from tests.browser.conftest import DESKTOP, sign_in
from tests.browser.heard import answered, follow

TRAINING_MS = 240_000
STILL_S = 60
_STANDS = (
    "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
    " && !document.querySelector('[data-stale=true]')"
)

# The words on the first screen, in components' own trees too. Names of classes and bare numbers are
# no words of ours; icons are words of a font. What has no box itself may hold some that have.
WORDS = """() => {
  const unread = 'style, script, input, [hidden], [role=img], [data-testid=stIconMaterial]';
  const hidden = (node) =>
    !node.checkVisibility() && getComputedStyle(node).display !== 'contents';
  const below = (text) => {
    const range = document.createRange();
    range.selectNodeContents(text);
    return range.getBoundingClientRect().top >= innerHeight;
  };
  const names = new Set();
  const read = (node) => {
    if (node.matches?.('input.name')) names.add(node.value);
    if (node.nodeType === Node.TEXT_NODE) return below(node) ? '' : node.textContent;
    if (node.nodeType !== Node.ELEMENT_NODE || node.matches(unread) || hidden(node)) return '';
    return [...(node.shadowRoot ?? node).childNodes].map(read).join(' ');
  };
  const app = document.querySelector('[data-testid=stMain]');
  const ours = (word) => /\\p{L}/u.test(word) && !names.has(word.replace(/[^\\p{L}\\p{N}]/gu, ''));
  return read(app).split(/\\s+/).filter(ours).length;
}"""


@contextmanager
def visiting(url: str) -> Iterator[Any]:
    """A page of a browser of its own that is let in to the app at an address, for benchmarks."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=list(chromium.ARGUMENTS)
        )
        page = browser.new_page(viewport={"width": DESKTOP["width"], "height": DESKTOP["height"]})
        follow(page)
        page.set_default_timeout(120_000)
        sign_in(page.context, url)
        yield page
        browser.close()


def step(page: Any, name: str) -> None:
    """Click a step of the line at the top, and wait until its page stands."""
    links = page.get_by_test_id("stPageLink-NavLink").filter(has_text=name, visible=True)
    links.first.click()
    page.wait_for_url(f"**/{name.lower()}*")
    settled(page)


def settled(page: Any) -> None:
    """Wait until the page's script has run to its end, and what was last asked for is there."""
    end = time.monotonic() + STILL_S
    page.wait_for_function(_STANDS)
    while not answered(page):
        assert time.monotonic() < end, f"the page was not drawn to its end within {STILL_S} s"
        page.wait_for_timeout(20)
        page.wait_for_function(_STANDS)


def section(page: Any, name: str) -> None:
    """On a page of sections: turn to one, which may be one for specialists."""
    settled(page)
    chosen = page.get_by_role("radio", name=name, exact=True)
    if not chosen.count():
        page.get_by_role("radio", name="For specialists", exact=True).click()
        settled(page)
    chosen.click()
    expect(chosen).to_be_checked()
    settled(page)


def upload_folder(page: Any, folder: Path, images: str) -> None:
    """From the Data page: upload a folder of class folders and import it."""
    page.get_by_role("button", name="Choose a folder").wait_for()
    settled(page)
    page.locator("input[type=file]").set_input_files(folder)
    button = page.get_by_role("button", name=f"Import {images}")
    button.wait_for(timeout=60_000)
    settled(page)
    button.click()
    page.get_by_role("heading", name="Images in each class").wait_for(timeout=60_000)
    settled(page)


def choose_recipe(page: Any, recipe: str) -> None:
    """On the Train page: choose a recipe."""
    settled(page)
    radio = page.get_by_role("radio", name=re.compile(f"^{RECIPES[recipe].title}"))
    if not radio.is_visible():
        page.get_by_text("Other ways", exact=True).click()
        radio.wait_for()
        settled(page)
    # The circle itself is drawn by its label.
    page.get_by_role("radiogroup", name="Recipe").locator("label").filter(has=radio).click()
    expect(radio).to_be_checked()
    settled(page)


def expert(page: Any, part: str) -> None:
    """On the Train page: open a part of the settings under Expert."""
    settled(page)
    toggle = page.get_by_role("switch", name="Expert")
    if not toggle.is_checked():
        page.get_by_text("Expert", exact=True).click()
    chosen = page.get_by_role("radio", name=re.compile(part))
    chosen.wait_for()
    settled(page)
    chosen.click()
    expect(chosen).to_be_checked()
    settled(page)


def train(page: Any, recipe: str | None = None, **settings: str) -> str:
    """From the Train page: start training, wait for its end.

    Args:
        recipe: its key; the suggested one when ``None``.
        settings: labels of number fields of the part Training under Expert, with ``_`` for
            spaces, and what to type.

    Returns:
        The sentence that says how good it is.
    """
    page.get_by_role("button", name="Start training").wait_for()
    settled(page)
    if recipe is not None:
        choose_recipe(page, recipe)
    if settings:
        expert(page, "Training")
    for label, value in settings.items():
        field = page.get_by_label(label.replace("_", " "), exact=True)
        field.fill(value)
        field.press("Enter")
        settled(page)
    page.get_by_role("button", name="Start training").click()
    page.get_by_text("Loss: how wrong").wait_for(timeout=TRAINING_MS)
    page.get_by_role("button", name="See the results").wait_for(timeout=TRAINING_MS)
    settled(page)
    return str(page.get_by_text("that it had never seen").first.inner_text())
