"""Illustrative flows and counts (示例): marked where they are, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from langqiao.apps.eye.queries import examples, portal, wall
from langqiao.apps.eye.queries.examples import illustrative_pairs
from langqiao.apps.ledger.domain import Act
from langqiao.apps.ledger.models import Entry, FlowParty
from langqiao.apps.registry.models import Organisation
from tests.factories.eye_portal import contract, keys, nine_cities, play, usage
from tests.factories.quantum import make_site
from tests.factories.registry import make_city, make_organisation, make_person

pytestmark = pytest.mark.django_db
MARKS = ("含示例", "标为示例")


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    cache.clear()
    nine_cities()


def pages(client: Client, organisation: Organisation) -> dict[str, str]:
    addresses = (
        reverse("eye"),
        reverse("eye_city", args=["hefei"]),
        reverse("eye_organisation", args=[organisation.pk]),
        reverse("eye_wall"),
    )
    return {address: client.get(address).content.decode() for address in addresses}


def marked(view: portal.FlowView) -> list[tuple[str, str, str]]:
    return [
        (r.kind.slug, r.origin.slug, r.destination.slug) for r in view.rows if r.is_illustrative
    ]  # fmt: skip


def flow_sources() -> list[tuple[str, str]]:
    found = [slide for slide in wall.slides() if not slide.key.startswith(("counts", "stated"))]
    return [(str(f.label), f.source) for slide in found for f in slide.figures]


def test_a_real_installation_calls_nothing_of_its_own_illustrative(client: Client) -> None:
    firm, team = make_organisation(city=make_city("songjiang")), make_organisation(city=make_city("hefei"))
    make_site("hefei", illustrative=False)
    play(contract("hefei", "songjiang", firm=firm, team=team), keys("hefei", "wuhu", 4))
    view = portal.flow_view()
    assert not view.is_illustrative
    assert marked(view) == []
    for address, html in pages(client, team).items():
        assert "台账" in html
        for mark in MARKS:
            assert mark not in html, address
    found = client.get("/api/v1/eye/flows").json()["flows"]
    assert [row["illustrative"] for row in found] == [False, False]
    assert {one["illustrative"] for one in client.get("/api/v1/eye/figures").json()["counts"]} == {False}


def test_a_demo_says_so_on_the_wall_and_on_the_portal(client: Client) -> None:
    firm = make_organisation(city=make_city("songjiang"), illustrative=True)
    team = make_organisation(city=make_city("hefei"))
    play(contract("hefei", "songjiang", firm=firm, team=team), keys("hefei", "wuhu", 4))
    view = portal.flow_view()
    assert marked(view) == [("technology", "hefei", "songjiang")]
    assert [t.kind.slug for t in view.totals if t.is_illustrative] == ["technology"]
    assert dict(flow_sources()) == {
        "技术": "台账 1 条记录，截至 #2；含示例数据",
        "密钥": "台账 1 条记录，截至 #2",
        "合肥 → 松江": "台账 1 条记录，截至 #2；含示例数据",
        "合肥 → 芜湖": "台账 1 条记录，截至 #2",
    }
    shown = pages(client, team)
    assert all("含示例数据" in html for html in shown.values())
    # Of the counts those alone that hold illustrative records: organisations and what the ledger tells of them.
    assert shown[reverse("eye")].count("；含示例</span>") == 2
    found = client.get("/api/v1/eye/flows").json()["flows"]
    assert [row["illustrative"] for row in found] == [True, False]
    counts = client.get("/api/v1/eye/figures").json()["counts"]
    assert {one["name"] for one in counts if one["illustrative"]} == {"organisations", "entries"}


def _by_its_object() -> Act:
    person = make_person(illustrative=True)
    moved = {"changes": {"city": ["hefei", "suzhou"]}}
    return Act("revise_person", f"registry.person:{person.pk}", moved)


def _by_its_site() -> Act:
    site = make_site("hefei", illustrative=True)
    return Act("publish_keys", site, {"to": "suzhou", "keys": 3}, city="hefei")


def _by_its_own_word() -> Act:
    return Act("publish_usage", "computing.campus:1", {"to": "suzhou", "gpu_seconds": 9, "illustrative": True},
               city="hefei")  # fmt: skip


@pytest.mark.parametrize("told", [_by_its_object, _by_its_site, _by_its_own_word])
def test_what_an_entry_speaks_of_marks_its_flow(told: Any) -> None:
    play(told(), usage("songjiang", "wuhu", 60))
    assert [ends for _kind, *ends in marked(portal.flow_view())] == [["hefei", "suzhou"]]


@pytest.mark.parametrize("value", [False, 1, "true", None])
def test_only_a_plain_yes_of_an_entry_marks_it(value: Any) -> None:
    data = {"to": "suzhou", "gpu_seconds": 9, "illustrative": value}
    play(Act("publish_usage", "computing.campus:1", data, city="hefei"))
    assert not portal.flow_view().is_illustrative
    assert FlowParty.objects.count() == 0


def test_the_mark_holds_for_the_period_and_the_city_that_are_shown() -> None:
    play(_by_its_own_word(), keys("jinhua", "jiaxing", 2))
    assert portal.flow_view(city="suzhou").is_illustrative
    assert not portal.flow_view(city="jinhua").is_illustrative
    assert not portal.flow_view(period="2020-01").is_illustrative


def test_later_entries_alone_are_looked_at_again(django_assert_num_queries: Any) -> None:
    play(keys("hefei", "wuhu", 4))
    assert not portal.flow_view().is_illustrative
    play(_by_its_own_word())
    view = portal.flow_view()
    assert marked(view) == [("computing", "hefei", "suzhou")]
    with django_assert_num_queries(1):  # whether it is still the same ledger
        illustrative_pairs(2, view.period.since, view.period.until)


def test_old_entries_are_found_behind_many_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "NEWEST", 2)
    play(_by_its_own_word(), *[keys("jinhua", "jiaxing", number) for number in range(1, 9)])
    assert marked(portal.flow_view()) == [("computing", "hefei", "suzhou")]


def test_without_an_illustrative_record_no_line_is_looked_at(django_assert_num_queries: Any) -> None:
    play(keys("hefei", "wuhu", 4))
    view = portal.flow_view()
    cache.clear()
    with django_assert_num_queries(3):  # parties, entries, the hash under which it is kept
        assert illustrative_pairs(1, view.period.since, view.period.until) == frozenset()


def test_marks_of_another_ledger_are_not_taken_over() -> None:
    play(_by_its_own_word())
    assert portal.flow_view().is_illustrative
    Entry.objects.filter(sequence=1).update(hash="0" * 64)
    FlowParty.objects.all().delete()
    assert not portal.flow_view().is_illustrative
