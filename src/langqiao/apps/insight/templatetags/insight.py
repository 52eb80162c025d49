"""Filters of the think tank's pages: figures, units, vintages and sources in the reader's language."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template

from langqiao.apps.insight import shown_words

register = template.Library()


@register.filter
def figures(value: Decimal | None) -> str:
    """A figure grouped by three, at most two decimals from a hundred on."""
    return shown_words.figures(value)


@register.filter
def signed(value: Decimal) -> str:
    """A change with its sign."""
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{shown_words.figures(abs(value))}"


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
