"""Models: all that were ever trained here, to be found again, kept in order, and compared."""

from __future__ import annotations

import zlib

import pandas as pd
import streamlit as st

from core.evaluation import library
from core.evaluation.library import Entry, Sort
from core.text import plural, rate, size
from core.who import acting
from pages._widgets.bring_model import bring_panel
from pages._widgets.library import actions, details, done_bar, models_bin
from pages._widgets.model_cards import draw_cards
from pages._widgets.one_of import choose, one_of
from pages._widgets.session import catalog
from pages._widgets.steps import TO_TRAIN, empty

_SHOW = {
    "current": "In use",
    "starred": "Starred",
    "archived": "Archived",
    "all": "All",
}
_SORTS: dict[Sort, str] = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "accuracy": "Most accurate first",
    "name": "By name",
    "size": "Largest first",
}


_FILTERS = ("Dataset", "Recipe", "State", "Tag")


def _filters(entries: list[Entry], tags: list[str]) -> list[Entry]:
    """Draw the filters; what passes them."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        words = st.text_input(
            "Search",
            placeholder="Name, tag, note, dataset …",
            key="library-search",
            width=260,
            icon=":material/search:",
            label_visibility="collapsed",
        )
        show = one_of("Show", _SHOW, key="library-show")
        on = sum(st.session_state.get(f"library-{label}") is not None for label in _FILTERS)
        with st.popover(f"Filters ({on})" if on else "Filters", icon=":material/filter_list:"):
            dataset = _one("Dataset", [entry.of for entry in entries])
            recipe = _one("Recipe", [entry.recipe for entry in entries])
            state = _one("State", [entry.run.state for entry in entries])
            tag = _one("Tag", tags)
            sort = choose("Order", _SORTS, key="library-sort")
    return library.search(
        entries,
        library.Query(
            words=words,
            dataset="" if dataset in (library.REMOVED, "–") else dataset,
            recipe=recipe,
            state=state,
            tag=tag,
            starred=show == "starred",
            archived={"current": False, "archived": True}.get(show),
            sort=sort,
        ),
    )


def _one(label: str, values: list[str]) -> str | None:
    """A filter, where there is something to tell apart."""
    offered = sorted({value for value in values if value}, key=str.casefold)
    if len(offered) < (1 if label == "Tag" else 2):
        return None
    return st.selectbox(label, offered, index=None, placeholder="Any", key=f"library-{label}")


def _table(entries: list[Entry]) -> list[Entry]:
    """Draw the table; those that are selected in it."""
    table = pd.DataFrame(
        {
            "star": ["★" if entry.run.starred else "" for entry in entries],
            "name": [entry.run.name for entry in entries],
            "accuracy": [None if e.accuracy is None else e.accuracy * 100 for e in entries],
            "likely": [_likely(entry) for entry in entries],
            "images": [entry.images or None for entry in entries],
            "size": [entry.disk / 1e6 for entry in entries],
            "dataset": [entry.of for entry in entries],
            "recipe": [entry.recipe for entry in entries],
            "network": [entry.architecture for entry in entries],
            "state": [f"{e.run.state}{', archived' * e.run.archived}" for e in entries],
            "tags": [list(entry.run.tags) for entry in entries],
            "when": pd.to_datetime([entry.run.created_at for entry in entries], unit="s", utc=True),
        }
    )
    if (table["state"] == "done").all():
        table = table.drop(columns="state")
    column = st.column_config
    # As finely as everywhere else.
    digits = 1 if max((entry.images for entry in entries), default=0) >= 1000 else 0
    # Another set of rows is another table, in which nothing is selected yet.
    marks = zlib.crc32("\n".join(entry.run.id for entry in entries).encode())
    picked = st.dataframe(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"library-table-{marks}",
        column_config={
            "star": column.TextColumn("★", width=36),
            "name": column.TextColumn("name", width="medium"),
            "accuracy": column.NumberColumn(
                "accuracy", format=f"%.{digits}f %%", help="On its test images."
            ),
            "likely": column.TextColumn(
                "likely", help="The 95 % interval of the accuracy (Wilson)."
            ),
            "images": column.NumberColumn("images", help="Number of test images."),
            "tags": column.ListColumn("tags"),
            "when": column.DatetimeColumn("when", format="distance"),
            "size": column.NumberColumn("size", format="%.1f MB", help="What it takes on disk."),
        },
    )
    return [entries[row] for row in picked["selection"]["rows"] if row < len(entries)]


def _about(entry: Entry) -> None:
    actions([entry])
    details(entry, catalog().runs.tags())


def _likely(entry: Entry) -> str:
    if entry.low is None or entry.high is None:
        return ""
    low, high = (rate(end, entry.images) for end in (entry.low, entry.high))
    return f"{low.removesuffix(' %')}–{high}"


everything = library.entries(catalog())
st.title("Models")
done_bar()
if not everything:
    empty("No models yet", "They appear here once you train one.", *TO_TRAIN)
else:
    found = _filters(everything, catalog().runs.tags())
    if not found:
        st.markdown("No model is like that. Take a filter off to see more.")
    else:
        as_table = st.toggle(
            "As a table",
            key="library-as-table",
            persist_state="session",
            help="With all that is known of each, and several to select and compare.",
        )
        chosen = _table(found) if as_table else []
        if not as_table:
            draw_cards(found, _about)
        takes = size(sum(entry.disk for entry in everything))
        said = f"{plural(len(found), 'model')} of {len(everything):,}; together {takes} on disk."
        if as_table:
            said += " Select one to open, name, tag or delete it, and several to compare them."
        st.caption(said)
        if len(chosen) == 1:
            _about(chosen[0])
        elif chosen:
            actions(chosen)
if acting().may("trainer"):
    bring_panel()
    models_bin()
