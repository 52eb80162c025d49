"""Pages of concept verification."""
