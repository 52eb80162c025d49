"""Forms of concept verification."""
