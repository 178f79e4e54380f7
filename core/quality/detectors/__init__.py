"""Detectors, one a file, each registered with its threshold and its sentence."""
