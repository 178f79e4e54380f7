"""Several devices that train together agree before anybody looks at the model."""

from __future__ import annotations

from typing import Any

from core.training.fitting import devices
from core.training.fitting.callbacks.base import FitCallback


class Replicas(FitCallback):
    """Gives all devices the same statistics before validation, or after an epoch without one."""

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        devices.agree(self.model)

    def on_counted_epoch(self, logs: dict[str, Any]) -> None:
        if "val_loss" not in logs:
            devices.agree(self.model)
