"""kill -9 in the middle of an import: what was there stays, nothing half written stands."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def run(folder: Path, path: Path, stop_after: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.apps.registry.importer", str(path), str(stop_after)],
        cwd=ROOT,
        # An empty address of a database means the SQLite file of the data folder.
        env={
            **os.environ,
            "LANGQIAO_DATA_DIR": str(folder),
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "DATABASE_URL": f"sqlite:///{folder / 'langqiao.sqlite3'}",
        },
        stdout=subprocess.PIPE,
        text=True,
    )


def counts(folder: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(folder / "langqiao.sqlite3")) as database:
        found = [
            database.execute(f"select count(*) from {name}")
            for name in ("registry_organisation", "ledger_entry")
        ]
        return tuple(rows.fetchone()[0] for rows in found)


@pytest.mark.slow
def test_killed_import_leaves_nothing_and_can_be_repeated(tmp_path):
    path = tmp_path / "o.csv"
    path.write_text("编号,名称,类型\n" + "".join(f"O-{n},机构{n},企业\n" for n in range(2500)))
    with run(tmp_path, path, 1500) as process:
        assert process.stdout.readline().strip() == "half"
        process.send_signal(signal.SIGKILL)
    assert counts(tmp_path) == (0, 0)
    for expected in ("2500 0", "0 2500"):
        with run(tmp_path, path, 0) as process:
            assert process.stdout.readline().strip() == expected
        assert process.returncode == 0
        assert counts(tmp_path) == (2500, 2500)
