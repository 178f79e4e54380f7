"""How a network learns: for how long, by which steps, towards what, and when it stops."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.training import recipes
from core.training.options import Schedule
from core.training.spec import TrainSpec
from pages._widgets.form import Form
from pages._widgets.pictures import draw_svg, line_drawing
from pages._widgets.rate import find_rate

OPTIMIZERS = {"adamw": "AdamW", "adam": "Adam", "sgd": "SGD with momentum", "rmsprop": "RMSprop"}
SCHEDULES = {
    "constant": "Constant",
    "cosine": "Cosine with warm-up",
    "one_cycle": "One cycle",
    "step": "Steps",
    "plateau": "Reduce on plateau",
}
LOSSES = {
    "categorical": "Categorical cross-entropy",
    "binary": "Binary cross-entropy",
    "focal": "Focal loss",
}
BALANCES = {
    "none": "Leave them as they are",
    "weights": "Let mistakes in rare classes count more",
    "sampling": "Show rare classes as often as others",
}
METRICS = {
    "accuracy": "accuracy",
    "loss": "loss",
    "f1": "F1 (mean over classes)",
    "balanced_accuracy": "balanced accuracy",
}
EXTRA = {
    "f1": "F1",
    "balanced_accuracy": "balanced accuracy",
    "precision": "precision",
    "recall": "recall",
    "top_3": "right one among the first 3",
    "auc": "area under ROC",
}
PRECISIONS = {
    "auto": "Auto",
    "float32": "float32 (32 bits)",
    "bfloat16": "bfloat16 (16 bits)",
    "float16": "float16 (GPUs only)",
}
_BATCHES = (8, 16, 32, 64, 128, 256, 512, 1024)
_POINTS = 200


def choose_learning(form: Form, spec: TrainSpec, good: pd.DataFrame) -> None:
    """Draw the fields of training itself."""
    st.markdown("**How long, and in which steps**")
    first, second, third = st.columns(3, gap="medium")
    with first:
        form.number(
            "epochs",
            "Epochs",
            1,
            1000,
            help="How many times every training image is looked at. More takes longer, and after a "
            "while brings nothing.",
        )
    with second:
        auto = recipes.batch_size(
            spec.model_copy(update={"batch_size": 0}), round(len(good) * spec.shares.train)
        )
        form.select(
            "batch_size",
            "Batch size",
            [0, *_BATCHES],
            names={0: f"Auto ({auto})"} | {n: f"{n} images" for n in range(1, 1025)},
            help="How many images each step learns from. Larger steps are calmer and need more "
            "memory.",
        )
    with third:
        form.number(
            "learning_rate",
            "Learning rate",
            1e-6,
            1.0,
            step=0.0005,
            format="%.6g",
            help="How big each step is. Too big and training goes out of control, too small and it "
            "gets nowhere.",
        )
    if form.wrong is None:
        find_rate(spec)
    _steps(form, spec)
    st.markdown("**Towards what**")
    _goal(form, spec)
    st.markdown("**When to stop, and what is kept**")
    _ending(form, spec)
    st.markdown("**On this computer**")
    _machine(form)


def _steps(form: Form, spec: TrainSpec) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        form.select(
            "optimizer.name",
            "Optimizer",
            list(OPTIMIZERS),
            names=OPTIMIZERS,
            help="The rule by which each step changes the weights. AdamW is a good choice.",
        )
        _optimizer(form, spec.optimizer.name)
    with right:
        form.select(
            "schedule.name",
            "Learning rate over time",
            list(SCHEDULES),
            names=SCHEDULES,
            help="Large steps at first and small ones at the end usually get further.",
        )
        _schedule(form, spec.schedule)
        _draw_rates(spec)


def _optimizer(form: Form, name: str) -> None:
    """Only the settings that this optimizer has."""
    if name in ("sgd", "rmsprop"):
        form.slider(
            "optimizer.momentum",
            "Momentum",
            0,
            0.99,
            step=0.01,
            help="How much of the last step is carried into the next, as of a rolling ball.",
        )
    if name == "sgd":
        form.toggle(
            "optimizer.nesterov",
            "Nesterov",
            help="Looks ahead to where momentum leads before it takes the step.",
        )
    if name in ("adam", "adamw"):
        form.slider(
            "optimizer.beta_1",
            "Beta 1",
            0,
            0.99,
            step=0.01,
            help="How long the direction of earlier steps is remembered; 0.9 is usual.",
        )
        form.slider(
            "optimizer.beta_2",
            "Beta 2",
            0,
            0.999,
            step=0.001,
            help="How long the size of earlier gradients is remembered; 0.999 is usual.",
        )
    first, second = st.columns(2)
    with first:
        form.number(
            "optimizer.weight_decay",
            "Weight decay",
            0.0,
            1.0,
            step=0.005,
            format="%.6g",
            help="Draws all weights towards 0 a little with each step, which keeps the network "
            "simple. 0 is off.",
        )
    with second:
        form.number(
            "optimizer.clip_norm",
            "Gradient clipping",
            0.0,
            100.0,
            step=0.5,
            format="%.6g",
            help="Longest step that a single batch may ask for (norm of the gradient). 0 is off.",
        )


def _schedule(form: Form, schedule: Schedule) -> None:
    """Only the settings that this schedule has."""
    if schedule.name in ("cosine", "one_cycle"):
        form.slider(
            "schedule.warmup",
            "Warm-up",
            0,
            90,
            step=5,
            scale=100,
            unit=" %",
            help="Share of all steps in which the learning rate rises to its peak.",
        )
    if schedule.name == "step":
        form.number(
            "schedule.every",
            "Every so many epochs",
            1,
            1000,
            help="After how many epochs the learning rate falls again.",
        )
    if schedule.name == "plateau":
        form.number(
            "schedule.patience",
            "Epochs without progress",
            1,
            1000,
            help="How many epochs the validation loss may stay as it is before the rate falls.",
        )
    if schedule.name in ("step", "plateau"):
        form.slider(
            "schedule.factor",
            "Falls to",
            5,
            95,
            step=5,
            scale=100,
            unit=" %",
            help="What is left of the learning rate each time.",
        )


def _draw_rates(spec: TrainSpec) -> None:
    """The learning rate over all epochs; fine-tuning goes through the schedule once more."""
    from core.training.fitting.rates import rate_at

    points: list[tuple[float, float]] = []
    begun = 0
    for epochs, peak in (
        (spec.epochs, spec.learning_rate),
        (spec.tuning.epochs, spec.tuning.learning_rate),
    ):
        for n in range(_POINTS if epochs else 0):
            at = n / _POINTS * epochs
            points.append((begun + at, rate_at(spec.schedule, peak, n, _POINTS, int(at))))
        begun += epochs
    draw_svg(line_drawing(points, "Learning rate", f"{begun} epochs"), "rates")
    if spec.schedule.name == "plateau":
        st.caption("Until progress stops; when that is, only training can tell.")


def _goal(form: Form, spec: TrainSpec) -> None:
    first, second, third = st.columns(3, gap="medium")
    with first:
        form.select(
            "loss.name",
            "Loss",
            list(LOSSES),
            names=LOSSES,
            help="What training makes small. Binary is for two classes; focal looks more at what "
            "is still wrong.",
        )
        if spec.loss.name == "focal":
            form.slider(
                "loss.gamma",
                "Gamma",
                0,
                10,
                step=0.5,
                help="How little images count that are right already; 2 is usual.",
            )
    with second:
        form.slider(
            "loss.label_smoothing",
            "Label smoothing",
            0,
            50,
            scale=100,
            unit=" %",
            help="Share of certainty that is withheld, so that the network doesn't become too sure "
            "of itself. Helps where some labels are wrong.",
        )
    with third:
        form.select(
            "balance",
            "Classes of different size",
            list(BALANCES),
            names=BALANCES,
            help="What to do when some classes have far fewer images than others.",
        )


def _ending(form: Form, spec: TrainSpec) -> None:
    first, second, third = st.columns(3, gap="medium")
    with first:
        form.number(
            "stopping.patience",
            "Stop early after",
            0,
            1000,
            help="Ends training after so many epochs without a better one. 0 never ends it early.",
        )
        if spec.stopping.patience:
            form.select(
                "stopping.metric",
                "… judged by validation",
                list(METRICS),
                names=METRICS,
                help="What has to get better.",
            )
        else:
            st.caption("0: all epochs are done.")
    with second:
        form.select(
            "best_by",
            "Best epoch by validation",
            list(METRICS),
            names=METRICS,
            help="The weights of the epoch that is best by this are kept.",
        )
    with third:
        st.multiselect(
            "Also tell of every epoch",
            list(EXTRA),
            format_func=EXTRA.__getitem__,
            help="More figures beside the loss and the accuracy. They change nothing.",
            **form.bind("metrics", list, tuple),
        )
        form.complain("metrics")


def _machine(form: Form) -> None:
    first, second = st.columns([1, 2], gap="medium", vertical_alignment="bottom")
    with first:
        form.select(
            "precision",
            "Precision",
            list(PRECISIONS),
            names=PRECISIONS,
            help="Digits that are calculated with. 16 bits are faster where the processor has "
            "them; auto uses them only there.",
        )
    with second:
        form.toggle(
            "tensorboard",
            "Write logs for TensorBoard",
            help="Into the folder of the run. TensorBoard is a program of its own that draws them.",
        )
