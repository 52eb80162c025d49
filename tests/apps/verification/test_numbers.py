"""Numbers and receipts when two processes submit at once, on a real SQLite file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tables import make_tables

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
def test_processes_that_submit_at_once_leave_no_gap(tmp_path: Path) -> None:
    environment = os.environ | {
        "LANGQIAO_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "langqiao.web.settings",
    }
    environment.pop("DATABASE_URL", None)

    def start(module: str, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            env=environment,
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    make_tables(environment)
    keys = run("-m", "tests.apps.verification.preparer", "12").split()
    assert len(keys) == 12
    submitters = [start("tests.apps.verification.submitter", *keys[half::2]) for half in (0, 1)]
    printed = [submitter.communicate(timeout=120)[0].split() for submitter in submitters]
    assert [submitter.returncode for submitter in submitters] == [0, 0]
    assert sorted(int(number) for numbers in printed for number in numbers) == list(range(1, 13))
    run("-c", "from langqiao.cli import app; app()", "ledger", "verify")
