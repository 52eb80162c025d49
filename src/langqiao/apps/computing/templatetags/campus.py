"""Template filters of the campus: figures grouped by three in both languages, and claims with their units."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import ngettext

from langqiao.kit.figures import money
from langqiao.kit.words import is_english

register = template.Library()

# Units that claims are stored with, as an English reader knows them; others stand as they are.
UNITS: dict[str, Callable[[int], str]] = {
    "栋": lambda n: ngettext("栋", "栋", n),
    "架": lambda n: ngettext("架", "架", n),
    "平方米": lambda n: ngettext("平方米", "平方米", n),
    "亩": lambda n: ngettext("亩", "亩", n),
}
WAN_YUAN = {"元": Decimal("0.0001"), "万元": Decimal(1), "亿元": Decimal(10_000)}


@register.filter
def figure(value: Any, places: int = 0) -> str:
    """A number grouped by three, with at most ``places`` decimals and none that are zero."""
    if value is None or value == "":
        return ""
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if places else text


@register.filter
def stated(claim: Any) -> str:
    """A claim's value with its unit: 16 栋, 450 亿元; in English 16 buildings, CNY 45,000 m."""
    if is_english() and claim.unit in WAN_YUAN:
        return money(Decimal(claim.value) * WAN_YUAN[claim.unit])
    word = UNITS.get(claim.unit)
    unit = word(1 if claim.value == 1 else 2) if word else claim.unit
    return f"{figure(claim.value, 3)} {unit}".strip()
