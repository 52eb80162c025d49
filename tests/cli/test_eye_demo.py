"""The demo's acts for the Eye: experts and capital flow, and loading twice changes nothing."""

from __future__ import annotations

import pytest

from langqiao.apps.ledger.flows import catch_up, flow_sums
from langqiao.apps.ledger.models import Entry
from langqiao.cli.eye_demo import MOVES, PROJECTS, load_flows
from langqiao.kit.refusals import Refused
from tests.factories.eye_portal import nine_cities
from tests.factories.registry import make_organisation

pytestmark = pytest.mark.django_db


def test_experts_and_capital_flow_once() -> None:
    cities = {city.slug: city for city in nine_cities()}
    with pytest.raises(Refused, match="langqiao demo"):
        load_flows()
    homes = {"B-ORG-009": "hefei", "A-ORG-115": "songjiang", "B-ORG-003": "hangzhou"}
    for code, slug in homes.items():
        make_organisation(code=code, city=cities[slug])
    assert load_flows() == len(MOVES) + len(PROJECTS)
    catch_up()
    assert {(s.kind, s.origin, s.destination, str(s.value)) for s in flow_sums()} == {
        *(("talent", before, after, "1") for _code, _name, before, after in MOVES),
        *(("capital", homes[by], city, wan) for _code, _title, _kind, by, city, wan in PROJECTS),
    }
    entries = Entry.objects.count()
    assert (load_flows(), Entry.objects.count()) == (0, entries)
