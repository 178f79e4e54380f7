"""Uploads that don't go as they should."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.catalog import open_catalog
from core.datasets import removal
from core.workspace import open_workspace
from tests.browser import journey
from tests.browser.conftest import Server, light_app
from tests.conftest import write_image


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One app for all, since its start takes as long as an upload."""
    base = tmp_path_factory.mktemp("uploads")
    with light_app(base / "home", base / "app.log") as running:
        yield running


@pytest.fixture
def server(app: Server) -> Server:
    """The app without a dataset, whatever was uploaded before."""
    catalog = open_catalog(open_workspace(app.home))
    for record in catalog.datasets.all():
        removal.remove(catalog, record.id)
    return app


def test_what_is_no_image_is_named_and_the_rest_goes_on(
    server: Server, class_folders: Callable[..., Path], new_page: Callable[..., Any]
) -> None:
    folder = class_folders({"cats": 3, "dogs <b>&": 3})
    (folder / "cats" / "notes.docx").write_text("not an image")
    (folder / "cats" / "broken.png").write_bytes(b"not an image either")
    page = new_page(f"{server.url}/data")
    journey.upload_folder(page, folder, "7 images")
    assert "6" in page.get_by_test_id("stMetric").filter(has_text="Usable images").inner_text()
    page.get_by_text("2 files left out, and why").click()
    page.get_by_text("dogs <b>&").first.wait_for()


def test_photos_of_a_kind_that_is_not_read_are_told_with_what_to_do(
    server: Server, class_folders: Callable[..., Path], new_page: Callable[..., Any], tmp_path: Path
) -> None:
    raw = "It is a raw photo, as it came from a camera's sensor (.cr2): "
    alone = tmp_path / "raw only"
    alone.mkdir()
    (alone / "IMG_1.CR2").write_bytes(b"II*\0")
    page = new_page(f"{server.url}/data")
    chooser = page.locator('input[type="file"]').first
    chooser.set_input_files(alone)
    page.get_by_text(f"(1 found.) For example raw only/IMG_1.CR2: {raw}").wait_for()
    folder = class_folders({"cats": 3, "dogs": 3})
    (folder / "cats" / "IMG_1.CR2").write_bytes(b"II*\0")
    chooser.set_input_files(folder)
    page.get_by_text("1 file not taken, and why").click()
    # A table's cells are heard, not seen; what is long is cut there.
    page.get_by_text("It is a raw photo").last.wait_for(state="attached")
    page.goto(server.url)
    page.locator('input[type="file"][webkitdirectory]').first.set_input_files(alone)
    page.get_by_text(
        f"“raw only” holds no photos. For example raw only/IMG_1.CR2: {raw}"
    ).wait_for()


def test_a_connection_that_breaks_is_tried_again_and_nothing_comes_twice(
    server: Server, class_folders: Callable[..., Path], new_page: Callable[..., Any]
) -> None:
    folder = class_folders({"cats": 40, "dogs": 40})
    broken = []

    def break_once(route: Any) -> None:
        broken.append(route)
        if len(broken) == 1:
            route.abort("connectionreset")
        else:
            route.continue_()

    page = new_page(f"{server.url}/data")
    page.route("**/lightbox/uploads/**", break_once)
    journey.upload_folder(page, folder, "80 images")
    assert len(broken) > 1
    assert "80" in page.get_by_test_id("stMetric").filter(has_text="Usable images").inner_text()


def test_a_server_that_has_no_room_says_so_and_adds_nothing(
    server: Server, class_folders: Callable[..., Path], new_page: Callable[..., Any]
) -> None:
    folder = class_folders({"cats": 3, "dogs": 3})
    said = (
        '{"title": "t", "status": 507, "detail": "The disk is full, so the upload could not be '
        'finished."}'
    )
    page = new_page(f"{server.url}/data")
    page.route("**/files", lambda route: route.fulfill(status=507, body=said))
    page.get_by_role("button", name="Choose a folder").wait_for()
    journey.settled(page)
    page.locator("input[type=file]").set_input_files(folder)
    page.get_by_text("The disk is full, so the upload could not be finished.").wait_for()
    assert page.get_by_role("button", name="Import").count() == 0


def test_many_images_go_into_one_class_and_more_can_follow(
    server: Server, tmp_path: Path, new_page: Callable[..., Any]
) -> None:
    files = [write_image(tmp_path / f"{n}.png", n) for n in range(5)]
    page = new_page(f"{server.url}/data")
    way = page.get_by_text("Images into one class")
    way.wait_for()
    journey.settled(page)
    way.click()
    label = page.get_by_label("Class", exact=True)
    label.wait_for()
    journey.settled(page)
    label.fill("cats & co")
    label.press("Enter")
    page.get_by_role("button", name="Choose images").wait_for()
    journey.settled(page)
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_text("5 images").first.wait_for()
    journey.settled(page)
    page.get_by_role("button", name="Add them").click()
    page.get_by_text("This dataset has one class only.").wait_for()
    journey.settled(page)
    assert "5" in page.get_by_test_id("stMetric").filter(has_text="Usable images").inner_text()
