"""Runs side by side, and one run with and without images that it has as good as seen."""
