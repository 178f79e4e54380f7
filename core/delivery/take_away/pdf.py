"""A report as PDF, printed by a browser that is here already: Chromium, Chrome, Edge or Brave.

So it looks as it does on screen, and needs no library: those that make PDF of HTML without a
browser need others from the system (Pango), and understand less of the style sheet.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from core.errors import NotFound
from core.progress import Reporter
from core.workspace import atomic_path

LIMIT_S = 120
_POLL_S = 0.1
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


def print_pdf(page: Path, target: Path, report: Reporter | None = None) -> Path:
    """Print an HTML file to a PDF, in place of one that is there.

    Args:
        page: must need nothing but itself.

    Raises:
        NotFound: there is no browser here, or it could not print; says what to do instead.
        Cancelled: the person asked to stop.
    """
    report = report or Reporter()
    browser = find_browser()
    if browser is None:
        raise NotFound(
            "To make a PDF, Lightbox needs Chrome, Chromium, Edge or Brave, and there is none on "
            "this computer.",
            remedy="Open the HTML report in your browser, and print it into a PDF there.",
        )
    report.progress("pdf", 0, None, "Printing the report")
    with (
        # A browser that is closed by force may still write into its profile.
        tempfile.TemporaryDirectory(prefix="lightbox-", ignore_cleanup_errors=True) as profile,
        atomic_path(target) as part,
    ):
        code = _run([str(browser), *_arguments(page, part, Path(profile))], report)
        if code != 0 or not part.is_file() or part.stat().st_size == 0:
            raise NotFound(
                f"{browser.stem} could not print the report.",
                remedy="Open the HTML report in your browser, and print it into a PDF there.",
            )
    return target


def _arguments(page: Path, target: Path, profile: Path) -> list[str]:
    arguments = [
        "--headless",
        f"--user-data-dir={profile}",
        f"--print-to-pdf={target}",
        "--no-pdf-header-footer",
        "--disable-gpu",
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-extensions",
        "--disable-background-networking",
        "--disable-sync",
        "--disable-component-update",
        "--disable-dev-shm-usage",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # Chromium refuses to start for root otherwise; the page is Lightbox's own, without scripts.
        arguments.append("--no-sandbox")
    return [*arguments, page.resolve().as_uri()]


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
