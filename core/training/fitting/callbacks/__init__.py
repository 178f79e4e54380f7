"""What happens while Keras fits, one concern a callback, in an order that matters."""

from __future__ import annotations

from core.training.fitting.batches import Batches
from core.training.fitting.callbacks.base import FitCallback, FitContext
from core.training.fitting.callbacks.best_weights import BestWeights
from core.training.fitting.callbacks.checkpointing import Checkpointing
from core.training.fitting.callbacks.diagnosis import Diagnosis
from core.training.fitting.callbacks.early_stopping import EarlyStopping
from core.training.fitting.callbacks.epoch_history import EpochHistory
from core.training.fitting.callbacks.epoch_start import EpochStart
from core.training.fitting.callbacks.learning_rate import LearningRate
from core.training.fitting.callbacks.pause_and_stop import PauseAndStop
from core.training.fitting.callbacks.replicas import Replicas
from core.training.fitting.callbacks.sample_answers import SampleAnswers
from core.training.fitting.callbacks.stop_on_nan import StopOnNan
from core.training.fitting.callbacks.telemetry import Telemetry
from core.training.fitting.checkpoint import Checkpoint


def in_order(fit: FitContext, train: Batches, checkpoint: Checkpoint | None) -> list[FitCallback]:
    """The callbacks of a fit. Keras calls each hook of all of them in this order:

    1. ``EpochStart`` says which epoch it is.
    2. ``StopOnNan`` cuts an epoch off before anybody takes it into account.
    3. ``Replicas`` agree on the model that is looked at from here on.
    4. ``EpochHistory`` makes the entry that all below read.
    5. ``BestWeights`` decides whether it is the best, which is told and kept.
    6. ``LearningRate`` takes the entry into account only after it has been told its own rate.
    7. ``Telemetry`` tells of the epoch before anything is said about it,
    8. ``Diagnosis`` says what is wrong with it,
    9. ``EarlyStopping`` whether it was the last.
    10. ``PauseAndStop`` hears wishes after a batch has been told of.
    11. ``Checkpointing`` keeps what all above have changed.
    12. ``SampleAnswers`` come last: nothing depends on them.
    """
    return [
        EpochStart(fit, train),
        StopOnNan(fit),
        Replicas(fit),
        EpochHistory(fit),
        BestWeights(fit),
        LearningRate(fit),
        Telemetry(fit),
        Diagnosis(fit),
        EarlyStopping(fit),
        PauseAndStop(fit),
        *([] if checkpoint is None else [Checkpointing(fit, checkpoint)]),
        SampleAnswers(fit),
    ]
