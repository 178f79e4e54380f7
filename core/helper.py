"""A process beside this one that answers what it is asked: started, asked, heard, and ended.

Plain subprocesses with two pipes are as safe in a process with threads as in one without, work
alike on all platforms, and end when their input does: also when the process that started them is
killed. What is said on either side is pickled; :func:`begin` and :func:`say` are the helper's side.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from core.settings import without_secrets

_ROOT = Path(__file__).resolve().parents[1]
# What helpers do is not worth threads of BLAS, whose start costs time and memory.
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Ended(Exception):
    """A helper has ended instead of answering."""


class Helper:
    """One helper, as the process sees it that asks.

    Args:
        module: is run as a program.

    Raises:
        OSError: no process could be started.
    """

    def __init__(self, module: str) -> None:
        path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH", "")]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            env={**without_secrets(), **_ONE_THREAD, "PYTHONPATH": path},
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, request: object) -> None:
        """Send a request.

        Raises:
            Ended: there is nobody to take it.
        """
        assert self._process.stdin is not None
        try:
            say(self._process.stdin, request)
        except (OSError, ValueError) as error:
            raise Ended from error

    def hear(self, read: Callable[[IO[bytes]], Any] = pickle.load) -> Any:
        """Wait for what it says next.

        Raises:
            Ended: nothing comes any more, or nothing that can be read.
        """
        assert self._process.stdout is not None
        try:
            return read(self._process.stdout)
        except (EOFError, OSError, ValueError, pickle.UnpicklingError) as error:
            raise Ended from error

    def end(self) -> None:
        """End it at once, whatever it is doing: it has nothing to lose."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    @property
    def was_out_of_time(self) -> bool:
        """Whether it had ended before :meth:`end`, for the processor's time that it took."""
        return sys.platform != "win32" and self._process.returncode == -signal.SIGXCPU


def begin() -> IO[bytes]:
    """In a helper: where answers go. Nothing else gets between them."""
    # Ctrl-C in the terminal reaches the whole group; whoever started this decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print
    return answers


def say(to: IO[bytes], value: object) -> None:
    """Send a value at once."""
    pickle.dump(value, to, protocol=pickle.HIGHEST_PROTOCOL)
    to.flush()
