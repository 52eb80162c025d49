"""The ledger's verbs of calibration and choice (遴选) in words."""

from __future__ import annotations

VERBS: dict[str, object] = {}
