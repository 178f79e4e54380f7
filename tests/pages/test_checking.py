"""What is chosen for a training is checked once, and the answer kept by itself."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.pages.conftest import assert_no_defect


def _refused() -> None:
    import gc
    import weakref

    import streamlit as st

    from pages._widgets.checking import _check
    from tests.core.training.small import table_of
    from tests.core.training.test_checks import spec_for

    table = table_of({"a": 20, "b": 20, "c": 20})
    there = weakref.ref(table)
    spec = spec_for(loss="binary")
    _, wrong = _check(spec, table)
    del table
    gc.collect()
    _, again = _check(spec, table_of({}))
    st.session_state["said"] = (wrong.setting, again is wrong, there() is None)


def test_a_refusal_is_kept_without_the_images_that_it_is_about() -> None:
    at = AppTest.from_function(_refused, default_timeout=60).run()
    assert_no_defect(at)
    assert at.session_state["said"] == ("loss.name", True, True)
