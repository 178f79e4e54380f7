"""What leaves the house, and what enters it: exports, models from elsewhere, and what is taken
away to read."""
