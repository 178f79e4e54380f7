"""What the person who runs Lightbox may set, all through environment variables.

Read afresh from the environment whenever it is asked for, so that a worker process, a page and
the command line that were started with the same environment see the same settings.
"""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import platformdirs

from core.addresses import in_full
from core.errors import InvalidInput

_TRUE = {"1", "true", "yes", "on"}
Lane = Literal["light", "train"]
_SECRETS = {
    *("LIGHTBOX_DATABASE", "LIGHTBOX_TOKEN", "LIGHTBOX_OIDC_CLIENT_SECRET", "RAY_AUTH_TOKEN"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
}
LANES: tuple[Lane, ...] = get_args(Lane)
Access = Literal["local", "password", "oidc", "proxy"]
ACCESS: tuple[Access, ...] = get_args(Access)


@dataclass(frozen=True)
class Settings:
    """The settings in force.

    Attributes:
        home: the folder where all state lives (``LIGHTBOX_HOME``).
        roots: folders on the server, and places in a bucket (``s3://bucket/folder``), that pages
            may read images from (``LIGHTBOX_ROOTS``, separated by ``os.pathsep``); the user's home
            folder when unset, if there is one.
        roots_are_set: whether ``LIGHTBOX_ROOTS`` was given; the command line, whose user can
            read the disk anyway, is only restricted when it was.
        max_pixels: an image with more pixels is refused, not decoded (``LIGHTBOX_MAX_PIXELS``).
        max_unpacked_bytes: an archive that unpacks to more is refused
            (``LIGHTBOX_MAX_UNPACKED_GB``).
        max_files: a folder or archive with more files is refused (``LIGHTBOX_MAX_FILES``).
        author: whose name decisions are logged under (``LIGHTBOX_USER``).
        bfloat16: whether bfloat16 may be used where the processor has it
            (``LIGHTBOX_BFLOAT16=0`` switches it off).
        ahead: whether an idle worker measures and prepares trainings while somebody looks at their
            settings (``LIGHTBOX_AHEAD=0`` leaves it idle).
        access: who is let in (``LIGHTBOX_ACCESS``): whoever has the address with the start-up
            token (``local``), or people who sign in: with a ``password``, at a provider
            (``oidc``), or at a ``proxy`` in front.
        bind: the address to listen on, with a port if one is wanted (``LIGHTBOX_BIND``).
        lanes: the work that the app itself keeps workers for (``LIGHTBOX_LANES``, separated by
            commas, or ``none``), where other computers do the rest. Where :func:`ray` is set, none
            unless it says so.
        hosts: names that Lightbox is reached by besides this computer's own
            (``LIGHTBOX_HOSTS``, separated by commas; with ``https://`` for one behind a proxy).
    """

    home: Path
    roots: tuple[Path, ...]
    roots_are_set: bool
    max_pixels: int
    max_unpacked_bytes: int
    max_files: int
    author: str
    bfloat16: bool
    ahead: bool
    access: Access
    bind: str
    hosts: tuple[str, ...]
    lanes: tuple[Lane, ...]


def load() -> Settings:
    """Read the settings from the environment.

    Raises:
        InvalidInput: a variable that should be a number or a folder is not one.
    """
    env = os.environ
    home = env.get("LIGHTBOX_HOME") or _data_folder()
    given = _separated(env.get("LIGHTBOX_ROOTS", ""))
    roots = tuple(_place(part, "LIGHTBOX_ROOTS") for part in given) or _own_home()
    return Settings(
        home=_place(home, "LIGHTBOX_HOME"),
        roots=roots,
        roots_are_set=bool(given),
        max_pixels=max_pixels(),
        max_unpacked_bytes=int(_number("LIGHTBOX_MAX_UNPACKED_GB", 20) * 1024**3),
        max_files=int(_number("LIGHTBOX_MAX_FILES", 1_000_000)),
        author=env.get("LIGHTBOX_USER") or _login_name(),
        bfloat16=env.get("LIGHTBOX_BFLOAT16", "1").strip().lower() in _TRUE,
        ahead=env.get("LIGHTBOX_AHEAD", "1").strip().lower() in _TRUE,
        access=access(),
        bind=env.get("LIGHTBOX_BIND", "").strip() or "127.0.0.1",
        hosts=hosts(),
        lanes=_lanes(env.get("LIGHTBOX_LANES", "") or ("none" if ray() else "")),
    )


def home_as_named() -> str:
    """``LIGHTBOX_HOME`` as it was written, "" for the default: tells one home from another without
    a look at the disk."""
    return os.environ.get("LIGHTBOX_HOME", "")


def stores() -> frozenset[str]:
    """Hosts inside the network that files may be asked of (``LIGHTBOX_STORES``, separated by
    commas, with a port or without)."""
    given = os.environ.get("LIGHTBOX_STORES", "").split(",")
    return frozenset(each.strip().lower() for each in given if each.strip())


def cache_bytes() -> int:
    """What copies of files in a bucket may take on this disk (``LIGHTBOX_CACHE_GB``)."""
    return int(_number("LIGHTBOX_CACHE_GB", 10) * 1024**3)


def files() -> str:
    """The store in which folders are kept besides (``LIGHTBOX_FILES``); "" for none."""
    return os.environ.get("LIGHTBOX_FILES", "").strip()


def ray() -> str:
    """The Ray cluster that does the work (``LIGHTBOX_RAY``): its head's address, or ``auto`` for
    the one that this computer is in; "" without."""
    return os.environ.get("LIGHTBOX_RAY", "").strip()


def ray_cores(lane: Lane) -> int:
    """How many cores a job asks a Ray cluster for (``LIGHTBOX_RAY_CORES``)."""
    return max(1, int(_number("LIGHTBOX_RAY_CORES", 4 if lane == "train" else 2)))


def cores() -> int:
    """How many cores this process may use, at least 1: those that the system gives it, or as many
    as ``LIGHTBOX_CORES`` says (a task on a Ray cluster has no more than it was given)."""
    if hasattr(os, "sched_getaffinity"):
        found = len(os.sched_getaffinity(0))
    else:
        found = os.cpu_count() or 1
    return min(found, max(1, int(_number("LIGHTBOX_CORES", found))))


def openvino_threads() -> dict[str, int]:
    """What OpenVINO is to be told when it compiles a model for the processor: no more threads than
    ``LIGHTBOX_CORES``, or nothing where that isn't set."""
    return {"INFERENCE_NUM_THREADS": cores()} if "LIGHTBOX_CORES" in os.environ else {}


def without_secrets() -> dict[str, str]:
    """The environment as helpers get it that take files of strangers apart."""
    return {name: value for name, value in os.environ.items() if name not in _SECRETS}


def access() -> Access:
    """Only :attr:`Settings.access`; cheap enough to be asked once a request."""
    text = os.environ.get("LIGHTBOX_ACCESS", "")
    found = text.strip().lower() or "local"
    for each in ACCESS:
        if found == each:
            return each
    raise InvalidInput(
        f"LIGHTBOX_ACCESS is {text!r}, which is no way to let people in.",
        remedy=f"Set it to {', '.join(ACCESS[:-1])} or {ACCESS[-1]}, or remove it.",
    )


def hosts() -> tuple[str, ...]:
    """Only :attr:`Settings.hosts`; cheap enough to be asked once a request."""
    text = os.environ.get("LIGHTBOX_HOSTS", "")
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _separated(text: str) -> list[str]:
    """Places as ``os.pathsep`` separates them, which is no end of one where an address has it."""
    found: list[str] = []
    for part in text.split(os.pathsep):
        if found and found[-1] == "s3" and part.startswith("//"):
            found[-1] = f"s3:{part}"
        else:
            found.append(part)
    return [part for part in found if part.strip()]


def _place(text: str, variable: str) -> Path:
    """A folder that a variable names, in full."""
    try:
        return in_full(Path(text))
    except (OSError, RuntimeError, ValueError) as error:
        # "~nobody", links in a circle, a zero byte.
        raise InvalidInput(
            f"{variable} is {text!r}, and there can't be a folder of that name.",
            remedy="Set it to a folder, or remove it to use the default.",
        ) from error


def _lanes(text: str) -> tuple[Lane, ...]:
    wanted = {each.strip() for each in text.lower().split(",") if each.strip()} or {*LANES}
    if wanted == {"none"}:
        return ()
    if not wanted <= {*LANES}:
        raise InvalidInput(
            f"LIGHTBOX_LANES is {text!r}, which is no kind of work.",
            remedy=f"Set it to {' or '.join(LANES)}, both with a comma between, or none.",
        )
    return tuple(each for each in LANES if each in wanted)


def _data_folder() -> str:
    try:
        # Without a home, platformdirs says "~/.local/share" and leaves the rest to the reader.
        return str(
            Path(platformdirs.user_data_dir("lightbox", appauthor=False)).expanduser().absolute()
        )
    except RuntimeError as error:
        raise InvalidInput(
            "This user has no home folder, so nothing says where Lightbox keeps its files.",
            remedy="Set LIGHTBOX_HOME to a folder.",
        ) from error


def _own_home() -> tuple[Path, ...]:
    """The user's home folder; none for a user who has none, as in some containers."""
    try:
        return (Path.home().resolve(),)
    except RuntimeError:
        return ()


def max_pixels() -> int:
    """Only :attr:`Settings.max_pixels`; cheap enough to be asked once an image."""
    return int(_number("LIGHTBOX_MAX_PIXELS", 120_000_000))


def _number(variable: str, default: float) -> float:
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not value > 0:
        raise InvalidInput(
            f"{variable} is {text!r}, which is not a positive number.",
            remedy="Set it to a number, or remove it to use the default.",
        )
    return value


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "someone"
