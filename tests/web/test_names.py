"""Money, days and names as a Chinese and an English reader expect them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import translation

from langqiao.web.names import day, grouped, moment, money, named


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        (Decimal("300.00"), "300 万元", "CNY 3 m"),
        (Decimal(12000), "1.2 亿元", "CNY 120 m"),
        (Decimal("0.5"), "0.5 万元", "CNY 0.005 m"),
        ((Decimal(60), Decimal(120)), "60–120 万元", "CNY 0.6–1.2 m"),
        ((Decimal(5000), Decimal(20000)), "0.5–2 亿元", "CNY 50–200 m"),
        ((Decimal(60), Decimal(60)), "60 万元", "CNY 0.6 m"),
        ((None, Decimal(60)), "不超过 60 万元", None),
        ((Decimal(60), None), "60 万元 起", None),
        ((None, None), "", ""),
        (None, "", ""),
    ],
)
def test_money(value, chinese, english):
    assert money(value) == chinese
    if english is not None:
        with translation.override("en"):
            assert money(value) == english


def test_days_and_moments_are_those_of_the_corridor():
    late = datetime(2026, 11, 22, 18, 5, tzinfo=UTC)  # 02:05 of the next day in Shanghai
    assert day(late) == "2026年11月23日"
    assert moment(late) == "2026年11月23日 02:05"
    with translation.override("en"):
        assert day(date(2026, 11, 3)) == "3 Nov 2026"
    assert day(None) == ""


def test_names_fall_back_to_chinese():
    class Thing(SimpleNamespace):
        def __str__(self) -> str:
            return self.name

    both, one = Thing(name="苏州", name_en="Suzhou"), Thing(name="苏州", name_en="")
    assert named(both) == "苏州"
    with translation.override("en"):
        assert named(both) == "Suzhou"
        assert named(one) == "苏州"
    assert named(None) == ""


def test_numbers_are_grouped_by_three():
    assert grouped(1234567) == "1,234,567"
    assert grouped(None) == ""
