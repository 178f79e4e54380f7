"""Passwords: kept as argon2id hashes, tried a few times only.

Argon2 with the parameters of RFC 9106's second recommendation, as argon2-cffi has them.
"""

from __future__ import annotations

import threading
import time
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from core.errors import InvalidInput

LEAST, MOST = 10, 200
_TRIES = 5
_FIRST_S, _LONGEST_S = 10.0, 900.0
# Hashing takes 64 MB each time: not too many at once.
_hashing = threading.BoundedSemaphore(2)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


def check(password: str, name: str) -> str:
    """A password that somebody chose, if it is one.

    Raises:
        InvalidInput: it is too short, too long, or the name.
    """
    if not LEAST <= len(password) <= MOST:
        raise InvalidInput(
            f"A password needs {LEAST} to {MOST} characters.",
            remedy="A few words in a row are easy to remember.",
        )
    if password.casefold().strip() == name.casefold() or len(set(password)) < 5:
        raise InvalidInput("This password is too easy to guess.", remedy="Choose another one.")
    return password


def hashed(password: str) -> str:
    """What is kept of a password."""
    with _hashing:
        return _hasher().hash(password)


@cache
def _nobodys() -> str:
    return _hasher().hash("nobody has this one")


def is_right(password: str, kept: str) -> bool:
    """Whether this is the password. Without a hash it takes as long, and is not."""
    with _hashing:
        try:
            right = _hasher().verify(kept or _nobodys(), password[:MOST])
        except (Argon2Error, InvalidHashError):
            return False
    return right and bool(kept)


class Throttle:
    """Makes whoever guesses wait: after five misses ten seconds, then twice as long each time.

    Counted for a name and for an address alike, so that neither many names nor many addresses
    help.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._missed: dict[str, tuple[int, float]] = {}

    def begin(self, *keys: str) -> float:
        """Somebody tries, which counts as a miss until :meth:`hit`; 0 if they are heard, else the
        seconds until they are."""
        now = time.monotonic()
        with self._lock:
            wait = max((self._until(key) - now for key in keys), default=0.0)
            if wait > 0:
                return wait
            if len(self._missed) > 10_000:
                self._missed.clear()
            for key in keys:
                count, _ = self._missed.get(key, (0, 0.0))
                self._missed[key] = (count + 1, now)
            return 0.0

    def hit(self, *keys: str) -> None:
        """Somebody came in."""
        with self._lock:
            for key in keys:
                self._missed.pop(key, None)

    def _until(self, key: str) -> float:
        count, at = self._missed.get(key, (0, 0.0))
        return (
            0.0
            if count < _TRIES
            else at + min(_LONGEST_S, _FIRST_S * 2.0 ** min(count - _TRIES, 20))
        )
