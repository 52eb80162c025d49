"""The ledger's verbs of the joint conference in words."""

from __future__ import annotations

VERBS: dict[str, object] = {}
