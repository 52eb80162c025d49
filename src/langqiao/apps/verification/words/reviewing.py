"""The ledger's verbs of reviewers, assignment and reviews (评审) in words."""

from __future__ import annotations

VERBS: dict[str, object] = {}
