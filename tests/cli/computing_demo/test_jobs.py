"""The demo's jobs: last month's bill, what runs, and three jobs that wait for three reasons."""

from __future__ import annotations

import pytest

from langqiao.apps.computing.models import Bill, Campus, Grant, Job, Slot
from langqiao.apps.computing.queries.waiting import why_waiting
from langqiao.apps.ledger.models import Entry
from langqiao.cli.computing_demo.campus import load_campus
from langqiao.cli.computing_demo.jobs import load_jobs
from langqiao.cli.computing_demo.sharing import load_sharing
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db
FIRMS = {
    "A-ORG-115": "songjiang", "A-ORG-106": "hangzhou", "B-ORG-009": "hefei", "A-ORG-101": "suzhou",
    "A-ORG-102": "jiaxing", "A-ORG-415": "hefei", "R-ORG-017": "songjiang",
}  # fmt: skip


def load() -> None:
    load_campus(lambda _told: None)
    load_sharing(lambda _told: None)
    load_jobs(lambda _told: None)


@pytest.mark.slow
def test_the_demo_shows_a_queue_a_floor_and_a_bill_and_loads_once() -> None:
    for code, city in FIRMS.items():
        make_organisation(code=code, name=f"示例机构{code}", city=make_city(city))
    load()
    states = dict(Job.objects.order_by().values_list("token", "state"))
    assert [states[f"C-JOB-{n:03}"] for n in (1, 2, 3)] == ["done"] * 3
    assert [states[f"C-JOB-{n:03}"] for n in range(11, 16)] == ["running"] * 5
    kinds = {}
    for job in Job.objects.filter(state=Job.State.QUEUED):
        found = why_waiting(job)
        assert found is not None
        kinds[job.token] = found.reasons[0].kind
    assert kinds == {"C-JOB-021": "grant_limit", "C-JOB-022": "grant_limit", "C-JOB-023": "fragment"}
    bill = Bill.objects.get()
    assert bill.lines.count() == 2
    assert bill.amount == sum(line.amount for line in bill.lines.all())
    before = (Job.objects.count(), Slot.objects.count(), Entry.objects.count(), Bill.objects.count())
    load()
    assert before == (Job.objects.count(), Slot.objects.count(), Entry.objects.count(), Bill.objects.count())
    assert Campus.objects.count() == 1
    assert all(
        grant.used_seconds + grant.held_seconds <= grant.gpu_hours * 3600 for grant in Grant.objects.all()
    )
