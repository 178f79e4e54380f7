"""Home: the studio. Photos in, one button, and the answer, on one screen."""

from __future__ import annotations

import streamlit as st

from pages._widgets.session import current_dataset
from pages._widgets.studio import left, middle, project, right

record = current_dataset()
project.draw(record)
left.dialogs(record)
with st.container(key="studio-columns"):
    columns = st.columns([5, 4, 4], gap="medium")
with columns[0]:
    left.draw(record)
with columns[1]:
    middle.draw(record)
with columns[2]:
    right.draw(record, project.newest_run(record))
