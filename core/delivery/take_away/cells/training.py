"""Training as the run was trained: batches, optimizer, learning rate, the best epoch; in one fit on
pixels, or with a head on frozen features first and fine-tuning after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.delivery.take_away.cells import Cell, Piece, code, words
from core.delivery.take_away.cells.training_words import training_words
from core.delivery.take_away.cells.varying import facts
from core.delivery.take_away.cut import Cutter, namespace
from core.delivery.take_away.material import Material
from core.runs.values import EpochRecord
from core.training import architectures
from core.training.options import METRICS
from core.training.recipes import VIEWS
from core.training.spec import TrainSpec

_FITTING = "core.training.fitting"


@dataclass(frozen=True)
class _Fit:
    """One call of Keras's ``fit``: what it is called with, as source."""

    network: str
    batches: str
    inputs: str
    peak: float
    epochs: int
    run_epochs: int
    kept: str
    before: int = 0


def cells(material: Material, cutter: Cutter, holds: Mapping[str, bool]) -> list[Cell]:
    """Everything from the loss to the trained model."""
    spec = material.spec
    by_hand = rates_by_hand(spec, material.history)
    made = [
        words("## Training", "", training_words(spec, holds)),
        _compiling(spec, cutter),
    ]
    if holds["rated"]:
        made.append(_rates(spec, cutter, by_hand))
    if holds["validated"]:
        made.append(_keep_best(spec, holds))
    made.append(_batches(spec, cutter, holds))
    if holds["pretrained"]:
        made += _head(material, holds)
        if holds["tuned"]:
            made += _tuning(material, holds)
    else:
        fitting = _Fit(
            "model",
            _PIXEL_BATCHES,
            "images[validation]",
            spec.learning_rate,
            spec.epochs,
            _epochs_run(material, _first_part(spec), spec.epochs),
            "best",
        )
        made.append(code(*_fit(spec, fitting, holds), holds["validated"] and _BEST))
    if spec.test_views > 1:
        made += _looks(spec, cutter)
    return made


def conditions(material: Material) -> dict[str, bool]:
    """What holds of how a run was trained."""
    spec = material.spec
    by_hand = bool(rates_by_hand(spec, material.history))
    # What is asked of validation answers, besides accuracy and loss.
    asked = {spec.best_by} | ({spec.stopping.metric} if spec.stopping.patience else set())
    asked = asked if material.count("validation") else set()
    return {
        # A person may have stopped it before.
        "tuned": _epochs_run(material, "tuning", spec.tuning.epochs) > 0,
        "validated": material.count("validation") > 0,
        "rated": spec.schedule.name != "constant" or by_hand,
        "by_hand": by_hand,
        "stops": spec.stopping.patience > 0 and material.count("validation") > 0,
        "by_f1": "f1" in asked,
        "by_balanced": "balanced_accuracy" in asked,
        "scored": bool(asked & {"f1", "balanced_accuracy"}),
        "viewed": views_of(material) > 0,
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
    places = [f"{_FITTING}.rates:rate_at"]
    plateau = spec.schedule.name == "plateau"
    if plateau:
        places.append(f"{_FITTING}.rates:Plateau")
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


def _keep_best(spec: TrainSpec, holds: Mapping[str, bool]) -> Cell:
    scored = holds["scored"]
    score = f'(logs["val_{spec.best_by}"], -logs["val_loss"])'
    if spec.best_by == "loss":
        score = '(-logs["val_loss"],)'
    balanced = "balanced_accuracy_score(labels[validation], answers)"
    return code(
        "class KeepBest(keras.callbacks.Callback):",
        (1, f'"""Keeps the weights of the epoch with the best {METRICS[spec.best_by]}."""'),
        "",
        (
            1,
            scored
            and """
            def __init__(self, inputs):
                super().__init__()
                self.inputs, self.score = inputs, (-math.inf, -math.inf)
            """,
        ),
        (1, not scored and "score = (-math.inf, -math.inf)"),
        (1, "def on_epoch_end(self, epoch, logs):"),
        (2, scored and "answers = self.model.predict(self.inputs, verbose=0).argmax(axis=1)"),
        (
            2,
            holds["by_f1"]
            and 'logs["val_f1"] = f1_score(labels[validation], answers, average="macro")',
        ),
        (2, holds["by_balanced"] and f'logs["val_balanced_accuracy"] = {balanced}'),
        (2, f"score = {score}"),
        (
            2,
            """
            if score > self.score:
                self.score, self.epoch = score, epoch + 1
                self.weights = self.model.get_weights()
            """,
        ),
    )


def _batches(spec: TrainSpec, cutter: Cutter, holds: Mapping[str, bool]) -> Cell:
    """The order of images, and what is done to a batch."""
    pixels, features = holds["on_pixels"], holds["pretrained"]
    varies = spec.augmentation.active and pixels
    known = facts(spec.augmentation) | {
        "balance": spec.balance,
        "self._balance == 'sampling'": spec.balance == "sampling",
        "self._balance == 'weights' and self._seed is not None": spec.balance == "weights",
        "self._seed is None": False,
        "self._preprocess is not None": False,
        "self._augmentation.mixes": spec.augmentation.mixes,
    }
    if not (pixels and features):
        known["self._augmentation is not None"] = varies
    if not (features and holds["viewed"]):
        known["len(self._stores) == 1"] = True
    options = ["batch_size=BATCH, seed=SEED"]
    options += [f'balance="{spec.balance}"'] if spec.balance != "none" else []
    return code(
        cutter.cut(f"{_FITTING}.batches:Batches", known=known),
        f"""
        def batches_of(store, rows, **options):
            \"\"\"Batches of the training images: which row of a store is which of them.\"\"\"
            examples = SimpleNamespace(
                stores=[store], slots=rows, labels=labels[train], classes=len(CLASSES)
            )
            return Batches(examples, {", ".join(options)}, **options)
        """,
    )


_PIXEL_BATCHES = "batches_of(images, train)"
_BEST = """
model.set_weights(best.weights)
print("Best epoch:", best.epoch)
"""


def _fit(spec: TrainSpec, fitting: _Fit, holds: Mapping[str, bool]) -> list[Piece]:
    """Compile, follow and fit one part."""
    validated, stops = holds["validated"], holds["stops"]
    batches = fitting.batches
    if spec.augmentation.active and batches == _PIXEL_BATCHES:
        batches = "batches_of(images, train, augmentation=AUGMENTATION)"
    rate = f"{fitting.peak!r}, {fitting.epochs}" + (
        f", before={fitting.before}" if fitting.before and holds["by_hand"] else ""
    )
    mode = "min" if spec.stopping.metric == "loss" else "max"
    begin = "on_epoch_begin=lambda epoch, logs: batches.begin(epoch)"
    return [
        f"prepare({fitting.network}, {fitting.peak!r})",
        f"batches = {batches}" if batches else False,
        f"follow = [keras.callbacks.LambdaCallback({begin})]"
        if batches
        else "follow = [keras.callbacks.LambdaCallback(on_epoch_begin=begin)]",
        holds["rated"] and f"follow.append(Rate({rate}))",
        validated and f"{fitting.kept} = KeepBest({fitting.inputs if holds['scored'] else ''})",
        validated and f"follow.append({fitting.kept})",
        stops
        and f"""
        follow.append(
            keras.callbacks.EarlyStopping(
                "val_{spec.stopping.metric}", patience={spec.stopping.patience}, mode="{mode}"
            )
        )
        """,
        f"history = {fitting.network}.fit(",
        "    batches,",
        validated and f"    validation_data=({fitting.inputs}, one_hot[labels[validation]]),",
        validated and "    validation_batch_size=64,",
        f"    epochs={fitting.run_epochs},",
        "    shuffle=False,  # the batches see to it themselves",
        "    verbose=2,",
        "    callbacks=follow,",
        ").history",
    ]


def _head(material: Material, holds: Mapping[str, bool]) -> list[Cell]:
    spec, views = material.spec, views_of(material)
    many = f", and at {views} varied views of each training image" if views else ""
    fitting = _Fit(
        "top",
        "",
        "validation_features",
        spec.learning_rate,
        spec.epochs,
        _epochs_run(material, _first_part(spec), spec.epochs),
        "best",
    )
    return [
        words(
            f"""
            ### Features, once

            The pretrained network is not changed{" yet" if holds["tuned"] else ""}, so it needs to
            look at each image only once{many}. What it gives is kept, and the head learns on that,
            which takes seconds.
            """
        ),
        code(
            "views = [body.predict(images[train], verbose=0)]",
            bool(views)
            and f"""
            for view in range(1, {views} + 1):
                rng = np.random.default_rng([SEED, view])
                views.append(body.predict(vary(images[train], AUGMENTATION, rng), verbose=0))
            """,
            holds["validated"]
            and "validation_features = body.predict(images[validation], verbose=0)",
        ),
        words("### The head"),
        code(
            """
            keras.utils.set_random_seed(SEED)
            rows = np.arange(len(train))
            batches = batches_of(views[0], rows)


            def begin(epoch, logs):
            """,
            (
                1,
                bool(views)
                and """
                # One view more in each of the first epochs.
                if 0 < epoch < len(views):
                    batches.add_view(views[epoch], rows)
                """,
            ),
            (1, "batches.begin(epoch)"),
            *_fit(spec, fitting, holds),
            holds["validated"] and _BEST.replace("model.", "top."),
            "model = assemble(body, top)",
        ),
    ]


def _tuning(material: Material, holds: Mapping[str, bool]) -> list[Cell]:
    spec = material.spec
    but = f", all but the first {spec.frozen:.0%} of its layers".replace("%", " %")
    fitting = _Fit(
        "model",
        _PIXEL_BATCHES,
        "images[validation]",
        spec.tuning.learning_rate,
        spec.tuning.epochs,
        _epochs_run(material, "tuning", spec.tuning.epochs),
        "tuned",
        spec.epochs,
    )
    return [
        words(
            f"""
            ### Fine-tuning

            Now the pretrained network is adjusted to these images too{but if spec.frozen else ""}.
            Normalisation in layers that stay as they are uses the averages of its first training.
            """
        ),
        code(
            """
            before = model.get_weights()
            first_history = history
            for layer in body.layers:
                if isinstance(layer, layers.BatchNormalization):
                    layer.momentum = 0.9
            """,
            bool(spec.frozen)
            and f"""
            weighing = [layer for layer in body.layers if layer.weights]
            for layer in weighing[: round({spec.frozen:g} * len(weighing))]:
                layer.trainable = False
            """,
            "keras.utils.set_random_seed(SEED + 1)",
            *_fit(spec, fitting, holds),
            "history = {name: first_history[name] + history[name] for name in first_history}",
            holds["validated"]
            and f"""
            if tuned.score > best.score:
                model.set_weights(tuned.weights)
                print("Best epoch:", {spec.epochs} + tuned.epoch)
            else:  # it has not helped: the head on the network as it was
                model.set_weights(before)
            """,
        ),
    ]


def _looks(spec: TrainSpec, cutter: Cutter) -> list[Cell]:
    mirrored = "mirrored, " if spec.augmentation.flip_horizontal else ""
    also = ", mirrored=True" if mirrored else ""
    return [
        words(
            f"""
            ### Several looks

            The finished model averages its answers about {spec.test_views} slightly different looks
            at an image: as it is, {mirrored}and parts of it, a little larger.
            """
        ),
        code(
            cutter.cut(f"{_FITTING}.looks:averaged", known={"mirrored": bool(mirrored)}),
            f"model = averaged(model, SIZE, {spec.test_views}{also})",
        ),
    ]
