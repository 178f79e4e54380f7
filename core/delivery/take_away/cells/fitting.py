"""The fits themselves: batches, the best epoch, a head on frozen features, fine-tuning, looks."""

from __future__ import annotations

from collections.abc import Mapping

from core.delivery.take_away.cells import Cell, Piece, code, words
from core.delivery.take_away.cells.varying import facts
from core.delivery.take_away.cut import Cutter
from core.delivery.take_away.material import Material
from core.text import percent
from core.training import architectures
from core.training.options import METRICS
from core.training.recipes import VIEWS
from core.training.spec import TrainSpec

_FITTING = "core.training.fitting"


def views_of(material: Material) -> int:
    """How many varied views of each image a head was trained on."""
    if not material.spec.augmentation.varies:
        return 0
    images = material.count("train")
    return next((count for limit, count in VIEWS if images <= limit), 0)


def _first_part(spec: TrainSpec) -> str:
    """What the first part of a run is called in its history."""
    pretrained = architectures.get(spec.architecture).backbone is not None
    return "head" if pretrained and spec.weights != "none" and spec.tuning.epochs else ""


def epochs_run(material: Material, part: str, planned: int) -> int:
    """How many epochs a part was trained for: fewer than planned if a person stopped it."""
    if not material.summary.stopped:
        return planned
    done = sum(entry.part == part for entry in material.history)
    return done if part == "tuning" else max(1, done)


def keep_best(spec: TrainSpec, holds: Mapping[str, bool]) -> Cell:
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


def batches(spec: TrainSpec, cutter: Cutter, holds: Mapping[str, bool]) -> Cell:
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


BEST = """
model.set_weights(best.weights)
print("Best epoch:", best.epoch)
"""


def fit(
    material: Material, holds: Mapping[str, bool], network: str, *, tuning: bool = False
) -> list[Piece]:
    """Compile, follow and fit one part of the training.

    Args:
        network: ``model``, which learns from pixels, or its ``top``, from features.
    """
    spec = material.spec
    validated, stops, pixels = holds["validated"], holds["stops"], network == "model"
    inputs = "images[validation]" if pixels else "validation_features"
    kept, part = ("tuned", "tuning") if tuning else ("best", _first_part(spec))
    planned = spec.tuning if tuning else spec
    peak, epochs = planned.learning_rate, planned.epochs
    batches = f"batches_of(images, train{', augmentation=AUGMENTATION' * spec.augmentation.active})"
    rate = f"{peak!r}, {epochs}" + f", before={spec.epochs}" * (tuning and holds["by_hand"])
    mode = "min" if spec.stopping.metric == "loss" else "max"
    begin = "lambda epoch, logs: batches.begin(epoch)" if pixels else "begin"
    return [
        f"prepare({network}, {peak!r})",
        pixels and f"batches = {batches}",
        f"follow = [keras.callbacks.LambdaCallback(on_epoch_begin={begin})]",
        holds["rated"] and f"follow.append(Rate({rate}))",
        validated and f"{kept} = KeepBest({inputs if holds['scored'] else ''})",
        validated and f"follow.append({kept})",
        stops
        and f"""
        follow.append(
            keras.callbacks.EarlyStopping(
                "val_{spec.stopping.metric}", patience={spec.stopping.patience}, mode="{mode}"
            )
        )
        """,
        f"history = {network}.fit(",
        "    batches,",
        validated and f"    validation_data=({inputs}, one_hot[labels[validation]]),",
        validated and "    validation_batch_size=64,",
        f"    epochs={epochs_run(material, part, epochs)},",
        "    shuffle=False,  # the batches see to it themselves",
        "    verbose=2,",
        "    callbacks=follow,",
        ").history",
    ]


def head(material: Material, holds: Mapping[str, bool]) -> list[Cell]:
    views = views_of(material)
    many = f", and at {views} varied views of each training image" if views else ""
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
            *fit(material, holds, "top"),
            holds["validated"] and BEST.replace("model.", "top."),
            "model = assemble(body, top)",
        ),
    ]


def tuning(material: Material, holds: Mapping[str, bool]) -> list[Cell]:
    spec = material.spec
    but = f", all but the first {percent(spec.frozen, 0)} of its layers"
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
            *fit(material, holds, "model", tuning=True),
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


def looks(spec: TrainSpec, cutter: Cutter) -> list[Cell]:
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
