"""Cost approach 成本法: what it would cost to have the technology again, less depreciation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import numpy as np

from .case import base_draw, given, of
from .fields import check
from .types import BadInput, Caution, CautionCode, Draws, Figure, Method, Quantity, Row, Table, Vector


class CostKind(StrEnum):
    """Which cost is meant (重置成本的类型)."""

    REPRODUCTION = "reproduction"  # 复原重置成本: the same again, past spending at today's prices
    REPLACEMENT = "replacement"  # 更新重置成本: another way to the same use, at today's prices


@dataclass(frozen=True, slots=True)
class CostItem:
    """One item (成本项目): people, materials, equipment, tests, filing fees and so on.

    ``index_then`` and ``index_now`` are the price index when it was spent and at the valuation date;
    both 1 for a replacement cost, which is at today's prices already.

    Raises:
        BadInput: the name is blank or an index is not a positive number.
    """

    name: str
    amount: Quantity
    index_then: float = 1.0
    index_now: float = 1.0

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise BadInput("name", "name", "every cost item needs a name")
        for index in (self.index_then, self.index_now):
            if not (math.isfinite(index) and 0 < index <= 1e6):
                raise BadInput(
                    "index_then", "index", f"the price index of {self.name} must be a positive number",
                    name=self.name,
                )  # fmt: skip

    @property
    def ratio(self) -> float:
        """By how much prices have risen since."""
        return self.index_now / self.index_then


@dataclass(frozen=True, slots=True)
class CostCase:
    """Replacement cost less functional, economic and age depreciation (重置成本 − 贬值).

    With items A_i at price ratio q_i, cost of capital r over a development of D years with even
    spending, developer's profit g, age a, remaining life l, functional and economic obsolescence f, e::

        C = Σ A_i q_i · (1 + r)^{D/2} · (1 + g)
        V = C · l / (a + l) · (1 − f) · (1 − e)

    l / (a + l) is the remaining condition (成新率) by the years method (年限法). The three depreciations
    follow one another: each takes its share of what the one before has left.

    Attributes:
        kind: reproduction or replacement; for the report.
        age: years the technology has been in use by the valuation date.
        index_source: which price index, published where; needed when any ratio is not 1.

    Raises:
        BadInput: there is no item or more than 100, an input leaves its limits, ``age`` is not
            between 0 and 60, age and remaining life are both 0, or the price index has no source.
    """

    method: ClassVar[Method] = Method.COST

    kind: CostKind
    items: tuple[CostItem, ...]
    remaining: Quantity
    age: float = 0.0
    functional: Quantity | None = None
    economic: Quantity | None = None
    profit: Quantity | None = None
    capital_rate: Quantity | None = None
    formation: Quantity | None = None
    index_source: str = ""

    def __post_init__(self) -> None:
        if not 1 <= len(self.items) <= 100:
            raise BadInput("items", "length", "the cost approach needs between 1 and 100 cost items")
        check(self.inputs())
        if not 0 <= self.age <= 60:
            raise BadInput("age", "limits", "age must lie between 0 and 60 years")
        if self.age == 0 and self.remaining.low == 0:
            raise BadInput("remaining", "below", "without age the remaining life must be above zero", limit=0)
        if any(item.ratio != 1 for item in self.items) and not self.index_source.strip():
            raise BadInput("index_source", "source", "say which price index restates the cost items")

    def inputs(self) -> dict[str, Quantity]:
        """The uncertain inputs by key; items are numbered from 0."""
        return {
            **{f"cost.{at}": item.amount for at, item in enumerate(self.items)},
            "remaining": self.remaining,
            **given(
                functional=self.functional,
                economic=self.economic,
                profit=self.profit,
                capital_rate=self.capital_rate,
                formation=self.formation,
            ),
        }

    def value(self, x: Draws) -> Vector:
        """The equations above for each draw."""
        return np.asarray(self._replacement(x) * self._condition(x))

    def _replacement(self, x: Draws) -> Vector:
        spent = sum((x[f"cost.{at}"] * item.ratio for at, item in enumerate(self.items)), np.zeros(1))
        tied = (1 + of(x, "capital_rate")[:, 0]) ** (of(x, "formation")[:, 0] / 2)
        return np.asarray(spent * tied * (1 + of(x, "profit")[:, 0]))

    def _condition(self, x: Draws) -> Vector:
        aged = x["remaining"] / (self.age + x["remaining"])
        return np.asarray(aged * (1 - of(x, "functional")[:, 0]) * (1 - of(x, "economic")[:, 0]))

    def table(self) -> Table:
        """Item by item at the base values."""
        rows = (
            Row(item.name, (item.amount.base, item.ratio, item.amount.base * item.ratio))
            for item in self.items
        )
        return Table(("amount", "index", "restated"), tuple(rows))

    def figures(self) -> tuple[Figure, ...]:
        """Replacement cost, depreciation and condition."""
        x = base_draw(self.inputs())
        replacement, condition = float(self._replacement(x)[0]), float(self._condition(x)[0])
        return (
            Figure("replacement", replacement),
            Figure("condition", condition),
            Figure("depreciation", replacement * (1 - condition)),
        )

    def cautions(self) -> tuple[Caution, ...]:
        """Cost says little of income."""
        return (Caution(CautionCode.COST_IS_NO_INCOME),)
