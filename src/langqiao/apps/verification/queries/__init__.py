"""Reads of concept verification, limited to what the viewer may see."""
