"""What was found below a folder or a place in a bucket, before anybody says what it means; and what
is said where that can't be a dataset."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from core.addresses import is_address
from core.datasets.layout.names import is_litter
from core.datasets.layout.values import Entry, Skipped, named
from core.errors import InvalidInput
from core.text import plural

# Opening a file to see what it is costs as much as a small picture's decoding.
MOST_LOOKED_INTO = 20_000
# System folders that are named in a line.
_NAMED = 12
_NEEDED = (
    "Lightbox needs one folder a class, with that class's images inside: "
    "for example photos/cats/1.jpg and photos/dogs/1.jpg. A table of file names and classes "
    "beside the images will do, too."
)


@dataclass
class Walked:
    """What lies below a folder.

    Attributes:
        entries: pictures, in no order.
        tables: files that may say something about pictures: paths relative to the root.
        skipped: what else was found, with the reason.
        litter: folders and files of a system's own, by name, with how often they were met.
    """

    entries: list[Entry] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    litter: Counter[str] = field(default_factory=Counter)

    def sentences(self) -> list[str]:
        """What is to be said of what was left out without a line each."""
        if not self.litter:
            return []
        hidden = {name: n for name, n in self.litter.items() if name.startswith(".")}
        others = {name: n for name, n in self.litter.items() if name not in hidden}
        found = []
        for some, why in (
            (others, "Left out, since a system keeps them and no person does"),
            (hidden, "Hidden folders were left out"),
        ):
            said = [f"{name} ({count:,})" for name, count in sorted(some.items())]
            more = f" and {plural(len(said) - _NAMED, 'other')}" if len(said) > _NAMED else ""
            found += [f"{why}: {', '.join(said[:_NAMED])}{more}."] if said else []
        return found


def too_many(root: Path, max_files: int) -> InvalidInput:
    """What is said of a folder with more pictures than are allowed."""
    return InvalidInput(
        f"This folder holds more than {max_files:,} images.",
        file=root,
        remedy="Choose a smaller folder, or raise LIGHTBOX_MAX_FILES.",
    )


def nothing_said(root: Path, entries: list[Entry], walked: Walked) -> InvalidInput:
    """Of a folder of which nothing says what the classes are."""
    excel = [item for item in walked.skipped if item.path.lower().endswith((".xlsx", ".xls"))]
    if excel:
        return InvalidInput(
            "The images lie directly in this folder, and the table beside them is one of Excel, "
            "which can't be read.",
            file=excel[0].path,
            remedy="Save it as CSV beside them: a column of file names, and one of classes.",
        )
    return InvalidInput(
        "The images lie directly in this folder, and neither their names nor a table beside them "
        f"say which class each is (for example {named(each.parts[-1] for each in entries[:3])}).",
        file=root,
        remedy=_NEEDED,
    )


def nothing_found(root: Path, walked: Walked) -> InvalidInput:
    """Of a folder without images."""
    in_bucket = is_address(root)
    if in_bucket and not (walked.skipped or walked.litter):
        return InvalidInput(
            "There is nothing at that place in the bucket.", file=root, remedy="Check its name."
        )
    if not (in_bucket or any(not is_litter(entry.name) for entry in root.iterdir())):
        return InvalidInput("This folder is empty.", file=root, remedy=_NEEDED)
    packed = [name for name in walked.tables if name.lower().endswith(".parquet")]
    if packed:
        return InvalidInput(
            "There are no images in this folder. They may be inside its Parquet files, as hubs of "
            "datasets pack them, which are not unpacked here.",
            file=packed[0],
            remedy="Save them as files first, one folder a class; with Hugging Face’s library: "
            'row["image"].save("LABEL/NUMBER.png") for each row.',
        )
    number = len(walked.skipped)
    what = f"{number:,} other files" if number > 1 else "one other file"
    whys = Counter(item.why for item in walked.skipped).most_common(1)
    reason = ""
    if whys and whys[0][1] > number // 2:
        why = whys[0][0]
        first = next(item.path for item in walked.skipped if item.why == why)
        reason = f" {why}" if number == 1 else f" For example {first}: {why}"
    return InvalidInput(
        f"There are no images in this folder{f', only {what}' if number else ''}.{reason}",
        file=root,
        remedy=_NEEDED,
    )
