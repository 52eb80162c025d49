"""A simulation that is killed or stopped goes on to the same outcome."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.simulation import (
    Failures,
    Options,
    Outcome,
    Simulation,
    Stopped,
    Tenant,
    simulate,
)
from langqiao.engines.scheduling.simulation.checkpoint import fingerprint, load, save

from .build import job, quota, servers

TENANTS = [Tenant("a", "x", quota(3)), Tenant("b", "y", quota(5))]
OPTIONS = Options(
    order="fair", half_life=50, reclaim="any", preempt=True, grace=2, backfill="easy",
    failures=Failures(500, 20), sample_every=20,
)  # fmt: skip


def many(count: int) -> list[object]:
    return [
        job(n, "ab"[n * 7 % 3 % 2], n * 0.7, 3.0 + n * 13 % 11, gpus=1 + n % 2, priority=n % 5 == 0)
        for n in range(count)
    ]


def test_a_stopped_simulation_goes_on_to_the_same_outcome(tmp_path: Path) -> None:
    jobs, nodes, file = many(2500), servers(4, 2), tmp_path / "state"
    whole = simulate(nodes, jobs, TENANTS, options=OPTIONS, seed=3)

    def again(asked: bool) -> Outcome:
        turned = list(reversed(jobs))
        return simulate(nodes, turned, TENANTS, options=OPTIONS, seed=3, checkpoint=file, stop=lambda: asked)

    for _ in range(2):
        with pytest.raises(Stopped) as stopped:
            again(asked=True)
        assert 0 < stopped.value.done < stopped.value.total
    found = again(asked=False)
    assert found == whole
    assert simulate(nodes, jobs, TENANTS, options=OPTIONS, seed=3, checkpoint=file) == whole
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


SCRIPT = """
import sys
from pathlib import Path
from tests.engines.scheduling.simulation.test_checkpoint import OPTIONS, TENANTS, many
from tests.engines.scheduling.simulation.build import servers
from langqiao.engines.scheduling.simulation import simulate
print(simulate(servers(4, 2), many(8000), TENANTS, options=OPTIONS, seed=3,
               checkpoint=Path(sys.argv[1]), every=0.0).digest)
"""


@pytest.mark.slow
def test_kill_9_in_the_middle_resumes_to_the_identical_result(tmp_path: Path) -> None:
    file = tmp_path / "state"
    command = [sys.executable, "-c", SCRIPT, str(file)]
    kills = 0
    while True:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        before = file.stat().st_mtime_ns if file.exists() else 0
        while process.poll() is None and kills < 3:
            if file.exists() and file.stat().st_mtime_ns != before:
                os.kill(process.pid, signal.SIGKILL)
                break
            time.sleep(0.01)
        told, _ = process.communicate()
        if process.returncode == 0:
            break
        kills += 1
    assert kills >= 1
    whole = simulate(servers(4, 2), many(8000), TENANTS, options=OPTIONS, seed=3)
    assert told.strip() == whole.digest


def test_a_checkpoint_of_other_inputs_or_a_damaged_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "state"
    nodes, jobs = servers(4, 2), many(5)
    simulate(nodes, jobs, TENANTS, options=OPTIONS, seed=1, checkpoint=file)
    with pytest.raises(SchedulingError) as refused:
        simulate(nodes, jobs, TENANTS, options=OPTIONS, seed=2, checkpoint=file)
    assert refused.value.kind == "foreign"
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(SchedulingError) as refused:
        simulate(nodes, jobs, TENANTS, options=OPTIONS, seed=1, checkpoint=file)
    assert refused.value.kind == "checkpoint"
    file.write_bytes(b"nonsense")
    with pytest.raises(SchedulingError):
        simulate(nodes, jobs, TENANTS, options=OPTIONS, seed=1, checkpoint=file)


class _Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("true",)


def test_nothing_that_could_act_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "state"
    sim = Simulation(servers(1), [], TENANTS)
    sim.samples.append(_Evil())  # type: ignore[arg-type]
    inputs = fingerprint("x")
    save(file, sim, inputs)
    assert pickle.loads(file.read_bytes().partition(b"\n")[2])
    with pytest.raises(SchedulingError, match="does not belong"):
        load(file, inputs)
