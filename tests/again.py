"""Tests that failed in a run of all are tried once more, alone, where they are few.

    python -m tests.again [pytest's arguments]

Two workers share two cores for twenty minutes, and a test that waits for a process, a port or a
drawing meets, once in many thousand, a moment that nobody foresaw. What fails alone too, or fails
in numbers, is a fault and ends with pytest's status; what passes alone is named, since it still
leans on something that it shouldn't.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

FEW = 3
"""So many failures may be chance. One in a thousand tests is more than was ever seen."""
_CACHE = Path(".pytest_cache/v/cache/lastfailed")
_TESTS_FAILED = 1


def main(arguments: list[str]) -> int:
    _CACHE.unlink(missing_ok=True)
    status = _pytest(arguments)
    if status != _TESTS_FAILED:
        return status
    failed = sorted(json.loads(_CACHE.read_text(encoding="utf-8"))) if _CACHE.is_file() else []
    # A file that could not be read is no test, and stands here without one.
    if not 0 < len(failed) <= FEW or any("::" not in each for each in failed):
        return status
    print(f"\nOnce more, alone: {', '.join(failed)}", flush=True)
    status = _pytest(["-p", "no:cacheprovider", *failed])
    if status == 0:
        print("\nFAILED AMONG OTHERS AND PASSED ALONE: " + ", ".join(failed), flush=True)
    return status


def _pytest(arguments: list[str]) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments]).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
