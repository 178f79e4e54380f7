"""A helper process of a scan: ``python -m core.quality.helper``, started by
:mod:`core.quality.pool`.

Reads requests (a folder, paths in it, the range of deep greys) from standard input and writes
answers (what was found in these files) to standard output, both pickled, until its input ends:
which it also does when the process that started it is killed.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from typing import BinaryIO

from core.quality.look import look_at

READY = "ready"


def main() -> None:
    """Answer until there are no more requests."""
    # Ctrl-C in the terminal reaches the whole group; whoever started this decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not get between the answers
    try:
        _answer(answers, READY)
        while True:
            root, paths, greys = pickle.load(sys.stdin.buffer)
            _answer(answers, look_at(root, paths, greys=greys))
    except (EOFError, BrokenPipeError):
        # Whoever asked has gone. What is still in the buffer has nowhere to go, and closing the
        # pipe in an orderly way would fail over it.
        os._exit(0)


def _answer(answers: BinaryIO, value: object) -> None:
    pickle.dump(value, answers, protocol=pickle.HIGHEST_PROTOCOL)
    answers.flush()


if __name__ == "__main__":
    main()
