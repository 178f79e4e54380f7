"""Finds the browser that the tests drive: ``python -m tests.browser.chromium`` prints its path."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

# The shell is Chromium without what nobody sees here: a page takes two thirds of the processor.
NAMES = (
    *("chromium-headless-shell", "chromium", "chromium-browser"),
    *("google-chrome", "google-chrome-stable", "chrome"),
)
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")

# Headless and quiet: no first-run pages, no traffic of the browser's own.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


def find() -> str | None:
    """Path of a Chromium or Chrome, or ``None``. ``CHROMIUM`` in the environment goes first."""
    given = os.environ.get("CHROMIUM")
    if given:
        return given if Path(given).exists() else None
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    if MAC.exists():
        return str(MAC)
    caches = (Path.home() / ".cache/ms-playwright", Path.home() / "Library/Caches/ms-playwright")
    for cache in caches:
        for builds in ("chromium_headless_shell-*/*/*headless*shell", "chromium-*/chrome-*/chrome"):
            for binary in sorted(cache.glob(builds)):
                return str(binary)
    return None


if __name__ == "__main__":
    path = find()
    print(path or "none")
    sys.exit(path is None)
