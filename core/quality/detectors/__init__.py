"""Detectors, one a file, each registered with its threshold and its sentence."""

from core.quality.detectors import (
    blurry,
    empty,
    exact_duplicates,
    exif_rotated,
    exposure,
    grayscale_among_colour,
    label_conflict,
    leakage,
    low_contrast,
    low_information,
    mislabelled,
    near_duplicates,
    odd_aspect,
    odd_size,
    outliers,
    truncated,
    turned_copies,
    unreadable,
    wrong_extension,
)
from core.quality.detectors.registry import DETECTORS, Detector
