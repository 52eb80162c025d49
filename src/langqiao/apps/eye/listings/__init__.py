"""Lists of the Eye."""
