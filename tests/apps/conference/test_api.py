"""The REST API: the same verbs and the same silence as the pages."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from langqiao.apps.conference import domain
from langqiao.apps.conference.models import Matter, Notice
from tests.apps.conference.scene import make_scene
from tests.factories import conference as make

pytestmark = pytest.mark.django_db
BASE = "/api/v1/conference"


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


def test_the_public_reads_what_is_public_alone() -> None:
    scene = make_scene()
    call = Caller()
    for kind in ("sessions", "matters", "resolutions", "tasks"):
        assert call("get", f"/{kind}") == (200, {"items": [], "total": 0, "limit": 50, "offset": 0}), kind
    for path in (
        f"/sessions/{scene.session.pk}", f"/matters/{scene.matter.pk}", f"/resolutions/{scene.resolution.pk}",
        f"/tasks/{scene.task.pk}", f"/tasks/{scene.task.pk}/progress", f"/ballots/{scene.closed.pk}",
    ):  # fmt: skip
        assert call("get", path)[0] == 404, path
    assert call("get", "/notices")[1]["items"][0]["objections"] == 1
    assert call("get", f"/notices/{scene.notice.pk}")[1]["rows"] == [{"机构": "示例中心", "城市": "松江"}]
    assert call("get", f"/notices/{scene.notice.pk}/objections") == (200, [])
    found = call("get", "/priorities", year=2026, city="jiaxing")[1]
    assert (found["total"], [c["status"] for c in found["items"][0]["cities"]]) == (1, ["not_started"] * 2)
    assert call("get", f"/priorities/{scene.priority.pk}")[1]["title"] == scene.priority.title
    assert call("get", "/priorities", year=1)[0] == 422
    projects = call("get", "/projects", city="songjiang")[1]
    assert (projects["total"], projects["items"][0]["illustrative"]) == (1, True)
    assert call("get", f"/projects/{projects['items'][0]['id']}")[0] == 200
    domain.publish_session(None, scene.session)
    domain.publish_resolution(None, scene.resolution)
    shown = call("get", f"/sessions/{scene.session.pk}")[1]
    assert (shown["agenda"], shown["papers"]) == (None, [])
    assert call("get", f"/resolutions/{scene.resolution.pk}")[1]["number"] == scene.resolution.number


def test_those_at_the_table_read_and_vote() -> None:
    scene = make_scene()
    call = Caller(scene.actors["liaison 2"])
    session = call("get", f"/sessions/{scene.session.pk}")[1]
    assert [item["title"] for item in session["agenda"]] == [f"议题 {make.MARKER}", f"已决议题 {make.MARKER}"]
    assert session["agenda"][0]["ballots"] == [scene.ballot.pk]
    open_ballot = call("get", f"/ballots/{scene.ballot.pk}")[1]
    assert (open_ballot["cast"], open_ballot["votes"], open_ballot["in_favour"]) == (1, None, None)
    assert open_ballot["own"] == {"city:jiaxing": "against"}
    status, changed = call("post", f"/ballots/{scene.ballot.pk}/votes", choice="abstain")
    assert (status, changed["own"]) == (200, {"city:jiaxing": "abstain"})
    assert call("post", f"/ballots/{scene.ballot.pk}/votes", choice="for", voter="city:hangzhou")[0] == 403
    assert call("post", f"/ballots/{scene.ballot.pk}/votes", choice="maybe")[0] == 422
    closed = call("get", f"/ballots/{scene.closed.pk}")[1]
    assert (closed["in_favour"], len(closed["votes"]), closed["own"]) == (3, 3, {})
    assert call("post", f"/ballots/{scene.closed.pk}/votes", choice="for")[0] == 409
    assert (
        Caller(scene.actors["visitor"])("post", f"/ballots/{scene.ballot.pk}/votes", choice="for")[0] == 404
    )
    assert Caller(scene.actors["office"])("post", f"/ballots/{scene.ballot.pk}/votes", choice="for")[0] == 403


def test_matters_progress_and_objections_come_in() -> None:
    scene = make_scene()
    liaison = Caller(scene.actors["far liaison"])
    status, made = liaison("post", "/matters", title="合肥议题", city="合肥", organisation="示例责任单位")
    assert (status, made["city"], made["state"]) == (201, "hefei", "waiting")
    assert liaison("get", f"/matters/{made['id']}")[0] == 200
    assert liaison("post", "/matters", title="越权", city="suzhou")[0] == 403
    assert liaison("post", "/matters", title="x", city="亚特兰蒂斯")[0] == 422
    assert Matter.objects.filter(title="合肥议题").count() == 1
    owner = Caller(scene.actors["owner"])
    status, report = owner("post", f"/tasks/{scene.task.pk}/progress", percent=100, text="完成")
    assert (status, report["percent"]) == (201, 100)
    assert owner("get", f"/tasks/{scene.task.pk}")[1]["state"] == "done"
    assert [r["percent"] for r in owner("get", f"/tasks/{scene.task.pk}/progress")[1]] == [100, 30]
    assert owner("get", "/tasks")[1]["total"] == 1
    objector = Caller(scene.actors["objector"])
    values = {"name": "王五", "organisation": "示例异议单位", "reason": "名单重复"}
    assert objector("post", f"/notices/{scene.notice.pk}/objections", **values)[0] == 201
    assert len(objector("get", f"/notices/{scene.notice.pk}/objections")[1]) == 2
    assert Caller(scene.actors["owner"])("get", f"/notices/{scene.notice.pk}/objections")[1] == []
    Notice.objects.update(last_day=timezone.localdate() - timedelta(days=1), starts_on="2026-01-01")
    assert objector("post", f"/notices/{scene.notice.pk}/objections", **values)[0] == 403


def test_strangers_write_nothing() -> None:
    scene = make_scene()
    call = Caller()
    for path, values, expected in (
        ("/matters", {"title": "x"}, 403),
        (f"/ballots/{scene.ballot.pk}/votes", {"choice": "for"}, 404),
        (f"/tasks/{scene.task.pk}/progress", {"percent": 1, "text": "x"}, 404),
        (f"/notices/{scene.notice.pk}/objections", {"name": "x", "organisation": "x", "reason": "x"}, 403),
    ):
        assert call("post", path, **values)[0] == expected, path


@pytest.mark.parametrize(
    "kind", ["sessions", "matters", "ballots", "resolutions", "tasks", "notices", "priorities", "projects"]
)
def test_hostile_values_are_answered(kind: str) -> None:
    scene = make_scene()
    call = Caller(scene.actors["office"])
    assert call("get", f"/{kind}/{10**30}")[0] == 404
    if kind != "ballots":
        assert call("get", f"/{kind}", q="a\x00b", city="\x00")[0] == 200
        assert call("get", f"/{kind}", limit=10**30)[0] == 422
    for path in ("/matters", f"/ballots/{scene.ballot.pk}/votes", f"/tasks/{scene.task.pk}/progress"):
        for values in (
            {"title": "a\x00b", "text": "a\x00b", "percent": 5, "choice": "for", "voter": "\x00"},
            {"title": 10**30, "percent": 10**30, "text": [], "choice": {}},
            {"title": "x", "city": "\ud800", "percent": "x", "choice": "for", "voter": "x" * 60},
        ):
            response = call.client.post(f"{BASE}{path}", json.dumps(values), content_type="application/json")
            assert 400 <= response.status_code < 500, (path, values)
