"""Template filters of alliances and parks: units, shares, quantities, similarity."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

from langqiao.apps.alliances.queries.parks.units import unit_in_words
from langqiao.apps.alliances.words.sources import source_in_words

register = template.Library()
# Grades that the corridor uses; another is shown as it was set.
GRADES = {"优秀": _("优秀"), "良好": _("良好"), "合格": _("合格"), "不合格": _("不合格")}


@register.filter
def unit(text: Any) -> str:
    """A unit in the reader's language."""
    return unit_in_words(str(text or ""))


@register.filter
def source_words(text: Any) -> str:
    """A source in the reader's language, where it is one of those shipped."""
    return source_in_words(str(text or ""))


@register.filter
def quantity(value: Any) -> str:
    """A quantity grouped by three, without decimals that are zero."""
    if value is None or value == "":
        return ""
    text = f"{Decimal(str(value)):,.4f}"
    return text.rstrip("0").rstrip(".")


@register.filter
def percent(value: Any) -> str:
    """A share between 0 and 1 in per cent with one decimal."""
    return "" if value is None else f"{100 * float(value):.1f}%"


@register.filter
def degree(value: Any) -> str:
    """An index with two decimals."""
    return "" if value is None else f"{float(value):.2f}"


@register.filter
def width(value: Any) -> str:
    """A share between 0 and 1 as a width in per cent, for a bar."""
    return f"{100 * min(max(float(value), 0.0), 1.0):.1f}%"


@register.filter
def grade(name: Any) -> str:
    """A grade in the reader's language."""
    return str(GRADES.get(str(name or ""), name or ""))
