"""Passwords: kept as argon2id hashes, tried a few times only.

Argon2 with the parameters of RFC 9106's second recommendation, as argon2-cffi has them.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from core.errors import InvalidInput

LEAST, MOST = 10, 200
_TRIES = 5
_TURNS = 64
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
        self._turns = [threading.Lock() for _ in range(_TURNS)]
        self._missed: dict[str, tuple[int, float]] = {}

    @contextmanager
    def turn(self, *keys: str) -> Iterator[None]:
        """One try after the other for each key: many at once are as many as they are."""
        with ExitStack() as held:
            for number in sorted({zlib.crc32(key.encode()) % len(self._turns) for key in keys}):
                held.enter_context(self._turns[number])
            yield

    def wait(self, *keys: str) -> float:
        """Seconds until another try is heard; 0 for now."""
        now = time.monotonic()
        with self._lock:
            return max((self._until(key) - now for key in keys), default=0.0)

    def miss(self, *keys: str) -> None:
        """Somebody guessed wrong."""
        with self._lock:
            if len(self._missed) > 10_000:
                self._missed.clear()
            for key in keys:
                count, _ = self._missed.get(key, (0, 0.0))
                self._missed[key] = (count + 1, time.monotonic())

    def hit(self, *keys: str) -> None:
        """Somebody came in."""
        with self._lock:
            for key in keys:
                self._missed.pop(key, None)

    def _until(self, key: str) -> float:
        count, at = self._missed.get(key, (0, 0.0))
        if count < _TRIES:
            return 0.0
        return at + min(_LONGEST_S, _FIRST_S * 2.0 ** min(count - _TRIES, 20))
