"""Intake of images, what layouts mean, decoding, the decode-once cache, and splits."""
