"""What a command prints: a document, lines of text, and progress on standard error."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import shutil
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from core.errors import LightboxError
from core.progress import Reporter, Throttle, amount
from core.quiet import Aside, libraries_aside
from core.text import percent


class NobodyReads(Exception):
    """Whoever read what is printed has left, as ``… | head`` does. Nothing more to say to them."""


def put(text: str, stream: TextIO, end: str = "\n") -> None:
    """Print at once.

    Raises:
        NobodyReads: the stream is a pipe without a reader; it takes everything from now on.
    """
    try:
        print(text, file=stream, end=end, flush=True)
    except BrokenPipeError as error:
        # What is still in its buffer would be tried, and complained about, once more at the end.
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())
        raise NobodyReads from error


class Output:
    """Where a command says things; text is dropped when JSON is wanted.

    Attributes:
        stopping: whether somebody has pressed Ctrl-C, so that nothing more is to be begun.
    """

    def __init__(self, *, json_wanted: bool) -> None:
        self.json_wanted = json_wanted
        self.stopping = False
        self.out: TextIO = sys.stdout
        self.err: TextIO = sys.stderr
        self._answered = False
        self.progress = _Progress(self)

    @contextlib.contextmanager
    def without_libraries(self, log: Path) -> Iterator[Aside]:
        """What is said here goes where it went; what libraries say goes to ``log``."""
        before = self.out, self.err
        with libraries_aside(log) as aside:
            self.out, self.err = aside.out, aside.err
            try:
                yield aside
            finally:
                self.end_line()
                self.out, self.err = before

    def text(self, line: str = "") -> None:
        """A line for people."""
        if not self.json_wanted:
            self.end_line()
            put(line, self.out)

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]], none: str = "") -> None:
        """A table for people; columns of numbers are aligned to the right.

        Args:
            none: what is said in its place where there are no rows.
        """
        cells = [[_in_a_line(str(cell)) for cell in row] for row in rows]
        if none and not cells:
            self.text(none)
            return
        columns = list(zip(heads, *cells, strict=True))
        widths = [max(map(len, column)) for column in columns]
        right = [
            bool(cells) and all(cell[:1].isdigit() or cell == "–" for cell in column[1:])
            for column in columns
        ]
        for row in (heads, *cells):
            aligned = (
                cell.rjust(width) if to_right else cell.ljust(width)
                for cell, width, to_right in zip(row, widths, right, strict=True)
            )
            self.text("  ".join(aligned).rstrip())

    def document(self, value: Any) -> None:
        """The command's answer: printed as the one JSON document, if that is wanted."""
        self.end_line()
        self._answered = True
        if self.json_wanted:
            unicode = (self.out.encoding or "").lower().replace("-", "") == "utf8"
            put(json.dumps(value, indent=1, ensure_ascii=not unicode), self.out)

    def refusal(self, why: object) -> None:
        """Why there is no answer, for a program: a document in its place, if none was printed."""
        if self._answered:
            return
        parts = {}
        if isinstance(why, LightboxError):
            parts = {"title": why.title, "file": why.file, "remedy": why.remedy}
        self.document({"error": str(why), **parts})

    def end_line(self) -> None:
        """Finish a line of progress, so that what follows starts on its own."""
        self.progress.end_line()


def _in_a_line(text: str) -> str:
    """A name with line breaks and other marks that move the cursor written out."""
    if text.isprintable():
        return text
    return "".join(
        repr(mark)[1:-1] if unicodedata.category(mark) in ("Cc", "Zl", "Zp") else mark
        for mark in text
    )


class _Progress(Reporter):
    """One line that rewrites itself on a terminal; a line a phase elsewhere.

    Work goes on when nobody reads it any more.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self.left: Callable[[], str] | None = None
        """How long all of it still takes, in words, where somebody knows that better."""
        self._terminal = output.err.isatty()
        self._due = Throttle(0.2)
        self._open = False
        self._phase = ""
        self._started = time.monotonic()

    def progress(self, phase: str, done: int, total: int | None, note: str = "") -> None:
        if phase != self._phase:
            self._phase, self._started = phase, time.monotonic()
            if not self._terminal:
                self._put(f"{note or phase} …")
        if not self._terminal or not (self._due() or done == total):
            return
        text = f"{note or phase}"
        if total:
            elapsed = time.monotonic() - self._started
            text += f"  {amount(phase, done, total)}  {percent(done / total, 0)}"
            if self.left is not None:
                text += f"  {self.left()}"
            elif done and elapsed > 1 and done < total:
                text += f"  about {elapsed * (total - done) / done:.0f} s left"
        width = shutil.get_terminal_size().columns - 1
        self._put("\r" + text[:width].ljust(width), end="")
        self._open = True

    def event(self, kind: str, **payload: Any) -> None:
        if kind == "note":
            self._line(payload["text"])
        elif kind == "epoch":
            said = "  ".join(
                f"{key.replace('val_', 'validation ')} {payload[key]:.4f}"
                for key in ("loss", "accuracy", "val_loss", "val_accuracy")
                if payload.get(key) is not None
            )
            best = "  *" if payload["best"] else ""
            self._line(f"epoch {payload['epoch']}/{payload['epochs']}  {said}{best}")

    def _line(self, text: str) -> None:
        self.end_line()
        self._put(text)

    def _put(self, text: str, end: str = "\n") -> None:
        with contextlib.suppress(NobodyReads):
            put(text, self._output.err, end)

    def end_line(self) -> None:
        if self._open:
            self._put("")
            self._open = False


def when(at: float | None) -> str:
    """Local date and time of seconds since the epoch; a dash for none."""
    if at is None:
        return "–"
    return datetime.datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M")


def moment(at: float) -> str:
    """Seconds since the epoch for a program and people alike: ``2026-12-26T14:54:57+00:00``."""
    return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="seconds")
