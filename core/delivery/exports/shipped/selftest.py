"""Asks the model about a few pictures, and compares with what Lightbox answered about them.

Run it with: python selftest.py
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """0 if all answers are as they should be, else 1."""
    example = importlib.import_module("example")
    expected = json.loads((HERE / "selftest" / "expected.json").read_text(encoding="utf-8"))
    tolerance, failed = expected["tolerance"], 0
    for picture in expected["pictures"]:
        wanted = picture["probabilities"]
        answer = [float(p) for p in example.answer(example.prepare(HERE / picture["file"]))[0]]
        off = max(abs(a - b) for a, b in zip(answer, wanted, strict=True))
        best = max(range(len(answer)), key=answer.__getitem__)
        # Two classes that are as good as equal may change places.
        same = max(wanted) - wanted[best] <= tolerance
        good = same and off <= tolerance
        failed += not good
        print(
            f"{'good' if good else 'WRONG'}  {picture['file']}  {example.labels[best]}"
            f"  differs by {off:.6f}, {tolerance} allowed"
        )
    print("All as Lightbox answers." if not failed else f"{failed} differ.")
    return 1 if failed or not expected["pictures"] else 0


if __name__ == "__main__":
    sys.exit(main())
