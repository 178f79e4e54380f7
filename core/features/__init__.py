"""Frozen backbones as sources of features, run by OpenVINO; needs no TensorFlow once converted."""
