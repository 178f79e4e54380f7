"""The part that is made of Keras classes. It imports Keras, so only workers import it, and only
from inside functions."""

from core.quiet import load_keras

load_keras()
