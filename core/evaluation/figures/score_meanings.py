"""What the figures are called and mean: a sentence each, for people who never trained anything."""

from __future__ import annotations

from typing import Literal

# Key → title, meaning, which way is better, how it is written; in the order they are shown.
ABOUT: dict[str, tuple[str, str, Literal["higher", "lower"], Literal["share", "number"]]] = {
    "accuracy": (
        "Accuracy",
        "The part of all test images that were called right.",
        "higher",
        "share",
    ),
    "balanced_accuracy": (
        "Balanced accuracy",
        (
            "The accuracy if every class had as many images: small classes count as much as large "
            "ones."
        ),
        "higher",
        "share",
    ),
    "macro_f1": (
        "Macro F1",
        "The average over classes of F1, which is high only when a class is both found (recall) "
        "and not claimed wrongly (precision).",
        "higher",
        "share",
    ),
    "roc_auc": (
        "ROC AUC",
        "How often an image of a class gets a higher probability of that class than an image of "
        "another, averaged over classes: 100 % is perfect, 50 % is chance.",
        "higher",
        "share",
    ),
    "top_2": (
        "Top-2 accuracy",
        "The part of the images whose true class is among the two most likely answers.",
        "higher",
        "share",
    ),
    "top_3": (
        "Top-3 accuracy",
        "The part of the images whose true class is among the three most likely answers.",
        "higher",
        "share",
    ),
    "top_5": (
        "Top-5 accuracy",
        "The part of the images whose true class is among the five most likely answers.",
        "higher",
        "share",
    ),
    "mcc": (
        "Matthews correlation",
        "How closely answers follow the truth, whatever the sizes of the classes: 1 is perfect, 0 "
        "is chance, below 0 is worse than chance.",
        "higher",
        "number",
    ),
    "kappa": (
        "Cohen's kappa",
        "The agreement of answers and truth beyond what chance would give: 1 is full agreement, 0 "
        "is chance.",
        "higher",
        "number",
    ),
    "log_loss": (
        "Log loss",
        "The price of misplaced confidence: 0 is perfect, and being sure of a wrong answer costs "
        "most (natural logarithm).",
        "lower",
        "number",
    ),
    "brier": (
        "Brier score",
        "The squared distance of the probabilities from the truth, summed over classes, as Brier "
        "defined it: 0 is perfect, 2 is being sure and wrong each time.",
        "lower",
        "number",
    ),
    "average_precision": (
        "Average precision",
        "The area under the precision-recall curve, averaged over classes: how few false alarms it "
        "takes to find all images of a class.",
        "higher",
        "share",
    ),
    "macro_precision": (
        "Macro precision",
        "Of the images called a class, the part that are of it, averaged over classes.",
        "higher",
        "share",
    ),
    "macro_recall": (
        "Macro recall",
        "Of the images of a class, the part that were found, averaged over classes; the same as "
        "balanced accuracy.",
        "higher",
        "share",
    ),
    "weighted_precision": (
        "Weighted precision",
        "Precision averaged over classes, large classes counting more.",
        "higher",
        "share",
    ),
    "weighted_recall": (
        "Weighted recall",
        "Recall averaged over classes, large classes counting more; the same as accuracy.",
        "higher",
        "share",
    ),
    "weighted_f1": (
        "Weighted F1",
        "F1 averaged over classes, large classes counting more.",
        "higher",
        "share",
    ),
}
