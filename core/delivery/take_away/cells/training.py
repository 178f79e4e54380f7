"""Training as the run was trained: batches, optimizer, learning rate, the best epoch; in one fit on
pixels, or with a head on frozen features first and fine-tuning after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.delivery.take_away.cells import Cell, code, words
from core.delivery.take_away.cells.training_code import (
    BATCHES,
    COMPILE,
    FEATURE_BATCHES,
    FEATURES,
    FIT,
    FIT_HEAD,
    FIT_TUNING,
    KEEP_BEST,
    RATE,
)
from core.delivery.take_away.cells.training_words import training_words
from core.delivery.take_away.material import Material
from core.runs.values import EpochRecord
from core.training import architectures
from core.training.options import METRICS, Loss, Optimizer
from core.training.recipes import VIEWS
from core.training.spec import TrainSpec


def cells(material: Material, holds: Mapping[str, bool]) -> list[Cell]:
    """Everything from the loss to the trained model."""
    spec = material.spec
    by_hand = rates_by_hand(spec, material.history)
    values = _values(material, by_hand)
    made = [
        words(
            """
            ## Training

            {{how}}
            """,
            how=training_words(spec, holds),
        ),
        code(COMPILE, holds, **values),
    ]
    if holds["rated"]:
        made.append(code(RATE, holds, **values))
    if holds["validated"]:
        made.append(code(KEEP_BEST, holds, **values))
    if holds["pretrained"]:
        made += _head(holds, values)
        if holds["tuned"]:
            made += _tuning(spec, holds, values)
    else:
        made += [_batches(holds, values), code(FIT, holds, **values)]
    if spec.test_views > 1:
        made += _looks(spec)
    return made


def conditions(material: Material) -> dict[str, bool]:
    """What holds of how a run was trained, for templates."""
    spec = material.spec
    schedule = spec.schedule.name
    views = views_of(material)
    by_hand = bool(rates_by_hand(spec, material.history))
    # What is asked of validation answers, besides accuracy and loss.
    asked = {spec.best_by} | ({spec.stopping.metric} if spec.stopping.patience else set())
    asked = asked if material.count("validation") else set()
    return {
        # A person may have stopped it before.
        "tuned": _epochs_run(material, "tuning", spec.tuning.epochs) > 0,
        "validated": material.count("validation") > 0,
        "decays": spec.optimizer.weight_decay > 0,
        "weights": spec.balance == "weights",
        "sampling": spec.balance == "sampling",
        "curved": schedule in ("cosine", "one_cycle"),
        "warm": schedule in ("cosine", "one_cycle") and spec.schedule.warmup > 0,
        "stepped": schedule == "step",
        "steady": schedule not in ("cosine", "one_cycle", "step"),
        "rated": schedule in ("cosine", "one_cycle", "step") or by_hand,
        "plateau": schedule == "plateau",
        "by_hand": by_hand,
        "stops": spec.stopping.patience > 0 and material.count("validation") > 0,
        "by_accuracy": spec.best_by == "accuracy",
        "by_loss": spec.best_by == "loss",
        "by_f1": "f1" in asked,
        "by_balanced": "balanced_accuracy" in asked,
        "frozen": spec.frozen > 0,
        "viewed": views > 0,
        "top_3": "top_3" in spec.metrics,
        "auc": "auc" in spec.metrics,
    }


def views_of(material: Material) -> int:
    """How many varied views of each image a head was trained on."""
    if not material.spec.augmentation.varies:
        return 0
    images = material.count("train")
    return next((count for limit, count in VIEWS if images <= limit), 0)


def rates_by_hand(spec: TrainSpec, history: Sequence[EpochRecord]) -> dict[int, float]:
    """Learning rates that a person set while it ran: epoch (from 0, over all parts) → rate.

    Found as what differs from the schedule, which every epoch's record has the last step of.
    """
    from core.training.fitting.rates import Plateau, rate_at

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


def _values(material: Material, by_hand: Mapping[int, float]) -> dict[str, Any]:
    spec = material.spec
    return {
        "optimizer": _optimizer(spec.optimizer),
        "loss": _loss(spec.loss),
        "metrics": "".join(f", {name}" for name in ("top_3", "auc") if name in spec.metrics),
        "rate": f"{spec.learning_rate:g}",
        "epochs": spec.epochs,
        "head_epochs": spec.epochs,
        "tuning_rate": f"{spec.tuning.learning_rate:g}",
        "tuning_epochs": spec.tuning.epochs,
        "run_epochs": _epochs_run(material, _first_part(spec), spec.epochs),
        "run_tuning": _epochs_run(material, "tuning", spec.tuning.epochs),
        "warmup": f"{spec.schedule.warmup:g}",
        "every": spec.schedule.every,
        "factor": f"{spec.schedule.factor:g}",
        "plateau": spec.schedule.patience,
        "by_hand": dict(by_hand),
        "patience": spec.stopping.patience,
        "stop_metric": f"val_{spec.stopping.metric}",
        "stop_mode": "min" if spec.stopping.metric == "loss" else "max",
        "best_metric": spec.best_by,
        "best_words": METRICS[spec.best_by],
        "views": views_of(material),
        "frozen": f"{spec.frozen:g}",
        "seed_step": 1,
    }


def _first_part(spec: TrainSpec) -> str:
    """What the first part of a run is called in its history."""
    pretrained = architectures.get(spec.architecture).backbone is not None
    return "head" if pretrained and spec.weights != "none" and spec.tuning.epochs else ""


def _epochs_run(material: Material, part: str, planned: int) -> int:
    """How many epochs a part was trained for: fewer than planned if a person stopped it."""
    if not material.summary.stopped:
        return planned
    done = sum(entry.part == part for entry in material.history)
    return done if part == "tuning" else max(1, done)


def _optimizer(chosen: Optimizer) -> str:
    """The optimizer's call in Keras, with the rate as ``rate``."""
    given = ["rate"]
    if chosen.name in ("adam", "adamw"):
        name = "Adam" if chosen.name == "adam" else "AdamW"
        given += [f"beta_1={chosen.beta_1:g}"] if chosen.beta_1 != 0.9 else []
        given += [f"beta_2={chosen.beta_2:g}"] if chosen.beta_2 != 0.999 else []
    elif chosen.name == "sgd":
        name = "SGD"
        given += [f"momentum={chosen.momentum:g}"] if chosen.momentum else []
        given += ["nesterov=True"] if chosen.nesterov and chosen.momentum else []
    else:
        name = "RMSprop"
        given += [f"momentum={chosen.momentum:g}"] if chosen.momentum else []
    if chosen.weight_decay or chosen.name == "adamw":
        given.append(f"weight_decay={chosen.weight_decay:g}")
    given += [f"clipnorm={chosen.clip_norm:g}"] if chosen.clip_norm else []
    return f"keras.optimizers.{name}({', '.join(given)})"


def _loss(chosen: Loss) -> str:
    smoothing = f"label_smoothing={chosen.label_smoothing:g}" if chosen.label_smoothing else ""
    if chosen.name == "binary":
        return f"keras.losses.BinaryCrossentropy({smoothing})"
    if chosen.name == "focal":
        more = f", {smoothing}" if smoothing else ""
        return f"keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma={chosen.gamma:g}{more})"
    return f"keras.losses.CategoricalCrossentropy({smoothing})"


def _head(holds: Mapping[str, bool], values: dict[str, Any]) -> list[Cell]:
    return [
        words(
            """
            ### Features, once

            The pretrained network is not changed{{yet}}, so it needs to look at each image only
            once{{views}}. What it gives is kept, and the head learns on that, which takes seconds.
            """,
            yet=" yet" if holds["tuned"] else "",
            views=f", and at {values['views']} varied views of each training image"
            if holds["viewed"]
            else "",
        ),
        code(FEATURES, holds, **values),
        words("### The head"),
        code(FEATURE_BATCHES, holds, **values),
        code(FIT_HEAD, holds, **values),
    ]


def _tuning(spec: TrainSpec, holds: Mapping[str, bool], values: dict[str, Any]) -> list[Cell]:
    return [
        words(
            """
            ### Fine-tuning

            Now the pretrained network is adjusted to these images too{{frozen}}. Normalisation in
            layers that stay as they are uses the averages of its first training.
            """,
            frozen=f", all but the first {spec.frozen:.0%} of its layers".replace("%", " %")
            if spec.frozen
            else "",
        ),
        _batches(holds, values),
        code(FIT_TUNING, holds, **values),
    ]


def _batches(holds: Mapping[str, bool], values: dict[str, Any]) -> Cell:
    return code(BATCHES, holds, **values)


def _looks(spec: TrainSpec) -> list[Cell]:
    out = max(1, round(spec.image_size * 0.08))
    crops = [
        f"(({out}, {out}), ({out}, {out}))",
        f"((0, {2 * out}), (0, {2 * out}))",
        f"(({2 * out}, 0), ({2 * out}, 0))",
        f"((0, {2 * out}), ({2 * out}, 0))",
    ]
    mirrored = spec.augmentation.flip_horizontal
    crops = crops[: spec.test_views - 1 - mirrored]
    return [
        words(
            """
            ### Several looks

            The finished model averages its answers about {{views}} slightly different looks at an
            image: as it is, {{mirrored}}and parts of it, a little larger.
            """,
            views=spec.test_views,
            mirrored="mirrored, " if mirrored else "",
        ),
        code(
            """
            whole = keras.Input((SIZE, SIZE, 3), name="pixels")
            looks = [whole]
            looks.append(keras.ops.flip(whole, axis=2))   #? mirrored
            for crop in [{{crops}}]:   #? cropped
                looks.append(layers.Resizing(SIZE, SIZE)(layers.Cropping2D(crop)(whole)))   #? cropped
            model = keras.Model(whole, layers.Average()([model(look) for look in looks]))
            """,
            {"mirrored": mirrored, "cropped": bool(crops)},
            crops=", ".join(crops),
        ),
    ]
