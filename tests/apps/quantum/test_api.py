"""The REST API of the quantum network: the same verbs and the same silence as the pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.apps.quantum.scene import make_scene
from tests.apps.quantum.test_deliveries import SEALED, receipt_of
from tests.factories import quantum as make

pytestmark = pytest.mark.django_db
BASE = "/api/v1/quantum"


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


def test_the_public_reads_network_and_scenarios_alone() -> None:
    scene = make_scene()
    for name in ("stranger", "visitor", "superuser"):
        call = Caller(scene.actors[name])
        for kind, count in (("sites", 3), ("links", 1), ("scenarios", 1), ("readings", 0), ("demands", 0), ("deliveries", 0), ("endpoints", 0)):  # fmt: skip
            assert call("get", f"/{kind}")[1]["total"] == count, kind
        for path in (
            f"/demands/{scene.demand.pk}",
            f"/deliveries/{scene.delivery.pk}",
            "/sites/1" + "0" * 30,
        ):
            assert call("get", path)[0] in {404, 422}, path
        assert call("get", "/plan")[0] in {401, 403}
        assert "kme_url" not in call("get", f"/sites/{scene.site.pk}")[1]
    link = Caller()("get", f"/links/{scene.link.pk}")[1]
    assert link["rate_bps"] == pytest.approx(8_000, rel=0.02)


def test_a_demand_and_its_plan() -> None:
    scene = make_scene()
    member, operator = Caller(scene.actors["member"]), Caller(scene.actors["operator"])
    a, b = scene.link.a.slug, scene.link.b.slug
    day = make.today()
    values = {
        "organisation": scene.firm.name, "title": "示例", "source": a, "target": b, "bps": 100.0,
        "starts_on": str(day), "ends_on": str(day + timedelta(days=3)),
    }  # fmt: skip
    for wrong in ({"source": "x\0"}, {"bps": -1}, {"bps": "x"}, {"scenario": 9}, {"organisation": "无"}, {"title": "\0"}, {"ends_on": "0001-01-01"}, {"target": a}):  # fmt: skip
        assert member("post", "/demands", **{**values, **wrong})[0] in {400, 422}, wrong
    status, made = member("post", "/demands", **values)
    assert (status, made["state"]) == (201, "proposed")
    path = f"/demands/{made['id']}"
    assert member("post", f"{path}/admit")[0] == 403
    assert operator("post", f"{path}/refuse", why="")[0] == 422
    assert operator("post", f"{path}/admit")[1]["state"] == "admitted"
    assert operator("post", f"{path}/burn")[0] == 404
    plan = operator("get", "/plan")[1]
    assert [row["met"] for row in plan["demands"]] == [True]
    cut = operator("get", "/plan", cut=f"{a}|{b}")[1]
    assert cut["unmet"][0]["reason"]["code"] == "no_route"
    for wrong in ({"cut": "x"}, {"cut": "x|y"}, {"add": f"{a}|{b}"}, {"km": -1}, {"lost": "\0"}):
        assert operator("get", "/plan", **wrong)[0] in {200, 400, 422}, wrong
    assert operator("post", f"/links/{scene.link.pk}/cut", why="施工")[1]["state"] == "down"
    assert operator("post", f"/links/{scene.link.pk}/restore")[1]["state"] == "up"
    assert operator("post", f"/links/{scene.link.pk}/burn")[0] == 404
    assert operator("post", f"{path}/end", why="用完")[1]["state"] == "ended"


def test_a_delivery_through_the_api() -> None:
    scene = make_scene()
    member, partner = Caller(scene.actors["member"]), Caller(scene.actors["partner"])
    ends = {"sender": scene.endpoint.sae_id, "recipient": scene.delivery.recipient.sae_id}
    for wrong in ({"sender": "x"}, {"recipient": "\0"}, {"size": -1}, {"size": 10**30}):
        assert member("post", "/deliveries", **{**ends, "title": "样片", "size": 9, **wrong})[0] in {400, 422}
    assert partner("post", "/deliveries", **ends, title="样片", size=9)[0] == 403
    status, made = member("post", "/deliveries", **ends, title="样片", size=9)
    assert status == 201
    path = f"/deliveries/{made['id']}"
    assert member("post", f"{path}/send")[0] == 409
    assert member("post", f"{path}/seal", **{**SEALED, "file_id": "z"})[0] == 422
    assert member("post", f"{path}/seal", **SEALED)[1]["state"] == "sealed"
    assert member("post", f"{path}/progress", done=4)[1]["done"] == 4
    assert member("post", f"{path}/send")[1]["state"] == "sent"
    assert Caller(scene.actors["other member"])("get", path)[0] == 404
    assert partner("post", f"{path}/receive", receipt="x")[0] == 422
    delivery = type(scene.delivery).objects.get(pk=made["id"])
    assert partner("post", f"{path}/receive", receipt=receipt_of(delivery))[1]["state"] == "received"
    other = f"/deliveries/{scene.delivery.pk}"
    assert partner("post", f"{other}/refuse", why="x")[0] == 409
    assert member("post", f"{other}/withdraw", why="改期")[1]["state"] == "withdrawn"
