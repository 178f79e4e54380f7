"""The queue's other end: workers, their supervisor, and the kinds of jobs."""
