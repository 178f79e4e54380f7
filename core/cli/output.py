"""What a command prints: a document, lines of text, and progress on standard error."""

from __future__ import annotations

import datetime
import json
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

from core.progress import Reporter, Throttle


class Output:
    """Where a command says things; text is dropped when JSON is wanted."""

    def __init__(self, *, json_wanted: bool) -> None:
        self.json_wanted = json_wanted
        self.progress = _Progress()

    def text(self, line: str = "") -> None:
        """A line for people."""
        if not self.json_wanted:
            self.end_line()
            print(line)

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A table for people; columns of numbers are aligned to the right."""
        cells = [[str(cell) for cell in row] for row in rows]
        widths = [
            max(len(head), *(len(row[n]) for row in cells)) if cells else len(head)
            for n, head in enumerate(heads)
        ]
        right = [
            bool(cells) and all(row[n][:1].isdigit() or row[n] == "–" for row in cells)
            for n in range(len(heads))
        ]

        def line(row: Sequence[str]) -> str:
            parts = (
                cell.rjust(width) if to_right else cell.ljust(width)
                for cell, width, to_right in zip(row, widths, right, strict=True)
            )
            return "  ".join(parts).rstrip()

        self.text(line(list(heads)))
        for row in cells:
            self.text(line(row))

    def document(self, value: Any) -> None:
        """The command's answer: printed as the one JSON document, if that is wanted."""
        self.end_line()
        if self.json_wanted:
            print(json.dumps(value, indent=1, ensure_ascii=False))

    def end_line(self) -> None:
        """Finish a line of progress, so that what follows starts on its own."""
        self.progress.end_line()


class _Progress(Reporter):
    """One line that rewrites itself on a terminal; a line a phase elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._due = Throttle(0.2)
        self._open = False
        self._phase = ""
        self._started = time.monotonic()

    def progress(self, phase: str, done: int, total: int | None, note: str = "") -> None:
        if phase != self._phase:
            self._phase, self._started = phase, time.monotonic()
            if not self._terminal:
                print(f"{note or phase} …", file=sys.stderr, flush=True)
        if not self._terminal or not (self._due() or done == total):
            return
        text = f"{note or phase}"
        if total:
            elapsed = time.monotonic() - self._started
            text += f"  {done:,} of {total:,}  {done / total:.0%}"
            if done and elapsed > 1 and done < total:
                text += f"  about {elapsed * (total - done) / done:.0f} s left"
        width = shutil.get_terminal_size().columns - 1
        print("\r" + text[:width].ljust(width), end="", file=sys.stderr, flush=True)
        self._open = True

    def event(self, kind: str, **payload: Any) -> None:
        if kind == "note":
            self._line(payload["text"])
        elif kind == "epoch":
            parts = [f"epoch {payload['epoch']}/{payload['epochs']}"]
            for key, name in (
                ("loss", "loss"),
                ("accuracy", "accuracy"),
                ("val_loss", "validation loss"),
                ("val_accuracy", "validation accuracy"),
            ):
                if payload.get(key) is not None:
                    parts.append(f"{name} {payload[key]:.4f}")
            self._line("  ".join(parts) + ("  *" if payload["best"] else ""))

    def _line(self, text: str) -> None:
        self.end_line()
        print(text, file=sys.stderr, flush=True)

    def end_line(self) -> None:
        if self._open:
            print(file=sys.stderr)
            self._open = False


def when(at: float) -> str:
    """Local date and time of seconds since the epoch."""
    return datetime.datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M")
