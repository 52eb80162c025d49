"""The scheduling round: quotas, borrowing and taking back, gangs, order, reservations, and what it refuses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.computing.domain.scheduling import schedule, verify_slots
from langqiao.apps.computing.models import Campus, CityQuota, Grant, Job, Server, Slot, Tenant, Usage
from langqiao.apps.computing.queries.queue import queue, read_standing
from langqiao.apps.ledger.models import Entry
from langqiao.apps.ledger.queries import verify
from langqiao.kit.refusals import NotAllowed
from tests.factories import computing as make
from tests.factories.accounts import make_office
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db
State = Job.State


@pytest.fixture
def campus() -> Campus:
    """Two servers of eight GPUs each, on two switches."""
    campus = make.make_campus(grace_seconds=0)
    rack = make.make_rack(make.make_hall(make.make_building(campus)))
    for name in ("a", "b"):
        make.make_server(rack, name=name, switch=name)
    return campus


def tenant_of(campus: Campus, gpus: int, *, borrow: int = 0, city: str = "", **values: Any) -> Tenant:
    """A tenant with a quota of so many GPUs."""
    organisation = make_organisation(city=make_city(city) if city else None)
    return make.make_tenant(
        campus, organisation=organisation, gpu_milli=gpus * 1000, borrow_milli=borrow * 1000, **values
    )


def grant_of(tenant: Tenant, **values: Any) -> Grant:
    return make.make_grant(tenant, **{"gpus": 16, "gpu_hours": 10_000, **values})


def job_of(grant: Grant, gpus: int = 1, **values: Any) -> Job:
    job = make.make_job(grant, gpus=gpus, **{"cpu_milli": 1000, "memory_mib": 1024, **values})
    Grant.objects.filter(pk=grant.pk).update(
        held_seconds=grant.held_seconds + job.whole_milli * job.estimate // 1000
    )
    grant.refresh_from_db()
    return job


def states(*jobs: Job) -> list[str]:
    return [str(Job.objects.get(pk=job.pk).state) for job in jobs]


def used(job: Job) -> dict[str, list[int]]:
    """GPUs of a job by server."""
    found: dict[str, list[int]] = {}
    for slot in Slot.objects.filter(job=job).select_related("server"):
        found.setdefault(slot.server.name, []).append(slot.gpu)
    return found


def test_a_round_starts_what_fits_and_says_so(campus: Campus) -> None:
    grant = grant_of(tenant_of(campus, 16))
    gang, half = job_of(grant, 2, count=4), job_of(grant, gpu_milli=500)
    done = schedule(None, campus)
    assert (sorted(done.started), done.waiting, done.gpu_milli, done.gpu_total) == (
        [gang.pk, half.pk], 0, 8500, 16_000,
    )  # fmt: skip
    assert list(used(gang).values()) == [list(range(8))]  # a gang of eight stays on one switch
    assert Slot.objects.get(job=half).milli == 500
    assert Entry.objects.filter(verb="start_job").count() == 2
    assert verify().fault is None
    again = schedule(None, campus)
    assert (again.changed, Slot.objects.count()) == (False, 9)


def test_only_the_operator_schedules(campus: Campus) -> None:
    for actor in (make_office(), make.make_operator(make.make_campus())):
        with pytest.raises(NotAllowed):
            schedule(actor, campus)
    schedule(make.make_operator(campus), campus)


def test_a_gang_is_placed_whole_or_not_at_all(campus: Campus) -> None:
    grant = grant_of(tenant_of(campus, 64), gpus=64)
    gang = job_of(grant, 8, count=3)
    schedule(None, campus)
    assert (states(gang), Slot.objects.count()) == (["queued"], 0)


def test_limits_of_grant_tenant_and_city_hold(campus: Campus) -> None:
    grant = grant_of(tenant_of(campus, 16), gpus=2)
    first, second = job_of(grant, 2), job_of(grant, 1)
    schedule(None, campus)
    assert states(first, second) == ["running", "queued"]
    tenant = tenant_of(campus, 1, borrow=1, city="hefei")
    make.make_city_quota(campus, city=make_city("hefei"), gpu_milli=2000)
    other = tenant_of(campus, 4, city="hefei")
    jobs = [job_of(grant_of(tenant)) for _ in range(3)]
    last = job_of(grant_of(other), 1)
    schedule(None, campus)
    # The city's two GPUs: who is within the own quota comes first, then nothing is left to borrow.
    assert states(*jobs, last) == ["running", "queued", "queued", "running"]
    CityQuota.objects.update(borrow_milli=5000)
    schedule(None, campus)
    assert states(*jobs, last) == ["running", "running", "queued", "running"]


def test_suspended_tenants_and_grants_that_are_over_wait(campus: Campus) -> None:
    suspended = job_of(grant_of(tenant_of(campus, 8, is_suspended=True)))
    today = make.today()
    over = job_of(
        grant_of(tenant_of(campus, 8), starts_on=today - timedelta(9), ends_on=today - timedelta(1))
    )
    early = job_of(grant_of(tenant_of(campus, 8), starts_on=today + timedelta(1)))
    assert schedule(None, campus).started == []
    assert states(suspended, over, early) == ["queued"] * 3


def test_borrowed_capacity_is_taken_back_and_no_more_than_needed(campus: Campus) -> None:
    borrower, owner = tenant_of(campus, 4, borrow=12), tenant_of(campus, 12)
    grant = grant_of(borrower)
    jobs = [job_of(grant, 2) for _ in range(8)]
    long_ago = timezone.now() - timedelta(hours=1)
    assert len(schedule(None, campus, at=long_ago).started) == 8
    wanted = job_of(grant_of(owner), 4)
    done = schedule(None, campus)
    assert (done.started, len(done.preempted)) == ([wanted.pk], 2)
    taken = [job for job in jobs if job.pk in done.preempted]
    assert {job.pk for job in taken} <= {job.pk for job in jobs}
    for job in taken:
        job.refresh_from_db()
        assert (job.state, job.preempted, job.started_at) == ("queued", 1, None)
        assert "收回" in job.why
    grant.refresh_from_db()
    assert grant.held_seconds == sum(job.whole_milli * job.estimate // 1000 for job in jobs)
    assert 14_400 <= grant.used_seconds < 14_500  # two jobs of two GPUs for an hour
    assert Usage.objects.count() == 2
    assert schedule(None, campus).changed is False


def test_nobody_is_preempted_in_vain_nor_within_the_quota(campus: Campus) -> None:
    borrower = tenant_of(campus, 8, borrow=2)
    running = [job_of(grant_of(borrower), 1) for _ in range(10)]
    schedule(None, campus)
    # Seven are free and three more would be: two of the running ones are borrowed, eight are not.
    wanted = job_of(grant_of(tenant_of(campus, 16)), 8, count=2)
    done = schedule(None, campus)
    assert (done.preempted, states(wanted)) == ([], ["queued"])
    assert states(*running) == ["running"] * 10


def test_a_city_takes_its_quota_back_from_other_cities(campus: Campus) -> None:
    for slug, gpus in (("hefei", 4), ("jiaxing", 12)):
        make.make_city_quota(
            campus, city=make_city(slug), gpu_milli=gpus * 1000, borrow_milli=12_000 if slug == "hefei" else 0
        )
    far = tenant_of(campus, 16, city="hefei")
    jobs = [job_of(grant_of(far), 4) for _ in range(4)]
    schedule(None, campus)
    assert states(*jobs) == ["running"] * 4
    wanted = job_of(grant_of(tenant_of(campus, 8, city="jiaxing")), 8)
    done = schedule(None, campus)
    assert (done.started, len(done.preempted)) == ([wanted.pk], 2)


def test_models_chips_and_servers_that_take_nothing(campus: Campus) -> None:
    grant = grant_of(tenant_of(campus, 64), gpus=64)
    rack = Server.objects.all()[0].rack
    make.make_server(rack, name="npu", gpu_model="NPU", is_domestic=True, gpus=4)
    chips = job_of(grant, 4, domestic_only=True)
    named = job_of(grant, 1, gpu_models=["NPU"])
    unknown = job_of(grant, 1, gpu_models=["H999"])
    schedule(None, campus)
    assert (states(chips, named, unknown), set(used(chips))) == (["running", "queued", "queued"], {"npu"})
    Server.objects.filter(name="a").update(state=Server.State.MAINTENANCE)
    Server.objects.filter(name="npu").update(state=Server.State.DRAINING)
    more = [job_of(grant, 8) for _ in range(2)]
    schedule(None, campus)
    assert sorted(states(*more)) == ["queued", "running"]
    assert states(chips) == ["running"]


def test_the_order_is_quota_share_priority_age(campus: Campus) -> None:
    heavy, light = tenant_of(campus, 2), tenant_of(campus, 2)
    past = make.make_job(grant_of(heavy), state=State.DONE)
    make.make_usage(past, gpu_seconds=10_000)
    a1, a2 = job_of(grant_of(heavy)), job_of(grant_of(heavy), priority=5)
    b1, b2 = job_of(grant_of(light)), job_of(grant_of(light))
    b3 = job_of(grant_of(light), priority=50)
    # Light has used nothing: b3 first, and then by turns; what would borrow comes last.
    assert queue(campus, timezone.now()) == [b3, a2, b1, a1, b2]
    later = timezone.now() + timedelta(days=7)
    shares = [read_standing(campus, at).share(heavy) for at in (timezone.now(), later)]
    assert shares[1] == pytest.approx(shares[0] / 2, rel=1e-3)


def hours_ago(hours: float) -> datetime:
    return timezone.now() - timedelta(hours=hours)


def test_a_reservation_is_not_delayed_by_what_goes_ahead(campus: Campus) -> None:
    grant = grant_of(tenant_of(campus, 64), gpus=64, gpu_hours=100_000)
    first = job_of(grant, 8, estimate=7200)  # ends in an hour
    schedule(None, campus, at=hours_ago(1))
    wide = job_of(grant_of(tenant_of(campus, 64), gpus=64), 8, count=2)
    long = job_of(grant_of(tenant_of(campus, 64)), 2, estimate=7200)
    short = job_of(grant_of(tenant_of(campus, 64)), 2, estimate=1800)
    schedule(None, campus)
    assert states(first, wide, long, short) == ["running", "queued", "queued", "running"]


def test_a_job_behind_a_quota_is_not_passed_for_ever(campus: Campus) -> None:
    tenant = tenant_of(campus, 4)
    grant = grant_of(tenant)
    running = job_of(grant, 2, estimate=3600)
    schedule(None, campus)
    wide = job_of(grant, 4, priority=9)
    long, short = job_of(grant, 1, estimate=7200), job_of(grant, 1, estimate=1800)
    schedule(None, campus)
    assert states(running, wide, long, short) == ["running", "queued", "queued", "running"]


def test_what_its_grant_no_longer_carries_is_stopped(campus: Campus) -> None:
    revoked, spent = grant_of(tenant_of(campus, 8)), grant_of(tenant_of(campus, 8), gpu_hours=1)
    kept, gone = job_of(revoked), job_of(spent)
    schedule(None, campus, at=hours_ago(1.5))
    queued = job_of(revoked, 8)
    Grant.objects.filter(pk=revoked.pk).update(state=Grant.State.REVOKED)
    done = schedule(None, campus)
    assert (done.stopped, states(kept, gone, queued)) == ([kept.pk, queued.pk, gone.pk], ["failed"] * 3)
    assert [g.held_seconds for g in Grant.objects.order_by("pk")] == [0, 0]
    assert Slot.objects.count() == 0


def test_a_server_that_shrank_gives_its_jobs_back(campus: Campus) -> None:
    job = job_of(grant_of(tenant_of(campus, 16)), 8)
    schedule(None, campus)
    Server.objects.update(gpus=4)
    done = schedule(None, campus)
    assert (done.interrupted, states(job), Slot.objects.count()) == ([job.pk], ["queued"], 0)


def test_slots_that_cannot_be_are_found(campus: Campus) -> None:
    grant = grant_of(tenant_of(campus, 16))
    job = job_of(grant, 1)
    schedule(None, campus)
    verify_slots(campus)
    slot = Slot.objects.get()
    with pytest.raises(RuntimeError, match="do not hold"):
        Slot.objects.create(job=job, part=1, server=slot.server, gpu=5, milli=1)
        verify_slots(campus)
    Slot.objects.exclude(pk=slot.pk).delete()
    other = make.make_job(grant, state=State.RUNNING, started_at=timezone.now())
    make.make_slot(other, slot.server, gpu=slot.gpu)
    with pytest.raises(RuntimeError, match="thousandths"):
        verify_slots(campus)
    Slot.objects.filter(job=other).update(gpu=slot.gpu + 1)
    verify_slots(campus)
    Server.objects.update(cpu_milli=1)
    with pytest.raises(RuntimeError, match="milli-cores"):
        verify_slots(campus)
