"""All figures of a run as one JSON document.

The schema, ``lightbox-metrics`` version 1; shares and probabilities are 0 to 1, intervals at 95 %::

    schema, version         "lightbox-metrics", 1
    run                     id, name, created_at (seconds since 1970), spec
    data                    dataset, dataset_version, images {train, validation, test},
                            classes [name …] in the order of the model's outputs
    test                    images, correct, accuracy, interval {low, high, level, method},
                            baseline, baseline_label, left_out [[path, why] …]
    verdict                 [{key, text, tone, about}] in the order to read them
    scores                  [{key, title, value, low, high, method, meaning, better, form, why}]
    classes                 [{label, support, recall, recall_low, recall_high, precision, …, f1,
                            roc_auc, average_precision}]
    confusion               labels, counts: rows are true classes, columns what was predicted
    reliability             calibration before and after temperature scaling, coverage by threshold,
                            slices, robustness (null where not studied); null without test images
    others                  [{on, images, correct, accuracy, interval}] of folders tested on
    training                best_epoch, stopped, seconds {phase: s}, history [one entry an epoch]
    environment             name → version, of the computer that wrote this
"""

from __future__ import annotations

import json
from typing import Any

from core.delivery.take_away.environment import environment
from core.delivery.take_away.material import Material
from core.evaluation.predictions import evaluated_on, load_evaluation
from core.evaluation.records import Evaluation

SCHEMA, VERSION = "lightbox-metrics", 1


def metrics_json(material: Material) -> str:
    """The document as text."""
    return json.dumps(metrics(material), indent=1, ensure_ascii=True) + "\n"


def metrics(material: Material) -> dict[str, Any]:
    """The document as data."""
    workspace = material.catalog.workspace
    run, evaluation, figures = material.run, material.evaluation, material.figures
    reliability = material.reliability if evaluation.images else None
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "run": {"id": run.id, "name": run.name, "created_at": run.created_at, "spec": run.spec},
        "data": {
            "dataset": material.dataset.name if material.dataset is not None else None,
            "dataset_version": run.dataset_version,
            "images": {split: material.count(split) for split in ("train", "validation", "test")},
            "classes": material.classes,
        },
        "test": {**_tested(evaluation), "left_out": [list(each) for each in evaluation.left_out]},
        "verdict": [each.model_dump(mode="json") for each in figures.verdict.statements],
        "scores": [score.model_dump(mode="json") for score in figures.scores],
        "classes": [each.model_dump(mode="json") for each in figures.classes],
        "confusion": {"labels": evaluation.labels, "counts": evaluation.confusion},
        "reliability": None if reliability is None else reliability.model_dump(mode="json"),
        "others": [
            {"on": on, **_tested(load_evaluation(workspace, run.id, on))}
            for on in evaluated_on(workspace, run.id)
            if on != "test"
        ],
        "training": {
            "best_epoch": run.summary.best_epoch,
            "stopped": run.summary.stopped,
            "seconds": run.summary.seconds,
            "history": [epoch.as_json() for epoch in material.history],
        },
        "environment": environment(),
    }


def _tested(evaluation: Evaluation) -> dict[str, Any]:
    return evaluation.model_dump(
        mode="json",
        include={"images", "correct", "accuracy", "interval", "baseline", "baseline_label"},
    )
