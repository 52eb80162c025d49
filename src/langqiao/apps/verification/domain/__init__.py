"""Verbs of concept verification: the only writers; import them from their modules."""
