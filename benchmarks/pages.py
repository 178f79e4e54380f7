"""How soon pages stand, how much memory the web process takes, how soon a curve begins.

    python -m benchmarks.pages PHOTOS [--recipe quick] [--quick]

PHOTOS is a folder of class folders. A real server and a real Chromium do what a person does: the
folder is uploaded, trained on, and every page opened, in a workspace that is thrown away. Prints
one JSON document; times are in seconds from the click, or from entering the address, until the
page's script has run to its end and what one came for is in view.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.common import parser_of, photos_of
from tests.browser import journey
from tests.browser.conftest import Server, running_app
from tests.waiting import wait_until

# What one comes to each page for.
_CONTENT = {
    "home": "Your classes",
    "data": "Images in each class",
    "clean": "look fine",
    "train": "Start training",
    "results": "What it mixes up",
    "predict": "Drop one or many images",
}
_ROUNDS = 5


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("photos", type=Path, nargs="?")
    parser.add_argument("--recipe", default="quick")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photos = photos_of(options, Path(folder))
        files = sum(1 for path in photos.rglob("*") if path.is_file())
        home, log = Path(folder) / "home", Path(folder) / "app.log"
        with running_app(home, log) as server, journey.visiting(server.url) as page:
            result: dict[str, Any] = {"benchmark": "pages", "files": files}
            result["home_first_paint_s"] = timed(_open, page, server.url, _CONTENT["home"])
            result |= _upload(page, photos, files)
            wait_until(lambda: _idle(server), 60, "a warm worker")
            result |= _train(page, options.recipe)
            result["pages_warm_s"] = _pages(page, server, 1 if options.quick else _ROUNDS)
            result["web_process_mb"] = _resident(server)
    print(json.dumps(result))


def _upload(page: Any, photos: Path, files: int) -> dict[str, float]:
    journey.step(page, "Data")
    page.get_by_role("button", name="Choose a folder").wait_for()
    button = page.get_by_role("button", name=f"Import {files:,} images")

    def send() -> None:
        page.locator("input[type=file]").set_input_files(photos)
        button.wait_for()

    sent = timed(send)
    journey.settled(page)

    def add() -> None:
        button.click()
        seen(page, _CONTENT["data"])

    done = timed(add)
    return {"upload_s": sent, "import_s": done}


def _train(page: Any, recipe: str) -> dict[str, float]:
    """From the click on Start to the first point of a curve, from scratch and as asked."""
    journey.step(page, "Train")
    from_scratch = _first_point(page, "scratch")
    page.get_by_role("button", name="Stop and keep the best").click()
    page.get_by_role("button", name="See the results").wait_for(timeout=journey.TRAINING_MS)
    journey.step(page, "Data")
    journey.step(page, "Train")
    started = time.perf_counter()
    first_point = _first_point(page, recipe)
    page.get_by_role("button", name="See the results").wait_for(timeout=journey.TRAINING_MS)
    return {
        "first_curve_point_from_scratch_s": from_scratch,
        "first_curve_point_s": first_point,
        "trained_s": round(time.perf_counter() - started, 3),
    }


def _first_point(page: Any, recipe: str) -> float:
    journey.choose_recipe(page, recipe)
    started = time.perf_counter()
    page.get_by_role("button", name="Start training").click()
    # The curves of the run before are not what is waited for.
    page.get_by_role("button", name="See the results").wait_for(state="detached")
    drawn = page.get_by_test_id("stVegaLiteChart").first.locator(".role-mark path[d^='M']")
    drawn.first.wait_for(state="attached")
    return round(time.perf_counter() - started, 3)


def _pages(page: Any, server: Server, rounds: int) -> dict[str, float]:
    """Median time of opening each page by its address, and by a click on its step."""
    found = {}
    for name, content in _CONTENT.items():
        address = f"{server.url}/{'' if name == 'home' else name}"
        opened = [timed(_open, page, address, content) for _ in range(rounds)]
        found[f"{name}_by_address"] = round(statistics.median(opened), 3)
    for name, content in list(_CONTENT.items())[1:]:
        clicked = []
        for _ in range(rounds):
            journey.step(page, "Predict" if name != "predict" else "Data")
            clicked.append(timed(_step, page, name.title(), content))
        found[f"{name}_by_click"] = round(statistics.median(clicked), 3)
    return found


def _open(page: Any, address: str, content: str) -> None:
    page.goto(address)
    seen(page, content)


def _step(page: Any, name: str, content: str) -> None:
    journey.step(page, name)
    seen(page, content)


def seen(page: Any, text: str) -> None:
    """Wait until a text is in view and the page's script has ended."""
    page.get_by_text(text).first.wait_for()
    journey.settled(page)


def timed(do: Callable[..., object], *arguments: object) -> float:
    """Seconds that a call takes."""
    started = time.perf_counter()
    do(*arguments)
    return round(time.perf_counter() - started, 3)


def _resident(server: Server) -> dict[str, float]:
    """Memory of the web process now and at its peak, in MB (Linux)."""
    status = Path(f"/proc/{server.process.pid}/status")
    if not status.exists():
        return {}
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return {
        name: round(int(lines[key].split()[0]) / 1024, 1)
        for name, key in (("now", "VmRSS"), ("peak", "VmHWM"))
    }


def _idle(server: Server) -> bool:
    """Whether no process of the app has used the processor for two seconds (Linux)."""
    before = _ticks(server)
    time.sleep(2)
    return _ticks(server) - before <= 40


def _ticks(server: Server) -> int:
    """Hundredths of a second of processor time of the app's worker processes."""
    total = 0
    for children in Path(f"/proc/{server.process.pid}/task").glob("*/children"):
        for child in children.read_text().split():
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total


if __name__ == "__main__":
    main()
