"""What lies in a run's folder: the values in it, who reads and writes them, and what is derived."""
