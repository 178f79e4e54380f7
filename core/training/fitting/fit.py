"""The call to Keras's ``fit``, for one part of a run, fresh or from where it stood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.progress import Reporter
from core.training.fitting.batches import Batches
from core.training.fitting.callbacks import FitContext, in_order
from core.training.fitting.callbacks.base import FitPhase
from core.training.fitting.checkpoint import Checkpoint, FitState
from core.training.fitting.compiling import compile_model
from core.training.fitting.team import Team


@dataclass(frozen=True)
class Run:
    """What the parts of one run share while they are fitted.

    Attributes:
        fit_state: where it stands; changed by every epoch.
        checkpoint: where that is kept, if it is.
        callbacks: further Keras callbacks.
        finder: takes the place of all reporting and keeping, to try learning rates.
    """

    report: Reporter
    fit_state: FitState
    checkpoint: Checkpoint | None = None
    callbacks: tuple[Any, ...] = ()
    finder: Any = None


def fit(
    run: Run,
    model: Any,
    train: Batches,
    validation: Batches | None,
    part: FitPhase,
    team: Team | None = None,
) -> bool:
    """Train one part; afterwards the model has the part's best weights.

    A model that is compiled already must have been so by :mod:`prepared`; ``train`` must have been
    made for the epoch at which the part stands (:func:`epochs_done`).

    Args:
        team: those who train it together, of the same batches.

    Returns:
        Whether the person stopped it.
    """
    fit_state, checkpoint = run.fit_state, run.checkpoint
    done = epochs_done(fit_state, part)
    if not model.compiled:
        with model.distribute_strategy.scope():
            compile_model(model, part.spec, part.peak)
    if run.finder is not None:
        model.fit(train, epochs=part.epochs, verbose=0, shuffle=False, callbacks=[run.finder])
        return False
    if checkpoint is not None and part.name in fit_state.parts_done:
        # Its best weights are all that is left of it: the model file may be a later part's.
        if (best := checkpoint.best(part.name)) is not None:
            model.set_weights(best)
        return False
    if not done:
        # Each part is judged by itself at first, so that a good head doesn't hide that tuning
        # gets better.
        fit_state.waited, fit_state.stop_best, fit_state.plateau = 0, None, None
    context = FitContext(part, fit_state, run.report)
    if done and checkpoint is not None:
        checkpoint.restore(model)
        context.best_weights = checkpoint.best(part.name)
    if team is not None:
        train = team.batches
        team.lead(model)
    # Batches shuffle themselves, by the spec's seed; Keras would shuffle them once more by chance.
    model.fit(
        train,
        validation_data=validation,
        initial_epoch=done,
        epochs=part.epochs,
        verbose=0,
        shuffle=False,
        callbacks=[
            *([] if team is None else [team]),
            *in_order(context, train, checkpoint),
            *run.callbacks,
        ],
    )
    if context.best_weights is not None:
        model.set_weights(context.best_weights)
    return context.stopped


def epochs_done(fit_state: FitState, part: FitPhase) -> int:
    """How many epochs of a part are finished."""
    return sum(1 for entry in fit_state.history if entry.part == part.name)
