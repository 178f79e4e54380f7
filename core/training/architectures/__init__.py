"""Model families, one a file, each registered with its card."""
