"""What a model looked at: heat maps of the evidence for a class, and what goes on inside a network.

All of it works on a run's ``model.xml``, so it needs neither TensorFlow nor anything that a
training would have to leave behind.
"""
