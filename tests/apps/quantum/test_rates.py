"""A link's rate by method: equal to the engine's, marked assumed, on the link's page and in a what-if."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from langqiao.apps.quantum.queries.network import rate_of
from langqiao.apps.quantum.queries.plans import Change, worked_out
from langqiao.apps.quantum.queries.rates import BLOCK, rates_at, rates_of
from langqiao.apps.quantum.templatetags.quantum import scientific
from langqiao.engines.qkd.physics import finite_key, named, twin_rate
from tests.factories import quantum as make
from tests.factories.accounts import make_office

pytestmark = pytest.mark.django_db


def test_the_planned_row_is_the_link_s_rate_and_the_others_the_engine_s() -> None:
    link = make.make_link(fibre_km=142.0, spans=2, systems=2)
    plain, asymptotic, finite, twin, whole = rates_of(link)
    assert plain.is_planned
    assert plain.bps == pytest.approx(rate_of(link))
    assert asymptotic.bps > plain.bps > 0
    parameters = named("illustration-40mhz")
    assert finite.per_pulse
    assert finite.per_pulse == finite_key(parameters, 71.0, BLOCK).rate
    assert finite.bps == pytest.approx(finite.per_pulse * 40e6 * 2)
    assert twin.per_pulse == twin_rate(named("illustration-twin"), 71.0).rate
    assert whole.per_pulse == twin_rate(named("illustration-twin"), 142.0).rate
    assert all(row.is_assumed for row in (plain, asymptotic, finite, twin, whole))
    assert sum(row.is_planned for row in (plain, asymptotic, finite, twin, whole)) == 1


def test_a_measured_rate_stands_first_and_is_what_plans_use() -> None:
    rows = rates_of(make.make_link(measured_bps=5_000.0))
    assert [(row.bps, row.is_planned, row.is_assumed) for row in rows[:1]] == [(5_000.0, True, False)]
    assert not any(row.is_planned for row in rows[1:])
    assert len(rows) == 5


def test_a_link_too_long_for_key_says_so() -> None:
    link = make.make_link(fibre_km=400.0)
    page = Client().get(link.get_absolute_url()).content.decode()
    assert "分方法成码率" in page
    assert "不成码" in page
    assert "双场（相位匹配）" in page


def test_a_what_if_shows_the_methods_of_the_link_it_adds_or_doubles() -> None:
    link = make.make_link()
    far = make.make_site("hangzhou")
    client = Client()
    client.force_login(make_office())
    query = {"start": link.a.slug, "end": far.slug, "km": "160", "double": "|".join(link.key)}
    page = client.get(reverse("key_plan"), query).content.decode()
    assert page.count("的分方法成码率") == page.count("有限码长") == 2
    assert "双场（整段光纤，不设可信中继）" in page
    doubled = worked_out(Change(double=link.key))
    assert rates_at(doubled.network, link.key)[0].bps == pytest.approx(2 * rate_of(link))
    assert (
        "的分方法成码率" not in client.get(reverse("key_plan"), {"cut": "|".join(link.key)}).content.decode()
    )
    link.measured_bps = 9.0
    link.save()
    assert rates_at(worked_out(Change(double=link.key)).network, link.key) == []


def test_small_numbers_are_written_with_their_power() -> None:
    assert [scientific(one) for one in (None, 0.0, 2.004e-4, 0.5)] == ["", "0", "2.00 × 10⁻⁴", "5.00 × 10⁻¹"]
