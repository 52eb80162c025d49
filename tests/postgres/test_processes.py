"""Several processes on one PostgreSQL: one chain, case numbers of their own, the demo corridor."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.postgres.conftest import ROOT

pytestmark = pytest.mark.postgres
Python = Callable[..., str]


def start(environment: dict[str, str], module: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def verified(python: Python) -> dict[str, Any]:
    """What ``langqiao ledger verify`` says."""
    found: dict[str, Any] = json.loads(
        python("-c", "from langqiao.cli import main; main()", "ledger", "verify", "--json")
    )
    return found


def test_two_processes_keep_one_chain(migrated: dict[str, str], python: Python) -> None:
    writers = [start(migrated, "tests.apps.ledger.writer", name, "100") for name in ("left", "right")]
    for writer in writers:
        writer.communicate(timeout=120)
    assert [writer.returncode for writer in writers] == [0, 0]
    found = verified(python)
    assert (found["entries"], found["head"], found["fault"]) == (200, 200, None)


def test_a_killed_writer_loses_nothing_acknowledged(migrated: dict[str, str], python: Python) -> None:
    writer = start(migrated, "tests.apps.ledger.writer", "left", "5000")
    acknowledged = 0
    assert writer.stdout is not None
    for line in writer.stdout:
        acknowledged = int(line) + 1
        if acknowledged == 40:
            break
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    found = verified(python)
    assert found["fault"] is None
    assert found["entries"] >= acknowledged


def test_processes_that_draft_at_once_get_case_numbers_of_their_own(
    migrated: dict[str, str], python: Python
) -> None:
    drafters = [start(migrated, "tests.apps.challenges.drafter", name, "40") for name in ("a", "b", "c")]
    printed = [drafter.communicate(timeout=120)[0].split() for drafter in drafters]
    assert [drafter.returncode for drafter in drafters] == [0, 0, 0]
    assert sorted(int(case[-6:]) for cases in printed for case in cases) == list(range(1, 121))
    assert verified(python)["entries"] == 120


@pytest.mark.slow
def test_the_demo_corridor_loads_twice_to_the_same_state(python: Python) -> None:
    demo = ("-c", "from langqiao.cli import main; main()", "demo", "--no-serve")
    assert "企业出题" in python(*demo)
    first = verified(python)
    assert first["fault"] is None
    assert first["entries"] > 100
    python(*demo)
    assert verified(python) == first


def test_the_models_and_the_migrations_agree_on_postgresql(migrated: dict[str, str], python: Python) -> None:
    assert "No changes" in python("-m", "django", "makemigrations", "--check", "--dry-run")
