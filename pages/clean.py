"""Clean: what deserves a look, and decisions about it that can always be undone."""

from __future__ import annotations

import datetime
from typing import Any

import pandas as pd
import streamlit as st

from core.catalog import DatasetRecord
from core.jobs import kinds
from core.quality import curation, findings
from core.quality.curation import usable
from core.quality.detectors import DETECTORS
from core.quality.findings import Finding
from core.quality.looked import mark_looked
from core.quality.report import verdict
from core.text import escape, images, plural, shorten
from pages._widgets.closer import look_closer
from pages._widgets.decided import (
    decide,
    last_decision,
    move_to_suggested,
    round_number,
    take_back,
)
from pages._widgets.files import list_files
from pages._widgets.gallery import gallery, page_of, photo_tiles
from pages._widgets.glance import list_entries, looked_at, open_entry
from pages._widgets.job import act, watched
from pages._widgets.one_of import choose
from pages._widgets.session import (
    catalog,
    current_dataset,
    dataset_findings,
    dataset_kinds,
    dataset_table,
)
from pages._widgets.steps import TO_DATA, empty, lead
from pages._widgets.take_away import take_away_panel

_EXCLUDED = "excluded"
_NEW = "a new class …"


def _verdict(table: pd.DataFrame, found: list[Finding]) -> None:
    said = verdict(table, found)
    if found:
        st.markdown(f"## {said.removesuffix('.')}")
    elif usable(table).empty:
        st.info(said)
    else:
        st.success(said, icon=":material/check_circle:")


def _search(record: DatasetRecord, table: pd.DataFrame) -> None:
    """The search for wrong labels: offered, running, or how it ended."""
    job = catalog().jobs.latest("suspects", record.id)
    if watched(job):
        return
    good = usable(table)
    judged = int(good["label_doubt"].notna().sum())
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Look for wrong labels again" if judged else "Look for wrong labels",
            icon=":material/search:",
            help="Compares every image with the others of its class, to find those that are filed "
            "under the wrong class or don't belong. Takes seconds to minutes.",
        ):
            kinds.submit_suspects(catalog(), record.id)
            st.rerun()
        if job is not None and job.state in ("failed", "interrupted") and job.error:
            st.caption(f":material/error: {escape(job.error)}")
        elif judged and judged < len(good):
            st.caption(
                f"Not judged yet: {images(len(good) - judged)}, added or moved since the "
                "last search, or too few in their class."
            )


def _at_threshold(record: DatasetRecord, table: pd.DataFrame, finding: Finding) -> Finding:
    """The finding at the threshold that the person has set."""
    each = DETECTORS[finding.key]
    if not each.adjustable:
        return finding
    threshold = st.slider(
        "How sure it must be",
        each.lowest,
        1.0,
        each.threshold,
        0.01,
        key=f"threshold-{record.id}-{finding.key}",
        width=480,
        help="Further left shows more images, clear and doubtful; further right only the clearest.",
    )
    if threshold == each.threshold:
        return finding
    known = curation.known_alike(catalog(), record.id, record.version)
    return findings.find_one(finding.key, table, threshold, known)


def _finding(record: DatasetRecord, table: pd.DataFrame, finding: Finding) -> None:
    st.markdown(f"**{finding.title}.** {finding.sentence} {finding.suggestion}")
    finding = _at_threshold(record, table, finding)
    if not finding.paths:
        st.caption("Nothing is flagged at this setting.")
        return
    extra = findings.extra_copies(finding, table)
    if extra and st.button(
        f"Leave out extra copies: {len(extra):,}",
        icon=":material/filter_1:",
        key=f"copies-{finding.key}",
        help="The largest stays; of equals, the sharpest.",
    ):
        decide(record, "exclude", extra, f"{finding.title}: the best of each group kept")
    group_of = {path: n for n, group in enumerate(finding.groups, 1) for path in group}
    part = page_of(len(finding.paths), key=f"page-{finding.key}")
    shown = table.iloc[finding.rows[part]].set_index("path", drop=False)
    chosen = gallery(
        photo_tiles(
            record.id,
            shown,
            _caption,
            lambda row: _badge(finding, row, group_of),
            lambda row: f"{row.path}\n{row.problem}".strip(),
        ),
        key=f"finding-{finding.key}",
        label=finding.title,
        pick=True,
        round=round_number(),
    )
    st.caption(
        f"{len(chosen):,} selected. Click to select; Shift takes a range, A takes all shown, "
        "Escape none."
    )
    _actions(record, table, finding, shown, chosen)
    said = [each for each in zip(finding.paths, finding.reasons, strict=True) if each[1]]
    if said:
        with st.expander("What is wrong with each"):
            list_files(said, "what")


def _caption(row: Any) -> str:
    """A picture's class, and below it the name of its file, whose end tells it from others."""
    return f"{row.label}\n{shorten(row.path.rsplit('/', 1)[-1], 16)}"


def _badge(finding: Finding, row: Any, group_of: dict[str, int]) -> str:
    if finding.key in findings.SUSPECTED:
        return f"{shorten(str(row.suggested), 14)}?"
    number = group_of.get(row.path)
    return f"group {number}" if number else ""


def _actions(
    record: DatasetRecord,
    table: pd.DataFrame,
    finding: Finding,
    rows: pd.DataFrame,
    chosen: list[str],
) -> None:
    with st.container(horizontal=True):
        if finding.key in findings.SUSPECTED and st.button(
            "Move to the class they look like",
            type="primary",
            disabled=not chosen,
            icon=":material/drive_file_move:",
            key="move-suggested",
        ):
            suggested = {path: str(rows.at[path, "suggested"]) for path in chosen}
            move_to_suggested(record, suggested, finding.title)
        if st.button(
            "Exclude selected",
            type="primary" if finding.key not in findings.SUSPECTED else "secondary",
            disabled=not chosen,
            key="exclude",
        ):
            decide(record, "exclude", chosen, finding.title)
        if st.button(
            "They are fine",
            disabled=not chosen,
            key="keep",
            help="Keep them, and never flag them again.",
        ):
            decide(record, "keep", chosen, finding.title)
        with st.popover("Move to class …", disabled=not chosen, icon=":material/label:"):
            _move(record, table, finding, chosen)
        if st.button(
            "Look closer",
            disabled=not 1 <= len(chosen) <= 2,
            key="closer",
            icon=":material/zoom_in:",
            help="One image, or two side by side, at full size.",
        ):
            look_closer(record, rows.loc[chosen])
        # Labels are looked at one by one: leaving out all that look odd only hides what is hard.
        everything = f"Exclude all {len(finding.paths):,}"
        if finding.key not in findings.SUSPECTED and st.button(everything, key="exclude-all"):
            decide(record, "exclude", list(finding.paths), finding.title)


def _move(record: DatasetRecord, table: pd.DataFrame, finding: Finding, chosen: list[str]) -> None:
    names = {label: shorten(label, 60) for label in sorted(table["label"].unique())}
    picked = choose("Class", names | {_NEW: _NEW}, key="move-to")
    name = st.text_input("Its name", key="move-new") if picked == _NEW else picked
    if st.button("Move", type="primary", key="move", disabled=not (name or "").strip()):
        decide(record, "relabel", chosen, finding.title, str(name))


def _excluded(record: DatasetRecord, table: pd.DataFrame) -> None:
    rows = table[table["excluded"]]
    st.markdown("**Excluded images.** Left out of counts and training; the files are untouched.")
    shown = rows.iloc[page_of(len(rows), key="page-excluded")]
    chosen = gallery(
        photo_tiles(record.id, shown, _caption),
        key="excluded-gallery",
        label="Excluded images",
        pick=True,
        round=round_number(),
    )
    with st.container(horizontal=True):
        if st.button("Restore selected", type="primary", disabled=not chosen):
            decide(record, "restore", chosen, "")
        if st.button(f"Restore all {len(rows):,}"):
            decide(record, "restore", list(rows["path"]), "")


def _history(record: DatasetRecord) -> None:
    lines = [
        line for line in curation.history(catalog(), record.id) if line.action not in curation.FACTS
    ]
    if not lines:
        return
    with st.expander(f"History: {plural(len(lines), 'decision')}"):
        standing = [x.version for x in lines if x.action != "undo" and not x.undone]
        for line in lines[:50]:
            when = datetime.datetime.fromtimestamp(line.at).strftime("%d %b, %H:%M")
            with st.container(horizontal=True, vertical_alignment="center"):
                undone = " · taken back" if line.undone else ""
                why = f" ({escape(line.why)})" if line.why else ""
                many = plural(line.images, "decision" if line.action == "undo" else "image")
                st.markdown(
                    f"{escape(line.what)}: {many}{why} · {escape(line.author)}, {when}{undone}"
                )
                if line.version in standing and st.button("Undo", key=f"undo-{line.version}"):
                    take_back(record, [line.version])
        if standing and st.button("Undo all", icon=":material/undo:"):
            take_back(record, standing)


def _quiet_checks(record: DatasetRecord, table: pd.DataFrame, found: list[Finding]) -> None:
    """Checks with a threshold that flagged nothing: they may at a lower one."""
    flagged = {finding.key for finding in found}
    if table["label_doubt"].isna().all():
        # Nobody has looked for these yet.
        flagged |= {*findings.SUSPECTED, "outliers"}
    quiet = [key for key, each in DETECTORS.items() if each.adjustable and key not in flagged]
    if not quiet:
        return
    with st.expander("Checks that found nothing"):
        st.caption("Lower a threshold to see what comes closest.")
        picked = st.selectbox(
            "Check",
            quiet,
            index=None,
            format_func=lambda key: DETECTORS[key].title,
            placeholder="Choose one",
            key=f"quiet-{record.id}",
        )
    if picked is not None:
        known = curation.known_alike(catalog(), record.id, record.version)
        usual = DETECTORS[picked].threshold
        _finding(record, table, findings.find_one(picked, table, usual, known))


def _kinds(found: list[Finding]) -> None:
    """What is not in the list, since nearly all images are so; each can be looked at."""
    for finding in found:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(escape(findings.say_kind(finding)), width="stretch")
            act(
                f"Look at {len(finding.paths):,}",
                (open_entry, finding.key),
                icon="visibility",
                key=f"look-{finding.key}",
            )


def _back() -> None:
    act("Back to the list", (open_entry, ""), icon="arrow_back", key="look-back", type="tertiary")


def _list(record: DatasetRecord, table: pd.DataFrame, found: list[Finding]) -> None:
    """Everything that was found; whoever sees it has looked, once wrong labels are in it too."""
    _verdict(table, found)
    _search(record, table)
    last_decision(record)
    list_entries(record, table, found)
    job = catalog().jobs.latest("suspects", record.id)
    # Where they can't be judged, that was said instead.
    if table["label_doubt"].notna().any() or (job is not None and job.finished):
        mark_looked(catalog(), record.id)
    kinds_of = dataset_kinds(record)
    _kinds(kinds_of)
    _quiet_checks(record, table, [*found, *kinds_of])


current = current_dataset()
facts = dataset_table(current) if current else None
if current is None or facts is None:
    empty("Nothing to clean yet", "Bring some images in first.", *TO_DATA)
else:
    st.title("Clean")
    issues = dataset_findings(current)
    shown = looked_at()
    kinds_of = dataset_kinds(current) if shown in DETECTORS else []
    finding = next((each for each in [*issues, *kinds_of] if each.key == shown), None)
    if finding is not None:
        _back()
        last_decision(current)
        _finding(current, facts, finding)
    elif shown == _EXCLUDED and facts["excluded"].any():
        _back()
        last_decision(current)
        _excluded(current, facts)
    else:
        # Nothing is left of what was looked at, or nothing in particular was.
        _list(current, facts, issues)
    _history(current)
    take_away_panel(current)
    first = "primary" if not issues else "secondary"
    lead("Next: train", "train", icon="arrow_forward", type=first)
