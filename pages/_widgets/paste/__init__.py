"""A button that takes an image from the clipboard; Ctrl+V or ⌘V anywhere on the page does it
too."""

from __future__ import annotations

from pages._widgets.camera import Shot, taken
from pages._widgets.component import component

_HTML = '<button type="button"></button><span role="status"></span>'
_CSS = """
:host, div {font-family: var(--st-font);}
button {font: inherit; font-size: .875rem; padding: .45rem .9rem; min-height: 2.5rem;
  cursor: pointer; background: transparent;
  border-radius: var(--st-button-radius, .5rem); border: 1px solid rgba(128,128,128,.45);
  color: var(--st-text-color);}
button:hover {border-color: var(--st-primary-color);}
button:focus-visible {outline: 3px solid var(--st-primary-color); outline-offset: 2px;}
span {font-size: .88rem; margin-left: .7rem; color: var(--st-text-color); opacity: .8;}
"""
_JS = """
const LARGEST = 20e6;
const listening = new WeakMap();
export default function ({ parentElement, setStateValue }) {
  const button = parentElement.querySelector("button");
  const said = parentElement.querySelector("span");
  const say = (text) => { said.textContent = text; };
  button.textContent = "Paste an image";
  const take = (blob) => {
    if (blob.size > LARGEST) { say("It is larger than 20 MB."); return; }
    const reader = new FileReader();
    reader.onload = () => {
      say("");
      setStateValue("pasted", { at: Date.now(), data: reader.result });
    };
    reader.readAsDataURL(blob);
  };
  const heard = (event) => {
    const items = [...(event.clipboardData?.items ?? [])];
    const image = items.find((item) => item.kind === "file" && item.type.startsWith("image/"));
    if (!image) return;
    event.preventDefault();
    take(image.getAsFile());
  };
  button.onclick = async () => {
    if (!navigator.clipboard?.read) { say("Press Ctrl+V (on a Mac ⌘V) instead."); return; }
    try {
      for (const item of await navigator.clipboard.read()) {
        const type = item.types.find((each) => each.startsWith("image/"));
        if (type) { take(await item.getType(type)); return; }
      }
      say("There is no image in the clipboard.");
    } catch {
      say("Press Ctrl+V (on a Mac ⌘V) instead.");
    }
  };
  const before = listening.get(parentElement);
  if (before) document.removeEventListener("paste", before);
  document.addEventListener("paste", heard);
  listening.set(parentElement, heard);
  return () => document.removeEventListener("paste", heard);
}
"""
_component = component("lightbox-paste", ("pasted",), html=_HTML, css=_CSS, js=_JS)


def paste(key: str) -> Shot | None:
    """Draw the button; returns the image that was pasted last, as its file."""
    return taken(_component(key=key, width="content").get("pasted"))
