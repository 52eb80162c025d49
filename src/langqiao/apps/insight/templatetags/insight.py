"""Filters of the think tank's pages: figures, units, vintages and sources in the reader's language."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template

from langqiao.apps.insight import shown_words

register = template.Library()


@register.filter
def figures(value: Decimal | None, unit: Any = "") -> str:
    """A stored figure in the reader's unit, grouped by three, at most two decimals from a hundred on."""
    return shown_words.figures(value, str(unit))


@register.filter
def signed(value: Decimal, unit: Any = "") -> str:
    """A change with its sign, in the reader's unit."""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{shown_words.figures(abs(value), str(unit))}"


@register.filter
def unit_words(unit: Any) -> str:
    """A unit in the reader's language."""
    return shown_words.unit(str(unit))


@register.filter
def vintage_words(vintage: str) -> str:
    """A vintage in the reader's language."""
    return shown_words.vintage(vintage)


@register.filter
def source_words(text: str) -> str:
    """A source in the reader's language, where it is one of those shipped."""
    return shown_words.source(text)
