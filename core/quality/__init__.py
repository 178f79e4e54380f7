"""The one-pass scan, detectors and their findings, and the person's decisions about images."""
