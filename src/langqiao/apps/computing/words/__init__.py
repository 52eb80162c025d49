"""The ledger's verbs of the computing centre in words."""

from __future__ import annotations

from langqiao.apps.computing.words import campus, jobs, sharing, vouchers

VERBS: dict[str, object] = {**campus.VERBS, **sharing.VERBS, **vouchers.VERBS, **jobs.VERBS}
