"""A backbone as OpenVINO's intermediate representation, converted from Keras once and kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from core.errors import InvalidInput
from core.features import backbones
from core.features.backbones.backbone import Peaks
from core.features.backbones.build import build
from core.features.backbones.closer import left_out
from core.features.runtime import save_ir, write_ir
from core.features.weights import weights
from core.progress import SILENT, Reporter
from core.quiet import load_keras, openvino
from core.workspace import Workspace

# Exit status of the process that converts, where a person can put it right.
_REFUSED = 2


def load(
    workspace: Workspace,
    key: str,
    size: int,
    report: Reporter = SILENT,
    *,
    gray: bool = False,
    peaks: Peaks = "none",
) -> Path:
    """The backbone as OpenVINO IR, from RGB pixels to features, converted the first time.

    Where TensorFlow is not loaded already, that is done in a process of its own, since it would
    stay in memory for good.

    Args:
        gray: let it see lightness only.
        peaks: what it gives besides (:meth:`Backbone.peaked`).

    Raises:
        WeightsMissing: ImageNet's are not here and can't be downloaded.
        InvalidInput: there is no such backbone, or the file of its weights holds others.
    """
    backbone = backbones.get(key).peaked(peaks)
    name = f"{backbone.version}-{size}{'-gray' if gray else ''}"
    path = workspace.cache / "backbones" / f"{name}.xml"
    if path.exists() and path.with_suffix(".bin").exists():
        return path
    file = weights(key, report)
    # Two that need it at once must not take one's structure with the other's numbers.
    with FileLock(workspace.cache / f".{path.stem}.lock"):
        if path.exists() and path.with_suffix(".bin").exists():
            return path
        if "tensorflow" in sys.modules:
            save_ir(build(backbone, size, file, gray=gray), path)
        else:
            report.progress("features", 0, None, f"Preparing {backbone.title}")
            _convert_elsewhere(
                key,
                str(size),
                str(file.resolve()),
                str(path.resolve()),
                "gray" if gray else "rgb",
                peaks,
            )
    return path


def load_closer(path: Path, share: float) -> Path:
    """The same network looking at the middle of each image only, enlarged: as a file beside.

    Args:
        path: as from :func:`load`.
        share: as of :func:`core.features.backbones.closer.closer_up`, which it computes as.
    """
    closer = path.with_name(f"{path.stem}-closer{share:g}.xml")
    if not closer.exists() or not closer.with_suffix(".bin").exists():
        with FileLock(path.with_name(f".{closer.stem}.lock")):
            write_ir(_closer(path, share), closer)
    return closer


def _closer(path: Path, share: float) -> Any:
    ov = openvino()
    op = ov.opset13
    model = ov.Core().read_model(str(path))
    (before,) = model.get_parameters()
    side = int(before.get_partial_shape()[1].get_length())
    out = left_out(side, share)
    pixels = op.parameter([-1, side, side, 3], np.float32, name="pixels")
    cut = op.slice(pixels, *(np.array(at) for at in ([out] * 2, [side - out] * 2, [1, 1], [1, 2])))
    large = op.interpolate(
        cut, np.array([side, side]), "linear", shape_calculation_mode="sizes", axes=np.array([1, 2])
    )
    for each in before.output(0).get_target_inputs():
        each.replace_source_output(large.output(0))
    return ov.Model([op.result(model.output(0).get_node().input_value(0))], [pixels], path.stem)


def _convert_elsewhere(*arguments: str) -> None:
    command = [sys.executable, "-m", __name__, *arguments]
    # From wherever a person called: this code is found from its own folder.
    here = Path(__file__).parents[3]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, cwd=here)
    if done.returncode == _REFUSED:
        what, where, remedy = json.loads(done.stdout.splitlines()[-1])
        raise InvalidInput(what, file=where, remedy=remedy)
    done.check_returncode()


def _main(key: str, size: str, file: str, path: str, color: str, peaks: Peaks) -> int:
    load_keras()
    backbone = backbones.get(key).peaked(peaks)
    try:
        model = build(backbone, int(size), Path(file), gray=color == "gray")
    except InvalidInput as error:
        print(json.dumps([error.title, error.file, error.remedy]))
        return _REFUSED
    save_ir(model, Path(path))
    return 0


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))  # type: ignore[arg-type]
