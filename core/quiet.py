"""Imports of libraries that would otherwise talk: to the network, or all over the terminal.

OpenVINO's converter reports its use to an analytics service unless told otherwise; people's
work with Lightbox is nobody's business, so it is always imported through :func:`openvino`.
"""

from __future__ import annotations

import faulthandler
import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TextIO

from core.lasting import lasting

# A log of this many bytes is begun anew.
_MOST_LOG = 1_000_000
_loading = threading.Lock()


def openvino() -> ModuleType:
    """The ``openvino`` module, with its telemetry replaced by the stub that it ships itself.

    ``None`` in ``sys.modules`` makes ``import openvino_telemetry`` raise ImportError, which is
    the case that OpenVINO falls back to its stub for. It must stand there before the first
    import of ``openvino``, which is why nothing imports that directly.
    """
    if "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    return openvino


def load_keras() -> None:
    """Import Keras on TensorFlow, without its start-up notes, and without matplotlib: Keras loads
    that for pictures that nobody here asks it for, where it is installed."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    with _loading:
        if "keras" in sys.modules:
            return
        without = "matplotlib" not in sys.modules
        if without:
            sys.modules["matplotlib"] = None  # type: ignore[assignment]
        try:
            with lasting():
                import keras  # noqa: F401
        finally:
            if without:
                del sys.modules["matplotlib"]


@dataclass(frozen=True)
class Aside:
    """Standard streams while libraries talk elsewhere.

    Attributes:
        out, err: what standard output and error were, for what a person is to read.
        log: where libraries talk to, from byte ``start`` on.
    """

    out: TextIO
    err: TextIO
    log: Path
    start: int

    def last(self, lines: int = 20) -> str:
        """What was said last."""
        try:
            with self.log.open("rb") as file:
                file.seek(self.start)
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


@contextmanager
def libraries_aside(log: Path) -> Iterator[Aside]:
    """Let libraries write to ``log``, whether they are written in Python or print to the process's
    own descriptors, as TensorFlow's and OpenVINO's C++ does.

    A log that can't be written costs no more than what would be in it. One with nothing in it is
    removed.
    """
    if sys.stdout is None or sys.stderr is None:
        # Closed by whoever called: nobody reads, and there is nothing to keep apart.
        yield Aside(sys.stdout, sys.stderr, log, 0)
        return
    sys.stdout.flush()
    sys.stderr.flush()
    before = sys.stdout, sys.stderr
    kept = [os.dup(number) for number in (1, 2)]
    out, err = (_copy(stream, number) for stream, number in zip(before, (1, 2), strict=True))
    target, start = _opened(log)
    for number in (1, 2):
        os.dup2(target, number)
    os.close(target)
    # They write to the descriptors rather than to the file, so that a library that keeps one of
    # them for its log can still use it afterwards.
    sys.stdout, sys.stderr = (
        open(number, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)  # noqa: SIM115
        for number in (1, 2)
    )
    crashes_shown = faulthandler.is_enabled()
    if not crashes_shown:
        # A library that ends the process is still seen to do so.
        faulthandler.enable(kept[1])
    try:
        yield Aside(out, err, log, start)
    finally:
        for stream in (sys.stdout, sys.stderr, out, err):
            with suppress(OSError, ValueError):
                stream.flush()
        for stream, own in zip((out, err), before, strict=True):
            if stream is not own:
                with suppress(OSError):
                    stream.close()
        if not crashes_shown:
            faulthandler.disable()
        for number, place in zip((1, 2), kept, strict=True):
            os.dup2(place, number)
            os.close(place)
        sys.stdout, sys.stderr = before
        with suppress(OSError):
            if log.stat().st_size == 0:
                log.unlink()


def _copy(stream: TextIO, number: int) -> TextIO:
    """A stream that goes on to where ``stream`` goes when descriptor ``number`` goes elsewhere."""
    try:
        if stream.fileno() != number:
            return stream
    except (OSError, ValueError, io.UnsupportedOperation):
        return stream
    copy = io.BufferedWriter(io.FileIO(os.dup(number), "w"))
    return io.TextIOWrapper(copy, encoding=stream.encoding, errors=stream.errors)


def _opened(log: Path) -> tuple[int, int]:
    """A descriptor at the end of a log, and how many bytes it had."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    try:
        if log.exists() and log.stat().st_size > _MOST_LOG:
            log.unlink()
        target = os.open(log, flags, 0o644)
        return target, os.fstat(target).st_size
    except OSError:
        return os.open(os.devnull, os.O_WRONLY), 0
