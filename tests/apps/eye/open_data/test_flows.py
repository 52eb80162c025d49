"""The flows as open data: the sums and the lines of the Eye, in units that no language changes."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from langqiao.apps.eye.datasets import UNITS
from langqiao.apps.ledger.domain import Act
from langqiao.apps.ledger.flows import KINDS
from langqiao.kit.opendata import dataset
from tests.factories.eye_portal import contract, investment, keys, nine_cities, play, usage
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db


def table(client: Client, address: str) -> list[list[str]]:
    answer = client.get(address)
    assert answer.status_code == 200
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return list(csv.reader(io.StringIO(body.decode())))


@pytest.fixture
def month() -> str:
    nine_cities()
    firm = make_organisation(city=make_city("songjiang"), illustrative=True)
    play(
        contract("hefei", "songjiang", firm=firm, case="LQ-2026-0007"),
        investment("suzhou", "hefei", "1.5"),
        investment("suzhou", "hefei", "-0.5"),
        usage("hefei", "hefei", 90),
        keys("hefei", "wuhu", 4),
        Act("publish_keys", "quantum.site:1", {"to": "wuhu", "keys": 99}, city="hefei", visibility="parties"),
    )
    return f"{timezone.localdate():%Y-%m}-01"


def test_sums_and_lines_are_those_of_the_eye(client: Client, month: str) -> None:
    assert table(client, "/open-data/city-flows.csv") == [
        ["month", "kind", "origin", "destination", "quantity", "unit", "entries", "is_demo"],
        [month, "capital", "suzhou", "hefei", "1000000", "CNY 0.01", "2", "false"],
        [month, "computing", "hefei", "hefei", "90", "GPU s", "1", "false"],
        [month, "keys", "hefei", "wuhu", "4", "key", "1", "false"],
        [month, "technology", "hefei", "songjiang", "1", "contract", "1", "true"],
    ]
    assert table(client, "/open-data/flow-lines.csv") == [
        ["month", "kind", "origin", "destination", "quantity", "unit", "sequence", "case", "is_demo"],
        [month, "technology", "hefei", "songjiang", "1", "contract", "1", "LQ-2026-0007", "true"],
        [month, "capital", "suzhou", "hefei", "1500000", "CNY 0.01", "2", "", "false"],
        [month, "capital", "suzhou", "hefei", "-500000", "CNY 0.01", "3", "", "false"],
        [month, "computing", "hefei", "hefei", "90", "GPU s", "4", "", "false"],
        [month, "keys", "hefei", "wuhu", "4", "key", "5", "", "false"],
    ]
    found = client.get("/api/v1/eye/flows").json()["flows"]
    assert sum(row["quantity"] for row in found if row["kind"] == "capital") == 1_000_000
    listed = client.get("/open-data/").content.decode()
    assert "/open-data/city-flows/" in listed
    assert "/open-data/flow-lines/" in listed


@pytest.mark.parametrize("slug", ["city-flows", "flow-lines"])
def test_the_tag_changes_with_the_flows_and_with_a_mark(client: Client, month: str, slug: str) -> None:
    first = client.get(f"/open-data/{slug}.csv")["ETag"]
    assert client.get(f"/open-data/{slug}.csv", headers={"if-none-match": first}).status_code == 304
    play(keys("hefei", "wuhu", 1))
    second = client.get(f"/open-data/{slug}.csv", headers={"if-none-match": first})
    assert second.status_code == 200
    make_organisation(illustrative=True)
    assert client.get(f"/open-data/{slug}.csv")["ETag"] not in {first, second["ETag"]}


def test_every_kind_has_a_unit_and_every_unit_is_explained() -> None:
    assert set(UNITS) == set(KINDS)
    for slug in ("city-flows", "flow-lines"):
        found: Any = dataset(slug)
        unit = next(column for column in found.columns if column.name == "unit")
        assert {value for value, _label in unit.values} == set(UNITS.values())


def test_without_flows_there_are_no_rows(client: Client) -> None:
    assert len(table(client, "/open-data/city-flows.csv")) == 1
    assert len(table(client, "/open-data/flow-lines.csv")) == 1
