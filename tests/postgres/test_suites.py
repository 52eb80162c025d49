"""The tests of verbs, pages, lists, imports and API again, each suite as a whole, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.postgres
SUITES = {
    "accounts and ledger": ["tests/apps/accounts", "tests/apps/ledger"],
    "registry": ["tests/apps/registry"],
    "challenges": ["tests/apps/challenges"],
    "computing": [
        f"tests/apps/computing/test_{name}.py"
        for name in ("billing", "grace", "jobs", "scheduling", "sharing", "vouchers")
    ],
    "conference": ["tests/apps/conference"],
    "verification": ["tests/apps/verification"],
    "quantum": ["tests/apps/quantum"],
    "alliances": ["tests/apps/alliances"],
    "insight": ["tests/apps/insight"],
    "eye": ["tests/apps/eye"],
    "lists": ["tests/kit/listing", "tests/web/test_lists.py"],
    "frame and API": [
        "tests/web/test_frame.py",
        "tests/web/test_api.py",
        "tests/web/test_api_contract.py",
        "tests/web/test_security.py",
    ],
}


# These take minutes each; CI leaves them out, `make test-postgres` does not.
LARGE = frozenset(SUITES) - {"accounts and ledger"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in LARGE else name for name in SUITES]
)
def test_the_suite_passes_on_postgresql(name: str, python: Callable[..., str]) -> None:
    said = python("-m", "pytest", "--ds=tests.settings", "-p", "no:randomly", *SUITES[name], limit=900)
    assert " passed" in said
