"""Requests to an object store that speaks S3's protocol: one object, many at once, a listing.

Where it is and who asks are found as everywhere (``AWS_ENDPOINT_URL``, ``AWS_PROFILE``, keys in the
environment, roles); nothing of it is kept. What may pass is tried again a few times; then one
question tells a store that is gone (which ends the work, with a sentence) from one object that
can't be read (which is said of that object, and stops nothing else).
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from core import settings
from core.errors import InvalidInput, LightboxError
from core.files.troubles import (
    ObjectError,
    ObjectGone,
    Short,
    code_of,
    inside_network,
    may_pass,
    sentence_of,
)

_CONNECT_S, _READ_S = 5.0, 20.0
# Before each try but the first: about five seconds in all, as long as a store is restarted.
_WAITS = (0.3, 1.0, 3.0)
_AT_ONCE = 32
# No picture is larger; what would not fit into memory is not begun.
_MOST_BYTES = 1024**3
# An answer to whether the store is there at all holds for so long.
_ASKED_EVERY_S = 5.0
_INSTALL = ".venv/bin/python -m pip install -r requirements-team.txt"
_OF_CLOUDS = ("169.254.169.254", "fd00:ec2::254")

T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    """An object below a place.

    Attributes:
        path: relative to that place.
        bytes: its size.
        stamp: changes when it does: when it was written, in nanoseconds since 1970, whose part
            below a second is a checksum of the store's tag for this version.
    """

    path: str
    bytes: int
    stamp: int


@dataclass(frozen=True)
class Got:
    """An object's bytes and its version's tag."""

    data: bytes
    tag: str


# One an environment.
_STORES: dict[tuple[tuple[str, str], ...], Store] = {}
_MAKING = threading.Lock()


def store() -> Store:
    """The store that the environment names.

    Raises:
        InvalidInput: what is needed to ask one isn't installed.
    """
    env = os.environ.items()
    named = tuple(sorted(each for each in env if each[0].startswith(("AWS_", "LIGHTBOX_STORES"))))
    with _MAKING:
        if named not in _STORES:
            _STORES[named] = Store()
        return _STORES[named]


def which_store() -> str:
    """What tells one store's buckets from those of another that are called alike."""
    names = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_PROFILE")
    return " ".join(os.environ.get(name, "") for name in names)


class Store:
    """One object store, asked by any number of threads."""

    def __init__(self) -> None:
        try:
            import aiobotocore.session
            from fsspec.asyn import sync
            from s3fs import S3FileSystem

            from core.files.inside import Resolver
        except ImportError as error:
            raise InvalidInput(
                "Reading from a bucket takes packages that are not installed.",
                remedy=f"Install them: {_INSTALL}",
            ) from error
        self._listed = settings.stores()
        session = aiobotocore.session.AioSession()
        if not any(each in self._listed for each in _OF_CLOUDS):
            # The last resort for credentials is a request to an address inside.
            session.get_component("credential_provider").remove("iam-role")
        self._sync = sync
        self._fs: Any = S3FileSystem(
            session=session,
            skip_instance_cache=True,
            use_listings_cache=False,
            config_kwargs={
                "connect_timeout": _CONNECT_S,
                "read_timeout": _READ_S,
                "max_pool_connections": _AT_ONCE,
                # Patience is in one place, below.
                "retries": {"mode": "standard", "total_max_attempts": 1},
                "connector_args": {"resolver": Resolver(self._listed)},
            },
        )
        self._fs.retries = 1
        self._checked = False
        # Of each bucket, when it was last asked whether it is there, and what is wrong with it.
        self._alive: dict[str, tuple[float, LightboxError | None]] = {}

    def get_many(
        self, bucket: str, unless: Mapping[str, str], most: int = 0
    ) -> dict[str, Got | ObjectError | None]:
        """Objects, many at once: each one's bytes; ``None`` where it still has the tag that is
        known; or why this one can't be read.

        Args:
            unless: keys, each with the tag that is known or "".
            most: only so many first bytes of each; all if 0.

        Raises:
            LightboxError: none can be read: the store is gone, or doesn't let us in.
        """
        return self._run(lambda: self._all(bucket, unless, most), bucket)

    def listed(self, bucket: str, prefix: str, meanwhile: Callable[[], None]) -> Iterator[Found]:
        """All objects whose keys begin with ``prefix``, in the order of their keys; none whose
        name is no path, which is what folders are in a bucket.

        Args:
            meanwhile: called after each thousand; may raise.

        Raises:
            LightboxError: as :meth:`get_many`.
        """
        asked: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix}
        while True:
            page = self._page(asked)
            for each in page.get("Contents", ()):
                path = each["Key"][len(prefix) :]
                if path and not path.endswith("/"):
                    changed = int(each["LastModified"].timestamp())
                    tag = zlib.crc32(each.get("ETag", "").encode())
                    yield Found(path, int(each["Size"]), changed * 10**9 + tag % 10**9)
            if not page.get("IsTruncated"):
                return
            asked["ContinuationToken"] = page["NextContinuationToken"]
            meanwhile()

    def below(self, bucket: str, prefix: str, most: int = 1000) -> tuple[list[str], bool]:
        """Names of the folders directly below a prefix (which ends in a slash, or is ""), the
        first thousand of them, and whether there is anything at all."""
        page = self._page({"Bucket": bucket, "Prefix": prefix, "Delimiter": "/", "MaxKeys": most})
        inside = [each["Prefix"] for each in page.get("CommonPrefixes", ())]
        names = [each[len(prefix) :].rstrip("/") for each in inside]
        return [name for name in names if name], bool(inside or page.get("Contents"))

    def files(self, bucket: str) -> Any:
        """The store as a file system of fsspec's, for what Lightbox keeps in a bucket itself.

        Raises:
            LightboxError: as :meth:`get_many`.
        """
        self._run(self._nothing, bucket)
        return self._fs

    async def _nothing(self) -> None:
        """Ask for nothing but whether this store may be asked."""

    def _page(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        async def ask() -> Mapping[str, Any]:
            return await self._fs._call_s3("list_objects_v2", **asked)

        return self._run(lambda: _patiently(ask), str(asked["Bucket"]))

    def _run(self, do: Callable[[], Awaitable[T]], bucket: str) -> T:
        """Ask, in the one thread that talks to stores; whatever goes wrong is a sentence."""
        try:
            if not self._checked:
                self._sync(self._fs.loop, self._connect)
                self._checked = True
            return self._sync(self._fs.loop, do)
        except (LightboxError, ObjectError):
            raise
        except Exception as error:
            sentence = sentence_of(error, bucket)
            if sentence is None:
                raise
            raise sentence from error

    async def _connect(self) -> None:
        from core.files.inside import is_inside, is_listed

        client = await self._fs.set_session()
        place = urlsplit(client.meta.endpoint_url)
        host = place.hostname or ""
        if _is_ip(host) and is_inside(host) and not is_listed(host, place.port, self._listed):
            raise inside_network(place.netloc)

    async def _all(
        self, bucket: str, unless: Mapping[str, str], most: int
    ) -> dict[str, Got | ObjectError | None]:
        few = asyncio.Semaphore(_AT_ONCE)

        async def one(key: str, tag: str) -> Got | ObjectError | None:
            async with few:
                try:
                    return await _patiently(lambda: self._one(bucket, key, tag, most))
                except ObjectError as error:
                    return error
                except Exception as error:
                    return await self._about_one(error, bucket)

        tasks = [asyncio.ensure_future(one(key, tag)) for key, tag in unless.items()]
        try:
            return dict(zip(unless, await asyncio.gather(*tasks), strict=True))
        finally:
            for task in tasks:
                task.cancel()

    async def _one(self, bucket: str, key: str, tag: str, most: int) -> Got | None:
        from botocore.exceptions import ClientError

        asked = {"IfNoneMatch": tag} if tag else {}
        if most:
            asked["Range"] = f"bytes=0-{most - 1}"
        try:
            answer = await self._fs._call_s3("get_object", Bucket=bucket, Key=key, **asked)
        except (ClientError, OSError) as error:
            status, code = code_of(error)
            if status == 304:
                return None
            if code in ("NoSuchKey", "404"):
                raise ObjectGone("It is not in the bucket any more.") from error
            if status == 416:
                return Got(b"", tag)
            raise
        async with answer["Body"] as body:
            size = int(answer.get("ContentLength") or 0)
            if size > _MOST_BYTES:
                raise ObjectError("It is too large to be read (more than 1 GB).")
            data: bytes = await body.read()
            if len(data) != size:
                raise Short(f"{len(data)} of {size} bytes")
            return Got(data, str(answer.get("ETag", "")))

    async def _about_one(self, error: Exception, bucket: str) -> ObjectError:
        """What is wrong with one object that several tries didn't get.

        Raises:
            LightboxError: it isn't that object's fault.
        """
        status, code = code_of(error)
        if status == 403 and code in ("AccessDenied", "403", "Forbidden", "AllAccessDisabled"):
            return ObjectError("The store doesn't let Lightbox read it.")
        if code == "InvalidObjectState":
            return ObjectError("It is in an archive of the store's (Glacier); restore it there.")
        if not may_pass(error):
            raise sentence_of(error, bucket) or error
        at, known = self._alive.get(bucket, (float("-inf"), None))
        if time.monotonic() - at > _ASKED_EVERY_S:
            try:
                await self._fs._call_s3("list_objects_v2", Bucket=bucket, MaxKeys=1)
                known = None
            except Exception as gone:
                known = sentence_of(gone, bucket)
            self._alive[bucket] = (time.monotonic(), known)
        if known is not None:
            raise known
        if isinstance(error, Short) or not status:
            return ObjectError("It broke off each time that it was read.")
        return ObjectError(f"The store answers with an error ({status}) each time it is asked.")


async def _patiently(do: Callable[[], Awaitable[T]]) -> T:
    for wait in _WAITS:
        try:
            return await do()
        except Exception as error:
            if not may_pass(error):
                raise
        await asyncio.sleep(wait * random.uniform(0.7, 1.3))
    return await do()


def _is_ip(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def bucket_is_named_well(bucket: str) -> bool:
    """Whether a bucket can be called so (S3's rules, without those for tunnels and aliases)."""
    return (
        3 <= len(bucket) <= 63
        and bucket[0] not in ".-"
        and bucket[-1] not in ".-"
        and all(letter in "abcdefghijklmnopqrstuvwxyz0123456789.-" for letter in bucket)
        and ".." not in bucket
    )
