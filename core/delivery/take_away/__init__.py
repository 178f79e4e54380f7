"""Taking a run away: a notebook, a model card, its figures as JSON, a report as HTML or PDF, a
link.

Each is made from the same :class:`core.delivery.take_away.material.Material`, so they can't
contradict each other.
"""
