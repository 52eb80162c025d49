"""The campus through the REST API: the same rules as the pages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from langqiao.apps.computing.models import Assumption, Campus, Server
from tests.factories.computing import (
    MARKER,
    make_building,
    make_campus,
    make_claim,
    make_hall,
    make_operator,
    make_rack,
    make_reading,
    make_server,
)

pytestmark = pytest.mark.django_db

BASE = "/api/v1/computing"


@pytest.fixture
def campus() -> Campus:
    campus = make_campus()
    make_claim(campus)
    make_reading(campus)
    hall = make_hall(make_building(campus, number=1), name="A", racks=10, power_kw=100, cooling_kw=100)
    make_server(make_rack(hall), name="gpu-01", state_why=MARKER)
    for key in ("rack_kw", "gpus_per_rack", "spare_pct", "fit_out_months", "slip_months", "pue"):
        value = {"rack_kw": 10, "gpus_per_rack": 8, "pue": 1.25}.get(key, 0)
        Assumption.objects.create(
            campus=campus, key=key, name=key, low=value, middle=value, high=value, why="示例"
        )
    return campus


def client_of(campus: Campus | None) -> Client:
    client = Client()
    if campus is not None:
        client.force_login(make_operator(campus))
    return client


def got(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.content.decode()
    return json.loads(response.content)


def test_a_campus_is_public_its_servers_are_not(campus: Campus) -> None:
    client = client_of(None)
    assert [one["name"] for one in got(client.get(f"{BASE}/campuses"))["items"]] == [campus.name]
    found = got(client.get(f"{BASE}/campuses/{campus.pk}"))
    assert found["claims"][0]["value"] == 16
    assert found["buildings"][0]["halls"][0]["power_kw"] == 100
    server = Server.objects.get()
    for address in ("/servers", f"/servers/{server.pk}", "/readings", f"/campuses/{campus.pk}/plan"):
        for stranger in (client, client_of(make_campus())):
            assert MARKER not in stranger.get(BASE + address).content.decode()
    assert client.get(f"{BASE}/campuses/{2**70}").status_code in {404, 422}


def test_the_operator_plans_and_steps_a_server(campus: Campus) -> None:
    client = client_of(campus)
    asked = {"months": 2, "slip": ["1=3"], "derate": ["1/A=50"], "tenant": ["示例=60@2027-01"]}
    found = got(client.get(f"{BASE}/campuses/{campus.pk}/plan", {**asked, "start": "2027-01"}))
    assert [row["capacity"]["middle"] for row in found["base"]] == [80, 80]
    assert [row["capacity"]["middle"] for row in found["months"]] == [40, 40]
    assert found["arrivals"][0]["short"] == 20
    assert got(client.get(f"{BASE}/servers", {"gpu_model": "G2"}))["items"][0]["name"] == "gpu-01"
    server = Server.objects.get()
    stepped = client.post(f"{BASE}/servers/{server.pk}/drain", {"why": "检修"}, "application/json")
    assert got(stepped)["state"] == "draining"
    assert got(client.get(f"{BASE}/readings"))["items"][0]["pue"] == pytest.approx(1.2)
    claim = {"quantity": "racks", "value": 9, "stated_on": "2020", "source_name": "甲"}
    assert (
        got(client.post(f"{BASE}/campuses/{campus.pk}/claims", claim, "application/json"), 201)["value"] == 9
    )


@pytest.mark.parametrize(
    "asked",
    [
        {"slip": "9=1"}, {"slip": "x"}, {"derate": "1/Z=1"}, {"tenant": "a=1@2027-99"}, {"start": "soon"},
        {"start": "9999-12"}, {"months": 0}, {"tenant": "a=" + "9" * 40 + "@2027-01"}, {"slip": "\0=1"},
    ],
)  # fmt: skip
def test_a_plan_refuses_what_it_cannot_read(campus: Campus, asked: dict[str, Any]) -> None:
    assert client_of(campus).get(f"{BASE}/campuses/{campus.pk}/plan", asked).status_code == 422


def test_refusals(campus: Campus) -> None:
    server = Server.objects.get()
    client = client_of(campus)
    for act, values, status in (
        ("drain", {"why": ""}, 422), ("retire", {"why": "x"}, 409), ("burn", {"why": "x"}, 404),
    ):  # fmt: skip
        response = client.post(f"{BASE}/servers/{server.pk}/{act}", values, "application/json")
        assert response.status_code == status
    claim = {"quantity": "racks", "value": 9, "stated_on": "2020", "source_name": "甲"}
    stranger = client_of(make_campus())
    refused = stranger.post(f"{BASE}/campuses/{campus.pk}/claims", claim, "application/json")
    assert refused.status_code == 403
