"""Where MobileNetV2's ImageNet weights come from: Keras's cache, or the network, with progress.

One set of convolution weights serves every image size, but Keras files it under five names; any
of them will do.
"""

from __future__ import annotations

import http.client
import os
import urllib.request
from pathlib import Path

from core.errors import WeightsMissing, disk_errors
from core.progress import Reporter
from core.workspace import atomic_path

_URL = "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/"
_NAME = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_{size}_no_top.h5"
_SIZES = (224, 192, 160, 128, 96)
_TIMEOUT_S = 15
_CHUNK = 256 * 1024
# A cut-off download must not be taken for weights.
_LEAST_BYTES = 9_000_000


def cache_folder() -> Path:
    """Where Keras looks for weights."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "models"


def find_mobilenet_v2() -> Path | None:
    """The weights' file if Keras's cache has one, else ``None``."""
    for size in _SIZES:
        path = cache_folder() / _NAME.format(size=size)
        if path.is_file() and path.stat().st_size >= _LEAST_BYTES:
            return path
    return None


def mobilenet_v2(report: Reporter | None = None) -> Path:
    """The weights' file, downloaded if need be.

    Raises:
        WeightsMissing: they are not here and can't be downloaded; says which file to put where.
    """
    found = find_mobilenet_v2()
    if found is not None:
        return found
    name = _NAME.format(size=224)
    target = cache_folder() / name
    try:
        with disk_errors("downloading the weights"):
            _download(_URL + name, target, report or Reporter())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise WeightsMissing(
            "Transfer learning needs MobileNetV2's weights, and they could not be downloaded.",
            remedy=f"Download {_URL + name} on a computer with internet access, and put it into "
            f"{target.parent}. Or choose a recipe that trains from scratch.",
        ) from error
    return target


def _download(url: str, target: Path, report: Reporter) -> None:
    with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer, atomic_path(target) as part:
        total = int(answer.headers.get("Content-Length") or 0)
        done = 0
        with part.open("wb") as out:
            while chunk := answer.read(_CHUNK):
                report.check()
                out.write(chunk)
                done += len(chunk)
                report.progress("download", done, total or None, "Downloading MobileNetV2")
        if done < _LEAST_BYTES or (total and done != total):
            raise ConnectionError("the download was cut off")
