"""The one place where what went wrong becomes words on a page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.defects import log_defect
from core.errors import LightboxError
from core.jobs.execute import defect_sentence
from core.text import escape


@contextmanager
def sentences() -> Iterator[None]:
    """Show what a person caused as its sentence, and a defect of ours as the id of its log."""
    try:
        yield
    except LightboxError as error:
        st.error(escape(str(error)), icon=":material/error:")
    except Exception as error:
        st.error(defect_sentence(log_defect(error)), icon=":material/bug_report:")
