"""The ledger's verbs of concept verification in words."""

from __future__ import annotations

from langqiao.apps.verification.words import assigning, calls, choosing, reviewing, services, valuation

VERBS: dict[str, object] = {
    **calls.VERBS,
    **assigning.VERBS,
    **reviewing.VERBS,
    **choosing.VERBS,
    **services.VERBS,
    **valuation.VERBS,
}
