"""A run's curves as logs that TensorBoard reads, written without it, so that it needn't be
installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from core.training.fitting.checkpoint import FitState


class Scalars(keras.callbacks.Callback):
    """Writes the figures of every finished epoch, training's and validation's each in a folder of
    their own under one name, as Keras's ``TensorBoard`` does (which needs that package).

    Must come after the callback that adds epochs to ``standing``: what is there already is not
    written again.
    """

    def __init__(self, folder: Path, fit_state: FitState) -> None:
        super().__init__()
        self.folder, self.fit_state = folder, fit_state
        self._writers: dict[str, Any] = {}
        self._written = len(fit_state.history)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        for entry in self.fit_state.history[self._written :]:
            for name, value in entry.as_json().items():
                if name != "epoch" and isinstance(value, int | float):
                    self._write(name, float(value), entry.epoch)
        self._written = len(self.fit_state.history)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        for writer in self._writers.values():
            writer.flush()

    def _write(self, name: str, value: float, epoch: int) -> None:
        split = "validation" if name.startswith("val_") else "train"
        if split not in self._writers:
            self._writers[split] = tf.summary.create_file_writer(str(self.folder / split))
        with self._writers[split].as_default():
            tf.summary.write(
                f"epoch_{name.removeprefix('val_')}", tf.constant(value), epoch, metadata=_SCALAR
            )


_SCALAR = tf.compat.v1.SummaryMetadata(
    plugin_data=tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars"),
    data_class=tf.compat.v1.SummaryMetadata.DESCRIPTOR.file.enum_types_by_name["DataClass"]
    .values_by_name["DATA_CLASS_SCALAR"]
    .number,
)
