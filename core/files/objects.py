"""What is in a bucket, by address: read one by one or many at once, listed, looked into.

An address is ``s3://bucket/key``, also as the ``Path`` that Lightbox has inside
(:mod:`core.addresses`). What is read is kept on this disk (:mod:`core.files.kept`) and for ten
minutes taken from there without asking; after that, and by scans and batches, the store is asked
whether it still holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path, PurePosixPath

from core import settings
from core.addresses import bucket_and_key, shown
from core.errors import InvalidInput, NotFound
from core.files.kept import Kept
from core.files.store import Found, bucket_is_named_well, store, which_store
from core.files.troubles import ObjectError

TRUSTED_S = 600.0
_HEADS_AT_ONCE = 500


def check(place: object) -> Path:
    """An address as Lightbox has it inside.

    Raises:
        InvalidInput: there can't be such a bucket or folder.
    """
    bucket, key = bucket_and_key(place)
    if not bucket_is_named_well(bucket):
        raise InvalidInput(
            "There can't be a bucket of that name.",
            file=shown(place),
            remedy="Write it like s3://bucket/folder.",
        )
    if key and not is_plain(key):
        raise InvalidInput(
            "The folders of an address are written out, without “..” or empty names.",
            file=shown(place),
        )
    return Path(f"s3:/{bucket}", key)


def read(place: object, trusted_s: float = TRUSTED_S) -> bytes:
    """All bytes of an object.

    Raises:
        OSError: it is not there, or can't be read; ``str()`` is a sentence.
        LightboxError: nothing can be read: the store is gone, or lets nobody in.
    """
    bucket, key = bucket_and_key(place)
    found = _read(bucket, [key], trusted_s)[key]
    if isinstance(found, ObjectError):
        raise found
    return found


def read_many(
    root: object, paths: Sequence[str], trusted_s: float = TRUSTED_S
) -> dict[str, bytes | ObjectError]:
    """Objects below a place, many at once: each one's bytes, or why it can't be read.

    Args:
        trusted_s: for so long what was read before is taken for what is there.

    Raises:
        LightboxError: as :func:`read`.
    """
    bucket, prefix = _folder(root)
    found = _read(bucket, [prefix + path for path in paths], trusted_s)
    return {path: found[prefix + path] for path in paths}


def heads(root: object, paths: Sequence[str], most: int) -> Iterator[tuple[str, bytes]]:
    """The first bytes of objects below a place, ``most`` at most; none of what can't be read."""
    bucket, prefix = _folder(root)
    for start in range(0, len(paths), _HEADS_AT_ONCE):
        some = dict.fromkeys((prefix + path for path in paths[start : start + _HEADS_AT_ONCE]), "")
        for key, got in store().get_many(bucket, some, most).items():
            yield key[len(prefix) :], b"" if got is None or isinstance(got, OSError) else got.data


def listing(root: object, meanwhile: Callable[[], None] = lambda: None) -> Iterator[Found]:
    """All objects below a place; see :meth:`core.files.store.Store.listed`."""
    return store().listed(*_folder(root), meanwhile)


def is_plain(path: str) -> bool:
    """Whether a key's rest can be a path below a folder without becoming another one."""
    return bool(path) and (
        PurePosixPath(path).as_posix() == path
        and not path.startswith("/")
        and ".." not in path.split("/")
        and "\\" not in path
        and "\0" not in path
    )


def is_there(root: object) -> bool:
    """Whether there is anything below a place.

    Raises:
        LightboxError: the store is gone, has no such bucket, or lets nobody in.
    """
    return store().below(*_folder(root), most=1)[1]


def subfolders(root: object) -> list[str]:
    """Names of the folders directly below a place, the first thousand.

    Raises:
        NotFound: there is nothing at that place.
        LightboxError: as :func:`is_there`.
    """
    names, is_any = store().below(*_folder(root))
    if not is_any:
        raise NotFound(
            "There is nothing at that place in the bucket.", file=root, remedy="Check its name."
        )
    return [name for name in names if is_plain(name) and not name.startswith(".")]


def _folder(root: object) -> tuple[str, str]:
    bucket, key = bucket_and_key(check(root))
    return bucket, f"{key}/" if key else ""


def _read(bucket: str, keys: Sequence[str], trusted_s: float) -> dict[str, bytes | ObjectError]:
    kept = _kept(settings.load().home / "cache" / "objects", settings.cache_bytes())
    within = f"{which_store()} {bucket}"
    found: dict[str, bytes | ObjectError] = {}
    asked = {}
    for key in dict.fromkeys(keys):
        held = kept.find(f"{within}/{key}")
        if held is not None:
            found[key] = held.data
        if held is None or held.age_s > trusted_s:
            asked[key] = held.tag if held is not None else ""
    if asked:
        for key, got in store().get_many(bucket, asked).items():
            if got is None:
                kept.still(f"{within}/{key}")
            elif isinstance(got, ObjectError):
                found[key] = got
            else:
                found[key] = got.data
                kept.keep(f"{within}/{key}", got.tag, got.data)
    return found


@cache
def _kept(folder: Path, limit_bytes: int) -> Kept:
    return Kept(folder, limit_bytes)
