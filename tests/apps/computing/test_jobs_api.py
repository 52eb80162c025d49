"""The REST API of jobs and bills, and the operator's commands."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from typer.testing import CliRunner

from langqiao.apps.accounts.models import Role
from langqiao.apps.computing.domain.billing import midnight
from langqiao.apps.computing.models import Grant, Job
from langqiao.cli import app
from tests.factories import computing as make
from tests.factories.accounts import make_member, make_user

pytestmark = pytest.mark.django_db
PART: dict[str, Any] = {
    "name": "训练", "cpu_milli": 8000, "memory_mib": 65_536, "gpus": 1, "estimate": 3600, "token": "a-1",
}  # fmt: skip


def call(user: Any, method: str, path: str, **data: Any) -> tuple[int, Any]:
    client = Client()
    if user is not None:
        client.force_login(user)
    arguments = {"data": data, "content_type": "application/json"} if method != "get" else {"data": data}
    response = getattr(client, method)(f"/api/v1/computing{path}", **arguments)
    return response.status_code, response.json()


@pytest.fixture
def grant() -> Grant:
    campus = make.make_campus()
    make.make_server(make.make_rack(make.make_hall(make.make_building(campus))), name="甲")
    make.make_price(campus)
    return make.make_grant(make.make_tenant(campus))


def test_a_job_from_submission_to_its_bill(grant: Grant) -> None:
    campus = grant.tenant.campus
    member, operator = make_member(grant.tenant.organisation, Role.ENTERPRISE), make.make_operator(campus)
    status, job = call(member, "post", "/jobs", grant=grant.pk, **PART)
    assert (status, job["state"]) == (201, "queued")
    assert call(member, "post", "/jobs", grant=grant.pk, **PART)[1]["id"] == job["id"]
    shown = call(member, "get", f"/jobs/{job['id']}")[1]
    assert ([reason["kind"] for reason in shown["waiting"]], shown["ahead"], shown["places"]) == (
        ["next"],
        0,
        [],
    )
    assert call(member, "post", f"/campuses/{campus.pk}/schedule")[0] == 403
    assert call(operator, "post", f"/campuses/{campus.pk}/schedule")[1]["started"] == [job["id"]]
    shown = call(member, "get", f"/jobs/{job['id']}")[1]
    assert [(place["server"], place["milli"]) for place in shown["places"]] == [("甲", 1000)]
    assert call(operator, "post", f"/jobs/{job['id']}/finish", at="1999-01-01T00:00:00")[0] == 422
    assert call(operator, "post", f"/jobs/{job['id']}/finish", at=None)[1]["state"] == "done"
    assert call(operator, "post", f"/jobs/{job['id']}/fail", why="x")[0] == 409
    assert call(member, "get", "/usage")[1]["total"] == 1
    last = make.today().replace(day=1) - timedelta(days=1)
    make.make_usage(make.make_job(grant, state="done"), ends_at=midnight(last))
    status, bill = call(operator, "post", f"/tenants/{grant.tenant_id}/bills", month=f"{last}")
    assert (status, bill["amount"], len(bill["lines"])) == (201, "10.00", 1)
    assert call(member, "get", "/bills")[1]["items"][0]["id"] == bill["id"]
    assert call(member, "post", f"/bills/{bill['id']}/settle")[0] == 403
    assert call(operator, "post", f"/bills/{bill['id']}/settle")[1]["state"] == "settled"
    assert call(None, "get", "/prices")[1]["total"] == 1


def test_others_and_hostile_values_get_nothing(grant: Grant) -> None:
    job = make.make_job(grant)
    bill = make.make_bill(grant.tenant)
    stranger = make_user()
    for user in (None, stranger):
        for path in (f"/jobs/{job.pk}", f"/bills/{bill.pk}"):
            assert call(user, "get", path)[0] == 404
        status, answer = call(user, "post", "/jobs", grant=grant.pk, **PART)
        assert (status, answer["error"]["field"]) == (422, "grant")
        for path in ("/jobs", "/bills", "/usage"):
            assert call(user, "get", path)[1]["total"] == 0
    member = make_member(grant.tenant.organisation, Role.ENTERPRISE)
    for values in (
        {"gpus": 2**70}, {"gpus": "1"}, {"gpus": True}, {"name": "a\0b"}, {"token": "\0"}, {"priority": 10**9},
        {"gpu_models": ["\0"]}, {"count": 5}, {"estimate": 1.5},
    ):  # fmt: skip
        assert call(member, "post", "/jobs", grant=grant.pk, **{**PART, **values})[0] in (400, 409, 422), (
            values
        )
    assert call(member, "post", "/jobs", grant=2**70, **PART)[0] == 422
    assert call(member, "get", f"/jobs/{2**70}")[0] == 404
    assert call(member, "get", "/jobs", q="\0", state="queued")[0] == 200
    assert Job.objects.count() == 1


def test_the_commands_run_a_round_and_bill_a_month(grant: Grant) -> None:
    job = make.make_job(grant)
    Grant.objects.update(held_seconds=3600)

    def run(*args: str, code: int = 0) -> str:
        found = CliRunner().invoke(app, ["computing", *args])
        assert found.exit_code == code, found.output
        return found.stdout

    assert json.loads(run("schedule", "--json"))[0]["started"] == [job.pk]
    assert "started 0" in run("schedule", "--campus", str(grant.tenant.campus_id))
    run("schedule", "--campus", "999999", code=1)
    last = make.today().replace(day=1) - timedelta(days=1)
    make.make_usage(make.make_job(grant, state="done"), ends_at=midnight(last))
    assert [row["amount"] for row in json.loads(run("bill", f"{last:%Y-%m}", "--json"))] == ["10.00"]
    assert "0 张账单" in run("bill", f"{last:%Y-%m}")
    run("bill", "2026-13", code=2)
