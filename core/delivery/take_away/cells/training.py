"""Training as the run was trained: batches, optimizer, learning rate, the best epoch; in one fit on
pixels, or with a head on frozen features first and fine-tuning after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.delivery.take_away.cells import Cell, chosen, code, words
from core.delivery.take_away.cells.chosen import is_chosen
from core.delivery.take_away.cells.fitting import (
    BEST,
    batches,
    epochs_run,
    fit,
    head,
    keep_best,
    looks,
    tuning,
    views_of,
)
from core.delivery.take_away.cut import Cutter, namespace
from core.delivery.take_away.material import Material
from core.runs.values import EpochRecord
from core.training.catalogue import in_notebook
from core.training.options import METRICS
from core.training.spec import TrainSpec

_FITTING = "core.training.fitting"


def cells(material: Material, cutter: Cutter, holds: Mapping[str, bool]) -> list[Cell]:
    """Everything from the loss to the trained model."""
    if is_chosen(material):
        return chosen.head(material, cutter)
    spec = material.spec
    by_hand = rates_by_hand(spec, material.history)
    made = [
        words("## Training", "", _said(spec, holds)),
        _compiling(spec, cutter),
    ]
    if holds["rated"]:
        made.append(_rates(spec, cutter, by_hand))
    if holds["validated"]:
        made.append(keep_best(spec, holds))
    made.append(batches(spec, cutter, holds))
    if holds["pretrained"]:
        made += head(material, holds)
        if holds["tuned"]:
            made += tuning(material, holds)
    else:
        made.append(code(*fit(material, holds, "model"), holds["validated"] and BEST))
    if spec.test_views > 1:
        made += looks(spec, cutter)
    return made


def _said(spec: TrainSpec, holds: Mapping[str, bool]) -> str:
    """Optimizer, loss, learning rate, which epoch is kept, and when training stops."""
    said = [
        in_notebook(spec, ("optimizer.name", "optimizer.weight_decay", "optimizer.clip_norm")),
        in_notebook(spec, ("loss.name", "loss.label_smoothing", "balance")),
        in_notebook(spec, ("schedule.name",)),
        "It was changed by hand while the run was trained, which is done here too."
        if holds["by_hand"]
        else "",
        f"After each epoch the validation images are asked, and the weights of the epoch with the "
        f"best {METRICS[spec.best_by]} on them are kept."
        if holds["validated"]
        else "There are no validation images, so the last epoch's weights are kept.",
        f"Training stops early when the validation {METRICS[spec.stopping.metric]} has not got "
        f"better for {spec.stopping.patience} epochs."
        if holds["stops"]
        else "",
    ]
    return " ".join(each for each in said if each)


def conditions(material: Material) -> dict[str, bool]:
    """What holds of how a run was trained."""
    spec = material.spec
    by_hand = bool(rates_by_hand(spec, material.history))
    # What is asked of validation answers, besides accuracy and loss.
    asked = {spec.best_by} | ({spec.stopping.metric} if spec.stopping.patience else set())
    asked = asked if material.count("validation") else set()
    return {
        # A person may have stopped it before.
        "tuned": epochs_run(material, "tuning", spec.tuning.epochs) > 0,
        "validated": material.count("validation") > 0,
        "rated": spec.schedule.name != "constant" or by_hand,
        "by_hand": by_hand,
        "stops": spec.stopping.patience > 0 and material.count("validation") > 0,
        "by_f1": "f1" in asked,
        "by_balanced": "balanced_accuracy" in asked,
        "scored": bool(asked & {"f1", "balanced_accuracy"}),
        "viewed": views_of(material) > 0,
    }


def rates_by_hand(spec: TrainSpec, history: Sequence[EpochRecord]) -> dict[int, float]:
    """Learning rates that a person set while it ran: epoch (from 0, over all parts) → rate.

    Found as what differs from the schedule, which every epoch's record has the last step of.
    """
    from core.training.rates import Plateau, rate_at

    found: dict[int, float] = {}
    asked: float | None = None
    plateau, part = Plateau(spec.schedule), ""
    for entry in history:
        if entry.learning_rate is None:
            continue
        tuning = entry.part == "tuning"
        if entry.part != part:
            plateau, part = Plateau(spec.schedule), entry.part
        peak = spec.tuning.learning_rate if tuning else spec.learning_rate
        epochs = spec.tuning.epochs if tuning else spec.epochs
        number = entry.epoch - 1
        inside = number - (spec.epochs if tuning else 0)
        # How many steps an epoch had is not kept; a hundred are as good as any number.
        scheduled = [
            rate_at(spec.schedule, peak, inside * 100 + step, epochs * 100, inside) * plateau.scale
            for step in range(100)
        ]
        rate = float(entry.learning_rate)
        fits = min(scheduled) * 0.98 <= rate <= max(scheduled) * 1.02
        if rate != asked and (asked is not None or not fits):
            found[number] = asked = rate
        loss = entry.value("val_loss")
        plateau.epoch_ended(loss if loss is not None else entry.loss or 0.0)
    return found


def _compiling(spec: TrainSpec, cutter: Cutter) -> Cell:
    """Optimizer, loss and metrics."""
    optimizer = spec.optimizer.model_dump(exclude=_unused(spec))
    loss = spec.loss.model_dump(exclude=set() if spec.loss.name == "focal" else {"gamma"})
    places = [f"{_FITTING}.compiling:{name}" for name in ("make_optimizer", "make_loss")]
    more = {
        "top_3": 'keras.metrics.TopKCategoricalAccuracy(3, name="top_3")',
        "auc": 'keras.metrics.AUC(multi_label=True, num_labels=len(CLASSES), name="auc")',
    }
    metrics = ['"accuracy"', *(call for name, call in more.items() if name in spec.metrics)]
    return code(
        cutter.cut(*places, known={"options": spec.optimizer, "loss": spec.loss}),
        namespace("OPTIMIZER", optimizer),
        namespace("LOSS", loss),
        """
        def prepare(network, rate):
            \"\"\"Give a network its optimizer and loss.\"\"\"
        """,
        (1, f"metrics = [{', '.join(metrics)}]" if len(metrics) == 1 else "metrics = ["),
        *((2, f"{each},") for each in metrics if len(metrics) > 1),
        (1, len(metrics) > 1 and "]"),
        (
            1,
            """
            # Compiling with XLA takes longer than it saves in a short training.
            optimizer, loss = make_optimizer(OPTIMIZER, rate), make_loss(LOSS)
            network.compile(optimizer, loss, metrics=metrics, jit_compile=False)
            """,
        ),
    )


def _unused(spec: TrainSpec) -> set[str]:
    """Options of other optimizers."""
    own = {"sgd": {"momentum", "nesterov"}, "rmsprop": {"momentum"}}
    kept = own.get(spec.optimizer.name, {"beta_1", "beta_2"})
    return {"momentum", "nesterov", "beta_1", "beta_2"} - kept


def _rates(spec: TrainSpec, cutter: Cutter, by_hand: Mapping[int, float]) -> Cell:
    """The learning rate of every step, the person's own included."""
    known = {"schedule": spec.schedule, "self.schedule.name != 'plateau' or loss is None": False}
    places = ["core.training.rates:rate_at"]
    plateau = spec.schedule.name == "plateau"
    if plateau:
        places.append("core.training.rates:Plateau")
    said = f"BY_HAND = {dict(by_hand)}  # rates set by hand, from the epoch on (the first is 0)"
    return code(
        cutter.cut(*places, known=known),
        namespace("SCHEDULE", spec.schedule.model_dump()),
        bool(by_hand) and said,
        """
        class Rate(keras.callbacks.Callback):
            \"\"\"Sets the learning rate before every step.\"\"\"

            def __init__(self, peak, epochs, before=0):
                super().__init__()
                self.peak, self.epochs, self.before = peak, epochs, before
        """,
        (2, plateau and "self.plateau = Plateau(SCHEDULE)"),
        (
            1,
            """
            def on_epoch_begin(self, epoch, logs=None):
                self.epoch = epoch

            def on_train_batch_begin(self, batch, logs=None):
                steps = math.ceil(len(train) / BATCH)
                step = self.epoch * steps + batch
                rate = rate_at(SCHEDULE, self.peak, step, self.epochs * steps, self.epoch)
            """,
        ),
        (2, plateau and "rate *= self.plateau.scale"),
        (
            2,
            bool(by_hand)
            and """
            for first, value in BY_HAND.items():
                if self.before + self.epoch >= first:
                    rate = value
            """,
        ),
        (2, "self.model.optimizer.learning_rate = rate"),
        (
            1,
            plateau
            and """
            def on_epoch_end(self, epoch, logs=None):
                self.plateau.epoch_ended(logs.get("val_loss", logs["loss"]))
            """,
        ),
    )
