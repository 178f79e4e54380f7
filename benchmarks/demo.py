"""How long ``python -m core demo`` takes the first and the second time, and how good it gets.

    python -m benchmarks.demo [--quick]

Starts two processes one after the other in a workspace that is thrown away; TensorFlow's import
is part of it. Prints one JSON document, times in seconds of the clock on the wall.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.common import parser_of

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    options = parser_of(__doc__).parse_args()
    found: dict[str, Any] = {"benchmark": "demo"}
    with tempfile.TemporaryDirectory() as home:
        for turn in ("first",) if options.quick else ("first", "second"):
            found[turn] = _demo(home)
    print(json.dumps(found))


def _demo(home: str) -> dict[str, Any]:
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "core", "demo", "--json"],
        cwd=ROOT,
        env={**os.environ, "LIGHTBOX_HOME": home},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    seconds = time.perf_counter() - started
    told = json.loads(done.stdout)
    return {
        "seconds": round(seconds, 2),
        "by_phase": told["seconds"],
        "test_accuracy": told["test_accuracy"],
        "test_images": told["test_images"],
    }


if __name__ == "__main__":
    main()
