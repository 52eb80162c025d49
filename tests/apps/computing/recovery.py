"""A site's data folder with queued jobs for Slurm, a syncer that is killed again and again, and what must hold."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

from tests.apps.computing.test_crash import ROOT, check, environment

JOBS = 4
SETUP = """
import sys
import django; django.setup()
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
from langqiao.apps.computing.domain.jobs import submit_job
from tests.factories import computing as make
campus = make.make_campus(runner="slurm")
rack = make.make_rack(make.make_hall(make.make_building(campus)))
make.make_server(rack, gpu_model="a100", gpus=2, cpu_milli=2000, memory_mib=500)
grant = make.make_grant(make.make_tenant(campus, gpu_milli=2000), gpus=2)
for number in range(int(sys.argv[2])):
    script = f"#!/bin/sh\\nmkdir {sys.argv[1]}/$SLURM_JOB_NAME.$SLURM_JOB_ID\\nsleep 1\\n"
    submit_job(None, grant, token=f"job-{number}", name=f"作业{number}", cpu_milli=1000, memory_mib=16, gpus=1,
               estimate=600, script=script)
"""


def settle(folder: Path) -> Path:
    """Make the database; the folder in which each run of a job leaves a mark."""
    runs = folder / "runs"
    runs.mkdir()
    made = {**environment(folder), "DJANGO_SETTINGS_MODULE": "tests.unmigrated"}
    subprocess.run([sys.executable, "-c", SETUP, runs, str(JOBS)], cwd=ROOT, env=made, check=True)
    return runs


def begin(folder: Path, slurm: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.apps.computing.syncer", folder / "jobs.jsonl", slurm],
        cwd=ROOT,
        env=environment(folder),
        stdout=subprocess.PIPE,
        text=True,
    )


def trial(folder: Path, slurm: Path, *, kills: int, seed: int) -> None:
    """Kill the syncer so often a moment after a line of its output, then let it end; nothing counts twice."""
    chance = random.Random(seed)
    for _ in range(kills):
        with begin(folder, slurm) as process:
            assert process.stdout is not None
            for _ in range(chance.randrange(1, 5)):
                if not process.stdout.readline():
                    break
            time.sleep(chance.random() * 0.3)
            process.send_signal(signal.SIGKILL)
        check(folder)
    with begin(folder, slurm) as process:
        assert process.stdout is not None
        assert process.stdout.read().strip().endswith("all")
    assert process.returncode == 0
    found = check(folder)
    assert (found["jobs"], found["runs"], found["held"]) == (JOBS, JOBS, 0)
    with closing(connect(folder / "langqiao.sqlite3")) as database:
        rows = database.execute("select verb, count(*) from ledger_entry group by verb").fetchall()
        counts = dict(rows)
        assert [counts[verb] for verb in ("start_job", "begin_job", "finish_job")] == [JOBS] * 3
