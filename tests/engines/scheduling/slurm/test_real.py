"""Submit, watch and cancel on a real Slurm; kill -9 in the middle never runs a job twice."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from langqiao.engines.scheduling.journal import Journal
from langqiao.engines.scheduling.slurm import Backend, Request, SlurmError
from langqiao.engines.scheduling.slurm.backend import _fact
from langqiao.engines.scheduling.slurm.cluster import seen_by_token
from langqiao.engines.scheduling.types import Task

pytestmark = pytest.mark.slurm

GPU = Task("t", 1000, 16, 1, 1000, ("a100",))


@pytest.fixture
def backend(slurm, tmp_path):
    return Backend(slurm, Journal(tmp_path / "jobs.jsonl"))


def request(token, body="exit 0\n", task=GPU, **more):
    return Request(token, task, f"#!/bin/sh\n{body}", minutes=5, folder="/tmp", **more)


def jobs_of(backend, token):
    return seen_by_token(backend.programs, os.getuid()).get(token, [])


def test_a_job_runs_to_its_end(backend, tmp_path):
    output = tmp_path / "out-%j"
    job = backend.submit(
        request("runs-to-its-end", "echo $CUDA_VISIBLE_DEVICES $SECRET\nexit 3\n", output=str(output))
    )
    states = []
    seen = backend.watch(tell=states.append, pause=0.2, until=60)["runs-to-its-end"]
    assert (seen.job, seen.state, seen.exit, seen.reason) == (job, "failed", 3, "NonZeroExitCode")
    assert seen.started is not None
    assert 0 <= seen.ended - seen.started < 60
    assert abs(time.time() - seen.ended) < 60
    assert states[-1] == seen
    assert (tmp_path / f"out-{job}").read_text().strip() in {"0", "1"}
    assert (
        backend.submit(
            request("runs-to-its-end", "echo $CUDA_VISIBLE_DEVICES $SECRET\nexit 3\n", output=str(output))
        )
        == job
    )
    assert len(jobs_of(backend, "runs-to-its-end")) == 1


def test_what_waits_runs_when_there_is_room(backend):
    both = Task("t", 1000, 16, 2, 1000)
    first = backend.submit(request("first-of-two", "sleep 3\n", both))
    second = backend.submit(request("second-of-two", "exit 0\n", both))
    told = []
    ended = backend.watch(tell=told.append, pause=0.2, until=90)
    assert {one.state for one in ended.values()} == {"done"}
    assert (first, "running") in [(one.job, one.state) for one in told]
    assert any(one.job == second and one.state == "waiting" for one in told)
    assert ended["second-of-two"].started >= ended["first-of-two"].ended


def test_a_gang_of_two_parts_runs_together(backend, tmp_path):
    pair = Task("t", 1000, 16, 1, 1000, count=2)
    job = backend.submit(request("gang-of-two", "echo $SLURM_NTASKS\n", pair, output=str(tmp_path / "%j")))
    assert backend.watch(pause=0.2, until=60)["gang-of-two"].state == "done"
    assert (tmp_path / str(job)).read_text().strip() == "2"


def test_a_running_job_is_cancelled(backend):
    backend.submit(request("to-be-cancelled", "sleep 300\n"))
    backend.watch(pause=0.2, until=2)
    backend.cancel("to-be-cancelled")
    assert backend.watch(pause=0.2, until=60)["to-be-cancelled"].state == "cancelled"
    backend.cancel("to-be-cancelled")
    with pytest.raises(SlurmError, match="take a new token"):
        backend.submit(request("to-be-cancelled", "sleep 300\n"))


def test_what_slurm_refuses_is_said_and_the_token_is_free_again(backend):
    with pytest.raises(SlurmError, match="invalid partition") as refused:
        backend.submit(request("no-such-partition", partition="none"))
    assert refused.value.kind == "refused"
    backend.submit(request("no-such-partition"))
    assert backend.watch(pause=0.2, until=60)["no-such-partition"].state == "done"


def test_what_no_node_could_hold_ends_as_impossible(backend):
    job = backend.submit(request("too-many-gpus", task=Task("t", 1000, 16, 9, 1000)))
    seen = backend.watch(pause=0.2, until=60)["too-many-gpus"]
    assert (seen.state, seen.reason) == ("impossible", "BadConstraints")
    assert [(one.job, one.slurm) for one in jobs_of(backend, "too-many-gpus")] == [(job, "CANCELLED")]


def test_another_request_under_the_same_token_is_refused(backend):
    backend.submit(request("same-token"))
    with pytest.raises(SlurmError, match="another request"):
        backend.submit(request("same-token", "exit 1\n"))
    backend.watch(pause=0.2, until=60)


def test_a_job_that_was_submitted_but_not_written_down_is_adopted(backend):
    asked = request("killed-after-sbatch")
    printed = backend.programs.run("sbatch", *asked.arguments(), text=asked.script)
    with backend.journal.writing() as writer:
        writer.append(_fact(asked.token, "intent", digest=asked.digest()))
    assert backend.submit(asked) == int(printed)
    assert backend.watch(pause=0.2, until=60)[asked.token].state == "done"
    assert len(jobs_of(backend, asked.token)) == 1


def test_a_watcher_finishes_a_half_done_submission(backend):
    asked = request("killed-before-release")
    job = int(backend.programs.run("sbatch", *asked.arguments(), text=asked.script))
    with backend.journal.writing() as writer:
        writer.append(_fact(asked.token, "intent", digest=asked.digest()))
    assert backend.watch(pause=0.2, until=60)[asked.token].job == job


def test_a_second_job_that_slurm_took_late_never_runs(backend):
    asked = request("taken-twice")
    job = backend.submit(asked)
    late = int(backend.programs.run("sbatch", *asked.arguments(), text=asked.script))
    assert backend.watch(pause=0.2, until=60)[asked.token].job == job
    with backend.journal.writing() as writer:
        writer.append(_fact("another-token", "intent", digest=""))
    backend.poll()
    states = {one.job: (one.state, one.started) for one in jobs_of(backend, asked.token)}
    assert states[job][0] == "done"
    assert states[late][0] == "cancelled"


def test_an_unconfirmed_token_that_is_cancelled_never_runs(backend):
    asked = request("cancelled-early")
    with backend.journal.writing() as writer:
        writer.append(_fact(asked.token, "intent", digest=asked.digest()))
    backend.cancel(asked.token)
    backend.programs.run("sbatch", *asked.arguments(), text=asked.script)
    assert backend.watch(pause=0.2, until=60)[asked.token].state == "cancelled"


CHILD = """
import sys
from pathlib import Path
from langqiao.engines.scheduling.journal import Journal
from langqiao.engines.scheduling.slurm import Backend, Programs, Request
from langqiao.engines.scheduling.types import Task
backend = Backend(Programs(conf=Path(sys.argv[1])), Journal(sys.argv[2]))
script = "#!/bin/sh\\nmkdir " + sys.argv[4] + "/$SLURM_JOB_ID; sleep 1\\n" + "# " + "x" * 100000 + "\\n"
print("begun", flush=True)
backend.submit(Request(sys.argv[3], Task("t", 1000, 16, 1, 1000), script, minutes=5, folder="/tmp"))
print("submitted", flush=True)
backend.watch(pause=0.1)
print("ended", flush=True)
"""


def test_killed_again_and_again_a_job_runs_exactly_once(slurm, tmp_path):
    """With kill -9 at random moments of submit and watch, 3 tokens, until one run gets through."""
    chance = random.Random(20)
    journal, kills = tmp_path / "jobs.jsonl", 0
    for number in range(3):
        token, runs = f"killed-{number:04d}", tmp_path / f"runs{number}"
        runs.mkdir()
        for attempt in range(12):
            child = subprocess.Popen(
                [sys.executable, "-c", CHILD, slurm.conf, journal, token, runs],
                stdout=subprocess.PIPE,
                text=True,
            )
            assert child.stdout.readline() == "begun\n"
            if attempt < 11:
                try:
                    child.wait(chance.uniform(0, 0.25))
                except subprocess.TimeoutExpired:
                    os.kill(child.pid, signal.SIGKILL)
                    kills += 1
            child.stdout.close()
            if child.wait(90) == 0:
                break
        assert len(list(runs.iterdir())) == 1
    assert kills >= 3  # the first of each token: no job ends within a quarter of a second
    backend = Backend(slurm, Journal(journal))
    assert {one.state for one in backend.watch(pause=0.2, until=60).values()} == {"done"}
    for number in range(3):
        ran = [one for one in jobs_of(backend, f"killed-{number:04d}") if one.state == "done"]
        assert len(ran) == 1
