"""The studio's columns: classes on the left, the training in the middle, trying on the right."""
