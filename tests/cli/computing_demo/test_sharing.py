"""The demo's requests and vouchers: real schemes have sources, all else is illustrative, twice is once."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from langqiao.apps.computing.models import CityQuota, Grant, Request, Scheme, Tenant, Voucher
from langqiao.apps.ledger.models import Entry
from langqiao.cli.computing_demo.sharing import load_sharing
from langqiao.engines.matching.types import Progress
from langqiao.kit.refusals import Refused
from tests.factories import computing as make
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db
RECORDS = Path(__file__).resolve().parents[3] / "demo" / "records"
FIRMS = {
    "A-ORG-115": "songjiang", "A-ORG-106": "hangzhou", "B-ORG-009": "hefei", "A-ORG-101": "suzhou",
    "A-ORG-102": "jiaxing", "A-ORG-415": "hefei",
}  # fmt: skip


@pytest.fixture
def firms() -> None:
    for code, slug in FIRMS.items():
        make_organisation(code=code, city=make_city(slug), illustrative=True)


def heard() -> tuple[list[Progress], Any]:
    found: list[Progress] = []
    return found, found.append


@pytest.mark.usefixtures("firms")
def test_loading_twice_is_loading_once() -> None:
    campus = make.make_campus()
    steps, hear = heard()
    load_sharing(hear)
    assert (steps[-1].done, len(steps)) == (steps[-1].total, steps[-1].total)
    entries = Entry.objects.count()
    load_sharing(hear)
    assert Entry.objects.count() == entries
    assert Counter(Request.objects.values_list("state", flat=True)) == {
        "approved": 3, "submitted": 1, "returned": 1, "draft": 1,
    }  # fmt: skip
    assert (Grant.objects.count(), Voucher.objects.count()) == (3, 2)
    assert CityQuota.objects.filter(campus=campus).count() == 5
    assert all(row.illustrative for model in (Request, Tenant, Voucher) for row in model.objects.all())


@pytest.mark.usefixtures("firms")
def test_schemes_say_where_they_are_from() -> None:
    make.make_campus()
    load_sharing(heard()[1])
    schemes = {scheme.name: scheme for scheme in Scheme.objects.all()}
    assert set(schemes) == {"上海市算力券", "杭州市算力券"}
    assert all(s.source_name and s.source_date and not s.illustrative for s in schemes.values())
    shanghai, hangzhou = schemes["上海市算力券"], schemes["杭州市算力券"]
    assert (shanghai.share_domestic, shanghai.pool_total, shanghai.cap_firm_year) == (30, 600_000_000, None)
    assert (hangzhou.share_domestic, hangzhou.share_other) == (30, 20)
    assert (hangzhou.pool_year, hangzhou.cap_firm_year) == (250_000_000, 8_000_000)


def test_without_campus_or_organisations_it_says_what_is_missing() -> None:
    for _name in ("campus", "organisations"):
        with pytest.raises(Refused) as refusal:
            load_sharing(heard()[1])
        assert refusal.value.mend
        for slug in set(FIRMS.values()):
            make_city(slug)
        make.make_campus()


def test_organisations_of_the_demo_stand_in_its_cities() -> None:
    known = {
        row["code"]: row["city"]
        for part in ("a", "b")
        for row in map(json.loads, (RECORDS / part / "organisations.jsonl").read_text("utf-8").splitlines())
    }
    assert {code: known[code] for code in FIRMS} == FIRMS
