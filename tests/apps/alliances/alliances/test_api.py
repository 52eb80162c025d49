"""The REST API of alliances: the same verbs and rules as the pages."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from langqiao.apps.accounts.models import User
from langqiao.apps.alliances.models import Member
from tests.factories import alliances as make
from tests.factories.accounts import make_office
from tests.factories.registry import make_organisation

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/alliances"


def call(user: User | None, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    client = Client()
    if user is not None:
        client.force_login(user)
    response = client.generic(
        method, f"{ROOT}{path}", json.dumps(body or {}), content_type="application/json"
    )
    return response.status_code, json.loads(response.content)


def test_the_tree_and_its_members_are_public() -> None:
    member = make.make_membership()
    status, found = call(None, "GET", "")
    assert (status, found["total"]) == (200, 2)
    assert {row["tier"] for row in found["items"]} == {"one", "sub"}
    status, one = call(None, "GET", f"/{member.alliance_id}")
    assert (status, one["parent"], one["lead"], one["secretariat"]) == (
        200,
        "one",
        "",
        member.alliance.secretariat_id,
    )
    assert call(None, "GET", "/members")[1]["items"][0]["organisation_name"] == member.organisation.name
    for path in ("/999999", "/members/999999", "/activities/999999", "/exchanges/999999"):
        assert call(None, "GET", path)[0] == 404


def test_an_application_through_the_api() -> None:
    alliance = make.make_alliance()
    firm = make_organisation(name="示例材料公司")
    person, secretary = make.make_insider(firm), make.make_secretary(alliance)
    body = {"organisation": "示例材料公司", "statement": "甲"}
    assert call(None, "POST", f"/{alliance.pk}/members", body)[0] == 403
    assert call(person, "POST", f"/{alliance.pk}/members", {"organisation": "没有"})[0] == 422
    status, made = call(person, "POST", f"/{alliance.pk}/members", body)
    assert (status, made["state"]) == (201, "applied")
    assert call(person, "POST", f"/{alliance.pk}/members", body)[0] == 409
    path = f"/members/{made['id']}"
    assert call(None, "GET", path)[0] == 404
    assert call(person, "POST", f"{path}/approve")[0] == 403
    assert call(secretary, "POST", f"{path}/refuse", {"why": ""})[0] == 422
    assert call(secretary, "POST", f"{path}/approve")[1]["state"] == "active"
    assert call(secretary, "POST", f"{path}/remove", {"why": "停业"})[1]["state"] == "removed"
    assert call(person, "POST", f"{path}/leave")[0] == 409
    assert Member.objects.get().why == "停业"


def test_an_activity_and_a_need_through_the_api() -> None:
    member = make.make_membership()
    other = make.make_membership(member.alliance)
    secretary, person = make.make_secretary(member.alliance), make.make_insider(member.organisation)
    answerer = make.make_insider(other.organisation)
    start = timezone.now() + timedelta(days=1)
    body = {
        "title": "会",
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=1)).isoformat(),
        "city": "songjiang",
    }
    assert call(secretary, "POST", f"/{member.alliance_id}/activities", {**body, "city": "大城"})[0] == 422
    status, made = call(secretary, "POST", f"/{member.alliance_id}/activities", body)
    assert (status, made["people"]) == (201, 0)
    path = f"/activities/{made['id']}"
    status, row = call(
        person, "POST", f"{path}/register", {"organisation": member.organisation.name, "people": 4}
    )
    assert (status, row["people"]) == (200, 4)
    assert call(person, "GET", path)[1]["people"] == 4
    assert call(None, "GET", path)[0] == 404
    assert call(secretary, "POST", f"{path}/cancel", {"why": "改期"})[1]["state"] == "cancelled"
    need = {
        "organisation": member.organisation.name,
        "kind": "need",
        "title": "磁材",
        "valid_to": str(make.today()),
    }
    status, posted = call(person, "POST", f"/{member.alliance_id}/exchanges", need)
    assert status == 201
    path = f"/exchanges/{posted['id']}"
    assert (
        call(answerer, "POST", f"{path}/replies", {"organisation": other.organisation.name, "text": "可供"})[
            0
        ]
        == 201
    )
    assert call(person, "GET", f"{path}/replies")[1]["total"] == 1
    assert call(make_office(), "GET", path)[0] == 404
    assert call(person, "POST", f"{path}/close", {"outcome": "met"})[1]["state"] == "closed"
    assert call(person, "POST", f"{path}/close", {"outcome": "lost"})[0] == 422


def test_a_rating_through_the_api() -> None:
    office, scheme, alliance = make_office(), make.make_scheme(), make.make_alliance()
    secretary = make.make_secretary(alliance)
    own, other = scheme.criteria.all()
    path = f"/{alliance.pk}/ratings/2025/marks"
    assert call(secretary, "POST", path, {"criterion": other.pk, "value": 90})[0] == 403
    assert call(secretary, "POST", path, {"criterion": own.pk, "value": 1000})[0] == 422
    assert call(secretary, "POST", path, {"criterion": own.pk, "value": 90})[0] == 200
    assert call(secretary, "POST", path, {"criterion": 10**12, "value": 90})[0] == 404
    status, found = call(office, "POST", path, {"criterion": other.pk, "value": "80.5"})
    assert status == 200
    assert call(None, "POST", f"/ratings/{found['id']}/publish")[0] == 404
    done = call(office, "POST", f"/ratings/{found['id']}/publish")[1]
    assert (done["state"], done["total"], done["grade"]) == ("published", "84.30", "合格")
    assert call(None, "GET", "/ratings")[1]["total"] == 1


def test_contacts_through_the_api_are_the_members_own() -> None:
    member = make.make_membership()
    make.make_contact(member)
    person = make.make_insider(member.organisation)
    assert call(person, "GET", "/contacts")[1]["total"] == 1
    for viewer in (None, make_office(), make.make_insider(make_organisation())):
        assert call(viewer, "GET", "/contacts")[1]["total"] == 0
