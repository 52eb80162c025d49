"""The ledger's verbs of the pool of experts and assignments (专家库与分配) in words."""

from __future__ import annotations

VERBS: dict[str, object] = {}
