"""Lists of concept verification."""
