"""From a curated dataset and a spec to a trained, exported and checked Keras model."""
