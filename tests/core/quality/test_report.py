"""A report says what is there, what deserves a look and what was decided, and needs nothing
else."""

from __future__ import annotations

import base64
import html
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from core import __version__
from core.catalog import Catalog
from core.errors import InvalidInput, NotFound
from core.quality import thumbs
from core.quality.curation import curated, decide, undo
from core.quality.report import health_report, write_report
from core.quality.report_html import bar, scatter
from tests.core.quality.pictures import as_bytes, clean, picture, scanned, write

EVIL = "<img src=x onerror=alert(1)>"
_OPEN = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """What a browser would make of a report: its elements, texts, and whether all is closed."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._stack: list[str] = []
        self.feed(source)
        self.close()
        assert self._stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in _OPEN:
            self._stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._stack and self._stack[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))

    def sources(self) -> list[str]:
        return [attributes["src"] for _, attributes in self.tags if "src" in attributes]


def report_of(catalog: Catalog, root: Path) -> Page:
    return Page(health_report(catalog, scanned(catalog, root).id))


def test_a_good_dataset_is_said_to_be_fine(catalog: Catalog, tmp_path: Path) -> None:
    page = report_of(catalog, write(tmp_path / "pets", clean("cat", "dog", images=6)))
    assert "All 12 images look fine." in page.text
    assert "Nothing was found." in page.text
    assert "Nothing yet." in page.text
    assert "All are 96 × 72 pixels." in page.text
    assert "imbalance ratio 1.0" in page.text
    assert "look" not in [attributes.get("class") for _, attributes in page.tags]
    assert page.sources() == []


def test_everything_that_matters_is_in_it(catalog: Catalog, tmp_path: Path) -> None:
    pictures = (
        clean("cat", images=8)
        | clean("dog", images=2)
        | {
            "cat/dark.png": picture(3, 0, 12),
            "cat/copy.png": picture(1000),
            "dog/empty.png": b"",
            "dog/wide.jpg": as_bytes(picture(4).resize((300, 150)), "JPEG"),
            "cat/notes.txt": b"hello",
        }
    )
    record = scanned(catalog, write(tmp_path / "pets", pictures))
    decide(catalog, record.id, "relabel", ["cat/2.png"], label="bird", why="it has wings")
    taken = decide(catalog, record.id, "exclude", ["cat/3.png", "cat/4.png"], why="a mistake")
    assert taken is not None
    undo(catalog, record.id, [taken.version])
    decide(catalog, record.id, "exclude", ["cat/5.png"])
    source = health_report(catalog, record.id)
    page = Page(source)
    version = catalog.datasets.get(record.id).version
    assert f"version {version} of the dataset" in page.text
    assert f"Lightbox {__version__}" in page.text
    assert re.search(r"Health report of \d{4}-\d\d-\d\d \d\d:\d\d", page.text)
    assert re.search(r"\d+ of 13 images look fine; \d+ things deserve a look\.", page.text)
    assert "imbalance ratio 8.0" in page.text
    for words in (
        "usable images 12",
        "excluded 1",
        "can’t be read 1",
        "classes 3",
        "Exact duplicates: 2 images in 1 group",
        "Empty files: 1 image",
        "Very dark images: 1",
        "it has wings",
        "Moved to “bird”",
        "tester",
        "a mistake",
        "PNG 11 91.7 %",
        "JPEG 1 8.3 %",
        "2 different sizes",
        "cat/notes.txt It is not an image (.txt).",
    ):
        assert words in page.text, words
    assert 'class="undone">Excluded</span> (undone)' in source
    rows = curated(catalog, record.id).set_index("path")
    ((thumbnail,),) = [
        thumbs.read(
            catalog.workspace,
            record.id,
            [tuple(rows.loc["cat/copy.png", ["thumb_at", "thumb_bytes"]])],
        )
    ]
    assert base64.b64encode(thumbnail).decode() in source


def test_it_needs_nothing_from_anywhere(catalog: Catalog, tmp_path: Path) -> None:
    root = write(tmp_path / "pets", {**clean("cat", "dog"), "cat/copy.png": picture(1000)})
    source = health_report(catalog, scanned(catalog, root).id)
    page = Page(source)
    assert page.sources()
    assert all(src.startswith("data:image/") for src in page.sources())
    assert {"script", "link", "iframe", "object"}.isdisjoint(tag for tag, _ in page.tags)
    assert not re.search(r"(https?:)?//|url\(|@import", re.sub(r"base64,[^\"]*", "", source))
    policy = next(a["content"] for _, a in page.tags if "http-equiv" in a)
    assert policy.startswith("default-src 'none'")
    assert "prefers-color-scheme: dark" in source
    assert "@media print" in source
    assert any(a.get("name") == "viewport" for _, a in page.tags)


def test_names_and_reasons_are_only_text(catalog: Catalog, tmp_path: Path) -> None:
    label = "<b>bold</b> & \"quoted\" 'too'"
    root = write(
        tmp_path / "pets",
        clean("dog", label.replace("/", "")) | {f"dog/{EVIL}.png": b"", f"dog/{EVIL}.txt": b"x"},
    )
    record = scanned(catalog, root)
    catalog.datasets.rename(record.id, f"{EVIL} of mine")
    said = {"paths": ["dog/0.png"], "label": f"</td>{EVIL}"}
    catalog.changes.append(record.id, "relabel", said, author="tester", why=EVIL)
    source = health_report(catalog, record.id)
    assert EVIL not in source
    assert "<b>" not in source
    page = Page(source)
    assert not any("onerror" in attributes for _, attributes in page.tags)
    assert page.text.count(EVIL) >= 5
    assert f"<title>{html.escape(EVIL)} of mine" in source


def test_a_finding_of_many_shows_twelve_and_says_how_many_more(
    catalog: Catalog, tmp_path: Path
) -> None:
    dark = {f"cat/dark {n:02d}.png": picture(n, 0, 60) for n in range(20)}
    root = write(tmp_path / "pets", clean("cat", "dog", images=12) | dark)
    page = report_of(catalog, root)
    assert "Very dark images: 20 images" in page.text
    assert "and 8 more" in page.text
    names = [a["alt"] for tag, a in page.tags if tag == "img" and a["alt"].startswith("dark")]
    assert len(names) == 12


def test_splits_are_as_the_folders_say(catalog: Catalog, tmp_path: Path) -> None:
    given = clean("train/cat", "train/dog", images=5) | clean("test/cat", images=2)
    given = {path: picture(n) for n, path in enumerate(given)}
    page = report_of(catalog, write(tmp_path / "pets", given))
    assert "As the folders say" in page.text
    assert "cat 5 0 2 dog 5 0 0 all 10 0 2" in page.text
    assert "“cat” will be judged on 2 test images only" in page.text


def test_a_dataset_without_usable_images_has_a_report_too(catalog: Catalog, tmp_path: Path) -> None:
    record = scanned(catalog, write(tmp_path / "pets", {"cat/a.png": b"", "dog/b.png": b""}))
    page = Page(health_report(catalog, record.id))
    assert "There is no usable image in this dataset." in page.text
    assert "no picture" in page.text
    decide(catalog, record.id, "exclude", ["cat/a.png", "dog/b.png"])
    assert "“ cat ” has no usable image." in Page(health_report(catalog, record.id)).text


def test_lost_thumbnails_are_only_missing(catalog: Catalog, tmp_path: Path) -> None:
    root = write(tmp_path / "pets", {**clean("cat", "dog"), "cat/copy.png": picture(1000)})
    record = scanned(catalog, root)
    thumbs.pack_path(catalog.workspace, record.id).unlink()
    page = Page(health_report(catalog, record.id))
    assert page.sources() == []
    assert "no picture" in page.text


def test_what_was_not_scanned_has_no_report(catalog: Catalog) -> None:
    with pytest.raises(NotFound):
        health_report(catalog, "nothing")


def test_a_report_is_written_whole_and_only_as_html(catalog: Catalog, tmp_path: Path) -> None:
    record = scanned(catalog, write(tmp_path / "pets", clean("cat", "dog")))
    place = tmp_path / "place"
    with pytest.raises(InvalidInput, match="no folder"):
        write_report(catalog, record.id, place / "r.html")
    place.mkdir()
    for _ in range(2):
        assert write_report(catalog, record.id, place / "r.html") == place / "r.html"
    assert Page((place / "r.html").read_text(encoding="utf-8")).text.count("pets")
    assert [file.name for file in place.iterdir()] == ["r.html"]
    (place / "folder.html").mkdir()
    photo = tmp_path / "pets/cat/0.png"
    before = photo.read_bytes()
    for file in (
        photo,
        place / "folder.html",
        place / "r.html/r.html",
        place / f"{'x' * 300}.html",
    ):
        with pytest.raises(InvalidInput):
            write_report(catalog, record.id, file)
    assert photo.read_bytes() == before


def test_bars_are_as_wide_as_their_shares() -> None:
    widths = re.findall(r"width:([\d.]+)%", bar([0.5, 0.25, 0.125]))
    assert [float(width) for width in widths] == [50, 25, 12.5]


@pytest.mark.parametrize("top", [1, 4, 96, 640, 6000, 32_768, 100_000])
def test_points_lie_within_the_plot_and_ticks_are_few_and_round(top: int) -> None:
    plot = scatter([(top, top, 3), (1, 1, 1)], "wide", "high", "sizes")
    view = [int(n) for n in re.findall(r'viewBox="0 0 (\d+) (\d+)"', plot)[0]]
    for kind, limit in (("cx", view[0]), ("cy", view[1])):
        assert all(0 < float(n) < limit for n in re.findall(rf'{kind}="([\d.]+)"', plot))
    ticks = [int(n.replace(",", "")) for n in re.findall(r'text-anchor="end">([\d,]+)<', plot)]
    assert 2 <= len(ticks) <= 7
    assert ticks[0] == 0
    assert ticks[-1] >= top
