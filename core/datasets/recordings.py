"""Frames of one webcam recording: they are alike, so no split may tear them apart.

Their common name says so: ``webcam <recording> <number>.jpg``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.datasets.layout import FoundFile

_FRAME = re.compile(r"(?:^|/)(webcam [0-9a-z]{8,24}) \d{3,}(?: \(\d+\))?\.[a-z]+$")


def frames_together(files: Iterable[FoundFile]) -> list[FoundFile]:
    """The files; frames that nothing else was said of belong to their recording."""
    found = []
    for file in files:
        # Most folders hold none, and asking is cheaper than matching.
        if "webcam " in file.path and not file.together:
            frame = _FRAME.search(file.path)
            if frame is not None:
                file = file._replace(together=frame[1])
        found.append(file)
    return found
