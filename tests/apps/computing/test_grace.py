"""Notice before a job gives way (让出通知): it runs on until then, its room is kept, and nobody else takes it."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from langqiao.apps.accounts.models import Notification, Role
from langqiao.apps.computing.domain import jobs as verbs
from langqiao.apps.computing.domain.scheduling import schedule
from langqiao.apps.computing.models import Campus, Grant, Job, Usage
from langqiao.apps.computing.queries.queue import read_standing
from langqiao.apps.computing.queries.waiting import waiting_of, why_waiting
from langqiao.apps.ledger.models import Entry
from langqiao.kit.figures import moment
from tests.apps.computing.test_scheduling import grant_of, job_of, states, tenant_of
from tests.factories import computing as make
from tests.factories.accounts import make_member

pytestmark = pytest.mark.django_db
GRACE = 600


@pytest.fixture
def campus() -> Campus:
    """One server of eight GPUs, and ten minutes of notice."""
    campus = make.make_campus(grace_seconds=GRACE)
    make.make_server(make.make_rack(make.make_hall(make.make_building(campus))), name="a")
    return campus


def borrowed(campus: Campus, hours: float = 1) -> list[Job]:
    """Eight running jobs of one GPU, of a tenant with a quota of two."""
    grant = grant_of(tenant_of(campus, 2, borrow=6))
    jobs = [job_of(grant, 1, estimate=86_400) for _ in range(8)]
    schedule(None, campus, at=timezone.now() - timedelta(hours=hours))
    assert states(*jobs) == ["running"] * 8
    return jobs


def under_notice() -> list[Job]:
    return list(Job.objects.filter(displace_at__isnull=False).order_by("pk"))


def expire() -> None:
    """Let the grace time of all notices pass."""
    Job.objects.exclude(displace_at=None).update(displace_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.slow
def test_a_displaced_job_runs_on_until_its_notice_is_over(campus: Campus) -> None:
    jobs = borrowed(campus)
    owner = grant_of(tenant_of(campus, 4))
    wanted = job_of(owner, 3)
    before = timezone.now()
    done = schedule(None, campus)
    assert (done.started, done.preempted, len(done.noticed)) == ([], [], 3)
    told = under_notice()
    assert [job.pk for job in told] == sorted(done.noticed)
    for job in told:
        assert (job.state, job.gives_way_to_id) == (Job.State.RUNNING, wanted.pk)
        assert job.displace_at is not None
        assert timedelta(0) <= job.displace_at - before - timedelta(seconds=GRACE) < timedelta(seconds=60)
    # Another round before its end changes nothing, and tells nobody again.
    again = schedule(None, campus)
    assert (again.changed, Entry.objects.filter(verb="notice_job").count()) == (False, 3)
    expire()
    done = schedule(None, campus)
    assert (done.started, sorted(done.preempted)) == ([wanted.pk], [job.pk for job in told])
    assert under_notice() == []
    assert states(*jobs).count("running") == 5
    assert Usage.objects.count() == 3


def test_the_room_that_is_promised_is_kept(campus: Campus) -> None:
    jobs = borrowed(campus)
    wanted = job_of(grant_of(tenant_of(campus, 4)), 3)
    schedule(None, campus)
    told = under_notice()
    # One that stays ends by itself: the room is the waiting job's, except for what ends before the notice.
    free = next(job for job in jobs if job.pk not in {one.pk for one in told})
    verbs.finish_job(None, free)
    other = grant_of(tenant_of(campus, 2))
    long, short = job_of(other, 1, estimate=86_400), job_of(other, 1, estimate=GRACE // 2)
    done = schedule(None, campus)
    assert states(long, short) == ["queued", "running"]
    # With one GPU more, only two need to give way.
    assert (len(done.kept), len(under_notice())) == (1, 2)
    verbs.finish_job(None, Job.objects.get(pk=short.pk))
    assert schedule(None, campus).changed is False
    assert states(long) == ["queued"]
    expire()
    assert schedule(None, campus).started == [wanted.pk]


def test_notice_is_taken_back_when_nobody_waits_any_more(campus: Campus) -> None:
    jobs = borrowed(campus)
    wanted = job_of(grant_of(tenant_of(campus, 4)), 3)
    schedule(None, campus)
    verbs.cancel_job(None, wanted)
    done = schedule(None, campus)
    assert (len(done.kept), under_notice(), states(*jobs)) == (3, [], ["running"] * 8)
    assert Entry.objects.filter(verb="keep_job").count() == 3


def test_two_that_wait_do_not_displace_more_than_is_borrowed(campus: Campus) -> None:
    jobs = borrowed(campus)
    first, second = (job_of(grant_of(tenant_of(campus, 4)), 4) for _ in range(2))
    schedule(None, campus)
    assert len(under_notice()) == 4  # six are borrowed: four for the first, not enough for the second
    expire()
    done = schedule(None, campus)
    assert (len(done.preempted), states(first, second)) == (4, ["running", "queued"])
    assert states(*jobs).count("running") == 4


def test_job_pages_say_when_and_to_whom_it_matters(campus: Campus) -> None:
    jobs = borrowed(campus)
    author = make_member(jobs[0].grant.tenant.organisation, Role.RESEARCHER)
    Job.objects.filter(pk__in=[job.pk for job in jobs]).update(created_by=author)
    wanted = job_of(grant_of(tenant_of(campus, 4)), 1)
    schedule(None, campus)
    [told] = under_notice()
    assert told.displace_at is not None
    when = moment(told.displace_at)
    found = why_waiting(wanted)
    assert found is not None
    assert (found.reasons[0].kind, when in found.reasons[0].text) == ("promised", True)
    assert waiting_of([wanted])[wanted.pk] == found.reasons[0].text
    client = Client()
    client.force_login(author)
    page = client.get(told.get_absolute_url()).content.decode()
    assert "之后让出" in page
    note = Notification.objects.get(user=author)
    assert "将在宽限期后让出" in note.text
    expire()
    assert "宽限已过" in client.get(told.get_absolute_url()).content.decode()
    found = why_waiting(wanted)
    assert found is not None
    assert "宽限已过" in found.reasons[0].text


def check_limits(campus: Campus, seed: int) -> None:
    """No GPU twice (the round itself verifies slots), no tenant beyond quota and borrowing, none half told."""
    standing = read_standing(campus, timezone.now())
    for job in standing.running.values():
        tenant = job.grant.tenant
        assert standing.use["tenant", tenant.pk] <= tenant.gpu_milli + tenant.borrow_milli, seed
        assert (job.displace_at is None) == (job.gives_way_to_id is None), seed


@pytest.mark.parametrize("seed", range(4))
def test_random_rounds_keep_every_limit(campus: Campus, seed: int) -> None:
    chance = random.Random(seed)
    make.make_server(make.make_rack(make.make_hall(make.make_building(campus))), name="b")
    grants: list[Grant] = [
        grant_of(tenant_of(campus, chance.choice((0, 2, 4, 8)), borrow=chance.choice((0, 4, 12))))
        for _ in range(4)
    ]
    Grant.objects.update(gpu_hours=1_000_000)
    for _ in range(12):
        for _ in range(chance.randrange(4)):
            values: dict[str, Any] = {"estimate": chance.choice((60, 3600, 86_400))}
            if chance.random() < 0.3:
                values["gpu_milli"] = chance.choice((250, 500))
                job_of(chance.choice(grants), 1, **values)
            else:
                job_of(chance.choice(grants), chance.choice((1, 2, 4, 8)), count=chance.choice((1, 1, 2)), **values)  # fmt: skip
        if chance.random() < 0.4:
            expire()
        running = list(Job.objects.filter(state=Job.State.RUNNING).order_by("pk"))
        for job in chance.sample(running, min(len(running), chance.randrange(3))):
            verbs.finish_job(None, job)
        schedule(None, campus)
        check_limits(campus, seed)
    assert Entry.objects.filter(verb="start_job").count() > 5
