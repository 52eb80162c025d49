"""Figures, money, days in the reader's language."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from langqiao.kit.words import is_english

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def grouped(value: int | None) -> str:
    """A whole number with commas every three digits, in both languages."""
    return "" if value is None else f"{value:,}"


def money(value: Any) -> str:
    """An amount or a from–to pair given in 万元: 300 万元, 1.2 亿元; CNY 3 m in English."""
    if isinstance(value, tuple | list):
        low, high = value
        if low is not None and high is not None and low != high:
            # One unit for both ends, taken from the higher one.
            return _range(low, high)
        if low is None and high is not None:
            return _("不超过 %(amount)s") % {"amount": money(high)}
        if high is None and low is not None:
            return _("%(amount)s 起") % {"amount": money(low)}
        value = low
    if value is None or value == "":
        return ""
    amount = Decimal(value)
    if is_english():
        return f"CNY {_figure(amount / 100)} m"
    return f"{_figure(amount / 10000)} 亿元" if abs(amount) >= 10000 else f"{_figure(amount)} 万元"


def money_parts(value: Any) -> tuple[str, str]:
    """An amount given in 万元 as a number and its unit, apart: 106,500 万元; 1,065 CNY m in English.

    The unit is the same for every amount, so that rows of a table can be compared.
    """
    amount = Decimal(value)
    return (_figure(amount / 100), "CNY m") if is_english() else (_figure(amount), "万元")


def _range(low: Any, high: Any) -> str:
    first, last = Decimal(low), Decimal(high)
    if is_english():
        return f"CNY {_figure(first / 100)}–{_figure(last / 100)} m"
    if last >= 10000:
        return f"{_figure(first / 10000)}–{_figure(last / 10000)} 亿元"
    return f"{_figure(first)}–{_figure(last)} 万元"


def _figure(value: Decimal) -> str:
    text = f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4f}"  # small sums keep their digits
    return text.rstrip("0").rstrip(".")


def day(value: date | datetime | None) -> str:
    """2026年11月23日, in English 23 Nov 2026."""
    if value is None or value == "":
        return ""
    if isinstance(value, datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    if is_english():
        return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
    return f"{value.year}年{value.month}月{value.day}日"


def moment(value: datetime | None) -> str:
    """The day with hours and minutes."""
    return f"{day(value)} {timezone.localtime(value):%H:%M}" if value else ""
