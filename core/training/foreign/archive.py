"""What a ``.keras`` file or one of weights holds, found out without loading it: nothing in it is
run.

The former is a zip of ``config.json`` (which layers, with which settings), ``metadata.json`` and
``model.weights.h5``. Keras builds whatever the config names, so everything that it names must be
Keras's own, and none of the few layers that run code or read other files. What passes is written
anew, without what isn't needed (optimizer, loss), and only that copy is ever loaded, in safe mode.

All of it is done in a helper with limits (:mod:`core.contained`).
"""

from __future__ import annotations

import json
import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, Any

from core.contained import Limits, contained
from core.errors import InvalidInput
from core.training.foreign.judge import Looked, judge
from core.workspace import atomic_path

MAX_BYTES = 2 * 1024**3
_MAX_CONFIG = 32 * 1024**2
_MAX_METADATA = 1024**2
_LIMITS = Limits(memory_mb=2048, file_mb=3072)
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"


def look_into(file: Path) -> Looked:
    """Inspect a ``.keras`` file; quick, and nothing in it is run.

    Raises:
        InvalidInput: it is no such file, is damaged, too large, holds what a model file does not,
            or a model that Lightbox can't use; the sentence names the layer.
    """
    return contained(look_into_here, file, limits=_LIMITS, otherwise=_strange(file))


def clean_copy(file: Path, target: Path) -> Looked:
    """Inspect a file, and write what a model needs of it, and nothing else, to ``target``.

    Raises:
        InvalidInput: as :func:`look_into`.
        NoSpace: it doesn't fit on the disk.
    """
    return contained(clean_copy_here, file, target, limits=_LIMITS, otherwise=_strange(file))


def check_weights(file: Path) -> None:
    """Look through a ``.weights.h5`` or ``.h5`` file before it is loaded.

    Raises:
        InvalidInput: it is none, is damaged, or holds what weights do not.
    """
    contained(check_arrays, file, MAX_BYTES, limits=_LIMITS, otherwise=_strange(file))


def look_into_here(file: Path) -> Looked:
    """:func:`look_into`, in this process."""
    config, metadata = _read(file)
    return judge(config, str(metadata.get("keras_version", ""))[:40])


def clean_copy_here(file: Path, target: Path) -> Looked:
    """:func:`clean_copy`, in this process."""
    config, metadata = _read(file)
    looked = judge(config, str(metadata.get("keras_version", ""))[:40])
    try:
        with (
            zipfile.ZipFile(file) as source,
            atomic_path(target) as part,
        ):
            with zipfile.ZipFile(part, "w") as out:
                out.writestr(_CONFIG, json.dumps(_without_training(config)))
                out.writestr(_METADATA, json.dumps(metadata))
                with source.open(_WEIGHTS) as weights, out.open(_WEIGHTS, "w") as copy:
                    shutil.copyfileobj(weights, copy, 1024 * 1024)
            with zipfile.ZipFile(part) as written, written.open(_WEIGHTS) as weights:
                check_arrays(weights, MAX_BYTES, name=file.name)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise _damaged(file) from error
    return looked


def _strange(file: Path) -> InvalidInput:
    """What is said of a file that keeps whoever looks into it too busy, or makes them stumble."""
    return InvalidInput(
        "Looking into this file took more memory than a model of images needs, or it is damaged "
        "in a way that Lightbox doesn’t know.",
        file=file.name,
        remedy="Save the model again with model.save('name.keras').",
    )


def _read(file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """``config.json`` and ``metadata.json``, once the zip itself is as it should be."""
    if not file.is_file():
        raise InvalidInput("That file is not there.", file=file.name, remedy="Check its name.")
    try:
        if not zipfile.is_zipfile(file):
            raise InvalidInput(
                "This is not a .keras file.",
                file=file.name,
                remedy="Save the model with model.save('name.keras'), in Keras 3; .h5 and "
                "SavedModel folders can be opened and saved again there.",
            )
        with zipfile.ZipFile(file) as archive:
            _check_members(archive, file)
            config = json.loads(archive.read(_CONFIG))
            metadata = (
                json.loads(archive.read(_METADATA)) if _METADATA in archive.NameToInfo else {}
            )
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise _damaged(file) from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            "The description of the model in this file can't be read.",
            file=file.name,
            remedy="Save the model again.",
        ) from error
    if not isinstance(config, dict) or not isinstance(metadata, dict):
        raise InvalidInput("The description of the model in this file is none.", file=file.name)
    return config, metadata


def _check_members(archive: zipfile.ZipFile, file: Path) -> None:
    total = 0
    seen: set[str] = set()
    for info in archive.infolist():
        name = info.filename.replace("\\", "/")
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or ":" in name or "\0" in name:
            raise InvalidInput(
                "This file holds a path that leads out of it, as no model does.",
                file=file.name,
                remedy="Don’t use it.",
            )
        total += info.file_size
        if name in seen:
            raise InvalidInput(f"This file holds “{name}” twice, as no model does.", file=file.name)
        seen.add(name)
        if name not in (_CONFIG, _METADATA, _WEIGHTS):
            raise InvalidInput(
                f"This file holds “{name}”, which a model of images doesn’t need.",
                file=file.name,
                remedy="Only models whose weights are in model.weights.h5 and that bring no other "
                "files can be imported.",
            )
    for needed in (_CONFIG, _WEIGHTS):
        if needed not in seen:
            raise InvalidInput(
                f"This is not a .keras file: it has no {needed}.",
                file=file.name,
                remedy="Save the model with model.save('name.keras'), in Keras 3.",
            )
    if _METADATA in seen and archive.getinfo(_METADATA).file_size > _MAX_METADATA:
        raise InvalidInput(
            "What this file says about itself is too long to be meant.",
            file=file.name,
            remedy="Save the model again.",
        )
    if total > MAX_BYTES or archive.getinfo(_CONFIG).file_size > _MAX_CONFIG:
        raise InvalidInput(
            f"This model unpacks to more than {MAX_BYTES / 1024**3:.0f} GB.",
            file=file.name,
            remedy="Use a smaller one.",
        )


def _damaged(file: Path) -> InvalidInput:
    return InvalidInput(
        "This file is damaged.", file=file.name, remedy="Copy it again in case it was cut off."
    )


def _without_training(value: Any) -> Any:
    """The same config without optimizer, loss and metrics, which using a model doesn't need."""
    if isinstance(value, list):
        return [_without_training(each) for each in value]
    if isinstance(value, dict):
        return {
            key: _without_training(each) for key, each in value.items() if key != "compile_config"
        }
    return value


_MOST_ARRAYS = 20_000


def check_arrays(file: Path | IO[bytes], most_bytes: int, name: str = "") -> int:
    """Refuse a file that isn't weights alone: plain arrays of numbers, in this file.

    Args:
        most_bytes: that all arrays may have together, unpacked.
        name: what to call it, where it is no path.

    Returns:
        How many bytes they have.

    Raises:
        InvalidInput: it is damaged, too large, or reaches for other files.
    """
    import h5py

    called = file.name if isinstance(file, Path) else name
    total = arrays = 0

    def take(group: Any, depth: int) -> None:
        nonlocal total, arrays
        if depth > 100:
            raise _refused(called, "holds groups within groups without an end")
        for key in group:
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise _refused(called, "holds a link to somewhere else")
            arrays += 1
            if arrays > _MOST_ARRAYS:
                raise _refused(called, f"holds more than {_MOST_ARRAYS:,} arrays")
            found = group[key]
            if isinstance(found, h5py.Group):
                take(found, depth + 1)
                continue
            if found.external or found.is_virtual:
                raise _refused(called, "has its arrays in other files")
            if found.dtype.kind not in "fiubSOV" or (found.dtype.hasobject and found.ndim):
                raise _refused(called, "holds something other than numbers")
            total += int(found.size) * found.dtype.itemsize if found.shape is not None else 0
            if total > most_bytes:
                raise _refused(called, f"unpacks to more than {most_bytes / 1024**3:.0f} GB")

    try:
        with h5py.File(file, "r") as opened:
            take(opened, 0)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise InvalidInput(
            "The weights in this file are damaged.",
            file=called,
            remedy="Copy it again in case it was cut off.",
        ) from error
    return total


def _refused(called: str, why: str) -> InvalidInput:
    return InvalidInput(
        f"The weights in this file can’t be used: it {why}.",
        file=called,
        remedy="Save them again with Keras 3.",
    )
