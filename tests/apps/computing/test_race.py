"""Two processes at once on one database: a voucher pays once, a job starts once, a run counts once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.apps.computing.test_crash import ROOT, environment

RACER = "tests.apps.computing.racer"


def race(made: dict[str, str], folder: Path, *, racers: int = 2) -> None:
    """Fill the database, let the racers go at the same moment, and check what they left.

    Also run on PostgreSQL, by tests/postgres/test_computing.py.
    """
    subprocess.run([sys.executable, "-m", RACER, "make"], cwd=ROOT, env=made, check=True)
    gun = folder / "go"
    running = [
        subprocess.Popen([sys.executable, "-m", RACER, gun], cwd=ROOT, env=made, stdout=subprocess.PIPE, text=True)
        for _ in range(racers)
    ]  # fmt: skip
    for racer in running:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    gun.touch()
    told: list[dict[str, Any]] = [json.loads(racer.communicate(timeout=300)[0]) for racer in running]
    assert [racer.returncode for racer in running] == [0] * racers
    said = subprocess.run(
        [sys.executable, "-m", RACER, "check"], cwd=ROOT, env=made, check=True, capture_output=True, text=True
    )
    found = json.loads(said.stdout)
    # A voucher of ten yuan paid five of two bills, each once, whoever was quicker.
    paid = [bill for one in told for bill in one["paid"]]
    assert (len(paid), len(set(paid))) == (2, 2)
    assert (found["spent"], found["redeemed"], found["by_voucher"]) == (10, 10, 10)
    started = [job for one in told for job in one["started"]]
    ended = [job for one in told for job in one["ended"]]
    assert len(set(started)) == len(started) >= 8
    assert sorted(ended) == sorted(set(ended))
    assert found["entries"] == [2, len(started), len(ended)]
    assert found["runs"] == len(ended)
    assert (found["used"], found["held"]) == (found["counted"], found["open"])
    assert found["fault"] is None


@pytest.mark.slow
def test_two_processes_spend_nothing_twice(tmp_path: Path) -> None:
    made = environment(tmp_path)
    plain = {**made, "DJANGO_SETTINGS_MODULE": "tests.unmigrated"}
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--run-syncdb", "-v0"], cwd=ROOT, env=plain, check=True
    )
    race(made, tmp_path)
