"""What people are told of photos that have just come in: all troubles and how the folder was
understood, a line each in plain words, the most important first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.catalog import Catalog, DatasetRecord
from core.datasets.layout import KeptLayout, Skipped, alike, asks_to_merge
from core.quality import curation
from core.quality.findings import GRAVE, Finding
from core.text import listed, plural, quoted

Kind = Literal["doubt", "finding", "left out", "alike", "names", "together", "understood"]
# Of these, people see the first few; what is read into one line must bear it.
_MOST_FINDINGS = 5


@dataclass(frozen=True)
class Line:
    """One thing to be told.

    Attributes:
        kind: ``doubt``: the folder can be read in more than one way; ``finding``: what the scan
            found, of which ``key`` says which; ``left out``: files that don't count; ``alike``:
            classes that may be one; ``names``: what was put right in names; ``together``: photos
            that may belong together; ``understood``: how the folder was read, and nothing is wrong.
        text: a sentence with a full stop, for everybody.
        key: of the finding, else "".
        trouble: whether somebody should do something about it.
    """

    kind: Kind
    text: str
    key: str = ""
    trouble: bool = True


def remarks(catalog: Catalog, record: DatasetRecord) -> list[str]:
    """What else people should know of a dataset, a sentence each: which other datasets are read
    from its folder, and what was understood of names on the way in."""
    everything = catalog.datasets.all() if record.origin == "folder" else []
    twins = [each.name for each in everything if each.root == record.root and each.id != record.id]
    others = [f"Its folder is also the dataset {listed(twins, others='others')}."] if twins else []
    return others + curation.remarks(curation.skipped(catalog, record.id))


def too_small(counts: Mapping[str, int]) -> list[str]:
    """What keeps a model from being trained or tested, a sentence each.

    Args:
        counts: usable images a class.
    """
    if len(counts) == 1:
        return [
            "This dataset has one class only. A classifier needs at least two to tell apart: add a "
            "folder of images for another class."
        ]
    single = [label for label, count in counts.items() if count == 1]
    if not single:
        return []
    verb, it = ("has", "it") if len(single) == 1 else ("have", "them")
    return [
        f"{listed(single, 6, 'more classes')} {verb} one image only: the model can learn from "
        f"{it}, but can't be tested on {it}. Add more."
    ]


def lines(
    kept: KeptLayout | None,
    findings: Sequence[Finding],
    skipped: Sequence[Skipped],
    labels: Iterable[str],
) -> list[Line]:
    """All there is to be told of a dataset that was scanned, the most important first.

    Args:
        kept: how its folder was read.
        findings: as :func:`core.quality.findings.find` has them.
        skipped: files that were left out.
        labels: the classes.
    """
    said: list[Line] = []
    if kept is not None and kept.plainly:
        said.append(Line("doubt", f"{kept.plainly}."))
    grave = [each for each in findings if each.harm >= GRAVE]
    said += [Line("finding", f"{each.plainly}.", each.key) for each in grave[:_MOST_FINDINGS]]
    told = curation.remarks(skipped)
    skipped = curation.lost(skipped)
    if skipped:
        # A table or a text among photos is nobody's trouble.
        lost = any(not each.why.startswith("It is not an image") for each in skipped)
        said.append(Line("left out", _left_out(skipped), trouble=lost))
    said += [Line("alike", f"{listed(group)} may be one class.") for group in alike(labels)]
    if kept is not None:
        # What is left out by its folder's name needs nobody; what is said of names may.
        for note in [*told, *kept.notes]:
            of_system = note.startswith(("Left out", "Hidden"))
            kind: Kind = "left out" if of_system else "names"
            if not asks_to_merge(note):  # people may have merged them since
                said.append(Line(kind, note, trouble=False))
        if kept.ways and kept.together is None:
            of, _ = kept.ways[0].example
            said.append(Line("together", f"Photos of {quoted(of)} may belong together."))
        said.append(Line("understood", understood(kept), trouble=False))
    return sorted(said, key=lambda line: not line.trouble)


def understood(kept: KeptLayout) -> str:
    """How a folder was read, in a sentence for everybody."""
    parts = kept.outline.splits
    if not parts:
        return f"{kept.outline.meaning}."
    said = ", ".join(f"{quoted(name)} {count:,}" for name, count in parts.items())
    return f"What is learned from and what is tested, as your folders say: {said}."


def _left_out(skipped: Sequence[Skipped]) -> str:
    whys = {each.why for each in skipped}
    said = f"{plural(len(skipped), 'file')} {'was' if len(skipped) == 1 else 'were'} left out"
    if len(whys) > 1:
        return f"{said}."
    (why,) = whys
    each = "" if len(skipped) == 1 else ", each"
    return f"{said}{each} because {why[:1].lower()}{why[1:]}"
