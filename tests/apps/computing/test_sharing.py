"""Requests: drafted, handed in, decided once; grants, tenants and quotas."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from langqiao.apps.accounts.models import Notification, Role
from langqiao.apps.computing.domain import quotas, sharing
from langqiao.apps.computing.models import CityQuota, Grant, Request, Tenant
from langqiao.apps.ledger.domain import record
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import computing as make
from tests.factories.accounts import make_member, make_office, make_user
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db


def values(**more: Any) -> dict[str, Any]:
    return {
        "title": "示例材料模拟",
        "purpose": "训练势函数",
        "gpus": 4,
        "gpu_hours": 500,
        "starts_on": make.today(),
        "ends_on": make.today() + timedelta(days=30),
        **more,
    }


def test_a_request_goes_from_draft_to_grant_and_makes_the_tenant() -> None:
    campus, firm = make.make_campus(), make_organisation()
    operator, member = make.make_operator(campus), make_member(firm)
    request = sharing.draft_request(member, campus, organisation=firm, **values())
    assert (request.state, request.created_by) == ("draft", member)
    sharing.revise_request(member, request, gpus=8, gpu_hours=900)
    sharing.submit_request(member, request)
    assert {n.user for n in Notification.objects.all()} == {operator}
    grant = sharing.approve_request(operator, request, gpus=6)
    tenant = Tenant.objects.get()
    assert (grant.gpus, grant.gpu_hours, grant.starts_on, grant.ends_on) == (
        6, 900, request.starts_on, request.ends_on,
    )  # fmt: skip
    assert (tenant.organisation, tenant.campus, tenant.gpu_milli) == (firm, campus, 6000)
    assert {n.user for n in Notification.objects.all()} == {operator, member}
    entries = Entry.objects.filter(case=request.case).order_by("sequence")
    assert [(e.verb, e.visibility, e.city) for e in entries] == [
        (verb, Visibility.PARTIES, "songjiang")
        for verb in ("draft_request", "revise_request", "submit_request", "approve_request")
    ]


def test_a_second_grant_raises_the_quota_and_its_end_lowers_it() -> None:
    tenant = make.make_tenant(gpu_milli=0)
    first, second = (
        sharing.approve_request(
            None, make.make_request(tenant.campus, organisation=tenant.organisation, gpus=gpus)
        )
        for gpus in (4, 2)
    )
    tenant.refresh_from_db()
    assert tenant.gpu_milli == 6000
    quotas.end_grant(None, first)
    tenant.refresh_from_db()
    assert (tenant.gpu_milli, Grant.objects.get(pk=first.pk).state) == (2000, "ended")
    quotas.set_tenant_quota(None, tenant, gpu_milli=500)
    quotas.revoke_grant(None, second, why="停用")
    tenant.refresh_from_db()
    assert tenant.gpu_milli == 0
    for again in (lambda: quotas.end_grant(None, first), lambda: quotas.revoke_grant(None, first, why="x")):
        with pytest.raises(Refused):
            again()


def test_a_request_is_granted_once() -> None:
    request = make.make_request()
    stale = Request.objects.get(pk=request.pk)
    sharing.approve_request(None, request)
    for known in (request, stale):
        with pytest.raises(Refused):
            sharing.approve_request(None, known)
    assert (Grant.objects.count(), Tenant.objects.get().gpu_milli) == (1, 4000)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": None}, "title"),
        ({"gpus": 0}, "gpus"),
        ({"gpus": 10**9}, "gpus"),
        ({"gpus": True}, "gpus"),
        ({"gpus": "4"}, "gpus"),
        ({"gpu_hours": 0}, "gpu_hours"),
        ({"gpu_hours": 4 * 24 * 31 + 1}, "gpu_hours"),
        ({"chips": "x"}, "chips"),
        ({"gpu_models": ["A" * 41]}, "gpu_models"),
        ({"gpu_models": [f"m{n}" for n in range(21)]}, "gpu_models"),
        ({"starts_on": None}, "starts_on"),
        ({"ends_on": make.today() - timedelta(days=1)}, "ends_on"),
        ({"ends_on": make.today() + timedelta(days=1096)}, "ends_on"),
        ({"purpose": "x\0"}, "purpose"),
    ],
)
def test_wrong_values_are_refused_by_field(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        sharing.draft_request(None, make.make_campus(), organisation=make_organisation(), **values(**wrong))
    assert refusal.value.field == field
    assert not Request.objects.exists()


def test_models_must_stand_on_the_campus_and_be_domestic_where_asked() -> None:
    server = make.make_server(gpu_model="G2")
    make.make_server(server.rack, gpu_model="NPU", is_domestic=True)
    campus, firm = server.rack.hall.building.campus, make_organisation()
    sharing.draft_request(None, campus, organisation=firm, **values(gpu_models=["G2", "NPU", "G2"]))
    assert Request.objects.get().gpu_models == ["G2", "NPU"]
    for wrong in ({"gpu_models": ["H9"]}, {"gpu_models": ["G2"], "chips": "domestic"}):
        with pytest.raises(Invalid) as refusal:
            sharing.draft_request(None, campus, organisation=firm, **values(**wrong))
        assert refusal.value.field == "gpu_models"
    assert "NPU" in refusal.value.mend


def test_the_case_must_be_one_of_the_applicant_s() -> None:
    campus, firm = make.make_campus(), make_organisation()
    member = make_member(firm)
    other = make_organisation()
    record(None, "publish", firm, case="LQ-2026-900001", organisation=firm)
    record(None, "publish", other, case="LQ-2026-900002", organisation=other)
    made = sharing.draft_request(member, campus, organisation=firm, case="LQ-2026-900001", **values())
    assert made.case == "LQ-2026-900001"
    for case in ("LQ-2026-900002", "LQ-2026-999999", "x"):
        with pytest.raises(Invalid) as refusal:
            sharing.draft_request(member, campus, organisation=firm, case=case, **values())
        assert refusal.value.field == "case"


def test_what_is_granted_is_at_most_what_was_asked_for_and_fits_its_span() -> None:
    request = make.make_request(gpus=4, gpu_hours=1000)
    day = make.today()
    for wrong, field in (
        ({"gpus": 5}, "gpus"),
        ({"gpu_hours": 1001}, "gpu_hours"),
        ({"gpus": 1, "starts_on": day, "ends_on": day + timedelta(days=1)}, "gpu_hours"),
        (
            {"starts_on": day - timedelta(days=9), "ends_on": day - timedelta(days=1), "gpu_hours": 1},
            "ends_on",
        ),
        ({"why": "x" * 501}, "why"),
    ):
        with pytest.raises(Invalid) as refusal:
            sharing.approve_request(None, request, **wrong)
        assert refusal.value.field == field
        request.refresh_from_db()
    assert (request.state, Grant.objects.count(), Tenant.objects.count()) == ("submitted", 0, 0)


def test_returned_and_rejected_requests_say_why() -> None:
    request = make.make_request()
    member = make_member(request.organisation, Role.RESEARCHER)
    with pytest.raises(Invalid):
        sharing.return_request(None, request, why=" ")
    request.refresh_from_db()
    sharing.return_request(None, request, why="请写明型号")
    assert (request.state, request.why) == ("returned", "请写明型号")
    sharing.revise_request(member, request, title="示例二稿")
    sharing.submit_request(member, request)
    sharing.reject_request(None, request, why="本期已满")
    assert request.state == "rejected"
    for late in (
        lambda: sharing.withdraw_request(member, request),
        lambda: sharing.revise_request(member, request, title="x"),
        lambda: sharing.submit_request(member, request),
    ):
        with pytest.raises(Refused):
            late()
    assert all("请写明型号" not in e.data and "本期已满" not in e.data for e in Entry.objects.all())


def test_withdrawal_tells_the_operator_only_of_what_it_knew() -> None:
    campus, firm = make.make_campus(), make_organisation()
    operator, member = make.make_operator(campus), make_member(firm)
    draft = sharing.draft_request(member, campus, organisation=firm, **values())
    sharing.withdraw_request(member, draft)
    assert not Notification.objects.exists()
    handed = make.make_request(campus, organisation=firm)
    sharing.withdraw_request(member, handed)
    assert {n.user for n in Notification.objects.all()} == {operator}


def test_a_span_that_is_over_is_not_handed_in() -> None:
    day = make.today()
    request = make.make_request(
        state="draft", starts_on=day - timedelta(days=60), ends_on=day - timedelta(days=1)
    )
    with pytest.raises(Invalid) as refusal:
        sharing.submit_request(None, request)
    assert refusal.value.field == "ends_on"


def test_others_do_nothing() -> None:
    request, grant = make.make_request(), make.make_grant()
    people = (
        make_user(),
        make_member(make_organisation()),
        make_office(),
        make.make_operator(make.make_campus()),
    )
    for person in people:
        for verb in (
            lambda who: sharing.draft_request(
                who, request.campus, organisation=request.organisation, **values()
            ),
            lambda who: sharing.revise_request(who, request, title="x"),
            lambda who: sharing.approve_request(who, request),
            lambda who: sharing.reject_request(who, request, why="x"),
            lambda who: quotas.end_grant(who, grant),
            lambda who: quotas.suspend_tenant(who, grant.tenant, why="x"),
            lambda who: quotas.set_tenant_quota(who, grant.tenant, weight=2),
            lambda who: quotas.set_city_quota(who, request.campus, city=make_city(), gpu_milli=1),
        ):
            with pytest.raises(NotAllowed):
                verb(person)
    # The operator decides; it does not ask, and the applicant does not decide.
    with pytest.raises(NotAllowed):
        sharing.approve_request(make_member(request.organisation), request)
    with pytest.raises(NotAllowed):
        sharing.revise_request(make.make_operator(request.campus), request, title="x")


def test_quotas_of_cities_and_tenants() -> None:
    campus = make.make_campus()
    operator = make.make_operator(campus)
    quota = quotas.set_city_quota(operator, campus, city=make_city("hefei"), gpu_milli=0)
    again = quotas.set_city_quota(operator, campus, city=make_city("hefei"), gpu_milli=8000, borrow_milli=500)
    assert (quota.pk, again.gpu_milli, again.borrow_milli) == (again.pk, 8000, 500)
    quotas.set_city_quota(operator, campus, city=make_city("hefei"), gpu_milli=8000, borrow_milli=500)
    assert Entry.objects.filter(verb="set_city_quota").count() == 2
    tenant = make.make_tenant(campus)
    quotas.set_tenant_quota(operator, tenant, borrow_milli=2000, weight=3)
    assert (tenant.gpu_milli, tenant.borrow_milli, tenant.weight) == (8000, 2000, 3)
    for wrong in ({"gpu_milli": -1}, {"borrow_milli": 10**12}, {"weight": 0}, {"weight": 1001}):
        with pytest.raises(Invalid):
            quotas.set_tenant_quota(operator, tenant, **wrong)
    with pytest.raises(Invalid):
        quotas.set_city_quota(operator, campus, city=make_city("suzhou"), gpu_milli=-1)
    assert CityQuota.objects.count() == 1


def test_a_tenant_is_suspended_with_a_reason_and_resumed() -> None:
    tenant = make.make_tenant()
    member = make_member(tenant.organisation)
    with pytest.raises(Refused):
        quotas.resume_tenant(None, tenant)
    quotas.suspend_tenant(None, tenant, why="欠费")
    assert (tenant.is_suspended, tenant.why) == (True, "欠费")
    with pytest.raises(Refused):
        quotas.suspend_tenant(None, tenant, why="欠费")
    quotas.resume_tenant(None, tenant)
    assert (tenant.is_suspended, tenant.why) == (False, "")
    assert {n.user for n in Notification.objects.all()} == {member}
    assert not [e for e in Entry.objects.all() if "欠费" in e.data]


def test_grants_end_when_their_last_day_is_over() -> None:
    day = make.today()
    over = make.make_grant(starts_on=day - timedelta(days=9), ends_on=day - timedelta(days=1))
    last = make.make_grant(starts_on=day - timedelta(days=9), ends_on=day)
    assert quotas.end_due_grants(None) == 1
    assert quotas.end_due_grants(None) == 0
    over.refresh_from_db()
    last.refresh_from_db()
    assert (over.state, last.state) == ("ended", "active")
