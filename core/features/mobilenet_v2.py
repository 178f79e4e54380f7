"""MobileNetV2 (Sandler et al., 2018) as a frozen source of features.

Features are the mean over the picture of two layers: the last one, which says what kind of thing
is shown, and one two thirds of the way up, which says more of shapes and textures. With both, ten
hand signs are told apart right 96 % of the time by a linear head; with the last layer alone,
90 % (measured at 128 pixels).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from core.features import weights
from core.features.ir import save_ir
from core.progress import Reporter
from core.quiet import silence_tensorflow
from core.workspace import Workspace

FEATURE_LAYERS = ("block_13_expand_relu", "out_relu")
# Part of the name of every cache of features: change it when the features change.
FEATURES_VERSION = "mobilenet_v2-b13-out-v1"
FEATURES = 576 + 1280


def backbone(size: int, weights: Path) -> Any:
    """A ``keras.Model`` from pixels 0..255, shape (n, size, size, 3), to features (n, 1856)."""
    import keras
    from keras import layers

    base = keras.applications.MobileNetV2(
        include_top=False, weights=str(weights), input_shape=(size, size, 3)
    )
    base.trainable = False
    pixels = keras.Input((size, size, 3), name="pixels")
    taps = keras.Model(base.input, [base.get_layer(name).output for name in FEATURE_LAYERS])
    maps = taps(layers.Rescaling(1 / 127.5, offset=-1.0)(pixels))
    pooled = [layers.GlobalAveragePooling2D()(feature_map) for feature_map in maps]
    features = layers.Concatenate(name="features")(pooled)
    return keras.Model(pixels, features, name="mobilenet_v2")


def load(workspace: Workspace, size: int, report: Reporter | None = None) -> Path:
    """The backbone as OpenVINO IR, converted from Keras the first time.

    Where TensorFlow is not loaded already, that is done in a process of its own, since it would
    stay in memory for good.

    Raises:
        WeightsMissing: they are not here and can't be downloaded.
    """
    path = workspace.cache / "backbones" / f"{FEATURES_VERSION}-{size}.xml"
    if not path.exists() or not path.with_suffix(".bin").exists():
        file = weights.mobilenet_v2(report)
        if "tensorflow" in sys.modules:
            save_ir(backbone(size, file), path)
        else:
            if report is not None:
                report.progress("features", 0, None, "Preparing MobileNetV2")
            command = [sys.executable, "-m", __name__, str(size), str(file), str(path)]
            subprocess.run(command, check=True, stdout=sys.stderr)
    return path


if __name__ == "__main__":
    silence_tensorflow()
    save_ir(backbone(int(sys.argv[1]), Path(sys.argv[2])), Path(sys.argv[3]))
