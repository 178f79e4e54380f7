"""The model card: what a model is, what it was made of, how good it is, and where it fails.

The headings are those of Mitchell et al., "Model Cards for Model Reporting" (2019), as far as
something is known: limits are worked out from results, and what only a person can say (intended
use, licence) is there if somebody has said it. One value, written as Markdown for repositories and
as HTML in the report.
"""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass, field
from pathlib import Path

from core.catalog import Catalog
from core.delivery.take_away.cells import plain
from core.delivery.take_away.command import command_line
from core.delivery.take_away.environment import environment
from core.delivery.take_away.findings import Findings
from core.delivery.take_away.material import Material, checked_target, load_material
from core.delivery.take_away.notes import load_about
from core.evaluation.trust import words as reliability_words
from core.progress import Reporter
from core.quality.curation import FACTS, history
from core.training import architectures
from core.training.catalogue import told
from core.training.stack import to_json
from core.workspace import atomic_path

SUFFIXES = (".md", ".markdown")
_MOST_CLASSES = 60
# A class with fewer training images was hardly learned from.
_FEW = 30


@dataclass(frozen=True)
class Part:
    """One section of a card.

    Attributes:
        paragraphs: as plain text.
        points: as a list of plain text.
        heads, rows: a table, all cells plain text; empty for none.
        code: (language, text) shown as it is.
    """

    title: str
    paragraphs: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    code: tuple[tuple[str, str], ...] = field(default=())


def write_card(catalog: Catalog, run_id: str, file: Path, report: Reporter | None = None) -> Path:
    """Write the model card of a run as Markdown, in place of one that is there; returns its path.

    Raises:
        InvalidInput: the file's name does not end in ``.md``, or nothing can be written there.
        NotFound: there is no such run, or it is not finished.
    """
    target = checked_target(file, SUFFIXES, "A model card")
    found = Findings(load_material(catalog, run_id), report or Reporter())
    text = card_markdown(found)
    with atomic_path(target) as part:
        part.write_text(text, encoding="utf-8")
    return target


def card_markdown(found: Findings) -> str:
    """The card as Markdown."""
    lines = [f"# Model card: {plain(found.material.run.name)}", ""]
    for part in card(found):
        lines += [f"## {part.title}", ""]
        for paragraph in part.paragraphs:
            lines += [plain(paragraph), ""]
        if part.points:
            lines += [*(f"- {plain(point)}" for point in part.points), ""]
        if part.rows:
            lines += [
                _row(part.heads),
                _row([":--"] * len(part.heads)),
                *(_row([plain(cell) for cell in row]) for row in part.rows),
                "",
            ]
        for language, text in part.code:
            lines += [f"```{language}", text, "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def _row(cells: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def card(found: Findings) -> list[Part]:
    """The sections, in order; those about which nothing is known are left out."""
    material = found.material
    about = load_about(material.catalog.workspace, material.run.id)
    said = [
        Part("Intended use", tuple(about.use.split("\n\n"))) if about.use else None,
        Part("Licence", tuple(about.licence.split("\n\n"))) if about.licence else None,
        Part("Remarks", tuple(about.remarks.split("\n\n"))) if about.remarks else None,
    ]
    parts = [
        _details(material),
        said[0],
        _data(material),
        _metrics(found),
        _limits(found),
        said[2],
        said[1],
        _environment(),
        _reproduce(material),
    ]
    return [part for part in parts if part is not None]


def _details(material: Material) -> Part:
    spec, summary = material.spec, material.summary
    network = architectures.get(spec.architecture)
    trained = datetime.datetime.fromtimestamp(material.run.created_at).strftime("%Y-%m-%d")
    weights = summary.parameters or material.card.get("parameters")
    rows = [
        ("Task", f"tells {len(material.classes)} classes of images apart"),
        ("Network", f"{network.title}: {network.sentence}"),
        ("Weights", f"{weights:,}" if weights else ""),
        ("Takes", f"RGB images, brought to {spec.image_size} × {spec.image_size} pixels"),
        ("Gives", "one probability for each class"),
        ("Trained", "elsewhere" if _imported(material) else f"{trained}, with Lightbox"),
    ]
    return Part("Model", heads=("", ""), rows=tuple(row for row in rows if row[1]))


def _data(material: Material) -> Part:
    dataset = material.dataset
    name = f"“{dataset.name}”" if dataset is not None else "a dataset that was removed since"
    if _imported(material):
        return Part(
            "Data",
            (
                "Which images it was trained on is not known here. It was tested on "
                f"{material.count('test'):,} images of {name}, version "
                f"{material.run.dataset_version}; it may have been trained on some of them.",
            ),
        )
    said = [
        f"Trained on {name}, version {material.run.dataset_version}: {material.count('train'):,} "
        f"images to train on, {material.count('validation'):,} to choose the best epoch by, and "
        f"{material.count('test'):,} that were kept back for the test. Copies of one picture were "
        "kept on one side."
    ]
    decided = _decisions(material)
    if decided:
        said.append(decided)
    counts = material.split.groupby(["label", "split"]).size().unstack(fill_value=0)
    counts = counts.reindex(columns=["train", "validation", "test"], fill_value=0)
    rows = [
        (str(label), *(f"{int(n):,}" for n in row))
        for label, row in zip(counts.index, counts.to_numpy(), strict=True)
    ]
    if len(rows) > _MOST_CLASSES:
        sizes = counts["train"]
        said.append(
            f"{len(rows)} classes, with {int(sizes.min()):,} to {int(sizes.max()):,} training "
            f"images each. The {_MOST_CLASSES} with the fewest are listed."
        )
        order = counts["train"].to_numpy().argsort(kind="stable")[:_MOST_CLASSES]
        rows = [rows[at] for at in order]
    return Part(
        "Data", tuple(said), heads=("class", "training", "validation", "test"), rows=tuple(rows)
    )


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


def _metrics(found: Findings) -> Part:
    evaluation = found.material.evaluation
    rows = [
        (score.title, score.written, score.interval or "–", score.why or score.meaning)
        for score in found.figures.scores
    ]
    first = found.figures.verdict.statements[0].text
    baseline = found.figures.verdict.get("baseline")
    said = [first] + ([baseline.text] if baseline is not None else [])
    if evaluation.images:
        said.append(
            "Intervals are at 95 %: Wilson's for parts of images, from resampling the test images "
            "for the others."
        )
    return Part(
        "Metrics",
        tuple(said),
        heads=("metric", "value", "likely between", "meaning"),
        rows=tuple(rows),
    )


def _limits(found: Findings) -> Part:
    """Where it fails, or nobody knows."""
    material = found.material
    verdict = found.figures.verdict
    points = []
    weakest = verdict.get("weakest")
    if weakest is not None and material.evaluation.correct < material.evaluation.images:
        points.append(weakest.text)
    points += [each.text for each in verdict.cautions]
    if found.reliability is not None:
        answer = reliability_words.can_i_rely_on_it(found.reliability)[1]
        points.append(f"Can one rely on it? {answer}")
        points += reliability_words.cautions(found.reliability)
        if found.reliability.robustness is None:
            points.append("How it copes with blurred, dark or turned photos was not tried.")
    counts = material.split.loc[material.split["split"] == "train", "label"].value_counts()
    few = [label for label in material.classes if counts.get(label, 0) < _FEW]
    if few:
        shown = ", ".join(f"“{label}”" for label in few[:8])
        more = f" and {len(few) - 8} more" if len(few) > 8 else ""
        points.append(f"Fewer than {_FEW} training images: {shown}{more}.")
    points.append(
        "It always answers with one of its classes, also about an image that shows something else."
    )
    points.append(
        "The figures hold for images that come from where these came from; others may be harder."
    )
    return Part("Limits", points=tuple(points))


def _environment() -> Part:
    rows = tuple(environment().items())
    return Part(
        "Environment", ("Of the computer that wrote this card.",), heads=("", ""), rows=rows
    )


def _imported(material: Material) -> bool:
    """Whether it was trained elsewhere, nobody here knows how."""
    return material.spec.recipe == "imported"


def _reproduce(material: Material) -> Part | None:
    if _imported(material):
        return None
    spec = material.spec
    name = material.dataset.name if material.dataset is not None else "DATASET"
    said = [
        "The seed decides the split, the first weights, and the order of the images. The command "
        "below trains it again with Lightbox; without Lightbox, the run's notebook rebuilds it in "
        "Keras."
    ]
    code = [("sh", command_line(spec, name))]
    if spec.stack:
        code.append(("json", f"{to_json(spec.stack)}"))
        said.append("The layers of its own network go into layers.json.")
    code.append(("json", json.dumps(material.run.spec, ensure_ascii=False)))
    return Part(
        "How to reproduce",
        tuple(said),
        heads=("setting", "value"),
        rows=tuple(told(spec, material.catalog).items()),
        code=tuple(code),
    )
