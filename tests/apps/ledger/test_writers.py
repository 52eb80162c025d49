"""Several processes write at once and one is killed: one chain, nothing acknowledged lost."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tables import make_tables

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    environment = os.environ | {
        "LANGQIAO_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "langqiao.web.settings",
    }
    environment.pop("DATABASE_URL", None)
    make_tables(environment)
    return environment


def start(name: str, count: int, environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.apps.ledger.writer", name, str(count)]
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def verified(environment: dict[str, str]) -> tuple[int, str]:
    code = (
        "import django; django.setup()\n"
        "from langqiao.apps.ledger.queries import verify\n"
        "v = verify(); print(v.entries, v.fault)"
    )
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    entries, fault = run.stdout.strip().split(" ", 1)
    return int(entries), fault


@pytest.mark.slow
def test_two_processes_keep_one_chain(environment, tmp_path):
    writers = [start(name, 60, environment) for name in ("left", "right")]
    for writer in writers:
        writer.communicate(timeout=120)
    assert [w.returncode for w in writers] == [0, 0]
    assert verified(environment) == (120, "None")
    with sqlite3.connect(tmp_path / "langqiao.sqlite3") as database:
        names = {row[0].split(":")[0] for row in database.execute("select object from ledger_entry")}
    assert names == {"test.left", "test.right"}


@pytest.mark.slow
def test_a_killed_writer_loses_nothing_acknowledged(environment):
    writer = start("left", 5000, environment)
    acknowledged = 0
    assert writer.stdout is not None
    for line in writer.stdout:
        acknowledged = int(line) + 1
        if acknowledged == 40:
            break
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    entries, fault = verified(environment)
    assert fault == "None"
    assert entries >= acknowledged
