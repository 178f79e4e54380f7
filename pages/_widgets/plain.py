"""Numbers, times and names in plain words; and names made safe for Markdown."""

from __future__ import annotations

import datetime
import re
import time

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")


def escape(text: str) -> str:
    """Somebody's text inside Markdown, shown as it is written."""
    return _SPECIAL.sub(r"\\\1", text)


def shorten(text: str, length: int = 40) -> str:
    """At most ``length`` characters, the middle left out."""
    if len(text) <= length:
        return text
    half = (length - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def images(count: int) -> str:
    """``1 image``, ``2,062 images``."""
    return f"{count:,} image{'' if count == 1 else 's'}"


def some(count: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: ``1 class``, ``3 classes``."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def percent(share: float, digits: int = 1) -> str:
    """``97.3 %``; whole hundreds without decimals."""
    return f"{share * 100:.{0 if share in (0, 1) else digits}f} %"


def scored(name: str, accuracy: float | None) -> str:
    """A model's name with its test accuracy, as lists of models show it: ``hands 1 · 97.3 %``."""
    return f"{name} · {percent(accuracy) if accuracy is not None else 'not tested'}"


def duration(seconds: float) -> str:
    """``8 s``, ``2 min 5 s``, ``1 h 10 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def size(count: float) -> str:
    """Bytes as ``640 KB`` or ``1.2 MB``."""
    for unit in ("bytes", "KB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit != "MB" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def ago(at: float) -> str:
    """``just now``, ``5 min ago``, ``yesterday`` or a date."""
    seconds = time.time() - at
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if seconds < 86400:
        return f"{int(seconds // 3600)} h ago"
    return datetime.datetime.fromtimestamp(at).strftime("%d %b %Y")
