"""Images in which a small patch alone decides the class, and a run of a network that learned it."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.features.runtime import save_ir
from core.training import architectures
from core.training.architectures import BuildConfig
from core.training.stack import Layer
from core.workspace import Workspace, write_json

CLASSES = ["chequered", "lying", "standing"]
SIDE, PATCH = 32, 8
RUN = "planted"
_STACK = (
    Layer(kind="Conv2D", filters=12),
    Layer(kind="MaxPooling2D", size=2),
    Layer(kind="Conv2D", filters=24),
    Layer(kind="GlobalAveragePooling2D"),
)


def planted(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Noise with a patch of chequers, of lying or of standing stripes somewhere left of the middle.

    Returns:
        images, uint8 (n, side, side, 3); classes, int64 (n,); masks of the patch, bool (n, side,
        side).
    """
    rng = np.random.default_rng(seed)
    images = rng.integers(90, 166, (count, SIDE, SIDE, 3)).astype(np.uint8)
    classes = np.arange(count) % len(CLASSES)
    masks = np.zeros((count, SIDE, SIDE), bool)
    stripes = np.where(np.arange(PATCH) // 2 % 2, 250, 5)
    lying = np.repeat(stripes[:, None], PATCH, axis=1)
    forms = [np.where(lying == lying.T, 250, 5), lying, lying.T]
    for number, label in enumerate(classes):
        top, left = rng.integers(0, SIDE - PATCH), rng.integers(0, SIDE // 2 - PATCH)
        place = (slice(top, top + PATCH), slice(left, left + PATCH))
        images[number][place] = forms[label][..., None]
        masks[number][place] = True
    return images, classes.astype(np.int64), masks


def learn(workspace: Workspace) -> Any:
    """Train a small network on such images, and keep it as a run's model; returns it for Keras."""
    import keras

    keras.utils.set_random_seed(1)
    model = architectures.build("custom", BuildConfig(SIDE, len(CLASSES), dropout=0, stack=_STACK))
    images, classes, _ = planted(600, seed=1)
    model.compile(keras.optimizers.Adam(5e-3), "sparse_categorical_crossentropy")
    model.fit(images.astype(np.float32), classes, batch_size=32, epochs=8, verbose=0)
    keep(workspace, model)
    return model


def keep(workspace: Workspace, model: Any, run_id: str = RUN) -> None:
    """As training leaves it: ``model.xml`` and ``model.json``."""
    folder = workspace.run(run_id)
    save_ir(model, folder / "model.xml")
    count = int(model.output_shape[-1])
    write_json(
        folder / "model.json",
        {
            "classes": CLASSES if count == len(CLASSES) else [str(n) for n in range(count)],
            "image_size": int(model.input_shape[1]),
            "fit": "stretch",
        },
    )


def shares(heat: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Of each heat map (n, h, w), the share that lies on the patch: float64 (n,)."""
    scale = SIDE // heat.shape[1] if SIDE % heat.shape[1] == 0 else None
    if scale is None:
        at = np.arange(SIDE) * heat.shape[1] // SIDE
        fine = heat[:, at][:, :, at]
    else:
        fine = heat.repeat(scale, axis=1).repeat(scale, axis=2)
    return (fine * masks).sum(axis=(1, 2)) / fine.sum(axis=(1, 2)).clip(1e-9)
