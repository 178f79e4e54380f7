"""A report as PDF, or a page as a picture, by a browser that is here already: Chromium, Chrome,
Edge or Brave.

So it looks as it does on screen, and needs no library: those that make PDF of HTML without a
browser need others from the system (Pango), and understand less of the style sheet.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from PIL import Image

from core.errors import NotFound
from core.progress import SILENT, Reporter
from core.workspace import atomic_path

LIMIT_S = 120
_POLL_S = 0.1
# Pictographs of Unicode's supplementary plane, with what joins and varies them.
_JOIN = "\ufe0f\u200d"
_PICTOGRAPHS = re.compile(f"[\U0001f000-\U0001faff][\U0001f000-\U0001faff{_JOIN}]*")
# A4 in pixels of style sheets, 96 to the inch.
WIDTH, HEIGHT = 794, 1123
_SCALE = 2
_BARS = 200
_ON_PATH = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
    "brave-browser",
    "chromium-headless-shell",
)
_MAC = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Chromium.app/Contents/MacOS/Chromium",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "Brave Browser.app/Contents/MacOS/Brave Browser",
)
_WINDOWS = (
    "Google/Chrome/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
    "Chromium/Application/chrome.exe",
    "BraveSoftware/Brave-Browser/Application/brave.exe",
)

_ALWAYS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-component-update",
    "--disable-dev-shm-usage",
)


def find_browser() -> Path | None:
    """A browser of Chromium's family on this computer; ``None`` if there is none."""
    return next((file for file in _candidates() if file.is_file()), None)


def _candidates() -> Iterator[Path]:
    for name in _ON_PATH:
        found = shutil.which(name)
        if found:
            yield Path(found)
    if sys.platform == "darwin":
        for folder in (Path("/Applications"), Path.home() / "Applications"):
            yield from (folder / name for name in _MAC)
    if sys.platform == "win32":
        for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
            base = os.environ.get(variable)
            if base:
                yield from (Path(base) / name for name in _WINDOWS)


def print_page(page: Path, target: Path, report: Reporter = SILENT) -> Path:
    """Print an HTML file, in place of what is there: to a PDF; or to a PNG of its first page of A4,
    with two pixels for each of the page's.

    Args:
        page: must need nothing but itself.
        target: ends in ``.pdf`` or ``.png``, in small or capital letters.

    Raises:
        NotFound: there is no browser here, or it could not print; says what to do instead.
        Cancelled: the person asked to stop.
    """
    with atomic_path(target) as part:
        if target.suffix.lower() == ".pdf":
            _browse(page, part, [f"--print-to-pdf={part}", "--no-pdf-header-footer"], report)
            return target
        # Some versions count their own bars as a part of the window.
        window = f"--window-size={WIDTH},{HEIGHT + _BARS}"
        scale = f"--force-device-scale-factor={_SCALE}"
        _browse(page, part, [f"--screenshot={part}", window, scale, "--hide-scrollbars"], report)
        with Image.open(part) as image:
            cut = image.convert("RGB").crop((0, 0, WIDTH * _SCALE, HEIGHT * _SCALE))
        cut.save(part, "PNG", optimize=True)
    return target


def _browse(page: Path, target: Path, wanted: list[str], report: Reporter) -> None:
    """Let a browser write a page to a file."""
    browser = find_browser()
    if browser is None:
        raise NotFound(
            "To make a PDF or a picture, Lightbox needs Chrome, Chromium, Edge or Brave, and there "
            "is none on this computer.",
            remedy="Open it as HTML in your browser, and print it into a PDF there.",
        )
    report.progress("pdf", 0, None, "Printing it")
    with (
        # A browser that is closed by force may still write into its profile.
        tempfile.TemporaryDirectory(prefix="lightbox-", ignore_cleanup_errors=True) as profile
    ):
        page = _readable(page, Path(profile))
        command = [str(browser), *_ALWAYS, f"--user-data-dir={profile}", *wanted]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            # Chromium refuses to start for root otherwise; the page is Lightbox's own, without
            # scripts.
            command.append("--no-sandbox")
        code = _run([*command, page.resolve().as_uri()], report)
        if code != 0 or not target.is_file() or target.stat().st_size == 0:
            raise NotFound(
                f"{browser.stem} could not print it.",
                remedy="Open it as HTML in your browser, and print it into a PDF there.",
            )


def _readable(page: Path, folder: Path) -> Path:
    """The page, or one in ``folder`` without pictographs, where no font here has them: they would
    be empty boxes."""
    try:
        html = page.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return page
    if not _PICTOGRAPHS.search(html) or _has_pictographs():
        return page
    other = folder / "page.html"
    other.write_text(spelled_out(html), encoding="utf-8")
    return other


def spelled_out(text: str) -> str:
    """A text whose pictographs are their names: ``🍎 1`` is ``(red apple) 1``."""
    return _PICTOGRAPHS.sub(_name_of, text)


def _name_of(found: re.Match[str]) -> str:
    names = [
        unicodedata.name(letter, "").lower() for letter in found.group() if letter not in _JOIN
    ]
    names = [each for each in names if each and not each.startswith("emoji modifier")]
    return f"({', '.join(names)})" if names else ""


@cache
def _has_pictographs() -> bool:
    """Whether a font here has them; Windows and Macs come with one."""
    if sys.platform in ("win32", "darwin"):
        return True
    try:
        found = subprocess.run(
            ["fc-list", ":lang=und-zsye", "family"], capture_output=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return bool(found.stdout.strip())


def _run(command: list[str], report: Reporter) -> int | None:
    """The exit code; ``None`` if it took too long. Ends it when the person asks to stop."""
    ended = time.monotonic() + LIMIT_S
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    ) as process:
        try:
            while time.monotonic() < ended:
                try:
                    return process.wait(_POLL_S)
                except subprocess.TimeoutExpired:
                    report.check()
            return None
        finally:
            if process.poll() is None:
                process.kill()
