"""Models and weights that were made elsewhere: looked into, and cleaned, without running them."""
