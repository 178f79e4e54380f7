"""The split: shares and seed to choose, and what becomes of every class under them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import charts
from core.datasets.splits import copies_of_training, given_splits, split_counts
from core.training import recipes
from core.training.spec import TrainSpec
from pages._widgets.plain import escape, images, some
from pages._widgets.steps import go

_TALL = 14


def choose_split(base: TrainSpec, good: pd.DataFrame) -> TrainSpec:
    """Draw the choice and what comes of it; the spec with the chosen shares and seed.

    Args:
        good: usable images.
    """
    given = given_splits(good)
    with st.expander("Split", icon=":material/call_split:"):
        if given:
            _say_given(given)
        spec = base.with_values(_shares(base, given))
        splits = recipes.plan(spec, good)
        if not given:
            st.caption(
                f"{round(spec.shares.train * 100)} % of the images are left to train on. Every "
                "class is divided alike."
            )
        _copies(good, splits)
        _table(good, splits)
    counts = splits.value_counts()
    st.markdown(
        f"Trains on **{images(int(counts.get('train', 0)))}**, chooses the best epoch with "
        f"**{int(counts.get('validation', 0)):,}**, and is tested on "
        f"**{int(counts.get('test', 0)):,}** that training never sees."
    )
    return spec


def _shares(base: TrainSpec, given: list[str]) -> dict[str, object]:
    key = f"{base.dataset_id}-split-"
    first, second, third = st.columns(3, gap="large")
    with first:
        validation = st.slider(
            "Validation", 0, 45, round(base.shares.validation * 100), key=key + "validation",
            format="%d %%", disabled="validation" in given,
            help="Images that choose the best epoch and are not trained on.",
        )  # fmt: skip
    with second:
        test = st.slider(
            "Test", 1, 50, round(base.shares.test * 100), key=key + "test",
            format="%d %%", disabled="test" in given,
            help="Images kept for the final exam: training never sees them.",
        )  # fmt: skip
    with third:
        seed = st.number_input(
            "Seed", 0, 2**31 - 1, base.seed, key=key + "seed",
            help="Decides the split and every other draw of chance: the same seed on the same "
            "data gives the same split.",
        )  # fmt: skip
    return {"validation": validation / 100, "test": test / 100, "seed": seed}


def _say_given(given: list[str]) -> None:
    missing = [name for name in ("validation", "test") if name not in given]
    said = f"This dataset came split ({', '.join(given)}), and it is used as it came."
    if missing and "train" in given:
        # Nothing else can give images away.
        said += f" Images for {' and '.join(missing)} are taken out of its training images."
    st.caption(f":material/folder_managed: {said}")


def _copies(good: pd.DataFrame, splits: pd.Series) -> None:
    groups = good["copy_group"] if "copy_group" in good else good["hash"]
    copies = copies_of_training(groups, splits)
    if not copies:
        st.caption(
            ":material/check: Copies and near-duplicates of an image stay on one side, so that "
            "nothing is tested that was trained on."
        )
        return
    verb = "has" if copies == 1 else "have"
    st.warning(
        f"{some(copies, 'validation or test image')} {verb} a copy among the training images, so "
        "the results will flatter the model. They came like this; Clean lists them as “Test "
        "pictures that are also trained on”.",
        icon=":material/warning:",
    )
    if st.button("Look at them", icon=":material/cleaning_services:"):
        go("clean")


def _table(good: pd.DataFrame, splits: pd.Series) -> None:
    counts = split_counts(good["label"], splits)
    left, right = st.columns([3, 2], gap="large")
    with left, st.container(height=440 if len(counts) > _TALL else "content", border=False):
        st.plotly_chart(charts.class_splits(counts), config={"displayModeBar": False})
    with right:
        st.dataframe(counts.rename_axis("class"))


def say_warnings(warnings: list[str]) -> None:
    """What the person should know before training, the first few of it."""
    for text in warnings[:5]:
        st.caption(f":material/warning: {escape(text)}")
    if len(warnings) > 5:
        with st.expander(f"{some(len(warnings) - 5, 'more warning')} like these"):
            for text in warnings[5:]:
                st.caption(escape(text))
