"""Where the folders lie that make a dataset: for whoever adds images to one."""

from __future__ import annotations

from pathlib import Path

from core.datasets.layout import folders
from core.datasets.layout.values import Split
from core.datasets.layout.walk import walk
from core.progress import Reporter


def outline(root: Path) -> tuple[Path, str, dict[str, Split]]:
    """Where the class or split folders lie: that folder, its path below ``root`` (or ""), and the
    split folders by name (none for class folders)."""
    top = folders.tree(walk(root, (), 10_000_000, Reporter()).entries)
    prefix = folders.wrapping(top)
    return root.joinpath(*prefix), "/".join(prefix), folders.split_folders(top.at(prefix))
