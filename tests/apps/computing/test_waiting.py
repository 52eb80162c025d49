"""Why a job waits, in words from the data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.computing.domain.scheduling import schedule
from langqiao.apps.computing.models import Campus, Grant, Job, Server, Tenant
from langqiao.apps.computing.queries.waiting import waiting_of, why_waiting
from tests.factories import computing as make
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def campus() -> Campus:
    """Two servers of four GPUs each, with 16 cores each."""
    campus = make.make_campus()
    rack = make.make_rack(make.make_hall(make.make_building(campus)))
    for name in ("a", "b"):
        make.make_server(rack, name=name, gpus=4, cpu_milli=16_000)
    return campus


def grant_of(campus: Campus, **values: Any) -> Grant:
    tenant = make.make_tenant(
        campus, organisation=make_organisation(city=make_city("hefei")), gpu_milli=64_000
    )
    return make.make_grant(tenant, **{"gpus": 64, **values})


def reasons(job: Job) -> dict[str, str]:
    """Kinds of the reasons with their words."""
    job = Job.objects.get(pk=job.pk)
    found = why_waiting(job)
    assert found is not None
    assert waiting_of([job])[job.pk]
    return {reason.kind: reason.text for reason in found.reasons}


def job_of(grant: Grant, gpus: int = 1, **values: Any) -> Job:
    return make.make_job(grant, gpus=gpus, **{"cpu_milli": 1000, "memory_mib": 1024, **values})


def test_a_job_that_fits_waits_for_the_round_and_one_that_runs_does_not(campus: Campus) -> None:
    job = job_of(grant_of(campus))
    assert set(reasons(job)) == {"next"}
    schedule(None, campus)
    assert why_waiting(Job.objects.get()) is None


def test_grants_and_tenants(campus: Campus) -> None:
    today = make.today()
    over = job_of(grant_of(campus, starts_on=today - timedelta(9), ends_on=today - timedelta(1)))
    early = job_of(grant_of(campus, starts_on=today + timedelta(1)))
    ended = job_of(grant_of(campus, state=Grant.State.ENDED))
    held = job_of(grant_of(campus))
    Tenant.objects.filter(pk=held.grant.tenant_id).update(is_suspended=True)
    assert [set(reasons(job)) for job in (over, early, ended, held)] == [
        {"grant"}, {"early"}, {"grant"}, {"suspended"},
    ]  # fmt: skip
    assert reasons(ended)["grant"] == "算力授予已结束。"


def test_quotas_name_their_figures(campus: Campus) -> None:
    grant = grant_of(campus, gpus=2)
    job_of(grant, 2)
    schedule(None, campus)
    job = job_of(grant)
    Tenant.objects.update(gpu_milli=1000, borrow_milli=1000)
    make.make_city_quota(campus, city=make_city("hefei"), gpu_milli=2500)
    found = reasons(job)
    assert found["grant_limit"] == "授予的 GPU 不够：限 2 张，已用 2 张，本作业需 1 张。"
    assert found["tenant_limit"].startswith("本机构配额已满：连同可借用共 2 张，已用 2 张")
    assert found["city_limit"] == "合肥的配额已满：连同可借用共 2.5 张，已用 2 张，本作业需 1 张。"


def test_models_and_servers_that_are_away(campus: Campus) -> None:
    grant = grant_of(campus)
    assert reasons(job_of(grant, gpu_models=["H999"]))["model"] == "园区没有 H999 的服务器。"
    assert "国产芯片" in reasons(job_of(grant, domestic_only=True))["model"]
    Server.objects.filter(name="a").update(state=Server.State.MAINTENANCE)
    job = job_of(grant, 4, count=2)
    found = reasons(job)
    assert found["away"] == "另有服务器不可用：1 台维护。"
    Server.objects.update(state=Server.State.FAILED)
    assert reasons(job)["away"] == "任意型号 的服务器都不可用：2 台故障。"


def test_full_says_when_room_comes_by_the_estimates(campus: Campus) -> None:
    grant = grant_of(campus)
    job_of(grant, 4, count=2, estimate=7200)
    start = timezone.now() - timedelta(hours=1)
    schedule(None, campus, at=start)
    job = job_of(grant, 2)
    found = why_waiting(job)
    assert found is not None
    full = next(reason for reason in found.reasons if reason.kind == "full")
    assert full.text == "GPU 不够：任意型号 空闲 0 张，本作业需 2 张。"
    assert "前后可空出" in full.mend
    assert (
        "随时可能结束"
        in next(
            reason
            for reason in why_waiting(job, now=start + timedelta(hours=3)).reasons
            if reason.kind == "full"
        ).mend
    )


@pytest.mark.parametrize(
    ("held", "wanted", "words"),
    [
        ({"gpus": 1}, {"gpus": 4, "count": 2}, None),
        ({"gpus": 2, "count": 2, "cpu_milli": 9000}, {"gpus": 3}, "分散在各服务器"),
        ({"gpus": 1, "gpu_milli": 600, "count": 8}, {"gpus": 1, "gpu_milli": 500}, "零散份额"),
        ({"gpus": 2, "count": 2, "cpu_milli": 16_000}, {"gpus": 1}, "处理器不够"),
        ({"gpus": 2, "count": 2, "memory_mib": 524_288}, {"gpus": 1}, "内存不够"),
    ],
)
def test_fragments_are_told_apart(
    campus: Campus, held: dict[str, int], wanted: dict[str, int], words: str | None
) -> None:
    grant = grant_of(campus)
    running = job_of(grant, **held)
    schedule(None, campus)
    running.refresh_from_db()
    assert running.state == Job.State.RUNNING
    found = reasons(job_of(grant, **wanted))
    if words is None:
        assert "full" in found
    else:
        assert words in found["fragment"]


def test_those_ahead_are_counted_not_named(campus: Campus) -> None:
    first = job_of(grant_of(campus), 8, name="秘密作业", gpu_models=["G2"])
    job_of(first.grant, 1)
    last = job_of(first.grant, 1)
    found = reasons(last)
    assert found["behind"] == "前面还有 2 个作业。"
    assert "秘密" not in str(found)
