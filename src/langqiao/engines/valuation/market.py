"""Market approach 市场法: prices paid for comparable technologies, adjusted for the differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import numpy as np

from .case import PICK, base_draw
from .fields import MOST, check
from .types import (
    BadInput,
    Basis,
    Caution,
    CautionCode,
    Draws,
    Figure,
    Method,
    Quantity,
    Row,
    Table,
    Vector,
)  # fmt: skip

_ENOUGH = 3  # comparables below which the result is little more than an anecdote
_OLD = 5.0  # years


def weighted_quantile(values: Vector, weights: Vector, share: float | Vector) -> Vector:
    """The ``share`` quantile of weighted values along the last axis; ``share`` one or one for each row.

    Each value stands at the middle of its own weight, (S_k − w_k/2) / S_n with S the running sum of
    the sorted weights, and what lies between is interpolated. With equal weights and ``share`` ½ this
    is the ordinary median.

    >>> float(weighted_quantile(np.array([1.0, 2.0, 4.0, 8.0]), np.ones(4), 0.5))
    3.0
    """
    order = np.argsort(values, axis=-1, kind="stable")
    ranked = np.take_along_axis(values, order, axis=-1)
    heavy = np.take_along_axis(np.broadcast_to(weights, values.shape), order, axis=-1)
    running = np.cumsum(heavy, axis=-1)
    place = (running - heavy / 2) / running[..., -1:]
    wanted = np.broadcast_to(np.asarray(share, dtype=np.float64), values.shape[:-1])[..., None]
    after = np.clip((place <= wanted).sum(axis=-1, keepdims=True), 1, max(1, values.shape[-1] - 1))
    before = after - 1
    after = np.minimum(after, values.shape[-1] - 1)
    x0, x1 = (np.take_along_axis(place, at, axis=-1) for at in (before, after))
    y0, y1 = (np.take_along_axis(ranked, at, axis=-1) for at in (before, after))
    way = np.divide(wanted - x0, x1 - x0, out=np.zeros_like(x0), where=x1 > x0)
    return np.asarray((y0 + np.clip(way, 0.0, 1.0) * (y1 - y0))[..., 0])


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One correction (修正) of a price: 1.1 means that the technology valued is worth a tenth more.

    ``name`` says of what: date of the deal, territory, exclusivity, remaining term, maturity, field …
    """

    name: str
    factor: Quantity


@dataclass(frozen=True, slots=True)
class Comparable:
    """One deal (可比案例) with what was paid, when, and where that is known from.

    Raises:
        BadInput: a name or source is blank, the price is not positive, the weight is negative or no
            number, or there are more than 20 adjustments.
    """

    name: str
    price: float
    on: date
    source: str
    basis: Basis
    adjustments: tuple[Adjustment, ...] = ()
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.source.strip():
            raise BadInput("name", "name", "every comparable needs a name and a source")
        if not 0 < self.price <= MOST:
            raise BadInput(
                "price", "price", f"the price of {self.name} must be above 0 and at most {MOST:g} 万元",
                name=self.name,
            )  # fmt: skip
        if not 0 <= self.weight <= 1e6:
            raise BadInput(
                "weight", "weight", f"the weight of {self.name} must not be negative", name=self.name
            )
        if len(self.adjustments) > 20:
            raise BadInput(
                "adjustments", "length", f"{self.name} has more than 20 adjustments", name=self.name
            )

    @property
    def factor(self) -> float:
        """All adjustments together at their base."""
        return math.prod(adjustment.factor.base for adjustment in self.adjustments)


@dataclass(frozen=True, slots=True)
class MarketCase:
    """The weighted median of adjusted prices, with their spread as the range.

    Adjusted price i is P_i · Π_j f_ij. The base value is the weighted median. In the simulation each
    draw takes a uniformly random quantile of the adjusted prices, with the adjustments drawn, so that
    the range is that of what such technologies fetched, not of how well their middle is known.

    Attributes:
        at: the valuation date (评估基准日).

    Raises:
        BadInput: there is no comparable or more than 200, no weight is above zero, a deal lies after
            the valuation date, or a factor leaves its limits.
    """

    method: ClassVar[Method] = Method.MARKET

    comparables: tuple[Comparable, ...]
    at: date

    def __post_init__(self) -> None:
        where = "comparables"
        if not 1 <= len(self.comparables) <= 200:
            raise BadInput(where, "length", "the market approach needs between 1 and 200 comparables")
        if not any(deal.weight > 0 for deal in self.comparables):
            raise BadInput(where, "weights", "at least one comparable needs a weight above zero")
        for deal in self.comparables:
            if deal.on > self.at:
                raise BadInput(
                    where, "later", f"{deal.name} was paid after the valuation date", name=deal.name
                )
        check(self.inputs())

    def inputs(self) -> dict[str, Quantity]:
        """The adjustment factors by key ``adjust.deal.adjustment``, numbered from 0."""
        return {
            f"adjust.{i}.{j}": adjustment.factor
            for i, deal in enumerate(self.comparables)
            for j, adjustment in enumerate(deal.adjustments)
        }

    def _weights(self) -> Vector:
        return np.array([deal.weight for deal in self.comparables], dtype=np.float64)

    def _adjusted(self, x: Draws) -> Vector:
        """Adjusted prices, shape (draws, deals)."""
        size = next(iter(x.values())).shape[0] if x else 1
        prices = np.tile(np.array([deal.price for deal in self.comparables], dtype=np.float64), (size, 1))
        for i, deal in enumerate(self.comparables):
            for j in range(len(deal.adjustments)):
                prices[:, i] *= x[f"adjust.{i}.{j}"]
        return prices

    def value(self, x: Draws) -> Vector:
        """The weighted median of the adjusted prices; with :data:`PICK` the quantile at that share."""
        return self._quantile(self._adjusted(x), x.get(PICK, 0.5))

    def _quantile(self, prices: Vector, share: float | Vector, keep: Sequence[int] | None = None) -> Vector:
        weights = self._weights()
        chosen = [at for at in (keep or range(len(weights))) if weights[at] > 0]
        return weighted_quantile(prices[:, chosen], weights[chosen], share)

    def table(self) -> Table:
        """Deal by deal at the base values, and what the median would be without each."""
        prices = self._adjusted(base_draw(self.inputs()))
        weights = self._weights()
        rows = []
        for at, deal in enumerate(self.comparables):
            others = [i for i in range(len(weights)) if i != at]
            left = others if weights[others].any() else [at]
            without = float(self._quantile(prices, 0.5, left)[0])
            share = float(weights[at] / weights.sum())
            rows.append(Row(deal.name, (deal.price, deal.factor, float(prices[0, at]), share, without)))
        return Table(("price", "adjustment", "adjusted", "weight", "without"), tuple(rows))

    def figures(self) -> tuple[Figure, ...]:
        """The weighted quartiles of the adjusted prices."""
        prices = self._adjusted(base_draw(self.inputs()))
        named = (("lower_quartile", 0.25), ("median", 0.5), ("upper_quartile", 0.75))
        return tuple(Figure(key, float(self._quantile(prices, share)[0])) for key, share in named)

    def cautions(self) -> tuple[Caution, ...]:
        """Too few deals, deals that had to be moved far, old deals."""
        counted = [deal for deal in self.comparables if deal.weight > 0]
        found = []
        if len(counted) < _ENOUGH:
            found.append(Caution(CautionCode.FEW_COMPARABLES, {"count": len(counted)}))
        for deal in counted:
            if not 1 / 1.5 <= deal.factor <= 1.5:
                facts: dict[str, float | str] = {"name": deal.name, "factor": deal.factor}
                found.append(Caution(CautionCode.FAR_COMPARABLES, facts))
            age = (self.at - deal.on).days / 365.25
            if age > _OLD:
                found.append(Caution(CautionCode.OLD_COMPARABLES, {"name": deal.name, "years": age}))
        return tuple(found)
