"""Case numbers and the ledger when several processes draft at once, on a real SQLite file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tables import make_tables

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
def test_processes_that_draft_at_once_get_case_numbers_of_their_own(tmp_path: Path) -> None:
    environment = os.environ | {
        "LANGQIAO_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "langqiao.web.settings",
    }
    environment.pop("DATABASE_URL", None)
    make_tables(environment)
    drafters = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.apps.challenges.drafter", name, "20"],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("left", "right")
    ]
    printed = [drafter.communicate(timeout=120)[0].split() for drafter in drafters]
    assert [drafter.returncode for drafter in drafters] == [0, 0]
    numbers = sorted(int(case[-6:]) for cases in printed for case in cases)
    assert numbers == list(range(1, 41))
