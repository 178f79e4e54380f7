"""A helper process of a scan: ``python -m core.quality.helper``, started by
:mod:`core.quality.pool`.

Reads requests (a folder, paths in it, the range of deep greys, bytes read already) from standard
input and writes answers (what was found in these files) to standard output, both pickled, until its
input ends: which it also does when the process that started it is killed.
"""

from __future__ import annotations

import os
import pickle
import sys

from core.lasting import lasting

with lasting():
    from core.helper import begin, say
    from core.quality.look import look_at

READY = "ready"


def main() -> None:
    """Answer until there are no more requests."""
    answers = begin()
    try:
        say(answers, READY)
        while True:
            root, paths, greys, given = pickle.load(sys.stdin.buffer)
            say(answers, look_at(root, paths, greys=greys, given=given))
    except (EOFError, BrokenPipeError):
        # Whoever asked has gone. What is still in the buffer has nowhere to go, and closing the
        # pipe in an orderly way would fail over it.
        os._exit(0)


if __name__ == "__main__":
    main()
