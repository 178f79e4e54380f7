"""Places that are no folders of this computer: addresses of a bucket, ``s3://bucket/folder``.

Inside Lightbox such a place is a ``Path`` like any other (which writes it ``s3:/bucket/folder``),
so that a dataset's images are found below it as they are below a folder. What opens files asks
here first, and what is shown or kept is written as an address.
"""

from __future__ import annotations

import re
from pathlib import Path

_OURS = "s3:/"
_ANY = re.compile(r"^([a-z][a-z0-9+.-]+):/", re.IGNORECASE)


def is_address(place: object) -> bool:
    """Whether a place is in a bucket."""
    return _slashed(place).startswith(_OURS)


def shown(place: object) -> str:
    """A place as people write it: an address with its two slashes, all else as it is."""
    text = _slashed(place)
    return f"{_OURS}/{text[len(_OURS) :].lstrip('/')}" if text.startswith(_OURS) else str(place)


def foreign_scheme(place: object) -> str:
    """What an address begins with that is none of a bucket which can be read ("gs"); or ""."""
    found = _ANY.match(_slashed(place))
    return found[1] if found and not is_address(place) else ""


def in_full(place: Path) -> Path:
    """A folder's whole path, links followed; an address as it is."""
    return place if is_address(place) else place.expanduser().resolve()


def bucket_and_key(place: object) -> tuple[str, str]:
    """Of an address: the bucket, and the rest without a slash at either end (may be "")."""
    bucket, _, key = _slashed(place)[len(_OURS) :].strip("/").partition("/")
    return bucket, key


def _slashed(place: object) -> str:
    text = str(place)
    # Windows turns them when it takes an address for a path.
    return text.replace("\\", "/") if text[:3] == "s3:" else text
