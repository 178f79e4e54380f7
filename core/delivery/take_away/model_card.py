"""The model card: what a model is, what it was made of, how good it is, and where it fails.

The headings are those of Mitchell et al., "Model Cards for Model Reporting" (2019), as far as
something is known: limits are worked out from results, and what only a person can say (intended
use, licence) is there if somebody has said it. Sections, written as Markdown for repositories and
as HTML in the report; the results among them are those of every place.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from dataclasses import replace

from core.delivery.take_away.cells import plain
from core.delivery.take_away.command import command_line
from core.delivery.take_away.environment import environment
from core.delivery.take_away.material import Material
from core.delivery.take_away.notes import load_about
from core.evaluation.document import parts
from core.evaluation.document.section import built
from core.evaluation.trust import words as words
from core.quality.curation import FACTS, history
from core.runs.earlier import why_not_new
from core.training import architectures
from core.training.catalogue import told

_MOST_CLASSES = 60
# A class with fewer training images was hardly learned from.
_FEW = 30


def card_markdown(material: Material) -> str:
    """The card as Markdown."""
    lines = [f"# Model card: {plain(material.run.name)}", ""]
    for section in card(material):
        lines += [f"## {section.title}", ""]
        for part in section.parts:
            lines += _lines(part)
    return "\n".join(lines).rstrip() + "\n"


def _lines(part: parts.Part) -> list[str]:
    """A part as Markdown; what can only be drawn is left out."""
    lines: list[str] = []
    match part:
        case parts.Table():
            heads = [_row([each.title for each in part.columns]), _row([":--"] * len(part.columns))]
            rows = [_row([plain(cell) for cell in part.written(row)]) for row in part.shown()]
            lines = [*heads, *rows] if rows else []
        case parts.Code():
            lines = [f"```{part.language}", part.text, "```"]
        case parts.Paragraph() | parts.Note():
            lines = [plain(part.text)]
        case parts.Heading():
            lines = [f"### {plain(part.text)}"]
        case parts.Headline():
            lines = [f"**{plain(part.statement.text)}**"]
        case parts.Statements():
            lines = [f"- {plain(each.text)}" for each in part.items]
        case parts.Figures() if not part.again:
            lines = [f"- {plain(each.title)}: {each.said}" for each in part.items]
        case parts.Pictures() if part.title:
            lines = [f"- {plain(f'{part.title}: {part.text}')}"]
    return [*lines, ""] if lines else []


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def card(material: Material) -> list[parts.Section]:
    """The sections, in order; those about which nothing is known are left out."""
    before, after = described(material)
    verdict = material.figures.verdict
    said = [verdict.statements[0], verdict.get("baseline")]
    first = tuple(parts.Paragraph(each.key, each.text) for each in said if each is not None)
    results = built(material, "card")
    results[:1] = [replace(each, parts=(*first, *each.parts)) for each in results[:1]]
    return [*before, *results, *after]


def described(material: Material) -> tuple[list[parts.Section], list[parts.Section]]:
    """What a card says besides results: before them what the model is, after them its limits and
    how it was made."""
    about = load_about(material.catalog.workspace, material.run.id)
    whose = parts.Paragraph("said", "Of the computer that wrote this card.")
    use = parts.Section("use", "Intended use", written("use", about.use))
    before = [_details(material), use, _data(material)]
    after = [
        _limits(material),
        parts.Section("remarks", "Remarks", written("remarks", about.remarks)),
        parts.Section("licence", "Licence", written("licence", about.licence)),
        parts.Section(
            "environment", "Environment", (whose, _pairs("versions", environment().items()))
        ),
        _reproduce(material),
    ]
    return [each for each in before if each.parts], [each for each in after if each.parts]


def written(key: str, text: str) -> tuple[parts.Paragraph, ...]:
    """What a person wrote, paragraph by paragraph."""
    return tuple(parts.Paragraph(key, each) for each in text.split("\n\n") if each.strip())


def _pairs(
    key: str, rows: Iterable[tuple[str, str]], what: str = "", value: str = ""
) -> parts.Table:
    """A table of facts; those that are not known are left out."""
    columns = (parts.Column("what", what), parts.Column("value", value))
    return parts.Table(key, columns, tuple(row for row in rows if row[1]))


def _details(material: Material) -> parts.Section:
    spec, summary = material.spec, material.summary
    beside = summary.networks or (spec.architecture,)
    trained = datetime.datetime.fromtimestamp(material.run.created_at).strftime("%Y-%m-%d")
    weights = summary.parameters or material.info.parameters
    rows = [
        ("Task", f"tells {len(material.classes)} classes of images apart"),
        *(
            ("Network", f"{network.title}: {network.sentence}")
            for network in map(architectures.get, beside)
        ),
        ("Weights", f"{weights:,}" if weights else ""),
        ("Takes", f"RGB images, brought to {spec.image_size} × {spec.image_size} pixels"),
        ("Gives", "one probability for each class"),
        ("Trained", "elsewhere" if material.run.imported else f"{trained}, with Lightbox"),
    ]
    return parts.Section("model", "Model", (_pairs("model", rows),))


def _data(material: Material) -> parts.Section:
    dataset = material.dataset
    name = f"“{dataset.name}”" if dataset is not None else "a dataset that was removed since"
    if material.run.imported:
        unknown = (
            "Which images it was trained on is not known here. It was tested on "
            f"{material.count('test'):,} images of {name}, version "
            f"{material.run.dataset_version}; it may have been trained on some of them."
        )
        return parts.Section("data", "Data", (parts.Paragraph("said", unknown),))
    said = [
        f"Trained on {name}, version {material.run.dataset_version}: {_learned_from(material)}, "
        f"and {material.count('test'):,} that were kept back for the test. Copies of one picture "
        "were kept on one side.",
        why_not_new(material.catalog, material.run),
        _decisions(material),
    ]
    counts = material.split.groupby(["label", "split"]).size().unstack(fill_value=0)
    counts = counts.reindex(columns=["train", "validation", "test"], fill_value=0)
    if len(counts) > _MOST_CLASSES:
        sizes = counts["train"]
        said.append(
            f"{len(counts)} classes, with {sizes.min():,} to {sizes.max():,} training images each. "
            f"The {_MOST_CLASSES} with the fewest are listed."
        )
        counts = counts.sort_values("train", kind="stable").head(_MOST_CLASSES)
    columns = (
        parts.Column("class", "class", "name"),
        *(parts.Column(each, each, "count") for each in ("training", "validation", "test")),
    )
    rows = tuple((str(label), *sizes) for label, *sizes in counts.itertuples())
    told = (parts.Paragraph("said", each) for each in said if each)
    return parts.Section("data", "Data", (*told, parts.Table("classes", columns, rows)))


def _learned_from(material: Material) -> str:
    """How many images had a say, and what in. Auto fits its choice on those for validation, too."""
    train, validation = material.count("train"), material.count("validation")
    if material.summary.judged and validation:
        return (
            f"{train + validation:,} images that the model learned from in the end ({train:,} to "
            f"train on and {validation:,} for validation), each of which was first answered by "
            "models that had not seen it, to choose among them"
        )
    return f"{train:,} images to train on, {validation:,} to choose the best epoch by"


def _decisions(material: Material) -> str:
    """What people had decided about the images up to the run's version."""
    if material.dataset is None:
        return ""
    images = sum(
        line.images
        for line in history(material.catalog, material.dataset.id)
        if line.version <= material.run.dataset_version
        and line.action not in FACTS
        and line.action != "undo"
        and not line.undone
    )
    if not images:
        return ""
    return (
        f"People had looked at the images before, and decided about {images:,} of them: excluded, "
        "moved to another class, or kept as they are."
    )


def _limits(material: Material) -> parts.Section:
    """Where it fails, or nobody knows."""
    verdict = material.figures.verdict
    erred = material.evaluation.correct < material.evaluation.images
    weakest = verdict.get("weakest") if erred else None
    said = (verdict.get("aim"), weakest, verdict.get("doubtful"), *verdict.cautions)
    points = [each.text for each in said if each is not None]
    if material.evaluation.images:
        points.append(f"Can one rely on it? {material.reliance[1]}")
        points += words.cautions(material.reliability)
        if material.reliability.robustness is None:
            points.append("How it copes with blurred, dark or turned photos was not tried.")
    few = [label for label in material.classes if material.trained.get(label, 0) < _FEW]
    if few:
        shown = ", ".join(f"“{label}”" for label in few[:8])
        more = f" and {len(few) - 8} more" if len(few) > 8 else ""
        points.append(f"Learned from fewer than {_FEW} images: {shown}{more}.")
    points += [
        "It always answers with one of its classes, also about an image that shows something else.",
        "The figures hold for images that come from where these came from; others may be harder.",
    ]
    limits = tuple(parts.Statement(key="limit", text=each) for each in points)
    return parts.Section("limits", "Limits", (parts.Statements("limits", limits),))


def _reproduce(material: Material) -> parts.Section:
    title = "How to reproduce"
    if material.run.imported:
        return parts.Section("reproduce", title, ())
    spec, summary = material.spec, material.summary
    name = material.dataset.name if material.dataset is not None else "DATASET"
    said = [
        "The seed decides the split, the first weights, and the order of the images. The command "
        "below trains it again with Lightbox; without Lightbox, the run's notebook rebuilds it in "
        "Keras."
    ]
    code = [("sh", command_line(spec, name, head=material.summary.head))]
    now = material.dataset.version if material.dataset is not None else 0
    if now > material.run.dataset_version:
        said.append(
            f"It learned from version {material.run.dataset_version:,} of the dataset; the command "
            f"takes it as it is, which is version {now:,} today."
        )
    if material.summary.head:
        said.append(
            "The settings below the command are kept whole; those of a network’s training had no "
            "say, since a head was fitted."
        )
    code.append(("json", json.dumps(material.run.spec, ensure_ascii=False)))
    found: tuple[parts.Part, ...] = (
        *(parts.Paragraph("said", each) for each in said),
        _pairs(
            "settings",
            told(spec, material.catalog, summary.head, summary.networks).items(),
            "setting",
            "value",
        ),
        *(parts.Code("code", language, text) for language, text in code),
    )
    return parts.Section("reproduce", title, found)
