"""Folders of images, read as people mean them."""

from core.datasets.layout.kept import (
    KeptLayout,
    keep_layout,
    kept_layout,
    load_choice,
    parse_kind,
    save_choice,
)
from core.datasets.layout.labels import alike, asks_to_merge, differ
from core.datasets.layout.names import is_litter, is_text
from core.datasets.layout.read import outline, read_layout
from core.datasets.layout.values import (
    MARGIN,
    MEANINGS,
    Choice,
    FoundFile,
    Kind,
    Layout,
    Outline,
    Skipped,
    Split,
    Way,
)
