"""Computing on PostgreSQL: two processes that redeem one voucher and run rounds of one campus at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apps.computing.test_race import race

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.mark.parametrize("racers", [2, 4])
def test_processes_at_once_spend_nothing_twice(migrated: dict[str, str], tmp_path: Path, racers: int) -> None:
    race(migrated, tmp_path, racers=racers)
