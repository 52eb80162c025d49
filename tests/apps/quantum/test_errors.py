"""The quantum bit error rate: where key ends by the link's own model, alarms in words, the chart's axis."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.quantum.models import Link, Site
from langqiao.apps.quantum.queries import network as queries
from langqiao.apps.quantum.queries.alarms import Alarm, alarms_of
from langqiao.apps.quantum.queries.errors import SHOR_PRESKILL, error_rates, limit_of
from langqiao.apps.quantum.views.charts import error_chart
from langqiao.engines.qkd.physics import binary_entropy
from tests.factories import quantum as make

pytestmark = pytest.mark.django_db
LIMIT = 0.04805  # of decoy-state BB84 over 71 km with set A


def report(link: Link, *rates: float | None, site: Site | None = None, **values: Any) -> None:
    """Error rates of one end a minute apart; the last one is said ten seconds ago."""
    last = timezone.now() - timedelta(seconds=10)
    for back, qber in enumerate(reversed(rates)):
        at = last - timedelta(minutes=back)
        make.make_reading(link, **{"site": site or link.a, "at": at, "qber": qber, **values})


def alarms() -> list[Alarm]:
    return [one for one in alarms_of(queries.pools(queries.links_with_sites())) if "误码率" in str(one.what)]


def test_the_limit_is_where_the_link_s_own_model_ends() -> None:
    link = make.make_link()
    found = limit_of(link)
    assert found.is_modelled
    assert found.value == pytest.approx(LIMIT, abs=5e-6)
    two = limit_of(Link(a=link.a, b=link.b, fibre_km=142.0, spans=2, equipment="a"))
    assert two == found  # the same fibre in every span
    assert limit_of(Link(fibre_km=71.0, spans=1, equipment="b")).value != found.value


@pytest.mark.parametrize("values", [{"measured_bps": 5.0}, {"fibre_km": 900.0}])
def test_without_a_model_it_is_that_of_the_protocol(values: dict[str, Any]) -> None:
    found = limit_of(make.make_link(**values))
    assert (found.value, found.is_modelled) == (SHOR_PRESKILL, False)
    assert 1 - 2 * binary_entropy(SHOR_PRESKILL) == pytest.approx(0, abs=2e-4)


def test_above_the_limit_is_grave_and_says_why() -> None:
    link = make.make_link()
    report(link, 0.011, 0.011, 0.011, 0.0481)
    found = alarms()
    assert [(one.tone, one.url) for one in found] == [("danger", link.get_absolute_url())]
    assert str(found[0].why) == (
        "误码率 4.81%；按这条链路的光纤与设备参数，到 4.80% 成码率为零，密钥生成会中止。"
    )
    assert link.a.name in str(found[0].what)
    Link.objects.update(measured_bps=8_000.0)
    assert [one.tone for one in alarms()] == ["warning"]
    link.readings.update(qber=0.11)
    assert "BB84 的理论上限 11.00%" in str(alarms()[0].why)


def test_a_rise_far_above_its_own_median_is_an_alarm() -> None:
    link = make.make_link()
    report(link, 0.010, 0.012, 0.011, None, 0.0166)
    report(link, 0.010, 0.012, 0.011, 0.0165, site=link.b)  # exactly 1.5 times: not yet
    found = alarms()
    assert [(one.tone, link.a.name in str(one.what)) for one in found] == [("warning", True)]
    assert "1.66%，超过此前 24 小时中位数 1.10% 的 1.5 倍" in str(found[0].why)
    assert "4.80%" in str(found[0].why)


@pytest.mark.parametrize("rates", [(0.01, 0.01, 0.04), (0.0, 0.0, 0.0, 0.0), (0.01, 0.01, 0.01, 0.04, 0.01)])
def test_few_readings_or_a_rise_that_is_over_are_none(rates: tuple[float, ...]) -> None:
    report(make.make_link(), *rates)
    assert alarms() == []


def test_what_is_old_or_of_a_link_that_is_down_is_none_but_examples_do_not_age() -> None:
    link = make.make_link()
    old = timezone.now() - timedelta(hours=25)
    make.make_reading(link, at=old, qber=0.2)
    assert alarms() == []
    link.readings.update(illustrative=True)
    assert [one.tone for one in alarms()] == ["danger"]
    Site.objects.filter(pk=link.b_id).update(state=Site.State.SUSPENDED)
    assert alarms() == []


def test_the_median_is_of_the_day_before_only(django_assert_num_queries: Any) -> None:
    link = make.make_link()
    report(link, 0.01, 0.01, 0.01, 0.012)
    for hours in range(25, 40):
        make.make_reading(link, at=timezone.now() - timedelta(hours=hours), qber=0.1)
    with django_assert_num_queries(2):
        found = error_rates([link])[link.pk]
    assert [(one.value, one.usual) for one in found] == [(0.012, 0.01)]
    assert error_rates([make.make_link(make.make_site("hefei"), make.make_site("hangzhou"))]) == {}


def test_the_axis_holds_the_limit_and_every_error_rate() -> None:
    link = make.make_link()
    report(link, 0.01, 0.02)
    series = queries.series_of(link, site=link.a)
    chart = error_chart(series, limit=0.04804)
    assert chart is not None
    assert [tick.label for tick in chart.rows] == ["0%", "2%", "4%", "6%"]
    assert chart.limit is not None
    assert (chart.limit.label, chart.top < chart.limit.at < chart.bottom) == ("4.80%", True)
    report(link, 0.5, site=link.b)
    assert error_chart(queries.series_of(link, site=link.b), limit=LIMIT) is None
    make.make_reading(link, site=link.b, qber=0.0)
    high = error_chart(queries.series_of(link, site=link.b), limit=LIMIT)
    assert high is not None
    assert high.rows[-1].label == "60%"
