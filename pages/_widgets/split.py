"""The split: shares and seed to choose, and what becomes of every class under them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import charts
from core.datasets.splits import SPLITS, copies_of_training, given_splits, split_counts
from core.quality.belonging import belonging
from core.text import escape, images, plural
from core.training import recipes
from core.training.setting import DATA
from core.training.spec import HELD_OUT, TrainSpec
from pages._widgets.form import Form
from pages._widgets.pictures import plot
from pages._widgets.remembered import remembered
from pages._widgets.steps import lead

_TALL = 14


@remembered(
    lambda spec, _: (spec.dataset_id, spec.dataset_version, spec.shares.model_dump(), spec.seed),
    max_entries=16,
)
def plan(spec: TrainSpec, good: pd.DataFrame) -> pd.Series:
    """The split of usable images under these settings; as :func:`core.training.recipes.plan`."""
    return recipes.plan(spec, good)


def say_split(good: pd.DataFrame, splits: pd.Series, *, folds: bool = False) -> None:
    """One sentence on what each part is for, and a word where the split flatters the model.

    Args:
        folds: every image that may be learned from is judged by what was fitted without it.
    """
    train, validation, test = (int((splits == part).sum()) for part in SPLITS)
    if folds:
        learns = f"Trains and chooses on **{images(train + validation)}**, each judged by what was "
        learns += "fitted without it"
    else:
        learns = f"Trains on **{images(train)}**, chooses the best epoch with **{validation:,}**"
    st.markdown(f"{learns}, and is tested on **{test:,}** that training never sees.")
    copies = _copies(good, splits)
    if not copies:
        return
    verb = "has" if copies == 1 else "have"
    st.warning(
        f"{plural(copies, 'validation or test image')} {verb} a copy among the training images, so "
        "the results will flatter the model. They came like this; Clean lists them as “Test "
        "pictures that are also trained on”.",
        icon=":material/warning:",
    )
    lead("Look at them", "clean", icon="cleaning_services")


def choose_split(form: Form, spec: TrainSpec, good: pd.DataFrame) -> None:
    """Draw the shares and the seed, and what becomes of every class under them.

    Args:
        good: usable images.
    """
    given = given_splits(good)
    if given:
        _say_given(given)
    _shares(form, spec, given)
    splits = plan(spec, good)
    if not given:
        st.caption(
            f"{round(spec.shares.train * 100)} % of the images are left to train on. Every class "
            "is divided alike."
        )
    if not _copies(good, splits):
        st.caption(
            ":material/check: Copies and near-duplicates of an image stay on one side, so that "
            "nothing is tested that was trained on."
        )
    _table(good, splits)


def _shares(form: Form, spec: TrainSpec, given: list[str]) -> None:
    """The held-out shares (what is left goes to training), and the seed."""

    def rest() -> None:
        held_out = sum(form.value(f"shares.{each}") for each in HELD_OUT)
        form.put("shares.train", round(1 - held_out, 6))

    columns = st.columns(3, gap="large")
    for column, name in zip(columns, HELD_OUT, strict=False):
        with column:
            form.field(f"shares.{name}", then=rest, disabled=name in given)
    with columns[-1]:
        form.rest(spec, DATA, [f"shares.{name}" for name in HELD_OUT])


def _say_given(given: list[str]) -> None:
    missing = [name for name in ("validation", "test") if name not in given]
    said = f"This dataset came split ({', '.join(given)}), and it is used as it came."
    if missing and "train" in given:
        # Nothing else can give images away.
        said += f" Images for {' and '.join(missing)} are taken out of its training images."
    st.caption(f":material/folder_managed: {said}")


def _copies(good: pd.DataFrame, splits: pd.Series) -> int:
    return copies_of_training(belonging(good), splits)


def _table(good: pd.DataFrame, splits: pd.Series) -> None:
    counts = split_counts(good["label"], splits)
    left, right = st.columns([3, 2], gap="large")
    with left, st.container(height=440 if len(counts) > _TALL else "content", border=False):
        plot(charts.class_splits(counts))
    right.dataframe(counts.rename_axis("class"))


def say_warnings(warnings: list[str]) -> None:
    """What the person should know before training, the first few of it."""
    for text in warnings[:5]:
        st.caption(f":material/warning: {escape(text)}")
    if len(warnings) > 5:
        with st.expander(f"{plural(len(warnings) - 5, 'more warning')} like these"):
            for text in warnings[5:]:
                st.caption(escape(text))
