"""From a trained model and images it never saw to honest figures."""
