"""Jobs on a Ray cluster: the queue stays in the database, placing them and scaling are Ray's."""
