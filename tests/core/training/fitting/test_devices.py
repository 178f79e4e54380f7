"""One GPU, several, or none: shown with a processor that is divided into two logical devices."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from core.features import hardware
from core.training.fitting import devices
from tests.conftest import ROOT

pytestmark = pytest.mark.keras

# In a process of its own, since devices can't be divided once they are in use. The second run dies
# after an epoch and goes on.
DIVIDED = """
import json, sys
from pathlib import Path
from core.quiet import load_keras
load_keras()
import tensorflow as tf
from tests.recording import RecordingReporter
from core.training.fitting import devices
from core.training.run import train_run
from tests.core.training.running import queued, train
from tests.core.training.small import add_colours, new_catalog, told

processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    processor, [tf.config.LogicalDeviceConfiguration()] * 2
)
with devices.spread():
    replicas = tf.distribute.get_strategy().num_replicas_in_sync

class Dies(RecordingReporter):
    def snapshot(self, kind, **payload):
        if payload["epoch"] == 2 and not payload.get("partial"):
            raise KeyboardInterrupt

catalog = new_catalog(Path(sys.argv[1]))
dataset = add_colours(catalog, Path(sys.argv[2]))
spec = {"epochs": 4, "balance": "weights", "metrics": ["auc"], "learning_rate": 0.01}
whole = train(catalog, dataset, **spec)
run_id, _ = queued(catalog, dataset, **spec)
try:
    train_run(catalog, run_id, Dies())
except KeyboardInterrupt:
    pass
report = RecordingReporter()
train_run(catalog, run_id, report)
print(json.dumps({
    "replicas": replicas,
    "history": whole.history,
    "again": told(report, "epoch"),
    "confusion": told(whole.report, "snapshot")[-1]["confusion"],
    "saved": whole.validated_again(),
    "summary": whole.summary.as_json(),
}))
"""


@pytest.mark.slow
def test_every_device_takes_a_part_of_every_batch_and_the_model_is_one(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", DIVIDED, str(tmp_path / "home"), str(tmp_path / "colours")],
        cwd=ROOT,
        timeout=240,
        capture_output=True,
        check=False,
        text=True,
        env=os.environ | {"LIGHTBOX_ROOTS": str(tmp_path)},
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    found = json.loads(ended.stdout.splitlines()[-1])
    assert found["replicas"] == 2
    losses = [entry["loss"] for entry in found["history"]]
    assert losses[-1] < 0.8 * losses[0]
    assert sum(map(sum, found["confusion"])) == 6, "each validation image is counted once"
    accuracy, loss = found["saved"]
    best = found["history"][found["summary"]["best_epoch"] - 1]
    assert accuracy == pytest.approx(best["val_accuracy"], abs=1e-6)
    assert loss == pytest.approx(best["val_loss"], abs=1e-3)
    assert [entry["epoch"] for entry in found["again"]] == [3, 4]
    for entry, expected in zip(found["again"], found["history"][2:], strict=True):
        assert entry["loss"] == pytest.approx(expected["loss"], abs=1e-4)
        assert entry["val_loss"] == pytest.approx(expected["val_loss"], abs=1e-4)


def test_with_one_device_nothing_is_spread() -> None:
    with devices.spread():
        assert tf.distribute.get_strategy().num_replicas_in_sync == 1


@pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="there is a GPU")
def test_without_a_gpu_precision_is_what_the_processor_can(monkeypatch: pytest.MonkeyPatch) -> None:
    assert devices.precision("auto") == hardware.resolve("auto")
    assert devices.precision("bfloat16") == "bfloat16"
    monkeypatch.setenv("LIGHTBOX_BFLOAT16", "0")
    assert devices.precision("float32") == "float32"
