"""The queue's other end: workers, their supervisor, and the functions that jobs name."""
