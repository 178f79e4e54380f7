"""The sections of results: what each says, one a file."""
