"""What changed between two versions of a dataset."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.catalog import DatasetRecord
from core.quality import curation
from core.quality.versions import Diff, diff
from core.text import ago, escape, images, plural, shorten
from pages._widgets.one_of import choose
from pages._widgets.session import catalog

_PATHS_AT_MOST = 1000


def changes_panel(record: DatasetRecord) -> None:
    """Draw it: from the version that the latest run was trained on, to now, unless chosen
    otherwise."""
    panel = st.expander(
        "What changed",
        icon=":material/difference:",
        key=f"changes-{record.id}",
        on_change="rerun",
    )
    if not panel.open:
        return
    lines = {line.version: line for line in curation.history(catalog(), record.id)}
    runs = [run for run in catalog().runs.all(record.id) if run.state == "done"]
    trained: dict[int, str] = {}
    for run in runs:
        trained.setdefault(run.dataset_version, run.name)
    names: dict[int, str] = {}
    for version, line in sorted(lines.items(), reverse=True):
        by = f" · trained: {shorten(trained[version], 30)}" if version in trained else ""
        now = "" if names else " · now"
        names[version] = f"{version}: {shorten(line.what, 40)}, {ago(line.at)}{by}{now}"
    since = runs[0].dataset_version if runs else min(lines)
    with panel:
        left, right = st.columns(2)
        with left:
            old = choose(
                "From version",
                names,
                now=since,
                key=f"changes-old-{record.id}-{since}",
                help="Every scan and every decision makes a version.",
            )
        with right:
            new = choose("To version", names, key=f"changes-new-{record.id}-{record.version}")
        _draw(diff(catalog(), record.id, old, new))


def _draw(found: Diff) -> None:
    if found.empty:
        st.markdown(":material/check: No image changed between these versions.")
        return
    kinds = {
        "Added": found.added,
        "Removed": found.removed,
        "Other content": found.changed,
        "Excluded": found.excluded,
        "Restored": found.restored,
        "Moved to another class": [each.path for each in found.moved],
    }
    present = {what: paths for what, paths in kinds.items() if paths}
    with st.container(horizontal=True, gap="large"):
        for what, paths in present.items():
            st.metric(what, f"{len(paths):,}", width="content")
    target = {each.path: (each.before, each.after) for each in found.moved}
    rows = [
        (what, path, *target.get(path, ("", "")))
        if what.startswith("Moved")
        else (what, path, "", "")
        for what, paths in present.items()
        for path in paths
    ]
    left, right = st.columns([3, 2], gap="large")
    with left:
        table = pd.DataFrame(rows[:_PATHS_AT_MOST], columns=["what", "image", "from", "to"])
        st.dataframe(table if found.moved else table[["what", "image"]], hide_index=True)
        if len(rows) > _PATHS_AT_MOST:
            st.caption(f"… and {images(len(rows) - _PATHS_AT_MOST)} more.")
    with right:
        counts = pd.DataFrame(
            [
                (label, found.before.get(label, 0), found.after.get(label, 0))
                for label in found.classes
            ],
            columns=["class", "before", "after"],
        )
        other = counts[counts["before"] != counts["after"]]
        if other.empty:
            st.caption("Every class has as many usable images as before.")
        else:
            st.dataframe(other, hide_index=True)
            same = len(counts) - len(other)
            if same:
                st.caption(escape(f"{plural(same, 'other class', 'other classes')} unchanged."))
