"""Filters of the Eye's templates."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template

from langqiao.apps.eye.queries.quantities import amount

register = template.Library()


@register.filter
def quantity(value: Any) -> str:
    """A quantity grouped, with at most two decimals; a text such as ``1/15.3`` as it is."""
    return amount(Decimal(value)) if isinstance(value, Decimal | int) else str(value)
