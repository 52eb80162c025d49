"""``langqiao computing slurm``: one line for what is wrong; the real thing is in tests/engines/scheduling/slurm."""

import json

import pytest
from typer.testing import CliRunner

from langqiao.cli import app
from tests.engines.scheduling.slurm.conftest import slurm  # noqa: F401  # the fixture of a real Slurm


def run(*args, code=0):
    found = CliRunner().invoke(app, ["computing", "slurm", *map(str, args)])
    assert found.exit_code == code, found.output
    assert "Traceback" not in found.output
    return found


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "job.sh"
    path.write_text("#!/bin/sh\nexit 4\n")
    return path


def test_what_is_wrong_is_one_line(script, tmp_path):
    record = ["--record", tmp_path / "jobs"]
    assert "token" in run("submit", script, "--token", "x", "--minutes", 1, *record, code=1).stderr
    assert "no job" in run("watch", "never-heard-of", *record, code=1).stderr
    assert "no job" in run("cancel", "never-heard-of", *record, code=1).stderr
    assert run("watch", *record).stdout == ""
    script.write_text("#!/bin/sh\n#SBATCH --array=1-9\n")
    said = run("submit", script, "--token", "job-0001", "--minutes", 1, *record, code=1).stderr
    assert "#SBATCH" in said
    run("submit", tmp_path / "none", "--token", "job-0001", "--minutes", 1, *record, code=1)


@pytest.mark.slurm
def test_submit_watch_and_cancel(slurm, script, tmp_path):  # noqa: F811  # it takes the fixture's name
    record = ["--record", tmp_path / "jobs", "--conf", slurm.conf]
    asked = ["submit", script, "--token", "job-0001", "--minutes", 1, "--gpus", 1, *record]
    job = int(run(*asked).stdout)
    assert int(run(*asked).stdout) == job
    last = json.loads(run("watch", "--pause", 0.2, "--json", *record).stdout.splitlines()[-1])
    assert (last["job"], last["state"], last["exit"]) == (job, "failed", 4)
    assert "exit 4" in run("watch", *record).stdout
    run("cancel", "job-0001", *record)
