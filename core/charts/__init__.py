"""Data in, Plotly figure out; nothing about pages. One family of figures a file.

Colours are told apart by everyone (Okabe and Ito, 2008) and are never all there is to tell things
apart by, backgrounds are transparent, and class names are shown as text whatever is in them.
"""

from core.charts.base import BLUE, GREEN, GREY, ORANGE, plain
from core.charts.classes import class_counts, class_splits
from core.charts.confusion import confusion
from core.charts.rates import rate_finder
from core.charts.search import parallel
from core.charts.training import curves, learning_rate

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "ORANGE",
    "class_counts",
    "class_splits",
    "confusion",
    "curves",
    "learning_rate",
    "parallel",
    "plain",
    "rate_finder",
]
