"""Plans are kept by their inputs: not made twice, made anew when anything changes; additions are capped in words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from langqiao.apps.quantum.models import Link
from langqiao.apps.quantum.queries import kept
from langqiao.apps.quantum.queries.plans import Change, additions, worked_out
from langqiao.engines.qkd.network import nine_cities
from langqiao.engines.qkd.types import Demand as Asked
from tests.factories import quantum as make
from tests.factories.accounts import make_office

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def make_short_network() -> Link:
    """Two links in a row and more asked than they carry."""
    middle = make.make_site("jiaxing")
    first = make.make_link(make.make_site(), middle)
    make.make_link(middle, make.make_site("hangzhou"))
    make.make_demand(first.a, first.b, bps=20_000.0, state="admitted", title="示例大需求")
    return first


def test_what_is_kept_is_not_planned_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = make_short_network()
    change = Change(cut=first.key)
    before = (worked_out(), worked_out(change), additions(worked_out()))
    for name in ("plan", "advise"):
        monkeypatch.setattr(kept, name, lambda *_args, **_options: pytest.fail("planned twice"))
    assert (worked_out().found, worked_out(change).found) == (before[0].found, before[1].found)
    assert additions(worked_out()) == before[2]


def test_a_change_of_network_or_demands_is_planned_anew() -> None:
    first = make_short_network()
    share = worked_out().found.demands[0].share
    first.systems = 2
    first.save()
    assert worked_out().found.demands[0].share == pytest.approx(2 * share, rel=1e-4)
    make.make_demand(first.a, first.b, bps=1.0, state="admitted")
    assert len(worked_out().found.demands) == 2


def test_the_page_says_how_many_additions_were_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    make_short_network()
    client = Client()
    client.force_login(make_office())
    assert "试算了全部 3 项可能的单项扩容" in client.get(reverse("key_plan")).content.decode()
    monkeypatch.setattr(kept, "WORK", 4)
    monkeypatch.setattr(kept, "TRIES_AT_LEAST", 2)
    page = client.get(reverse("key_plan")).content.decode()
    assert "可能的单项扩容有 3 项，只试算了最有希望的 2 项" in page
    plan = client.get("/api/v1/quantum/plan").json()
    assert (plan["additions_tried"], plan["additions_possible"]) == (2, 3)


def test_large_networks_try_fewer_additions() -> None:
    network = nine_cities()
    asked = [Asked(str(number), "songjiang", "hefei", 1.0) for number in range(400)]
    assert kept.tries_for(network, asked[:1]) == kept.TRIES_AT_MOST
    assert kept.TRIES_AT_LEAST <= kept.tries_for(network, asked) < 10
    assert kept.tries_for(network, []) == kept.TRIES_AT_MOST
