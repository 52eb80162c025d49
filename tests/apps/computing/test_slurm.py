"""A campus on Slurm: started jobs are handed over once, ends come home once, whatever is killed when."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from typer.testing import CliRunner

from langqiao.apps.computing.domain import jobs as verbs
from langqiao.apps.computing.domain.campus import revise_campus
from langqiao.apps.computing.domain.scheduling import schedule
from langqiao.apps.computing.domain.servers import fail_server
from langqiao.apps.computing.domain.slurm import Settings, begin_start, starts_of, sync, token_of
from langqiao.apps.computing.models import Campus, Grant, Job, Server, Slot, Usage
from langqiao.apps.ledger.models import Entry
from langqiao.cli import app
from langqiao.engines.scheduling.journal import Journal
from langqiao.engines.scheduling.slurm import Backend, SlurmError
from langqiao.engines.scheduling.slurm.backend import _fact
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.apps.computing.recovery import JOBS, settle, trial
from tests.apps.computing.stand_in import StandIn
from tests.factories import computing as make
from tests.factories.accounts import make_office

pytestmark = pytest.mark.django_db
SCRIPT = "#!/bin/sh\nsleep 1\n"


@pytest.fixture
def campus() -> Campus:
    campus = make.make_campus(runner=Campus.Runner.SLURM)
    make.make_server(make.make_rack(make.make_hall(make.make_building(campus))), name="a", gpu_model="a100")
    return campus


@pytest.fixture
def slurm(tmp_path: Path) -> StandIn:
    return StandIn(tmp_path)


@pytest.fixture
def backend(slurm: StandIn, tmp_path: Path) -> Backend:
    return Backend(slurm.programs, Journal(tmp_path / "jobs.jsonl"))


@pytest.fixture
def grant(campus: Campus) -> Grant:
    return make.make_grant(make.make_tenant(campus, gpu_milli=8000), gpus=8)


def submitted(grant: Grant, token: str = "one", **values: Any) -> Job:
    asked = {
        "name": "训练",
        "cpu_milli": 1000,
        "memory_mib": 16,
        "gpus": 1,
        "estimate": 3600,
        "script": SCRIPT,
    }
    return verbs.submit_job(None, grant, token=token, **{**asked, **values})


def running(grant: Grant, *tokens: str, **values: Any) -> list[Job]:
    """Jobs that a round has started."""
    jobs = [submitted(grant, token, **values) for token in tokens or ("one",)]
    schedule(None, grant.tenant.campus)
    for job in jobs:
        job.refresh_from_db()
        assert (job.state, job.awaits_cluster, job.starts) == (Job.State.RUNNING, True, 1)
    return jobs


def ago(seconds: float) -> int:
    return int(time.time() - seconds)


def back(job: Job, seconds: float) -> None:
    """Let the round have been so long ago."""
    Job.objects.filter(pk=job.pk).update(started_at=timezone.now() - timedelta(seconds=seconds))


def test_a_started_job_runs_in_slurm_and_its_end_comes_home(
    campus: Campus, grant: Grant, slurm: StandIn, backend: Backend
) -> None:
    [job] = running(grant)
    back(job, 500)
    look = sync(None, campus, backend)
    assert (look.submitted, look.begun, look.open) == ([job.pk], [job.pk], 1)
    assert [(one["comment"], one["gres"]) for one in slurm.jobs] == [
        (f"langqiao:{token_of(job)}", ["--gres=gpu:a100:1"])
    ]
    # Looked at again, nothing is submitted or said twice.
    again = sync(None, campus, backend)
    assert (again.submitted, again.begun, len(slurm.jobs)) == ([], [], 1)
    begun, ended = ago(300), ago(100)
    slurm.tell(1, "COMPLETED", start=begun, end=ended)
    Job.objects.filter(pk=job.pk).update(awaits_cluster=True)
    back(job, 500)
    look = sync(None, campus, backend)
    assert (look.begun, look.finished, look.open) == ([job.pk], [job.pk], 0)
    usage = Usage.objects.get()
    # Use counts from Slurm's start to its end, not while the job waited there.
    assert (usage.starts_at.timestamp(), usage.ends_at.timestamp(), usage.gpu_seconds) == (begun, ended, 200)
    grant.refresh_from_db()
    assert (grant.used_seconds, grant.held_seconds, Slot.objects.count()) == (200, 0, 0)
    sync(None, campus, backend)
    assert Entry.objects.filter(verb="finish_job").count() == 1


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"state": "FAILED", "exit": 3}, "退出码 3"),
        ({"state": "TIMEOUT"}, "超过估计时长"),
        ({"state": "CANCELLED"}, "在 Slurm 中被取消"),
    ],
)
def test_a_job_that_slurm_ends_badly_has_failed_and_says_why(
    grant: Grant, slurm: StandIn, backend: Backend, told: Any, words: str
) -> None:
    campus = grant.tenant.campus
    [job] = running(grant)
    sync(None, campus, backend)
    slurm.tell(1, end=ago(0), **told)
    assert sync(None, campus, backend).failed == [job.pk]
    job.refresh_from_db()
    assert (job.state, words in job.why) == (Job.State.FAILED, True)


def test_what_slurm_never_began_has_used_nothing(
    campus: Campus, grant: Grant, slurm: StandIn, backend: Backend
) -> None:
    [job] = running(grant)
    back(job, 1000)
    look = sync(None, campus, backend, Settings(partition="none"))
    assert (look.refused, slurm.jobs) == ([job.pk], [])
    job.refresh_from_db()
    assert "invalid partition" in job.why
    [part] = running(grant, "two", gpu_milli=500)
    assert sync(None, campus, backend).refused == [part.pk]  # this cluster has no shards
    [full] = running(grant, "three")
    slurm.down()
    with pytest.raises(SlurmError, match="Unable to contact"):
        sync(None, campus, backend)
    slurm.down(is_down=False)
    sync(None, campus, backend)
    slurm.tell(1, "PENDING", reason="BadConstraints", start=0)
    Job.objects.filter(pk=full.pk).update(awaits_cluster=True)
    assert sync(None, campus, backend).failed == [full.pk]
    grant.refresh_from_db()
    assert (grant.used_seconds, grant.held_seconds, Usage.objects.count()) == (0, 0, 0)


def test_cancelled_and_preempted_jobs_are_taken_from_slurm_and_start_anew_under_another_name(
    campus: Campus, grant: Grant, slurm: StandIn, backend: Backend
) -> None:
    first, second = running(grant, "one", "two")
    sync(None, campus, backend)
    old = token_of(second)
    verbs.cancel_job(None, first)
    fail_server(None, Server.objects.get(), why="断电")
    look = sync(None, campus, backend)
    assert sorted(look.cancelled) == sorted([token_of(first), old])
    assert [one["state"] for one in slurm.jobs] == ["CANCELLED", "CANCELLED"]
    assert sync(None, campus, backend).cancelled == []
    Server.objects.update(state=Server.State.READY)
    schedule(None, campus)
    second.refresh_from_db()
    assert (second.starts, token_of(second) == old) == (2, False)
    sync(None, campus, backend)
    assert [one["state"] for one in slurm.jobs] == ["CANCELLED", "CANCELLED", "RUNNING"]


def test_a_submission_that_was_cut_short_is_adopted(
    campus: Campus, grant: Grant, slurm: StandIn, backend: Backend
) -> None:
    """Killed after the intent; after sbatch; after the number was written: the same call goes on."""
    jobs = running(grant, "intent", "sbatch", "number")
    for start in starts_of(campus, Settings()).values():
        request, place = start.request, jobs.index(start.job)
        with backend.journal.writing() as writer:
            writer.append(_fact(request.token, "intent", digest=request.digest()))
            if place > 0:
                printed = backend.programs.run("sbatch", *request.arguments(), text=request.script)
            if place > 1:
                writer.append(_fact(request.token, "submitted", job=int(printed)))
    look = sync(None, campus, backend)
    assert (sorted(look.submitted), len(slurm.jobs)) == ([job.pk for job in jobs], 3)
    assert {one["state"] for one in slurm.jobs} == {"RUNNING"}


def test_a_submission_that_was_cut_short_does_not_run_once_its_job_is_cancelled(
    campus: Campus, grant: Grant, slurm: StandIn, backend: Backend
) -> None:
    [job] = running(grant)
    [start] = starts_of(campus, Settings()).values()
    with backend.journal.writing() as writer:
        writer.append(_fact(start.token, "intent", digest=start.request.digest()))
    backend.programs.run("sbatch", *start.request.arguments(), text=start.request.script)
    verbs.cancel_job(None, job)
    sync(None, campus, backend)
    assert [one["state"] for one in slurm.jobs] == ["CANCELLED"]
    assert slurm.jobs[0]["start"] == 0


def test_an_old_start_s_news_never_end_a_new_one(
    campus: Campus, grant: Grant, slurm: StandIn, backend: Backend
) -> None:
    [job] = running(grant)
    [old] = starts_of(campus, Settings()).values()
    verbs.interrupt(None, Server.objects.get())
    schedule(None, campus)
    assert begin_start(None, old, slurm=1, at=timezone.now()) is False
    job.refresh_from_db()
    assert (job.state, job.awaits_cluster, job.starts) == (Job.State.RUNNING, True, 2)
    sync(None, campus, backend)
    assert len(slurm.jobs) == 1


def test_who_may_and_where(campus: Campus, grant: Grant, backend: Backend) -> None:
    with pytest.raises(NotAllowed):
        sync(make_office(), campus, backend)
    sync(make.make_operator(campus), campus, backend)
    with pytest.raises(Refused, match="不由 Slurm"):
        sync(None, make.make_campus(), backend)
    running(grant)
    with pytest.raises(Refused, match="仍有作业在运行"):
        revise_campus(None, campus, runner="reports")
    with pytest.raises(Invalid):
        revise_campus(None, campus, runner="cron")


@pytest.mark.parametrize(
    "script", ["", "echo", "#!/bin/sh\n#SBATCH --array=1-9", "#!/bin/sh\n" + "x" * 100_000, "#!/bin/sh\n\0"]
)
def test_scripts_are_judged_when_they_are_handed_in(grant: Grant, script: str) -> None:
    with pytest.raises(Invalid) as wrong:
        submitted(grant, script=script)
    assert wrong.value.field == "script"


def test_the_script_is_in_no_entry_and_on_the_page_of_insiders_alone(grant: Grant) -> None:
    job = submitted(grant, script=f"#!/bin/sh\n# {make.MARKER}\n")
    assert make.MARKER in job.script
    assert not any(make.MARKER in json.dumps(entry.data) for entry in Entry.objects.all())


def test_the_command_looks_and_says_what_it_did(
    campus: Campus, grant: Grant, slurm: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("langqiao.engines.scheduling.slurm.commands.SYSTEM_PATH", str(slurm.folder))
    submitted(grant)
    command = ["computing", "slurm", "sync", str(campus.pk), "--record", str(tmp_path / "j"), "--rounds"]
    found = CliRunner().invoke(app, [*command, "--json"])
    assert (found.exit_code, len(json.loads(found.stdout)["submitted"])) == (0, 1), found.output
    assert "在途 / open 1" in CliRunner().invoke(app, command).stdout
    slurm.down()
    found = CliRunner().invoke(app, command)
    assert (found.exit_code, "Unable to contact" in found.stderr) == (1, True)
    command[3] = "999"
    assert "no campus 999" in CliRunner().invoke(app, command).stderr


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_kills_at_any_moment(tmp_path: Path, seed: int) -> None:
    """Kill the process that hands over and watches; each job is taken once and counted once."""
    stand_in = StandIn(tmp_path, life=0.5)
    settle(tmp_path)
    trial(tmp_path, stand_in.folder, kills=4, seed=seed)
    ended = [one["comment"] for one in stand_in.jobs if one["state"] == "COMPLETED"]
    assert (len(ended), len(set(ended))) == (JOBS, JOBS)
