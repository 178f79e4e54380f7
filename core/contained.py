"""Work on files that somebody else made, in a process of its own with limits.

An archive or a model may claim to be small and be huge, or keep its reader busy for hours. Whoever
takes one apart in the process that serves pages does so for everybody. Here a function is called in
a helper, which may use so much memory, processor and time and no more::

    looked = contained(look_into, file, limits=Limits(processor_s=30), otherwise=damaged)

Helpers are plain subprocesses with two pipes; one is kept for the next call, and all end when this
process does. What comes back is read as plain values, named tuples and dataclasses of ours,
whatever was sent.
Limits of memory and processor are the system's, where it has them (not on Windows); silence ends a
helper everywhere. What counts is the processor's time: on a busy computer a good file may take long
by the clock. And a helper whose time is up says nothing of the file but that it took too long.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pickle
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, TypeVar, cast

from core import errors
from core.errors import LightboxError, UnreadableImage
from core.helper import Ended, Helper, begin, say
from core.progress import Reporter

T = TypeVar("T")
# Others wait: two busy processors are enough for what nobody knows.
_AT_ONCE = threading.BoundedSemaphore(2)
_LOOK_AGAIN_S = 0.2
_PLAIN = {("pathlib", "PosixPath"), ("pathlib", "WindowsPath"), ("builtins", "set")}


@dataclass(frozen=True)
class Limits:
    """What a helper may use.

    Attributes:
        processor_s: seconds of the processor's time in all.
        still_s: for how many seconds by the clock it may say nothing; progress that it reports is
            something. Many times what the work takes, for others may have the processor.
        memory_mb: megabytes of memory.
        file_mb: megabytes that one file may have that it writes.
    """

    processor_s: int = 60
    still_s: float = 600
    memory_mb: int = 1024
    file_mb: int = 4096


class TooMuch(Exception):
    """A helper reached its limit of memory, or crashed."""


class TooLong(Exception):
    """A helper's time was up."""


def contained(
    function: Callable[..., T],
    *args: Any,
    limits: Limits,
    otherwise: LightboxError,
    report: Reporter | None = None,
    **options: Any,
) -> T:
    """Call a function of ours in a helper, and return what it returns.

    Args:
        function: one that a module defines; it gets ``report`` too, where that is given.
        otherwise: what is said where it takes too much memory, crashes, or raises what is no
            sentence. Where its time is up, its file and remedy are said, and that it took too long.
        report: hears its progress, and can stop it.

    Raises:
        LightboxError: as the function does, or ``otherwise``.
        Cancelled: the person asked for it to stop.
    """
    request = (function.__module__, function.__qualname__, args, options, report is not None)
    with _AT_ONCE:
        helper = _idle.pop() if _idle else _Helper()
        try:
            kind, value = helper.answer(limits, request, report or Reporter())
        except TooMuch as error:
            helper.end()
            raise otherwise from error
        except TooLong as error:
            helper.end()
            raise _too_long(otherwise) from error
        except BaseException:
            helper.end()
            raise
        _idle.append(helper)
    if kind == "error":
        raise _again(value)
    if kind == "defect":
        raise otherwise from RuntimeError(value)
    return cast(T, value)


class _Helper(Helper):
    """One that is given up where it says nothing for too long."""

    def __init__(self) -> None:
        super().__init__("core.contained")
        self._said: queue.SimpleQueue[tuple[str, Any] | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True, name="contained").start()

    def answer(self, limits: Limits, request: object, report: Reporter) -> tuple[str, Any]:
        """Send a request; returns ``done``, ``error`` or ``defect``, and what belongs to it."""
        try:
            # By themselves, as plain values: what a request is made of is read within its limits.
            self.ask(dataclasses.astuple(limits))
            self.ask(request)
        except Ended as error:
            raise TooMuch from error
        heard = time.monotonic()
        while True:
            report.check()
            try:
                said = self._said.get(timeout=_LOOK_AGAIN_S)
            except queue.Empty:
                if time.monotonic() - heard > limits.still_s:
                    raise TooLong(f"nothing for {limits.still_s:.0f} seconds") from None
                continue
            if said is None:
                self.end()
                if self.was_out_of_time:
                    raise TooLong("the processor's time was up")
                raise TooMuch("the helper ended")
            heard = time.monotonic()
            if said[0] != "progress":
                return said
            report.progress(*said[1])

    def _listen(self) -> None:
        with contextlib.suppress(Exception):
            while True:
                kind, value = self.hear(lambda said: _Plain(said).load())
                self._said.put((str(kind), value))
        self._said.put(None)


_idle: list[_Helper] = []


def _too_long(otherwise: LightboxError) -> LightboxError:
    """What is said of a file where time was up: nothing about what is wrong with it."""
    title = "Looking into this file took too long, so it was given up."
    remedy = f"Try again when this computer has less to do. {otherwise.remedy}".strip()
    if isinstance(otherwise, UnreadableImage):
        return UnreadableImage(otherwise.kind, title, file=otherwise.file, remedy=remedy)
    return type(otherwise)(title, file=otherwise.file, remedy=remedy)


class _Plain(pickle.Unpickler):
    """Makes plain values, paths and our dataclasses and named tuples; nothing else that a helper
    might send."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        if module.startswith("core.") and module in sys.modules:
            found = super().find_class(module, name)
            if isinstance(found, type) and (
                dataclasses.is_dataclass(found) or issubclass(found, tuple)
            ):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no plain value")


def _again(value: tuple[str, str, str | None, str, str]) -> LightboxError:
    """The sentence that a helper raised."""
    name, title, file, remedy, kind = value
    cls = getattr(errors, name, LightboxError)
    if cls is UnreadableImage:
        return UnreadableImage(kind, title, file=file, remedy=remedy)
    known = isinstance(cls, type) and issubclass(cls, LightboxError)
    return (cls if known else LightboxError)(title, file=file, remedy=remedy)


# What follows runs in the helper.


class _Telling(Reporter):
    def __init__(self, answers: IO[bytes]) -> None:
        self._answers = answers

    def progress(self, phase: str, done: int, total: int | None, note: str = "") -> None:
        _send(self._answers, "progress", (phase, done, total, note))


def _send(answers: IO[bytes], kind: str, value: object) -> None:
    say(answers, (kind, value))


def _limit(limits: Limits) -> None:
    """Have the system keep the limits from here on."""
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    processor = int(used.ru_utime + used.ru_stime) + limits.processor_s
    memory = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    for what, most in (
        (resource.RLIMIT_CPU, processor),
        (memory, limits.memory_mb * 1024**2),
        (resource.RLIMIT_FSIZE, limits.file_mb * 1024**2),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            hard = resource.getrlimit(what)[1]
            resource.setrlimit(what, (most if hard < 0 else min(most, hard), hard))


def _do(
    answers: IO[bytes], request: tuple[str, str, tuple[Any, ...], dict[str, Any], bool]
) -> None:
    from importlib import import_module

    module, name, args, options, reports = request
    if not module.startswith("core."):
        raise ValueError(f"{module} is none of ours")
    function = getattr(import_module(module), name)
    if reports:
        options = {**options, "report": _Telling(answers)}
    _send(answers, "done", function(*args, **options))


def main() -> None:
    """Answer until there are no more requests, or a limit is reached."""
    answers = begin()
    while True:
        try:
            _limit(Limits(*pickle.load(sys.stdin.buffer)))
            request = pickle.load(sys.stdin.buffer)
        except EOFError:
            os._exit(0)
        try:
            _do(answers, request)
        except LightboxError as error:
            kind = error.kind if isinstance(error, UnreadableImage) else ""
            told = (type(error).__name__, error.title, error.file, error.remedy, kind)
            _send(answers, "error", told)
        except MemoryError:
            # There may not be enough left to say so.
            os._exit(1)
        except BrokenPipeError:
            os._exit(0)
        except Exception:
            _send(answers, "defect", traceback.format_exc())


if __name__ == "__main__":
    main()
