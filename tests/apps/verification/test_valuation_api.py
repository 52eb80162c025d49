"""The REST API of valuation: the verbs and secrets of the pages, and an answer to anything sent."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from langqiao.apps.accounts.models import Role
from langqiao.apps.verification.domain.valuation.studies import read_study
from langqiao.apps.verification.models import Valuation
from langqiao.engines.valuation import FIELDS
from langqiao.kit.refusals import Invalid
from tests.factories import registry
from tests.factories import verification_valuation as make
from tests.factories.accounts import make_member

pytestmark = pytest.mark.django_db
BASE = "/api/v1"


class Caller:
    """A signed-in caller of the API, or a stranger."""

    def __init__(self, user: Any = None) -> None:
        self.client = Client()
        if user is not None:
            self.client.force_login(user)

    def __call__(self, method: str, path: str, data: Any = None) -> tuple[int, Any]:
        arguments = {"data": data or {}, "content_type": "application/json"} if method != "get" else {}
        response = getattr(self.client, method)(f"{BASE}{path}", **arguments)
        return response.status_code, response.json()


def body(sides: make.Sides, **values: Any) -> dict[str, Any]:
    return {
        "organisation": sides.owner.name,
        "title": "接口估值",
        "valuation_date": make.DAY.isoformat(),
        "achievement": sides.achievement.pk,
        "centre": sides.centre.name,
        **values,
    }


def test_from_draft_to_withdrawal() -> None:
    sides = make.make_sides()
    owner, centre = Caller(sides.member), Caller(sides.appraiser)
    status, made = owner("post", "/valuations", body(sides))
    assert (status, made["state"], made["study"], made["range"]) == (201, "draft", None, None)
    path = f"/valuations/{made['id']}"
    assert owner("post", f"{path}/finalise")[0] == 409
    status, revised = centre("patch", path, {"study": make.study(), "purpose": "示例：许可"})
    assert (status, revised["purpose"]) == (200, "示例：许可")
    assert revised["range"]["low"] < revised["range"]["middle"] < revised["range"]["high"]
    assert revised["study"]["cases"][0]["case"]["royalty"]["base"] == 0.05
    assert owner("post", f"{path}/compute")[1]["receipt"] == revised["receipt"]
    status, again = owner("post", f"{path}/rerun")
    assert (status, again["inputs"], again["result"]) == (200, True, True)
    assert owner("post", f"{path}/finalise")[1]["state"] == "final"
    assert owner("patch", path, {"title": "再改"})[0] == 409
    assert owner("post", f"{path}/withdraw", {"why": " "})[0] == 422
    assert owner("post", f"{path}/withdraw", {"why": "示例"})[1]["why"] == "示例"


def test_strangers_meet_nothing() -> None:
    sides = make.make_sides()
    final = make.make_final(sides, centre=sides.centre)
    path = f"/valuations/{final.pk}"
    rivals = [
        Caller(),
        Caller(make_member(registry.make_organisation(kind="enterprise"), Role.ENTERPRISE)),
        Caller(make_member(registry.make_organisation(), Role.OFFICE)),
    ]
    for rival in rivals:
        assert rival("get", path)[0] == 404
        assert rival("patch", path, {"title": "x"})[0] == 404
        for act in ("compute", "finalise", "rerun"):
            assert rival("post", f"{path}/{act}")[0] == 404
        assert rival("post", f"{path}/withdraw", {"why": "x"})[0] == 404
        assert rival("get", "/valuations")[1]["total"] == 0
        assert rival("post", "/valuations", body(sides))[0] == 403


def test_the_list_is_narrowed() -> None:
    sides = make.make_sides()
    final, draft = make.make_final(sides), make.make_draft(sides, achievement=None)
    owner = Caller(sides.member)

    def found(query: str) -> list[int]:
        return [row["id"] for row in owner("get", f"/valuations?{query}")[1]["items"]]

    assert found("") == [draft.pk, final.pk]
    assert found("state=final") == [final.pk]
    assert found(f"achievement={sides.achievement.pk}") == [final.pk]
    assert found(f"case={draft.case}") == [draft.pk]
    assert owner("get", "/valuations?case=%00")[0] in (200, 400)
    for query in ("state=other", "achievement=0", f"achievement={2**70}", "limit=0"):
        assert owner("get", f"/valuations?{query}")[0] == 422


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"organisation": ""}, "organisation"),
        ({"organisation": "没有这家"}, "organisation"),
        ({"centre": "没有这家"}, "centre"),
        ({"achievement": 10**9}, "achievement"),
        ({"title": ""}, "title"),
        ({"valuation_date": "1900-01-01"}, "valuation_date"),
        ({"case": "LQ-2020-999999"}, "case"),
        ({"study": {"cases": 3}}, "cases"),
        ({"study": make.study(seed=2**70)}, "seed"),
        ({"study": make.study(make.cost(items=[{"name": "x"}]))}, "cases.0.case.items.0.amount"),
        ({"study": make.study(make.option(steps=2000), draws=100_000)}, "draws"),
    ],
)
def test_what_is_wrong_is_named(values: dict[str, Any], field: str) -> None:
    sides = make.make_sides()
    status, answer = Caller(sides.member)("post", "/valuations", body(sides, **values))
    assert status == 422
    assert answer["error"]["field"].endswith(field)
    assert not Valuation.objects.exists()


@pytest.mark.parametrize("name", ["title", "purpose", "valuation_date", "achievement", "centre", "study"])
def test_null_is_an_answer_too(name: str) -> None:
    sides = make.make_sides()
    draft = make.make_draft(sides)
    status, answer = Caller(sides.member)("patch", f"/valuations/{draft.pk}", {name: None})
    assert status == (422 if name in ("title", "valuation_date") else 200)
    if name in ("achievement", "centre"):
        assert answer[name] is None


def test_fields_are_told_with_their_limits() -> None:
    status, rows = Caller()("get", "/valuation-fields")
    assert status == 200
    assert {row["key"] for row in rows} == set(FIELDS)
    royalty = next(row for row in rows if row["key"] == "royalty")
    assert (royalty["unit"], royalty["lower"], royalty["upper"], royalty["lognormal"]) == ("%", 0, 1, False)


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        found += places(value, (*path, key))
    return found


PLACES = places(make.study())
odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from([10**400, -(2**63), 1e308, "dcf", "年", "2026-11-23", [], {}, [[]], {"low": 1}]),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PLACES), odd)
def test_any_study_is_read_or_refused_in_words(path: tuple[Any, ...], value: Any) -> None:
    data = copy.deepcopy(make.study())
    *way, last = path
    place: Any = data
    for step in way:
        place = place[step]
    place[last] = value
    words = ""
    try:
        read_study(data, at=make.DAY)
    except Invalid as refused:
        words = refused.why or "nothing said"
    assert "%(" not in words
    assert words != "nothing said"
