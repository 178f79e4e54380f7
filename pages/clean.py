"""Clean: what deserves a look, and decisions about it that can always be undone."""

from __future__ import annotations

import datetime

import pandas as pd
import streamlit as st

from core.catalog import DatasetRecord
from core.quality import curation, findings
from core.quality.curation import usable
from core.quality.findings import Finding
from pages._widgets.empty import empty
from pages._widgets.gallery import Tile, gallery, page_of
from pages._widgets.plain import escape, images, some
from pages._widgets.session import (
    catalog,
    current_dataset,
    dataset_findings,
    dataset_table,
    thumbnails,
)
from pages._widgets.steps import go

_EXCLUDED = "excluded"


def _decide(record: DatasetRecord, action: str, paths: list[str], why: str) -> None:
    change = curation.decide(catalog(), record.id, action, paths, why=why)
    if change is not None:
        done = curation.DECISIONS[action]
        st.session_state["decided"] = (
            record.id, change.version, f"{done}: {images(len(paths))}."
        )  # fmt: skip
        st.session_state["round"] = st.session_state.get("round", 0) + 1
        st.rerun()


def _take_back(record: DatasetRecord, versions: list[int]) -> None:
    curation.undo(catalog(), record.id, versions)
    decided = st.session_state.get("decided")
    if decided and decided[0] == record.id and decided[1] in versions:
        st.session_state.pop("decided")
    st.session_state["round"] = st.session_state.get("round", 0) + 1
    st.rerun()


def _last_decision(record: DatasetRecord) -> None:
    decided = st.session_state.get("decided")
    if not decided or decided[0] != record.id:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/check: {decided[2]} Your files are as they were.")
        if st.button("Undo", icon=":material/undo:"):
            _take_back(record, [decided[1]])


def _verdict(table: pd.DataFrame, found: list[Finding]) -> None:
    good = usable(table)
    flagged = {path for finding in found for path in finding.paths}
    fine = len(good) - len(flagged & set(good["path"]))
    if not found:
        st.success(f"All {images(len(good))} look fine.", icon=":material/check_circle:")
    else:
        verb = "deserves" if len(found) == 1 else "deserve"
        st.markdown(
            f"#### {fine:,} of {images(len(table) - int(table['excluded'].sum()))} look fine; "
            f"{some(len(found), 'thing')} {verb} a look"
        )


def _finding(record: DatasetRecord, table: pd.DataFrame, finding: Finding) -> None:
    st.markdown(f"**{finding.title}.** {finding.sentence} {finding.suggestion}")
    rows = table.set_index("path", drop=False)
    extra = findings.extra_copies(finding, table)
    if extra and st.button(
        f"Keep one of each group, exclude {images(len(extra))}",
        icon=":material/filter_1:",
        key=f"copies-{finding.key}",
    ):
        _decide(record, "exclude", extra, f"{finding.title}: one of each group kept")
    group_of = {path: n for n, group in enumerate(finding.groups, 1) for path in group}
    part = page_of(len(finding.paths), key=f"page-{finding.key}")
    paths = list(finding.paths[part])
    shown = rows.loc[paths]
    pictures = thumbnails(record.id, shown)
    chosen = gallery(
        [
            Tile(
                row.path,
                picture,
                f"{row.label} · {row.path.rsplit('/', 1)[-1]}",
                badge=f"group {group_of[row.path]}" if row.path in group_of else "",
                title=f"{row.path}\n{row.problem}".strip(),
                tiny=0 < row.width <= 48,
            )
            for row, picture in zip(shown.itertuples(), pictures, strict=True)
        ],
        key=f"finding-{finding.key}",
        label=finding.title,
        pick=True,
        round=st.session_state.get("round", 0),
    )
    st.caption(
        f"{len(chosen):,} selected. Click to select; Shift takes a range, A takes all shown, "
        "Escape none."
    )
    with st.container(horizontal=True):
        if st.button("Exclude selected", type="primary", disabled=not chosen, key="exclude"):
            _decide(record, "exclude", chosen, finding.title)
        if st.button("They are fine", disabled=not chosen, key="keep",
                     help="Keep them, and never flag them again."):  # fmt: skip
            _decide(record, "keep", chosen, finding.title)
        if st.button(f"Exclude all {len(finding.paths):,}", key="exclude-all"):
            _decide(record, "exclude", list(finding.paths), finding.title)
    problems = [
        (path, why) for path, why in zip(finding.paths, finding.reasons, strict=True) if why
    ]
    if problems:
        with st.expander("What is wrong with each"):
            st.dataframe(pd.DataFrame(problems, columns=["file", "what"]), hide_index=True)


def _excluded(record: DatasetRecord, table: pd.DataFrame) -> None:
    rows = table[table["excluded"]]
    st.markdown("**Excluded images.** Left out of counts and training; the files are untouched.")
    shown = rows.iloc[page_of(len(rows), key="page-excluded")]
    pictures = thumbnails(record.id, shown)
    chosen = gallery(
        [
            Tile(row.path, picture, f"{row.label} · {row.path.rsplit('/', 1)[-1]}",
                 title=row.path, tiny=0 < row.width <= 48)
            for row, picture in zip(shown.itertuples(), pictures, strict=True)
        ],
        key="excluded-gallery",
        label="Excluded images",
        pick=True,
        round=st.session_state.get("round", 0),
    )  # fmt: skip
    with st.container(horizontal=True):
        if st.button("Restore selected", type="primary", disabled=not chosen):
            _decide(record, "restore", chosen, "")
        if st.button(f"Restore all {len(rows):,}"):
            _decide(record, "restore", list(rows["path"]), "")


def _history(record: DatasetRecord) -> None:
    lines = [line for line in curation.history(catalog(), record.id) if line.action != "index"]
    if not lines:
        return
    with st.expander(f"History: {some(len(lines), 'decision')}"):
        standing = [x.version for x in lines if x.action != "undo" and not x.undone]
        for line in lines[:50]:
            when = datetime.datetime.fromtimestamp(line.at).strftime("%d %b, %H:%M")
            with st.container(horizontal=True, vertical_alignment="center"):
                undone = " · taken back" if line.undone else ""
                why = f" ({escape(line.why)})" if line.why else ""
                many = some(line.images, "decision" if line.action == "undo" else "image")
                st.markdown(
                    f"{escape(line.what)}: {many}{why} · {escape(line.author)}, {when}{undone}"
                )
                if line.version in standing and st.button("Undo", key=f"undo-{line.version}"):
                    _take_back(record, [line.version])
        if standing and st.button("Undo all", icon=":material/undo:"):
            _take_back(record, standing)


current = current_dataset()
facts = dataset_table(current) if current else None
if current is None or facts is None:
    empty("Nothing to clean yet", "Bring some images in first.", "Go to Data", "data")
else:
    st.title("Clean")
    st.caption(f"Dataset: {escape(current.name)}")
    issues = dataset_findings(current)
    _verdict(facts, issues)
    _last_decision(current)
    options = {finding.key: f"{finding.title} ({len(finding.paths):,})" for finding in issues}
    if facts["excluded"].any():
        options[_EXCLUDED] = f"Excluded ({int(facts['excluded'].sum()):,})"
    if options:
        picked = st.pills(
            "What to look at",
            list(options),
            format_func=options.__getitem__,
            default=next(iter(options)),
            key=f"look-{current.id}-{'-'.join(options)}",
            label_visibility="collapsed",
        )
        if picked == _EXCLUDED:
            _excluded(current, facts)
        elif picked is not None:
            _finding(current, facts, next(f for f in issues if f.key == picked))
    _history(current)
    if st.button("Next: train", type="primary" if not issues else "secondary",
                 icon=":material/arrow_forward:"):  # fmt: skip
        go("train")
