"""What happens while Keras fits, one concern a callback, in an order that matters."""

from __future__ import annotations

from core.training.fitting.batches import Batches
from core.training.fitting.callbacks.base import FitCallback, FitContext
from core.training.fitting.callbacks.ending import EarlyStopping, PauseAndStop, StopOnNan
from core.training.fitting.callbacks.epochs import EpochHistory, EpochStart
from core.training.fitting.callbacks.keeping import BestWeights, Checkpointing
from core.training.fitting.callbacks.learning_rate import LearningRate
from core.training.fitting.callbacks.replicas import Replicas
from core.training.fitting.callbacks.telling import Diagnosis, SampleAnswers, Telemetry
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
