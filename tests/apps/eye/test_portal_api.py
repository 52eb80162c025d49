"""The API of the flows: sums, months, entries, organisations, figures."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from langqiao.apps.ledger.models import Entry
from tests.factories.eye_portal import contract, keys, nine_cities, play, usage
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db
BASE = "/api/v1/eye"


def get(client: Client, path: str, code: int = 200) -> Any:
    answer = client.get(BASE + path)
    assert answer.status_code == code, answer.content
    return answer.json()


@pytest.fixture
def team() -> Any:
    nine_cities()
    firm, team = make_organisation(city=make_city("songjiang")), make_organisation(city=make_city("hefei"))
    play(
        contract("hefei", "songjiang", firm=firm, team=team, case="LQ-2026-0007"),
        keys("hefei", "wuhu", 4),
        usage("songjiang", "wuhu", 5400),
    )
    return team


def test_sums(client: Client, team: Any) -> None:
    found = get(client, "/flows?period=all")
    assert (found["since"], found["sequence"], found["head"]) == (None, 3, 3)
    assert found["flows"][1] == {
        "kind": "computing", "origin": "songjiang", "destination": "wuhu", "entries": 1, "quantity": 5400,
        "value": "1.5", "unit": "GPU 时", "illustrative": False,
    }  # fmt: skip
    assert [f["kind"] for f in get(client, "/flows?city=hefei&kind=keys")["flows"]] == ["keys"]


def test_months_and_entries(client: Client, team: Any) -> None:
    months = get(client, "/flows/months?kind=keys")
    assert [(m["kind"], m["entries"], m["value"]) for m in months] == [("keys", 1, "4")]
    page = get(client, "/flows/entries?limit=2")
    assert (page["total"], [line["sequence"] for line in page["items"]]) == (3, [3, 2])
    assert page["items"][0]["hash"] == Entry.objects.get(sequence=3).hash
    mine = get(client, f"/flows/entries?organisation={team.pk}&origin=hefei&destination=songjiang")
    assert [line["case"] for line in mine["items"]] == ["LQ-2026-0007"]


def test_an_organisation_and_the_figures(client: Client, team: Any) -> None:
    found = get(client, f"/organisations/{team.pk}/flows?period=month")
    assert ([f["kind"] for f in found["flows"]], found["cases"]) == (["technology"], ["LQ-2026-0007"])
    get(client, "/organisations/999999/flows", 404)
    figures = get(client, "/figures")
    assert {one["name"]: one["value"] for one in figures["counts"]}["entries"] == 3


@pytest.mark.parametrize("period", ["zz", "2026-13", "0000-01"])
def test_an_unknown_period_is_refused_in_words(client: Client, team: Any, period: str) -> None:
    for path in ("/flows", "/flows/months", "/flows/entries", f"/organisations/{team.pk}/flows"):
        told = str(get(client, f"{path}?period={period}", 422))
        assert f"没有“{period}”这样的时间。" in told
        assert "如 2026-11 的年月" in told
    assert get(client, "/flows?period=")["period"] == "year"


@pytest.mark.parametrize(
    "asked", ["kind=water", "period=%00", "city=%00", "city=" + "x" * 50, "period=9999999999"]
)
def test_what_makes_no_sense_is_refused(client: Client, asked: str) -> None:
    get(client, f"/flows?{asked}", 422)
    get(client, f"/flows/entries?organisation={2**80}", 422)
