"""Data in, figure out; nothing about pages. One family of figures a file.

Colours are told apart by everyone (Okabe and Ito, 2008) and are never all there is to tell things
apart by, backgrounds are transparent, and class names are shown as text whatever is in them.
Figures are Plotly's, but those of a running training are Vega-Lite's (``live`` says why).
"""

from core.charts.base import plain
from core.charts.class_curves import AT_MOST as CURVES_AT_MOST
from core.charts.class_curves import class_curves
from core.charts.classes import class_counts, class_splits
from core.charts.compare import costs, overlaid
from core.charts.confusion import confusion, confusion_cell
from core.charts.ladder import ladder
from core.charts.live import LiveChart, curves, learning_rate, live_confusion
from core.charts.rates import rate_finder
from core.charts.reliability import calibration, coverage, disturbances
from core.charts.search import parallel
