"""Verbs of the registry (名录): the only writers of its records, each with its ledger entry."""
