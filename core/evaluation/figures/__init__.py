"""How good a model is: figures with their intervals, the verdict in words, tables."""
