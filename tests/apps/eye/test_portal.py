"""The portal: what a guest sees of the flows, and the way from every number to its entries."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from langqiao.apps.eye.drawing import LINES_AT_MOST, draw_flows
from langqiao.apps.eye.queries import periods, portal, quantities
from langqiao.apps.ledger.flows import KINDS
from langqiao.apps.ledger.models import Entry
from tests.factories.eye_portal import (
    contract,
    expert_moves,
    investment,
    keys,
    nine_cities,
    play,
    play_many,
    usage,
)
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 27)


def page(client: Client, address: str, code: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == code
    return answer.content.decode()


@pytest.mark.parametrize(
    ("slug", "since", "until", "found"),
    [
        ("month", date(2026, 11, 1), TODAY, "month"),
        ("quarter", date(2026, 9, 1), TODAY, "quarter"),
        ("year", date(2025, 12, 1), TODAY, "year"),
        ("all", None, None, "all"),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 1), "2026-02"),
        ("2026-13", date(2025, 12, 1), TODAY, "year"),
        ("0000-01", date(2025, 12, 1), TODAY, "year"),
        ("²026-01", date(2025, 12, 1), TODAY, "year"),
        ("", date(2025, 12, 1), TODAY, "year"),
    ],
)
def test_periods_by_name(slug: str, since: date | None, until: date | None, found: str) -> None:
    period = periods.period_of(slug, today=TODAY)
    assert (period.slug, period.since, period.until) == (found, since, until)


@pytest.mark.parametrize("asked", ["zz", "2026-13", "0000-01"])
def test_an_unknown_period_is_told_and_what_is_shown_instead(client: Client, asked: str) -> None:
    team = play_many(5)["organisations"]["hefei"]
    for address in (
        reverse("eye"), reverse("eye_city", args=["hefei"]), reverse("eye_organisation", args=[team.pk]),
    ):  # fmt: skip
        notice = f"没有“{asked}”这样的时间，现在显示的是近十二个月。"
        assert notice in page(client, f"{address}?period={asked}")
        for known in ("", "year", "all", "2026-02"):
            assert "这样的时间" not in page(client, f"{address}?period={known}")


@pytest.mark.parametrize(
    ("language", "capital", "between"),
    [("zh-hans", "106,500 万元", "106,500"), ("en", "1,065 CNY m", "1,065")],
)
def test_money_is_in_the_unit_of_the_reader(
    client: Client, language: str, capital: str, between: str
) -> None:
    nine_cities()
    play(investment("songjiang", "hefei", "106500"), investment("hefei", "hefei", "0.5"))
    with translation.override(language):
        view = portal.flow_view(kind="capital", city="hefei")
        total = next(t for t in view.totals if t.kind.slug == "capital")
        assert (str(view.rows[0].shown), total.shown_between.number) == (capital, between)
        assert view.rows[0].label.endswith(capital)
        assert {str(s.shown.unit) for b in portal.balances(view) for s in b.sides} == {
            capital.split(" ", 1)[1]
        }
    for address in (
        reverse("eye"),
        reverse("eye_city", args=["hefei"]),
        reverse("eye_evidence"),
        "/eye/wall/",
    ):
        html = client.get(address, headers={"accept-language": language}).content.decode()
        assert capital.split(" ", 1)[1] in html
        assert "CNY 10,000" not in html


@pytest.mark.parametrize(
    ("value", "shown"),
    [("0", "0"), ("1234567", "1,234,567"), ("12.5", "12.5"), ("0.1", "0.1"), ("0.000277", "0.000277"),
     ("1999.999", "2,000"), ("1E+3", "1,000"), ("-3", "-3")],
)  # fmt: skip
def test_quantities_for_readers(value: str, shown: str) -> None:
    assert quantities.amount(Decimal(value)) == shown


def test_a_view_has_rows_totals_and_how_far_they_reach() -> None:
    nine_cities()
    play(
        contract("hefei", "songjiang"),
        expert_moves("suzhou", "hefei"),
        investment("songjiang", "hefei", "12000"),
        usage("songjiang", "wuhu", 5400),
        usage("songjiang", "songjiang", 3600),
        keys("hefei", "jinhua", 12),
    )
    view = portal.flow_view()
    assert (view.kind, view.city, view.sequence, view.head) == ("", None, 6, 6)
    assert [(r.kind.slug, r.origin.slug, r.destination.slug, r.count, str(r.value)) for r in view.rows] == [
        ("technology", "hefei", "songjiang", 1, "1"),
        ("talent", "suzhou", "hefei", 1, "1"),
        ("capital", "songjiang", "hefei", 1, "12000"),
        ("computing", "songjiang", "wuhu", 1, "1.5"),
        ("computing", "songjiang", "songjiang", 1, "1"),
        ("keys", "hefei", "jinhua", 1, "12"),
    ]
    assert [(t.kind.slug, t.count, t.value, t.value_between) for t in view.totals] == [
        ("technology", 1, 1, 1), ("talent", 1, 1, 1), ("capital", 1, 12000, 12000),
        ("computing", 2, Decimal("2.5"), Decimal("1.5")), ("keys", 1, 12, 12),
    ]  # fmt: skip
    of_city = portal.flow_view(kind="computing", city="songjiang", period="month")
    assert [row.destination.slug for row in of_city.rows] == ["wuhu", "songjiang"]
    balance = {
        b.kind.slug: [s.value for s in b.sides] for b in portal.balances(portal.flow_view(city="hefei"))
    }
    assert balance["technology"] == [0, 1, 0]
    assert balance["capital"] == [12000, 0, 0]
    assert [b.kind.slug for b in portal.balances(of_city)] == ["computing"]
    assert portal.flow_view(period="2020-01").rows == []
    assert portal.flow_view(kind="water", city="atlantis").kind == ""


def test_a_city_that_the_corridor_no_longer_has_stays_in_the_totals() -> None:
    make_city("hefei")
    play(keys("hefei", "atlantis", 3))
    view = portal.flow_view()
    assert view.rows == []
    assert view.totals[-1].value == 3


def test_the_portal_tells_the_same_to_everybody(client: Client) -> None:
    scene = play_many(60)
    shown = page(client, reverse("eye"))
    for kind in KINDS.values():
        assert str(kind.label) in shown
    assert "台账公开记录汇总至第 60 条" in shown
    assert "不表示行政边界" in shown
    assert shown.count('class="lq-flow ') <= LINES_AT_MOST
    assert "审图号" not in shown
    assert page(client, reverse("eye") + "?rows=all").count("<tr>") >= shown.count("<tr>")
    city = page(client, reverse("eye_city", args=["hefei"]) + "?period=month")
    assert "本城动态" in city
    assert reverse("eye_organisation", args=[scene["organisations"]["hefei"].pk]) in city
    page(client, reverse("eye_city", args=["atlantis"]), 404)
    page(client, reverse("eye_organisation", args=[2**62]), 404)


@pytest.mark.parametrize("asked", ["kind=x&period=%00&city=%00", "kind=" + "k" * 500, "rows=all&city=hefei"])
def test_odd_addresses_are_answered(client: Client, asked: str) -> None:
    play_many(5)
    page(client, f"{reverse('eye')}?{asked}")
    page(client, f"{reverse('eye_city', args=['hefei'])}?{asked}")
    page(client, f"{reverse('eye_evidence')}?{asked}")


def test_two_clicks_from_any_number_to_the_entry(client: Client) -> None:
    nine_cities()
    firm, team = make_organisation(city=make_city("songjiang")), make_organisation(city=make_city("hefei"))
    play(contract("hefei", "songjiang", firm=firm, team=team, case="LQ-2026-0007"), keys("hefei", "wuhu", 4))
    start = page(client, reverse("eye"))
    numbers = set(re.findall(r'href="(/eye/evidence/\?[^"]+)"', start))
    assert len(numbers) == 5 + 2  # totals of five kinds, two rows of the table
    for address in numbers:
        first = page(client, address.replace("&amp;", "&"))
        entries = re.findall(r'href="(/ledger/\d+/)"', first)
        if "kind=technology" in address or "kind=keys" in address:
            assert len(entries) == 1
            entry = Entry.objects.get(sequence=int(entries[0].split("/")[2]))
            assert entry.hash in page(client, entries[0])
        else:
            assert "没有符合条件的记录" in first
    org = page(client, reverse("eye_organisation", args=[team.pk]))
    assert "LQ-2026-0007" in org
    assert f"organisation={team.pk}" in org
    behind = page(client, f"{reverse('eye_evidence')}?organisation={firm.pk}")
    assert re.findall(r'href="(/ledger/\d+/)"', behind) == ["/ledger/1/"]


def test_a_balance_leads_to_its_own_entries(client: Client) -> None:
    nine_cities()
    play(
        usage("songjiang", "songjiang", 3600),
        usage("songjiang", "wuhu", 7200),
        usage("hefei", "songjiang", 1),
    )
    balance = portal.balances(portal.flow_view(kind="computing", city="songjiang"))[0]
    for side, sequence in zip(balance.sides, (3, 2, 1), strict=True):
        assert re.findall(r'href="(/ledger/\d+/)"', page(client, side.url)) == [f"/ledger/{sequence}/"]


def test_pages_ask_a_fixed_number_of_questions(client: Client, django_assert_max_num_queries: Any) -> None:
    play_many(80)
    org = Entry.objects.exclude(organisation="").values_list("organisation", flat=True)[0].partition(":")[2]
    for address, most in (
        (reverse("eye"), 24),
        (reverse("eye_city", args=["hefei"]), 24),
        (reverse("eye_organisation", args=[org]), 16),
        (reverse("eye_evidence"), 24),
    ):
        page(client, address)
        with django_assert_max_num_queries(most):
            page(client, address)
    play_many(200, seed=7)
    page(client, reverse("eye"))
    with django_assert_max_num_queries(24):
        page(client, reverse("eye"))


def test_in_english(client: Client) -> None:
    play_many(10)
    shown = client.get(reverse("eye"), headers={"accept-language": "en"}).content.decode()
    assert 'lang="en"' in shown
    with translation.override("en"):
        assert periods.period_of("2026-02").label == "Feb 2026"


def test_the_list_behind_a_number_is_exported(client: Client) -> None:
    nine_cities()
    play(keys("hefei", "wuhu", 4))
    page(client, reverse("eye"))
    answer = client.get(reverse("eye_evidence") + "?export=csv")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert Entry.objects.get().hash in lines[1]
    assert "合肥 → 芜湖" in lines[1]


def test_lines_keep_apart_and_say_where_they_lead() -> None:
    cities = nine_cities()
    play(keys("hefei", "wuhu", 4), keys("wuhu", "hefei", 9), usage("songjiang", "songjiang", 3600))
    rows = portal.flow_view().rows
    drawing = draw_flows(cities, rows)
    assert drawing is not None
    assert [(s.origin, s.destination) for s in drawing.strokes] == [("wuhu", "hefei"), ("hefei", "wuhu")]
    assert drawing.strokes[0].path != drawing.strokes[1].path
    assert drawing.strokes[0].width > drawing.strokes[1].width
    assert drawing.strokes[0].label == "密钥 芜湖 → 合肥 9 把"
    assert drawing.left_out == 0
    assert draw_flows([], []) is None
    wide = draw_flows(cities, rows, size=(1600, 900))
    assert wide is not None
    assert (wide.picture.width, wide.picture.height) == (1600, 900)
    assert all(0 < point.x < 1600 and 0 < point.y < 900 for point in wide.picture.points)
