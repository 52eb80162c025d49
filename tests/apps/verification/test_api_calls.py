"""The REST API of calls and applications: the same verbs and the same secrets as the pages."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from langqiao.apps.ledger.models import Entry
from langqiao.apps.verification.models import Application, Call
from tests.apps.verification.scene import make_scene
from tests.factories import verification as make
from tests.factories.accounts import make_office
from tests.factories.registry import make_achievement, make_field, make_organisation

pytestmark = pytest.mark.django_db
BASE = "/api/v1"


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


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

    def upload(self, path: str, *, content: bytes, name: str, **data: Any) -> tuple[int, Any]:
        file = BytesIO(content)
        file.name = name
        response = self.client.post(f"{BASE}{path}", {"file": file, **data})
        return response.status_code, response.json()


def test_from_the_call_to_the_receipt() -> None:
    office, stranger = Caller(make_office()), Caller()
    organisation, member = make.make_applicant(code="U-1")
    applicant = Caller(member)
    make_field()
    status, made = office("post", "/calls", kind="recognise", title="接口征集", preset="recognise")
    assert (status, made["state"], made["places"]) == (201, "draft", 12)
    path = f"/calls/{made['id']}"
    assert stranger("get", path)[0] == 404
    assert applicant("patch", path, title="别人的")[0] == 404
    status, changed = office(
        "patch", path, places=2, form=make.FORM, wanted_files=make.WANTED, promises=make.PROMISES,
        fields=["materials"], chain=make.chain_of("documents", "issue"), screening=make.POINTS,
    )  # fmt: skip
    assert (status, changed["places"], changed["form"][0]["fields"][1]["required"]) == (200, 2, False)
    status, refused = office("patch", path, chain=[{"kind": "party"}])
    assert (status, refused["error"]["field"]) == (422, "chain")
    assert office("post", f"{path}/publish")[1]["state"] == "open"
    assert stranger("get", path)[1]["guide"]
    assert [row["id"] for row in stranger("get", "/calls", q="接口")[1]["items"]] == [made["id"]]

    achievement = make_achievement()
    status, drafted = applicant(
        "post", f"{path}/applications", organisation="U-1", title="接口申报", amount="12.50", field="materials",
        achievement=achievement.pk, values={"summary": "方案"},
    )  # fmt: skip
    assert (status, drafted["state"], drafted["content"]["values"]) == (201, "draft", {"summary": "方案"})
    assert [gap["key"] for gap in drafted["missing"]] == ["leader", "plan", "integrity"]
    mine = f"/applications/{drafted['id']}"
    assert office("get", mine)[0] == 404
    assert stranger("get", mine)[0] == 404
    assert applicant("post", f"{mine}/submit")[0] == 422
    assert applicant("patch", mine, values={"leader": "某人", "invested": 3})[0] == 200
    status, uploaded = applicant.upload(f"{mine}/files", content=b"plan", name="plan.txt", key="plan")
    assert (status, uploaded["content"]["files"][0]["name"]) == (201, "plan.txt")
    extra = applicant.upload(f"{mine}/files", content=b"more", name="more.txt")[1]["content"]["files"][1][
        "id"
    ]
    assert applicant("delete", f"{mine}/files/{extra}")[0] == 200
    assert applicant("delete", f"{mine}/files/{extra}")[0] == 404
    assert applicant("put", f"{mine}/promises/integrity")[1]["content"]["promises"][0]["key"] == "integrity"
    assert applicant("put", f"{mine}/promises/nothing")[0] == 422
    status, submitted = applicant("post", f"{mine}/submit")
    assert (status, submitted["number"], submitted["version"], submitted["missing"]) == (200, 1, 1, [])
    assert applicant("post", f"{mine}/submit")[0] == 409

    status, seen = office("get", mine)
    assert (status, seen["content"]["version"], seen["missing"]) == (200, 1, None)
    assert seen["content"]["values"] == {"summary": "方案", "leader": "某人", "invested": "3.00"}
    assert [row["title"] for row in office("get", f"{path}/applications")[1]["items"]] == ["接口申报"]
    assert stranger("get", f"{path}/applications")[1]["items"] == []
    # What was not handed in is not shown to the office.
    applicant("patch", mine, title="没有提交的名称")
    assert office("get", mine)[1]["title"] == "接口申报"
    assert office("get", f"{path}/applications")[1]["items"][0]["title"] == "接口申报"
    assert applicant("get", mine)[1]["title"] == "没有提交的名称"

    status, receipt = applicant("get", f"{mine}/receipt")
    entry = Entry.objects.get(verb="submit_application")
    assert (status, receipt["sequence"], receipt["hash"]) == (200, entry.sequence, entry.hash)
    assert (receipt["content_holds"], receipt["ledger_holds"]) == (True, True)
    assert office("get", f"{mine}/receipt", version=1)[1]["sm3"] == receipt["sm3"]
    assert office("get", f"{mine}/receipt", version=2)[0] == 404
    assert stranger("get", f"{mine}/receipt")[0] == 404
    shown = {key: receipt[key] for key in ("call", "number", "version", "sm3")}
    assert stranger("get", "/receipts/verify", **shown) == (
        200, {"held": True, "sequence": entry.sequence, "hash": entry.hash, "at": receipt["at"]},
    )  # fmt: skip
    assert stranger("get", "/receipts/verify", **{**shown, "sm3": "0" * 64}) == (
        200, {"held": False, "sequence": None, "hash": None, "at": None},
    )  # fmt: skip

    assert office("post", f"{path}/start")[1]["state"] == "running"
    points = {"eligible": {"passed": True}, "complete": {"passed": True}}
    assert applicant("post", f"{mine}/screen", verdict="accept", points=points)[0] == 403
    assert office("post", f"{mine}/screen", verdict="accept", points={})[0] == 422
    assert office("post", f"{mine}/screen", verdict="accept", points=points)[1]["state"] == "accepted"
    assert office("post", f"{path}/advance", outcome="受理一份")[1]["step"] == 1
    assert office("post", f"{path}/advance")[0] == 409
    assert office("post", f"{path}/again")[0] == 409
    assert office("post", f"{path}/issue", number="示例 1 号")[1]["state"] == "finished"
    assert applicant("get", mine)[1]["state"] == "chosen"
    assert organisation.roles.get().role == "概念验证中心"


def test_deadlines_and_endings() -> None:
    office = Caller(make_office())
    call = make.make_call()
    path = f"/calls/{call.pk}"
    later = (timezone.now() + timedelta(days=90)).isoformat()
    assert office("post", f"{path}/extend", closes_at=later, why="顺延")[0] == 200
    assert office("post", f"{path}/extend", closes_at="2026-01-01T00:00:00", why="顺延")[0] == 422
    assert office("post", f"{path}/extend", closes_at="9999-12-31T23:59:59Z", why="顺延")[0] == 422
    assert office("post", f"{path}/start")[0] == 409
    application = make.make_submitted(call)
    applicant = Caller(make.member_of(application.organisation))
    assert applicant("post", f"/applications/{application.pk}/withdraw")[0] == 422
    status, gone = applicant("post", f"/applications/{application.pk}/withdraw", why="另有安排")
    assert (status, gone["state"]) == (200, "withdrawn")
    status, seen = office("get", f"/applications/{application.pk}")
    assert (status, seen["content"]) == (200, None)
    assert office("post", f"{path}/cancel", why="示例")[1]["state"] == "cancelled"


@pytest.mark.parametrize(
    ("method", "path", "values"),
    [
        ("get", "/calls/99999999999999999999", {}),
        ("get", "/calls", {"kind": "party"}),
        ("get", "/calls", {"q": "a" * 999}),
        ("patch", "/calls/{call}", {"places": 10**30}),
        ("patch", "/calls/{call}", {"budget": "1e400"}),
        ("patch", "/calls/{call}", {"form": {"a": 1}}),
        ("patch", "/calls/{call}", {"criteria": [{"key": "a", "name": "甲", "weight": 10**300}]}),
        ("patch", "/calls/{call}", {"choice": {"rules": [{"kind": "places", "number": 10**300}]}}),
        ("patch", "/calls/{call}", {"panel": {"city": {"at_most": [1]}}}),
        ("patch", "/calls/{call}", {"fields": ["nowhere"]}),
        ("patch", "/calls/{call}", {"closes_at": "0001-01-01T00:00:00+14:00"}),
        ("post", "/calls/{call}/applications", {"organisation": "nobody", "title": "甲"}),
        ("post", "/calls/{call}/applications", {"organisation": "U-9", "title": "甲", "achievement": 2**62}),
        ("post", "/calls/{call}/applications", {"organisation": "U-9", "title": "甲", "values": {"area": 10**300}}),
        ("post", "/calls/{call}/applications", {"organisation": "U-9", "title": "甲", "case": "'; --"}),
        ("post", "/applications/{mine}/screen", {"verdict": "accept", "points": {"x": {"passed": True}}}),
        ("post", "/applications/{mine}/screen", {"verdict": "return", "note": "缺", "correct_by": "9999-12-31T00:00:00Z"}),
        ("get", "/applications/{mine}/receipt", {"version": 10**30}),
        ("get", "/receipts/verify", {"call": 10**30, "number": 1, "version": 1, "sm3": "0" * 64}),
        ("get", "/receipts/verify", {"call": 1, "number": 1, "version": 1, "sm3": "0"}),
        ("delete", "/applications/{mine}/files/99999999999999999999", {}),
    ],
)  # fmt: skip
def test_hostile_values_are_refused(method: str, path: str, values: dict[str, Any]) -> None:
    home = make_organisation(code="U-9", kind="university")
    user = make.make_member(home, user=make_office())
    call = make.make_call() if "applications" in path else make.make_draft_call()
    mine = 0
    if "{mine}" in path:
        mine = make.make_submitted(call).pk
    status, _body = Caller(user)(method, path.format(call=call.pk, mine=mine), **values)
    assert 400 <= status < 500


def test_everybody_reads_what_the_rules_say() -> None:
    scene = make_scene()
    for name, actor in scene.actors.items():
        if actor is None:
            continue
        caller = Caller(actor)
        status, seen = caller("get", f"/applications/{scene.application.pk}")
        knows = name in {
            "applicant firm", "applicant researcher", "applicant manager", "recused office", "office", "liaison",
        }  # fmt: skip
        assert status == (200 if knows else 404), name
        if knows:
            assert (seen["content"] is not None) == (name != "liaison"), name
        status, rows = caller("get", f"/calls/{scene.call.pk}/applications")
        assert status == 200
        if not knows:
            assert make.NAME_MARKER not in str(rows), name
        assert make.MARKER not in str(rows), name
        drafts = {row["id"] for row in rows["items"]} & {scene.draft.pk}
        assert bool(drafts) == (name == "other firm"), name


def test_a_list_asks_few_questions(django_assert_max_num_queries: Any) -> None:
    call = make.make_call()
    for _ in range(6):
        make.make_submitted(call)
    caller = Caller(make_office())
    with django_assert_max_num_queries(12):
        status, rows = caller("get", f"/calls/{call.pk}/applications")
    assert (status, rows["total"]) == (200, 6)
    assert Application.objects.count() == 6
    assert Call.objects.count() == 1
