"""Takes a folder, many files or an archive from the browser straight to the server's disk.

Streamlit's own uploader sends every file in a request of its own, all at once, and keeps them in
memory: at some thousand images browsers give up with "insufficient resources" and lose files.
This one bundles them, shows time left, can be cancelled, and tries a broken connection again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from core.api.uploads import PREFIX, issue
from core.datasets.archives import SUFFIXES_ARCHIVE
from core.datasets.formats import SUFFIXES, reasons
from pages._widgets.component import component_of
from pages._widgets.session import next_turn, turn

# What sends files, for every component that does.
SENDING = (Path(__file__).parent / "sending.js").read_text(encoding="utf-8")
_component = component_of(__file__, "lightbox-uploader", ("result",), SENDING)
Mode = Literal["folder", "files", "archive"]
_WORDS: dict[Mode, dict[str, str]] = {
    "folder": {
        "button": "Choose a folder",
        "hint": "or drag it here",
        "empty": "This folder is empty.",
        "none": "There are no images in this folder.",
    },
    "files": {
        "button": "Choose images",
        "hint": "or drag them here",
        "empty": "These files are hidden files of the system.",
        "none": "None of these files is an image.",
    },
    "archive": {
        "button": "Choose an archive",
        "hint": "or drag it here",
        "empty": "This is a hidden file of the system.",
        "none": (
            "This is not an archive that Lightbox knows: .zip, .tar, .tar.gz, .tar.bz2, .tar.xz."
        ),
    },
}


@dataclass(frozen=True)
class Uploaded:
    """What has come in.

    Attributes:
        token: names the stage where it lies.
        taken: number of files taken.
        refused: files that are not taken, with the reason.
        failed: files that should have come but did not, with the reason.
        folder: name of the folder that was chosen, or ``""``.
        file: name of the archive, or ``""``.
        bytes: size of all that came in.
    """

    token: str
    taken: int
    refused: list[tuple[str, str]]
    failed: list[tuple[str, str]]
    folder: str
    file: str
    bytes: int


def uploader(label: str, mode: Mode, key: str) -> Uploaded | None:
    """Draw the widget.

    Args:
        key: a new key makes a new, empty upload.

    Returns:
        What came in, once it is complete; ``None`` before.
    """
    tokens = st.session_state.setdefault("upload-tokens", {})
    token = tokens.get(key) or tokens.setdefault(key, issue())
    suffixes = SUFFIXES_ARCHIVE if mode == "archive" else SUFFIXES
    state = _component(
        key=f"uploader-{key}",
        data={
            "mode": mode,
            "label": label,
            "token": token,
            "url": f"{PREFIX}/{token}",
            "suffixes": sorted(suffixes),
            "reasons": {} if mode == "archive" else reasons(),
            **_WORDS[mode],
        },
    )
    result = state.get("result")
    # A widget's state comes from the browser: only an upload of this very session counts.
    if not isinstance(result, Mapping) or result.get("token") != token or not result.get("taken"):
        return None
    return Uploaded(
        token=token,
        taken=int(result["taken"]),
        refused=not_taken(result, "refused"),
        failed=not_taken(result, "failed"),
        folder=str(result.get("folder") or ""),
        file=str(result.get("file") or ""),
        bytes=int(result.get("bytes") or 0),
    )


def not_taken(said: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    """Files that a component says were ``refused`` or ``failed``, with the reason."""
    return [(str(path), str(why)) for path, why in said.get(name) or []]


def fresh(key: str) -> str:
    """A widget's key that changes after each upload, which empties the uploader and its memory."""
    return f"{key}-{turn('uploads')}"


def forget_upload() -> None:
    """Begin with an empty upload the next time: what came in was taken."""
    next_turn("uploads")
