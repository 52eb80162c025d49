"""Jobs under a grant: what is held, what is used, and that nothing is counted twice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.accounts.models import Notification, Role
from langqiao.apps.computing.domain import jobs as domain
from langqiao.apps.computing.domain.scheduling import schedule
from langqiao.apps.computing.models import Grant, Job, Request, Slot, Usage
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import computing as make
from tests.factories.accounts import make_member, make_user

pytestmark = pytest.mark.django_db
State = Job.State
PART: dict[str, Any] = {
    "name": "示例训练", "cpu_milli": 8000, "memory_mib": 65_536, "gpus": 1, "estimate": 3600,
}  # fmt: skip


def make_floor(**values: Any) -> tuple[Any, Grant]:
    """A campus with one server of eight GPUs, and a grant of four GPUs and 100 hours on it."""
    campus = make.make_campus()
    make.make_server(make.make_rack(make.make_hall(make.make_building(campus))))
    tenant = make.make_tenant(campus)
    return campus, make.make_grant(tenant, **{"gpu_hours": 100, **values})


def started(job: Job, ago: timedelta = timedelta(minutes=30)) -> Job:
    """The job as running since a while."""
    schedule(None, job.campus, at=timezone.now() - ago)
    job.refresh_from_db()
    assert job.state == State.RUNNING
    return job


def test_a_job_holds_its_estimate_and_its_token_makes_it_once() -> None:
    campus, grant = make_floor()
    member = make_member(grant.tenant.organisation, Role.ENTERPRISE)
    job = domain.submit_job(member, grant, token="t-1", **{**PART, "count": 2})
    again = domain.submit_job(member, grant, token="t-1", **{**PART, "count": 2})
    grant.refresh_from_db()
    assert (again.pk, Job.objects.count(), grant.held_seconds) == (job.pk, 1, 7200)
    assert (job.state, job.campus, job.case, job.created_by) == ("queued", campus, grant.request.case, member)
    entry = Entry.objects.get(verb="submit_job")
    assert (entry.case, entry.visibility, entry.city) == (
        job.case,
        Visibility.PARTIES,
        grant.tenant.organisation.city_id or "",
    )
    assert job.name not in entry.data
    with pytest.raises(Invalid) as refusal:
        domain.submit_job(member, grant, token="t-1", **{**PART, "count": 1})
    assert refusal.value.field == "token"
    for stranger in (make_user(), make_member(campus.operator, Role.COMPUTING_OPERATOR)):
        with pytest.raises(NotAllowed):
            domain.submit_job(stranger, grant, **PART)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"gpus": 0}, "gpus"),
        ({"gpus": True}, "gpus"),
        ({"gpus": 2, "gpu_milli": 500}, "gpu_milli"),
        ({"gpu_milli": 1001}, "gpu_milli"),
        ({"estimate": 59}, "estimate"),
        ({"count": 5}, "count"),
        ({"name": ""}, "name"),
        ({"cpu_milli": 96_001}, "gpus"),
        ({"gpu_models": ["H999"]}, "gpus"),
        ({"domestic_only": True}, "gpus"),
        ({"estimate": 101 * 3600}, "estimate"),
        ({"colour": 1}, "colour"),
        ({"token": "x" * 41}, "token"),
    ],
)
def test_what_cannot_run_is_refused_at_its_field(values: dict[str, Any], field: str) -> None:
    _campus, grant = make_floor()
    with pytest.raises(Refused) as refusal:
        domain.submit_job(None, grant, **{**PART, **values})
    assert refusal.value.field == field
    grant.refresh_from_db()
    assert (Job.objects.count(), grant.held_seconds, Entry.objects.count()) == (0, 0, 0)


def test_a_grant_that_is_over_or_suspended_takes_nothing() -> None:
    today = make.today()
    for values in (
        {"state": Grant.State.REVOKED},
        {"starts_on": today + timedelta(days=1)},
        {"starts_on": today - timedelta(days=9), "ends_on": today - timedelta(days=1)},
    ):
        with pytest.raises(Refused):
            domain.submit_job(None, make_floor(**values)[1], **PART)
    _campus, grant = make_floor()
    grant.tenant.is_suspended = True
    grant.tenant.save()
    with pytest.raises(Refused, match="暂停"):
        domain.submit_job(None, grant, **PART)


def test_what_the_request_said_binds_the_job() -> None:
    campus = make.make_campus()
    rack = make.make_rack(make.make_hall(make.make_building(campus)))
    make.make_server(rack)
    make.make_server(rack, gpu_model="NPU", is_domestic=True)
    grant = make.make_grant(make.make_tenant(campus), chips=Request.Chips.DOMESTIC)
    assert domain.submit_job(None, grant, **PART).domestic_only
    Request.objects.update(gpu_models=["NPU"])
    grant.refresh_from_db()
    assert domain.submit_job(None, grant, **PART).gpu_models == ["NPU"]
    with pytest.raises(Invalid, match="G2"):
        domain.submit_job(None, grant, **{**PART, "gpu_models": ["G2"]})


def test_ends_count_what_was_used_and_give_the_rest_back() -> None:
    campus, grant = make_floor()
    operator, member = make.make_operator(campus), make_member(grant.tenant.organisation)
    job = started(domain.submit_job(member, grant, **{**PART, "gpu_milli": 500}))
    end = job.started_at + timedelta(minutes=10)
    with pytest.raises(NotAllowed):
        domain.finish_job(member, job)
    for wrong in (job.started_at - timedelta(seconds=1), timezone.now() + timedelta(hours=1)):
        with pytest.raises(Invalid):
            domain.finish_job(operator, job, at=wrong)
    domain.finish_job(operator, job, at=end)
    grant.refresh_from_db()
    assert (job.state, job.ended_at, Slot.objects.count()) == ("done", end, 0)
    assert (grant.used_seconds, grant.held_seconds) == (300, 0)
    usage = Usage.objects.get()
    assert (usage.gpu_seconds, usage.gpu_model, usage.tenant) == (Decimal("300.000"), "G2", grant.tenant)
    for verb in (domain.finish_job, domain.cancel_job):
        with pytest.raises(Refused):
            verb(operator, job)
    grant.refresh_from_db()
    assert (grant.used_seconds, Usage.objects.count()) == (300, 1)


def test_cancelling_and_failing() -> None:
    campus, grant = make_floor()
    operator, member = make.make_operator(campus), make_member(grant.tenant.organisation)
    waiting = domain.submit_job(member, grant, **PART)
    domain.cancel_job(member, waiting, why="不需要了")
    grant.refresh_from_db()
    assert (waiting.state, grant.held_seconds, Usage.objects.count()) == ("cancelled", 0, 0)
    running = started(domain.submit_job(member, grant, **PART))
    with pytest.raises(Invalid):
        domain.fail_job(operator, running, why=" ")
    domain.fail_job(operator, running, why="显存不足")
    assert (running.state, running.why, Slot.objects.count()) == ("failed", "显存不足", 0)
    assert Notification.objects.filter(user=member).count() == 1
    with pytest.raises(NotAllowed):
        domain.cancel_job(make_user(), running)


def test_a_server_that_falls_out_puts_its_jobs_back_or_ends_them() -> None:
    campus, grant = make_floor()
    job = started(domain.submit_job(None, grant, **PART))
    server = job.slots.get().server
    with pytest.raises(NotAllowed):
        domain.interrupt(make_user(), server)
    assert domain.interrupt(make.make_operator(campus), server, why="电源") == [job]
    job.refresh_from_db()
    grant.refresh_from_db()
    assert (job.state, job.started_at, job.preempted, job.why) == (
        "queued",
        None,
        0,
        f"服务器 {server} 停用：电源",
    )
    assert (grant.held_seconds, Slot.objects.count(), Usage.objects.count()) == (3600, 0, 1)
    assert 1800 <= grant.used_seconds < 1830
    started(job)
    Grant.objects.update(gpu_hours=1)
    domain.interrupt(None, server)
    job.refresh_from_db()
    grant.refresh_from_db()
    assert (job.state, grant.held_seconds) == ("failed", 0)
    assert "不足以重跑" in job.why


def test_nothing_stands_when_the_ledger_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    _campus, grant = make_floor()

    def broken(*_args: Any, **_values: Any) -> None:
        raise OSError("disk")

    monkeypatch.setattr(domain, "enter", broken)
    with pytest.raises(OSError, match="disk"):
        domain.submit_job(None, grant, **PART)
    grant = Grant.objects.get()
    assert (Job.objects.count(), grant.held_seconds) == (0, 0)
