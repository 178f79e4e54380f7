"""A page of thumbnails that can be selected with mouse and keyboard.

The browser holds one page of at most 60 pictures. Click selects one, Ctrl adds, Shift a range,
arrow keys move, Space toggles, A takes all and Escape none. Where pictures open instead, a click
or Enter does it. Captions are set as text, never as HTML, so a class may be called ``<script>``.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from core.quality.thumbs import data_uri
from core.runs.pictures import TINY
from core.text import whole
from pages._widgets.component import component
from pages._widgets.session import thumbnails

PAGE = 60
_CSS = """
.grid {display: grid; grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); gap: 10px;
  outline: none; padding: 3px;}
.grid.strip {display: flex; gap: 8px; overflow-x: auto;}
.strip .tile {flex: 0 0 76px; min-width: 0;}
/* Rows after the first have no height, so no picture is cut in half. */
.grid.row {grid-template-columns: repeat(auto-fill, minmax(84px, 1fr)); grid-template-rows: auto;
  grid-auto-rows: 0; gap: 0 8px; overflow: hidden; padding-bottom: 0;}
.tile {position: relative; border-radius: 8px; padding: 4px; border: 2px solid transparent;
  background: var(--st-secondary-background-color); user-select: none; text-align: center;}
.pick .tile, .opens .tile {cursor: pointer;}
.opens .tile:hover {border-color: var(--st-primary-color);}
.tile img {width: 100%; aspect-ratio: 1; object-fit: contain; border-radius: 5px; display: block;
  image-rendering: auto; background: rgba(128,128,128,.12);}
.tile.tiny img {image-rendering: pixelated;}
.tile .none {width: 100%; aspect-ratio: 1; display: flex; align-items: center;
  justify-content: center; font-size: 26px; opacity: .45;}
.caption {font: 12px/1.35 var(--st-font); color: var(--st-text-color); overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; margin-top: 3px;}
.caption + .caption {margin-top: 0; opacity: .8;}
/* Below the picture: on a small one it would cover what is to be looked at. */
.badge {font: 600 11px/1.45 var(--st-font); padding: 1px 6px;
  margin: 4px auto 0; width: fit-content;
  border-radius: 9px; background: rgba(20,24,28,.78); color: #fff; max-width: 100%;
  box-sizing: border-box; overflow: hidden; display: -webkit-box; -webkit-box-orient: vertical;
  -webkit-line-clamp: 2; overflow-wrap: anywhere;}
.badge.two {display: flex; flex-wrap: wrap; justify-content: center; white-space: pre;}
.badge.two :first-child {min-width: 0; overflow: hidden; text-overflow: ellipsis;}
.badge.good {background: #00684b;} .badge.bad {background: #a83f00;}
.tile.on {border-color: var(--st-primary-color);}
.tile.on::after {content: "✓"; position: absolute; right: 7px; top: 7px; width: 20px; height: 20px;
  border-radius: 50%; background: var(--st-primary-color); color: #fff;
  font: 700 13px/20px var(--st-font);}
.grid:focus-visible .tile.at {box-shadow: 0 0 0 3px light-dark(#B35900, #FFB454);}
.grid.strip:focus-visible:not(.pick):not(.opens) {outline: 3px solid light-dark(#B35900, #FFB454);}
"""
_JS = """
export default function ({ data, parentElement, setStateValue }) {
  const moves = data.pick || data.opens;
  let grid = parentElement.querySelector(".grid");
  if (!grid) {
    grid = document.createElement("div");
    parentElement.appendChild(grid);
  }
  grid.className = "grid" + (data.pick ? " pick" : "") + (data.strip ? " strip" : "")
    + (data.opens ? " opens" : "") + (data.row ? " row" : "");
  const each = `(100% - ${10 * (data.across - 1)}px) / ${data.across}`;
  grid.style.gridTemplateColumns = data.across
    ? `repeat(auto-fill, minmax(max(76px, ${each}), 1fr))` : "";
  // A strip can be scrolled, so the keyboard has to reach it.
  grid.tabIndex = moves || data.strip ? 0 : -1;
  grid.setAttribute("role", moves ? "listbox" : "list");
  if (data.pick) grid.setAttribute("aria-multiselectable", "true");
  grid.setAttribute("aria-label", data.label);
  const ids = data.tiles.map((tile) => tile.id);
  const mark = ids.join("\\n") + data.round;
  const same = grid.dataset.mark === mark;
  const state = grid.state && same ? grid.state : { on: new Set(), at: 0, from: 0 };
  grid.state = state;
  grid.dataset.mark = mark;
  // What is said of the same pictures may change, and whatever is selected stays so.
  const said = JSON.stringify(data.tiles.map((each) => [each.badge, each.tone, each.caption,
    each.title]));
  const drawn = same && grid.said === said;
  grid.said = said;
  const draw = () => {
    [...grid.children].forEach((element, n) => {
      element.classList.toggle("on", state.on.has(ids[n]));
      element.classList.toggle("at", n === state.at);
      if (moves) element.setAttribute("aria-selected", state.on.has(ids[n]));
    });
    const at = grid.children[state.at];
    if (moves && at) grid.setAttribute("aria-activedescendant", at.id);
  };
  const send = () => setStateValue("selected", ids.filter((id) => state.on.has(id)));
  const range = (a, b) => {
    for (let n = Math.min(a, b); n <= Math.max(a, b); n++) state.on.add(ids[n]);
  };
  // The time makes a second click on the same picture another one.
  const open = (id) => setStateValue("opened", { id, at: Date.now() });
  const toggle = (id) => (state.on.has(id) ? state.on.delete(id) : state.on.add(id));
  if (!drawn) {
    grid.replaceChildren(...data.tiles.map((tile, n) => {
      const element = document.createElement("div");
      element.className = "tile" + (tile.tiny ? " tiny" : "");
      element.id = data.name + "-" + n;
      element.setAttribute("role", moves ? "option" : "listitem");
      element.title = tile.title;
      if (tile.src) {
        const image = document.createElement("img");
        image.src = tile.src;
        image.alt = tile.title;
        image.draggable = false;
        element.appendChild(image);
      } else {
        const none = document.createElement("div");
        none.className = "none";
        none.textContent = "✕";
        element.appendChild(none);
      }
      if (tile.badge) {
        const badge = document.createElement("div");
        badge.className = "badge " + tile.tone;
        // A name and how sure: the name gives way, so that the picture stays to be seen.
        const at = tile.badge.lastIndexOf(" · ");
        if (at > 0) {
          badge.classList.add("two");
          for (const part of [tile.badge.slice(0, at), tile.badge.slice(at)]) {
            badge.appendChild(document.createElement("span")).textContent = part;
          }
        } else badge.textContent = tile.badge;
        element.appendChild(badge);
      }
      for (const line of tile.caption.split("\\n")) {
        const caption = document.createElement("div");
        caption.className = "caption";
        caption.textContent = line;
        element.appendChild(caption);
      }
      return element;
    }));
  }
  if (moves) {
    [...grid.children].forEach((element, n) => {
      element.onclick = (event) => {
        if (data.opens) { state.at = n; draw(); open(ids[n]); return; }
        if (event.shiftKey) range(state.from, n);
        else { toggle(ids[n]); state.from = n; }
        state.at = n;
        draw(); send();
      };
    });
    grid.onkeydown = (event) => {
      const across = Math.max(1, getComputedStyle(grid).gridTemplateColumns.split(" ").length);
      const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across };
      if (event.key in steps) {
        const next = Math.min(ids.length - 1, Math.max(0, state.at + steps[event.key]));
        if (event.shiftKey && data.pick) range(state.at, next);
        state.at = next;
        if (!event.shiftKey) state.from = next;
        grid.children[next].scrollIntoView({ block: "nearest" });
        if (event.shiftKey && data.pick) send();
      } else if (data.opens) {
        if (event.key !== "Enter" && event.key !== " ") return;
        open(ids[state.at]);
      } else if (event.key === " " || event.key === "Enter") {
        toggle(ids[state.at]); state.from = state.at; send();
      } else if (event.key === "a" || event.key === "A") {
        ids.forEach((id) => state.on.add(id)); send();
      } else if (event.key === "Escape") {
        state.on.clear(); send();
      } else return;
      event.preventDefault();
      draw();
    };
  }
  draw();
}
"""


@dataclass(frozen=True)
class Tile:
    """One picture.

    Attributes:
        id: what is returned when it is selected.
        image: JPEG or PNG bytes; empty for one that can't be shown.
        caption: what stands below it, a line or several.
        badge: a few words between the two; ``tone`` is ``good``, ``bad`` or "".
        title: shown when the pointer rests on it.
        tiny: has so few pixels that they should be shown as squares.
    """

    id: str
    image: bytes
    caption: str
    badge: str = ""
    tone: str = ""
    title: str = ""
    tiny: bool = False


def photo_tiles(
    dataset_id: str,
    rows: pd.DataFrame,
    caption: Callable[[Any], str] = lambda row: str(row.label),
    badge: Callable[[Any], str] = lambda _: "",
    title: Callable[[Any], str] = lambda row: row.path,
) -> list[Tile]:
    """Images of a dataset.

    Args:
        rows: of its table.
        caption, badge, title: from a row to what a tile says of it.
    """
    tiny = rows[["width", "height"]].max(axis=1).between(1, TINY)
    return [
        Tile(row.path, picture, caption(row), badge(row), title=title(row), tiny=few)
        for row, picture, few in zip(
            rows.itertuples(), thumbnails(dataset_id, rows), tiny, strict=True
        )
    ]


_component = component("lightbox_gallery", ("selected", "opened"), css=_CSS, js=_JS, html="")


def gallery(
    tiles: Sequence[Tile],
    *,
    key: str,
    label: str,
    pick: bool = False,
    strip: bool = False,
    row: bool = False,
    opens: bool = False,
    across: int = 0,
    round: int = 0,
) -> list[str]:
    """Show at most a page of pictures; returns the ids of those selected.

    Args:
        label: what the pictures are, for screen readers.
        pick: whether they can be selected.
        opens: a click is a wish to see more of a picture instead: its id is returned once.
        strip: small, in one row that can be scrolled.
        row: as many as fit into one row, and none of the others.
        across: so many in a row where there is room for them; 0 for as many as fit.
        round: another number starts again with nothing selected.
    """
    data = [
        {
            "id": tile.id,
            "src": data_uri(tile.image),
            "caption": tile.caption,
            "badge": whole(tile.badge),
            "tone": tile.tone,
            "title": tile.title or tile.caption,
            "tiny": tile.tiny,
        }
        for tile in tiles[:PAGE]
    ]
    if pick:
        # Other pictures or another round are another component: the browser shows nothing selected
        # then, so nothing that was selected before may still count here.
        ids = "\n".join(tile.id for tile in tiles[:PAGE])
        key = f"{key}-{round}-{zlib.crc32(ids.encode('utf-8', 'surrogatepass')):08x}"
    result = _component(
        key=key,
        data={
            "tiles": data,
            "pick": pick,
            "strip": strip,
            "row": row,
            "opens": opens,
            "label": label,
            "across": across,
            "round": round,
            "name": f"tile-{zlib.crc32(key.encode('utf-8', 'surrogatepass')):08x}",
        },
    )
    if opens:
        asked = str(once(key, result.get("opened")).get("id", ""))
        return [asked] if asked in {tile.id for tile in tiles} else []
    shown = {tile.id for tile in tiles}
    return [str(one) for one in (result.get("selected") or []) if one in shown]


def once(key: str, said: object) -> Mapping[str, Any]:
    """What the browser said of a component since it was last asked; nothing where it said nothing.

    Args:
        said: the last that it said, with the time as ``at``; stays as it is until it says more.
    """
    if not isinstance(said, Mapping) or said.get("at") == last(key):
        return {}
    st.session_state[f"opened-{key}"] = said.get("at")
    return said


def last(key: str) -> Any:
    """When a component said what :func:`once` has handed out last; ``None`` before that."""
    return st.session_state.get(f"opened-{key}")


def page_of(count: int, *, key: str, size: int = PAGE) -> slice:
    """Which items to show; draws the page numbers if there is more than one page."""
    pages = -(-count // size)
    number = st.pagination(pages, key=key) if pages > 1 else 1
    return slice((number - 1) * size, number * size)
