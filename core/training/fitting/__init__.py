"""The part that is made of Keras classes. It imports Keras, so only workers import it, and only
from inside functions."""
