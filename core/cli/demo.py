"""``python -m core demo``: the whole journey on the sample, as somebody new would want to see
it."""

from __future__ import annotations

from typing import Any

from core.catalog import Catalog
from core.cli.command import Options, argument, command
from core.cli.models import report_run
from core.cli.output import Output
from core.cli.running import run_job
from core.datasets import intake
from core.datasets.content import read_regular
from core.datasets.places import image_file
from core.datasets.sample import DEFAULT, SAMPLES
from core.evaluation.predictions import load_evaluation, predictions_table
from core.evaluation.records import worst_confusions
from core.inference.predictor import open_predictor
from core.jobs import kinds
from core.quality import curation, findings
from core.quality.curation import curated, usable
from core.text import percent, plural
from core.training.start import create_run, suggest_spec

EPOCHS = 10


@command(
    "Start",
    "demo",
    "the whole journey on the sample",
    argument("--epochs", type=int, default=EPOCHS),
    argument("--sample", choices=list(SAMPLES), default=DEFAULT),
    examples=("", "--epochs 3", "--sample fruit"),
)
def demo(catalog: Catalog, options: Options, output: Output) -> dict[str, Any]:
    """Import, look, train, test, predict; returns the figures."""
    record = intake.add_sample(catalog, options.sample)
    if record.state != "ready":
        output.text(f"1. Data: writing out the sample: {SAMPLES[options.sample].sentence}")
        run_job(catalog, kinds.submit_import(catalog, record.id), output)
        record = catalog.datasets.get(record.id)
    table = curated(catalog, record.id)
    good = usable(table)
    output.text(f"1. Data: {len(good):,} images in {good['label'].nunique()} classes")
    found = findings.find(table, alike=curation.known_alike(catalog, record.id))
    flagged = {path for finding in found for path in finding.paths}
    output.text(f"2. Clean: {plural(len(flagged), 'image deserves', 'images deserve')} a look")
    spec = suggest_spec(catalog, record.id)
    if spec.minutes:
        spec = spec.with_values({"minutes": 1})
        output.text("3. Train: Auto, for a minute at most")
    else:
        spec = spec.with_values({"epochs": options.epochs})
        epochs = plural(spec.epochs, "epoch")
        output.text(f"3. Train: from scratch, {epochs} at {spec.image_size} pixels")
    run = create_run(catalog, spec)
    run_job(catalog, catalog.jobs.get(run.job_id), output)
    output.text("4. Results")
    result = report_run(catalog, run.id, output)
    evaluation = load_evaluation(catalog.workspace, run.id)
    for pair in worst_confusions(evaluation, 1):
        output.text(
            f"  most often mixed up: “{pair.true}” taken for “{pair.predicted}” "
            f"({pair.count} of {pair.support})"
        )
    output.text("5. Predict: three images of the test set")
    predictor = open_predictor(catalog.workspace, run.id)
    root = catalog.workspace.load_path(record.root)
    rows = predictions_table(catalog.workspace, run.id).head(3)
    files = [(path, read_regular(image_file(root, path))) for path in rows["path"]]
    answers = predictor.predict(files)
    for answer, label in zip(answers, rows["label"], strict=True):
        output.text(f"  {answer.name}: {answer.label} ({percent(answer.confidence)}), is {label}")
    output.text("\nNow with your own images: python -m core dataset add FOLDER, or open the app.")
    return {**result, "dataset": record.id, "images": len(good), "flagged": len(flagged)}
