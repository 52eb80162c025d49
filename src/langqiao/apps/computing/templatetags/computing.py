"""Template tags of the computing centre: GPUs, money in yuan, shares of a bar."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template

from langqiao.kit.figures import money

register = template.Library()
MILLI = 1000
SECONDS_AN_HOUR = 3600
YUAN_OF_WAN = 10_000


@register.filter
def gpus(milli: int | None) -> str:
    """GPU thousandths as GPUs: 8, 0.5, 1,200."""
    if milli is None:
        return ""
    text = f"{Decimal(milli) / MILLI:,.3f}"
    return text.rstrip("0").rstrip(".")


@register.filter
def gpu_hours(seconds: Any) -> str:
    """GPU seconds as GPU hours with one decimal at most."""
    if seconds is None:
        return ""
    text = f"{Decimal(seconds) / SECONDS_AN_HOUR:,.1f}"
    return text.removesuffix(".0")


@register.filter
def hours_as_seconds(hours: int) -> int:
    """Whole hours in seconds, to be set beside what is counted in seconds."""
    return hours * SECONDS_AN_HOUR


@register.filter
def yuan(amount: Any) -> str:
    """Yuan with two decimals, grouped: 1,234.50."""
    return "" if amount is None else f"{Decimal(amount):,.2f}"


@register.filter
def yuan_money(amount: Any) -> str:
    """Yuan in 万元 and 亿元, or CNY m."""
    return "" if amount is None else money(Decimal(amount) / YUAN_OF_WAN)


@register.filter
def share_of(part: Any, whole: Any) -> int:
    """A part of a whole in per cent, from 0 to 100."""
    return min(100, max(0, round(100 * float(part) / float(whole)))) if whole else 0
