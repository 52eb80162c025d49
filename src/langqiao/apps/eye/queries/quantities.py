"""Quantities of flows as a reader reads them: grouped, in a unit of the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from langqiao.apps.ledger.flows import FlowKind
from langqiao.kit.figures import money_parts
from langqiao.kit.words import is_english


@dataclass(frozen=True, slots=True)
class Shown:
    """A quantity as the reader reads it: the number and its unit."""

    number: str
    unit: Any

    def __str__(self) -> str:
        return f"{self.number} {self.unit}"


def shown(kind: FlowKind, value: Decimal) -> Shown:
    """A quantity in the unit of its kind; money in millions for who reads English."""
    if kind.slug == "capital" and is_english():
        return Shown(*money_parts(value))
    return Shown(amount(value), kind.unit)


def amount(value: Decimal) -> str:
    """A quantity for readers: grouped, at most two decimals, small ones with three digits that count."""
    if value == value.to_integral_value():
        return f"{value:,.0f}"
    text = f"{value:,.2f}" if abs(value) >= Decimal("0.1") else f"{value:.3g}"
    return text.rstrip("0").rstrip(".") if "." in text else text
