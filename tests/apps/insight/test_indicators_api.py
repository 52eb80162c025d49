"""The REST API of indicators: reading for anyone, writing by rule, hostile values told apart."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from langqiao.apps.insight.domain.loading import load_shipped
from langqiao.apps.insight.models import Value
from langqiao.apps.insight.queries import claims
from langqiao.apps.insight.queries.study import Selection, run_selection
from tests.factories import insight_indicators as make

pytestmark = pytest.mark.django_db
API = "/api/v1/insight"


@pytest.fixture(autouse=True)
def _figures() -> None:
    make.corridor()
    load_shipped()


def call(client: Client, method: str, path: str, body: Any = None) -> Any:
    # The session writes with its CSRF token, as a page would.
    client.get("/insight/values/import/")
    token = client.cookies["csrftoken"].value if "csrftoken" in client.cookies else ""
    return getattr(client, method)(
        f"{API}{path}", json.dumps(body), content_type="application/json", headers={"X-CSRFToken": token}
    )


def office() -> Client:
    client = Client()
    client.force_login(make.office())
    return client


def test_anyone_reads() -> None:
    client = Client()
    assert client.get(f"{API}/indicators?limit=2").json()["total"] == 13
    assert client.get(f"{API}/indicators/gdp").json()["unit"] == "亿元"
    assert client.get(f"{API}/indicators/none").status_code == 404
    found = client.get(f"{API}/values?indicator=gdp&scope=jinhua&period=2022").json()
    assert [(value["vintage"], float(value["value"])) for value in found["items"]] == [
        ("preliminary", 5562.47), ("final", 5592.02),
    ]  # fmt: skip
    assert client.get(f"{API}/claims").json() == [claims.as_json(*pair) for pair in claims.findings()]
    assert {method["key"] for method in client.get(f"{API}/methods").json()} >= {"zipf", "fusion", "dea"}


def test_figures_are_entered_by_who_may() -> None:
    row = make.row(scope="湖州", value=1234.5)
    assert call(Client(), "post", "/values", {"rows": [row]}).status_code == 403
    client = office()
    tried = call(client, "post", "/values", {"rows": [row], "dry_run": True}).json()
    assert (tried["created"], tried["written"]) == (1, False)
    assert call(client, "post", "/values", {"rows": [row]}).json()["written"] is True
    wrong = call(client, "post", "/values", {"rows": [row, {**row, "unit": "万元"}]}).json()
    assert (wrong["written"], wrong["errors"][0]["row"], wrong["errors"][0]["field"]) == (False, 2, "unit")
    value = Value.objects.get(scope="huzhou")
    gone = call(client, "post", f"/values/{value.pk}/withdraw", {"why": "录错"}).json()
    assert gone["withdrawn_why"] == "录错"
    assert call(client, "post", "/values/99999999999999999999/withdraw", {"why": "x"}).status_code == 404


def test_a_difference_is_told_and_accepted() -> None:
    client = office()
    row = {
        "indicator": "gdp", "scope": "suzhou", "period": "2022", "value": 1, "unit": "亿元", "source_name": "示例",
    }  # fmt: skip
    told = call(client, "post", "/values", {"rows": [row]}).json()
    assert (told["wrong"], told["differing"], told["written"]) == (0, 1, False)
    assert (told["differences"][0]["row"], told["differences"][0]["field"]) == (1, "value")
    assert "23958.3" in told["differences"][0]["why"]
    accepted = call(client, "post", "/values", {"rows": [row], "accept_differences": True}).json()
    assert (accepted["differing"], accepted["written"]) == (1, True)
    beyond = {**row, "indicator": "rd_intensity", "value": 250, "unit": "%"}
    refused = call(client, "post", "/values", {"rows": [beyond], "accept_differences": True}).json()
    assert (refused["written"], refused["errors"][0]["field"]) == (False, "value")


def test_an_indicator_is_defined() -> None:
    client = office()
    words = {"name": "发明专利", "unit": "件", "subject": "technology"}
    assert call(client, "put", "/indicators/patents", words).json()["name"] == "发明专利"
    assert call(Client(), "put", "/indicators/patents", words).status_code == 403
    assert call(client, "put", "/indicators/gdp", words).status_code == 422


def test_a_method_runs_as_on_the_page() -> None:
    choice = {
        "indicators": ["gdp"],
        "periods": ["2022"],
        "scopes": ["city:suzhou", "city:hangzhou", "city:hefei", "city:huzhou"],
    }
    answer = call(Client(), "post", "/methods/zipf", choice).json()
    study, result = run_selection(Selection.from_json({"method": "zipf", **choice}))
    assert answer["result"] == json.loads(json.dumps(result.to_json()))
    assert (answer["version"], answer["dropped"]) == (study.version, ["city:huzhou"])
    assert [warning["code"] for warning in answer["warnings"]] == ["few_ranks"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/methods/zipf", {"scopes": ["city:\x00"], "indicators": ["gdp"], "periods": ["2022"]}),
        ("/methods/\x00", {"scopes": []}),
        ("/methods/zipf", {"scopes": ["city:suzhou"] * 201}),
        ("/methods/potential", {"scopes": ["city:suzhou", "city:hefei"], "indicators": ["gdp"], "periods": ["2022"], "parameters": {"exponent": {"a": []}}}),
        ("/methods/potential", {"scopes": ["city:suzhou", "city:hefei"], "indicators": ["gdp"], "periods": ["2022"], "parameters": {"exponent": 1e400}}),
        ("/methods/dea", {"scopes": ["city:suzhou"], "parameters": {"inputs": 10**400}}),
        ("/methods/moran", {"scopes": ["city:suzhou"], "parameters": {"weights": [1]}}),
        ("/methods/centrality", {"scopes": ["city:suzhou"], "flows": "keys", "periods": ["2022-99"]}),
        ("/methods/centrality", {"scopes": ["city:suzhou"], "flows": "keys", "periods": ["0000"]}),
        ("/methods/gravity", {"scopes": ["organisation:1"], "indicators": ["gdp"], "periods": ["2022"]}),
        ("/values", {"rows": [{"indicator": 10**40}]}),
        ("/values", {"rows": [{"价值": None}]}),
        ("/values", {"rows": []}),
    ],
)  # fmt: skip
def test_hostile_values_are_refused(path: str, body: Any) -> None:
    response = call(office(), "post", path, body)
    assert response.status_code in (400, 404, 422) or response.json().get("written") is False
