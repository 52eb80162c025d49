"""The REST API of requests, quotas and vouchers: the same verbs and the same silence as the pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from langqiao.apps.computing.models import Grant, Request, Tenant
from tests.apps.computing.scene import make_scene
from tests.factories import computing as make
from tests.factories.accounts import make_member
from tests.factories.registry import make_organisation

pytestmark = pytest.mark.django_db
BASE = "/api/v1/computing"
NOTHING = {"items": [], "total": 0, "limit": 50, "offset": 0}


class Caller:
    """A signed-in caller of the API, or a stranger."""

    def __init__(self, user: Any = None) -> None:
        self.client = Client()
        if user is not None and user.is_authenticated:
            self.client.force_login(user)

    def __call__(self, method: str, path: str, **data: Any) -> tuple[int, Any]:
        arguments = {"data": data, "content_type": "application/json"} if method != "get" else {"data": data}
        response = getattr(self.client, method)(f"{BASE}{path}", **arguments)
        return response.status_code, response.json()


def test_the_public_reads_schemes_alone() -> None:
    scene = make_scene()
    for call in (Caller(), Caller(scene.actors["visitor"]), Caller(scene.actors["superuser"])):
        for kind in ("requests", "tenants", "city-quotas", "vouchers"):
            assert call("get", f"/{kind}") == (200, NOTHING), kind
        for path in (
            f"/requests/{scene.request.pk}", f"/tenants/{scene.tenant.pk}", f"/vouchers/{scene.voucher.pk}",
            f"/vouchers/{scene.voucher.pk}/bills", f"/vouchers/{scene.voucher.pk}/redemptions", "/requests/1" + "0" * 30,
        ):  # fmt: skip
            assert call("get", path)[0] == 404, path
        assert call("get", "/schemes")[1]["total"] == 2
        assert call("get", f"/schemes/{scene.scheme.pk}")[1]["share_domestic"] == 30
        assert call("post", f"/requests/{scene.handed_in.pk}/approve")[0] == 404


def test_a_request_from_draft_to_grant() -> None:
    campus, firm = make.make_campus(), make_organisation(name="示例用算所")
    member = Caller(make_member(firm))
    day = make.today()
    values = {
        "campus": campus.pk, "organisation": "示例用算所", "title": "示例训练", "gpus": 4, "gpu_hours": 90,
        "starts_on": str(day), "ends_on": str(day + timedelta(days=3)),
    }  # fmt: skip
    for wrong in ({"campus": 0}, {"campus": 10**30}, {"campus": 99}, {"gpus": "x"}, {"gpu_hours": 9999}, {"title": "\0"}, {"organisation": "无"}, {"organisation": " "}, {"case": "x"}, {"ends_on": "0001-01-01"}, {"gpu_models": ["\0"]}):  # fmt: skip
        assert member("post", "/requests", **{**values, **wrong})[0] in {400, 422}, wrong
    assert Caller()("post", "/requests", **values)[0] in {401, 403}
    status, made = member("post", "/requests", **values)
    assert (status, made["state"], made["grant"]) == (201, "draft", None)
    path = f"/requests/{made['id']}"
    assert member("patch", path, gpus=6)[1]["gpus"] == 6
    operator = Caller(make.make_operator(campus))
    assert operator("get", path)[0] == 404  # a draft is the applicant's own
    assert member("post", f"{path}/submit")[1]["state"] == "submitted"
    assert member("post", f"{path}/approve")[0] == 403
    assert operator("post", f"{path}/return", why="")[0] == 422
    assert operator("post", f"{path}/grant/end")[0] == 404
    granted = operator("post", f"{path}/approve", gpus=5)[1]
    assert (granted["gpus"], granted["gpu_hours"], granted["state"]) == (5, 90, "active")
    assert operator("post", f"{path}/approve")[0] == 409
    assert member("get", path)[1]["grant"]["id"] == granted["id"]
    assert member("post", f"{path}/withdraw")[0] == 409
    tenant = f"/tenants/{granted['tenant']}"
    assert member("get", tenant)[1]["gpu_milli"] == 5000
    assert member("patch", tenant, gpu_milli=1)[0] == 403
    assert operator("patch", tenant, borrow_milli=500, weight=2)[1]["borrow_milli"] == 500
    assert operator("post", f"{tenant}/suspend", why="核对")[1]["is_suspended"] is True
    assert operator("post", f"{tenant}/resume")[1]["is_suspended"] is False
    assert operator("post", f"{path}/grant/revoke", why="停用")[1]["state"] == "revoked"
    assert (Grant.objects.count(), Tenant.objects.get().gpu_milli) == (1, 0)
    other = make.make_request(campus, organisation=firm)
    assert operator("post", f"/requests/{other.pk}/reject", why="已满")[1]["why"] == "已满"
    assert Request.objects.filter(state="rejected").count() == 1
    assert member("get", "/requests", q="示例", state="rejected")[1]["total"] == 1


def test_quotas_of_cities() -> None:
    scene = make_scene()
    operator = Caller(scene.actors["operator"])
    values = {"campus": scene.campus.pk, "city": "合肥", "gpu_milli": 8000}
    assert operator("put", "/city-quotas", **values)[1] == {
        "campus": scene.campus.pk, "city": "hefei", "gpu_milli": 8000, "borrow_milli": 0, "tenants_milli": 0,
        "running_milli": 0,
    }  # fmt: skip
    assert operator("put", "/city-quotas", **{**values, "city": "无"})[0] == 422
    assert Caller(scene.actors["member"])("put", "/city-quotas", **values)[0] == 403
    own = Caller(scene.actors["member"])("get", "/city-quotas")[1]["items"]
    assert [(row["city"], row["tenants_milli"], row["running_milli"]) for row in own] == [
        ("songjiang", 2000, 1000)
    ]


def test_schemes_and_vouchers() -> None:
    scene = make_scene()
    office, member = Caller(scene.actors["office"]), Caller(scene.actors["member"])
    values = {
        "name": "示例政策", "city": "songjiang", "share_domestic": 30, "share_other": 10, "starts_on": "2025-07-28",
        "illustrative": True,
    }  # fmt: skip
    assert member("post", "/schemes", **values)[0] == 403
    status, scheme = office("post", "/schemes", **values)
    assert (status, scheme["cap_firm_year"]) == (201, None)
    revised = office("put", f"/schemes/{scheme['id']}", **{**values, "pool_total": "100.00"})[1]
    assert float(revised["pool_total"]) == 100
    voucher_values = {
        "scheme": scheme["id"], "organisation": scene.firm.name, "amount": "100", "expires_on": str(make.today()),
    }  # fmt: skip
    for wrong in ({"amount": "100.01"}, {"amount": 0}, {"amount": "1E+999999"}, {"scheme": 10**9}, {"organisation": "\0"}):  # fmt: skip
        assert office("post", "/vouchers", **{**voucher_values, **wrong})[0] in {400, 422}, wrong
    assert member("post", "/vouchers", **voucher_values)[0] == 403
    voucher = office("post", "/vouchers", **voucher_values)[1]
    path = f"/vouchers/{voucher['id']}"
    payable = member("get", f"{path}/bills")[1]
    assert [(row["bill"], float(row["left"]), row["limit"]) for row in payable] == [
        (scene.bill.pk, 100, "券内余额")
    ]
    assert office("get", f"{path}/bills") == (200, [])
    assert member("post", f"{path}/redemptions", bill=scene.bill.pk, amount="101")[0] == 422
    assert member("post", f"{path}/redemptions", bill=10**9)[0] == 404
    assert office("post", f"{path}/redemptions", bill=scene.bill.pk)[0] == 403
    status, paid = member("post", f"{path}/redemptions", bill=scene.bill.pk)
    assert (status, float(paid["amount"])) == (201, 100)
    assert member("post", f"{path}/redemptions", bill=scene.bill.pk)[0] == 409
    assert len(member("get", f"{path}/redemptions")[1]) == 1
    assert member("post", f"{path}/revoke", why="x")[0] == 403
    assert office("post", f"{path}/revoke", why="退出")[1]["state"] == "revoked"
