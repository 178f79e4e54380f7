"""Images in, labelled probabilities out: OpenVINO only, no TensorFlow."""
