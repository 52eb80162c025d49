"""The ledger's verbs of calls and applications (征集与申报) in words."""

from __future__ import annotations

VERBS: dict[str, object] = {}
