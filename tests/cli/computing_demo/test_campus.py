"""The demo's campus: loaded once, claims apart, the plan works."""

import json

import pytest
from typer.testing import CliRunner

from langqiao.apps.computing.models import Building, Campus, Server
from langqiao.apps.computing.queries.campus import claims_of, power_of
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.domain.bulk import upsert_many
from langqiao.cli import app
from langqiao.cli.computing_demo.campus import load_campus
from langqiao.cli.corridor_demo import records
from langqiao.kit.refusals import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def corridor(db):
    from langqiao.apps.registry.domain import load_corridor

    load_corridor(None)
    rows = [row for row in records("organisations") if row["code"] == "R-ORG-017"]
    assert not upsert_many(None, "organisations", rows).refused


def test_the_campus_is_loaded_once(corridor):
    told = []
    campus = load_campus(told.append)
    assert told[-1].done == told[-1].total
    assert not campus.illustrative
    assert [said.label for said in claims_of(campus) if said.is_disputed] == ["机架数", "总投资"]
    assert (Building.objects.count(), Building.objects.filter(delivered_on=None).count()) == (16, 12)
    assert set(Server.objects.values_list("illustrative", flat=True)) == {True}
    assert [(one.basis, one.illustrative) for one in power_of(campus)] == [
        ("metered", True),
        ("assumed", True),
    ]
    entries = Entry.objects.count()
    load_campus(told.append)
    assert (Campus.objects.count(), Entry.objects.count()) == (1, entries)
    found = CliRunner().invoke(
        app,
        ["computing", "plan", "--campus", str(campus.pk), "--start", "2027-01", "--slip", "5=6", "--json"],
    )
    assert found.exit_code == 0, found.output
    values = json.loads(found.stdout)
    assert values["months"][0]["capacity"]["low"] < values["months"][-1]["capacity"]["low"]
    assert {one["kind"] for one in values["remarks"]} == {"undated", "overdue", "crowded"}


def test_it_needs_its_operator(db):
    with pytest.raises(Refused):
        load_campus(lambda _report: None)
