"""The ledger's verbs of the three services of a centre (概念验证服务) in words."""

from __future__ import annotations

VERBS: dict[str, object] = {}
