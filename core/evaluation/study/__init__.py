"""What is found out once about an evaluation, by a job, and kept: features, heat, maps."""
