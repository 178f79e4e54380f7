"""A poster: what came of a model on one page of A4, for whoever decides about it and has a minute.

Photos it had never seen with its answers, the verdict's sentence, what it mixes up, and what to
collect next. It is HTML of one page's size, as the report is, so that names in any script are set
by whatever shows it; a browser that is here prints it as PDF or takes its picture.
"""

from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np

from core.delivery.take_away.material import Material
from core.delivery.take_away.notes import load_about
from core.delivery.take_away.report_matrix import Look, picture
from core.delivery.take_away.report_parts import scale
from core.delivery.take_away.style import STYLE
from core.evaluation.document.parts import Scale
from core.evaluation.document.result import Result
from core.evaluation.document.section import build, sections_for
from core.evaluation.mistakes import telling
from core.evaluation.records import worst_confusions
from core.quality.report_html import document, name, text
from core.quality.thumbs import data_uri
from core.runs.pictures import run_pictures
from core.text import plural, quoted, rate, shorten

_PHOTOS = 12
# Photos beside each other, and how high they are in pixels, by how many there are at least.
_ACROSS = ((5, 6, 126), (4, 4, 190), (0, 3, 240))
# How much of that is left where the page also answers whether it is good enough.
_LOWER = 0.7
_PAIRS = 4
# Characters of what goes into one line of the right column, and pairs where each needs two.
_LINE, _PAIRS_LONG = 40, 2
# Named cells with numbers up to so many classes, only names up to the second.
_LOOK = Look(side=400, margin=112, font=11, named=24, numbered=12)
_CELL = 90
_STYLE = """
@page { size: 210mm 297mm; margin: 0; }
:root { color-scheme: light; --text: #1d2129; --soft: #59616e; --back: #ffffff; --card: #f4f6f8;
  --line: #d9dde3; --a: #0072b2; --b: #c05a00; --good: #00664b; --bad: #a84300; }
* { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
html, body { margin: 0; padding: 0; max-width: none; background: #fff; color: var(--text);
  font: 10.5pt/1.4 system-ui, sans-serif; }
main { width: 794px; height: 1122px; padding: 46px 52px 30px; overflow: hidden; display: flex;
  flex-direction: column; gap: 15px; justify-content: space-between; background: #fff; }
h1 { font-size: 23pt; line-height: 1.12; margin: 0; letter-spacing: -.01em; }
h1, .use, .clamp { display: -webkit-box; -webkit-box-orient: vertical; overflow: hidden; }
h1 { -webkit-line-clamp: 2; } .use { -webkit-line-clamp: 3; margin: 5px 0 0; font-size: 11.5pt;
  color: var(--soft); }
h2 { font-size: 9.5pt; text-transform: uppercase; letter-spacing: .07em; color: var(--soft);
  margin: 0 0 6px; padding: 0; border: 0; font-weight: 650; }
.hero { display: grid; grid-template-columns: auto 1fr; gap: 24px; align-items: center;
  padding: 13px 20px; background: var(--card); border-left: 7px solid var(--good);
  border-radius: 5px; }
.hero.look { border-color: var(--bad); }
.number { font-size: 43pt; font-weight: 750; line-height: 1; letter-spacing: -.02em;
  white-space: nowrap; font-variant-numeric: tabular-nums; }
.hero p { margin: 0 0 5px; font-size: 12.5pt; line-height: 1.3; }
.hero p.aim { margin: 7px 0 0; font-size: 10.5pt; }
.aim.bad, .aim.caution { color: var(--bad); } .aim.good { color: var(--good); }
.hero svg { max-width: none; margin: 0; } .hero svg text { font-size: 12px; }
.photos { display: grid; grid-template-columns: repeat(var(--across), 1fr); gap: 9px;
  margin: 0; padding: 0; list-style: none; }
.photos li { min-width: 0; font-size: 8.5pt; line-height: 1.25; }
.photos div { height: var(--high); background: var(--card); border-radius: 4px; overflow: hidden;
  display: grid; place-items: center; color: var(--soft); }
.photos img { width: 100%; height: var(--high); object-fit: cover; display: block; }
.photos img.tiny { image-rendering: pixelated; object-fit: contain; }
.photos p { margin: 3px 0 0; }
.photos span { display: block; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.right b { color: var(--good); } .wrong b { color: var(--bad); }
.wrong div { box-shadow: inset 0 -4px 0 var(--bad); padding-bottom: 4px; }
.two { display: grid; grid-template-columns: 54fr 46fr; gap: 26px; min-height: 0; }
.two > div { min-width: 0; min-height: 0; overflow: hidden; }
svg.wide { max-width: 100%; max-height: 430px; margin: 0; }
svg.wide text { font-size: 11px; fill: var(--text); }
svg.wide text.hot { fill: #fff; font-weight: 600; }
.two p { margin: 0 0 13px; } .two div + .below { margin-top: 16px; }
.clamp { -webkit-line-clamp: 7; } .clamp.brief { -webkit-line-clamp: 4; }
.pairs { margin: 0 0 13px; padding: 0; display: block; list-style: none; }
.two ul li { padding: 0; background: none; font-size: 10.5pt; margin-bottom: 3px; }
.care { margin: 0; padding-left: 15px; }
footer { color: var(--soft); font-size: 8.5pt; border-top: 1px solid var(--line);
  padding-top: 8px; display: flex; justify-content: space-between; gap: 20px; }
"""


def poster_html(material: Material) -> str:
    """The poster as HTML: one page of A4, light, without scripts.

    Raises:
        Cancelled: the person asked to stop.
    """
    run = material.run
    about = load_about(material.catalog.workspace, run.id)
    use = f'<p class="use">{text(about.use)}</p>' if about.use else ""
    weakest = _weakest(material)
    # Whether there is room for a paragraph below the matrix; else it stands beside it.
    below = _CELL * len(material.classes) < 0.75 * _LOOK.side
    body = [
        "<main>",
        f"<header><h1>{name(run.name)}</h1>{use}</header>",
        _hero(material),
        _photos(material),
        f'<div class="two"><div>{_matrix(material)}{weakest if below else ""}</div>',
        f"<div>{_words(material, '' if below else weakest)}</div></div>",
        _foot(material),
        "</main>",
    ]
    return document(f"{run.name}: poster", body, style=STYLE + _STYLE)


def _hero(result: Result) -> str:
    """The one number and its sentence."""
    first = result.figures.verdict.statements[0]
    evaluation = result.evaluation
    if not evaluation.images:
        return f'<div class="hero look"><p>{text(first.text)}</p></div>'
    look = "" if first.tone == "good" else " look"
    verdict = next(each for each in sections_for("report") if each.key == "verdict")
    section = build(verdict, result, "report")
    bars = [part for part in (section.parts if section else ()) if isinstance(part, Scale)]
    aim = result.figures.verdict.get("aim")
    enough = f'<p class="aim {aim.tone}">{text(aim.text)}</p>' if aim else ""
    return (
        f'<div class="hero{look}"><div class="number">'
        f"{text(rate(evaluation.accuracy, evaluation.images))}</div>"
        f"<div><p>{text(first.text)}</p>{''.join(map(scale, bars))}{enough}</div></div>"
    )


def _photos(material: Material) -> str:
    evaluation = material.evaluation
    # As many are wrong as in the whole test.
    wrong = round(_PHOTOS * (1 - evaluation.accuracy))
    rows = telling(material.predictions.table, _PHOTOS, wrong)
    if not len(rows):
        return ""
    items = []
    pictures = run_pictures(material.catalog, material.run, rows["path"])
    for each, photo in zip(rows.itertuples(), pictures, strict=True):
        kind = " class=tiny" if photo.tiny else ""
        shown = f'<img src="{data_uri(photo.data)}" alt=""{kind}>' if photo.data else "gone"
        said = (
            f"<span><b>✓</b> {name(str(each.label))}</span>"
            if each.correct
            else f"<span><b>✗</b> {name(str(each.predicted))}</span>"
            f"<span>is {name(str(each.label))}</span>"
        )
        side = "right" if each.correct else "wrong"
        items.append(f'<li class="{side}"><div>{shown}</div><p>{said}</p></li>')
    across, high = next((n, high) for least, n, high in _ACROSS if len(items) >= least)
    if material.figures.verdict.get("aim"):
        # Its answer takes lines above, and none is to be missing below.
        high = round(_LOWER * high)
    heading = "Photos it had never seen"
    if not material.unseen:
        heading = "Photos of the test"
    right = int(rows["correct"].sum())
    heading += (
        f": {right} of these {len(rows)} right, "
        f"{rate(evaluation.accuracy, evaluation.images)} of all"
    )
    return (
        f'<section><h2>{heading}</h2><ul class="photos" style="--across: {across}; '
        f'--high: {high}px">{"".join(items)}</ul></section>'
    )


def _matrix(result: Result) -> str:
    evaluation = result.evaluation
    labels, order = evaluation.labels, list(range(len(evaluation.labels)))
    counts = np.array(evaluation.confusion, np.int64)
    if len(labels) > _LOOK.named:
        order = result.figures.order
    # Of few classes, as large as is needed to be read.
    side = min(_LOOK.side, _CELL * len(labels))
    look = replace(_LOOK, side=side)
    drawn = picture([labels[at] for at in order], counts[np.ix_(order, order)], look)
    wide = f' style="width: {100 * (side + look.margin) / (_LOOK.side + look.margin):.0f}%"'
    return f"<h2>What each class was taken for</h2><div{wide}>{drawn}</div>"


def _weakest(result: Result) -> str:
    """The class that it finds least often."""
    said = result.figures.verdict.get("weakest")
    if said is None or said.tone == "good":
        return ""
    short = said.text.removeprefix("Weakest: ")
    return f'<h2 class="below">Where it is weakest</h2><p class="clamp">{text(short)}</p>'


def _words(result: Result, weakest: str) -> str:
    """What it mixes up, what to collect, when it is sure, and what to be careful of.

    Args:
        weakest: what is said of its weakest class, unless that stands elsewhere.
    """
    verdict = result.figures.verdict
    # What it takes its weakest class for says most of the pairs.
    parts = [weakest]
    pairs = _pairs(result)
    if pairs and not weakest:
        parts.append(f'<h2>Mixed up most</h2><ul class="pairs">{pairs}</ul>')
    for said, heading in (
        (verdict.get("doubtful"), "What to look at first"),
        (verdict.get("collect"), "What to collect next"),
        (verdict.get("sure"), "When it is sure"),
    ):
        if said is not None:
            parts.append(f'<h2>{heading}</h2><p class="clamp">{text(said.text)}</p>')
    baseline = verdict.get("baseline")
    careful = list(verdict.cautions)
    if baseline is not None and baseline.tone in ("bad", "caution"):
        careful.insert(0, baseline)
    if careful:
        brief = " brief" if len(careful) > 1 else ""
        items = "".join(
            f'<li><span class="clamp{brief}">{text(each.text)}</span></li>' for each in careful
        )
        parts.append(f'<h2>Before relying on it</h2><ul class="care">{items}</ul>')
    return "".join(parts)


def _pairs(result: Result) -> str:
    """The most frequent mistakes, each with how many of the class's images it is."""
    said = [
        f"{quoted(shorten(each.true, 24))} taken for {quoted(shorten(each.predicted, 24))}: "
        f"{each.count:,} of {each.support:,}"
        for each in worst_confusions(result.evaluation, _PAIRS)
    ]
    if any(len(each) > _LINE for each in said):
        said = said[:_PAIRS_LONG]
    return "".join(f"<li>{text(each)}</li>" for each in said)


def _foot(material: Material) -> str:
    today = datetime.datetime.now().strftime("%Y-%m-%d")
    data = f"{quoted(shorten(material.dataset.name, 40))}: " if material.dataset else ""
    # Validation images have a say in every model, and Auto fits on them too in the end.
    learned = plural(material.count("train") + material.count("validation"), "image")
    classes = plural(len(material.classes), "class", "classes")
    tested = plural(material.evaluation.images, "image")
    left = f"{data}learned from {learned} of {classes}, tested on {tested}"
    return f"<footer><span>{text(left)}</span><span>Lightbox · {today}</span></footer>"
