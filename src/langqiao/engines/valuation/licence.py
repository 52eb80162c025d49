"""Income approach 收益法: relief from royalty (许可费节省法) and profit split (收益分成率法)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .case import base_draw, given, of
from .dcf import protection_cautions
from .fields import check
from .timing import Grid, Protection, Revenue, discounted, lay_out
from .types import BadInput, Caution, Draws, Figure, Method, Quantity, Row, Table, Vector

_COLUMNS = ("revenue", "gross", "tax", "flow", "time", "factor", "present")


def amortisation_factor(rate: Vector, tax: Vector, *, years: int, mid_year: bool) -> Vector:
    """What the tax saved by amortising the price adds to it (摊销节税系数), ≥ 1, shape (draws,).

    The price V is written off over n years and saves τ·V/n in each; V itself holds the saving, so
    V = V₀ + V · τ/n · Σ v^{s_k} and the factor is 1 / (1 − τ/n · Σ_{k=1}^{n} v^{s_k}).
    """
    at = np.arange(1, years + 1, dtype=np.float64) - (0.5 if mid_year else 0.0)
    annuity = ((1 + rate)[:, None] ** -at).sum(axis=1)
    return np.asarray(1 / (1 - tax / years * annuity))


def _decayed(x: Draws, years: int) -> Vector:
    """(1 − decay)^(t − 1), shape (draws, years)."""
    return np.asarray((1 - of(x, "decay")) ** np.arange(years, dtype=np.float64))


@dataclass(frozen=True, slots=True)
class _Share:
    """A yearly share of sales, before and after tax, with its discount factors."""

    grid: Grid
    gross: Vector
    tax: Vector
    factor: Vector

    @property
    def flow(self) -> Vector:
        return np.asarray(self.gross - self.tax)

    @property
    def present(self) -> Vector:
        """Present value, shape (draws,)."""
        return np.asarray((self.flow * self.factor).sum(axis=1))

    def table(self) -> Table:
        parts = (self.grid.sales, self.gross, self.tax, self.flow, self.grid.time, self.factor,
                 self.flow * self.factor)  # fmt: skip
        rows = tuple(
            Row(str(year + 1), tuple(float(part[0, year]) for part in parts))
            for year in range(self.grid.part.shape[1])
            if self.grid.part[0, year] > 0
        )
        return Table(_COLUMNS, rows)


@dataclass(frozen=True, slots=True)
class RoyaltyCase:
    """What the owner saves by not having to take a licence (许可费节省法).

    With royalty rate ρ on revenue R_t, decay δ of the technology's weight, cost K a year of keeping
    the rights, tax rate τ and probability of success p::

        V = p · a · Σ (R_t ρ (1 − δ)^{t−1} − K) (1 − τ) v^{s_t}

    over the remaining legal life, at most 20 years from filing for an invention (专利法第四十二条), or
    the economic life where that is shorter. a is the amortisation factor where ``amortisation_years``
    is given (企业所得税法实施条例第六十七条: at least 10), else 1.

    Raises:
        BadInput: an input leaves its limits, or ``amortisation_years`` is not between 1 and 40.
    """

    method: ClassVar[Method] = Method.ROYALTY

    revenue: Revenue
    royalty: Quantity
    tax: Quantity
    discount: Quantity
    success: Quantity
    decay: Quantity | None = None
    maintenance: Quantity | None = None
    protection: Protection | None = None
    amortisation_years: int | None = None
    mid_year: bool = True

    def __post_init__(self) -> None:
        check(self.inputs())
        if self.amortisation_years is not None and not 1 <= self.amortisation_years <= 40:
            raise BadInput("amortisation_years", "limits", "amortisation_years must lie between 1 and 40")

    def inputs(self) -> dict[str, Quantity]:
        """The uncertain inputs by key."""
        return {
            **self.revenue.inputs(),
            "royalty": self.royalty,
            "tax": self.tax,
            "discount": self.discount,
            "success": self.success,
            **given(decay=self.decay, maintenance=self.maintenance),
        }

    def value(self, x: Draws) -> Vector:
        """The equation above for each draw."""
        return np.asarray(x["success"] * self._factor(x) * self._share(x).present)

    def _factor(self, x: Draws) -> Vector:
        if self.amortisation_years is None:
            return np.ones_like(x["tax"])
        return amortisation_factor(
            x["discount"], x["tax"], years=self.amortisation_years, mid_year=self.mid_year
        )

    def _share(self, x: Draws) -> _Share:
        limit = self.protection.years if self.protection else None
        grid = lay_out(self.revenue, x, limit=limit, mid_year=self.mid_year)
        saved = grid.sales * x["royalty"][:, None] * _decayed(x, grid.part.shape[1])
        gross = saved - of(x, "maintenance") * grid.part
        tax = gross * x["tax"][:, None]
        return _Share(grid, np.asarray(gross), np.asarray(tax), discounted(x["discount"], grid.time))

    def table(self) -> Table:
        """Year by year at the base values, before the probability of success."""
        return self._share(base_draw(self.inputs())).table()

    def figures(self) -> tuple[Figure, ...]:
        """The present value of the savings and the amortisation factor."""
        x = base_draw(self.inputs())
        found = [Figure("flows", float(self._share(x).present[0]))]
        if self.amortisation_years is not None:
            found.append(Figure("shield", float(self._factor(x)[0])))
        return tuple(found)

    def cautions(self) -> tuple[Caution, ...]:
        """Protection that is short or missing."""
        return protection_cautions(self.protection, self.revenue)


@dataclass(frozen=True, slots=True)
class SplitCase:
    """The technology's share of the profit that it helps to earn (收益分成率法, LSLP).

    With operating profit margin m on revenue R_t and share k of the profit (licensor's share on the
    licensee's profit), decaying by δ a year::

        V = p · Σ R_t m k (1 − δ)^{t−1} (1 − τ) v^{s_t}

    k · m is the royalty rate that the split amounts to. There is no default share: a quarter or a
    third of profit as a rule of thumb is nobody's evidence about this technology.

    Raises:
        BadInput: an input leaves its limits.
    """

    method: ClassVar[Method] = Method.SPLIT

    revenue: Revenue
    profit_margin: Quantity
    split: Quantity
    tax: Quantity
    discount: Quantity
    success: Quantity
    decay: Quantity | None = None
    protection: Protection | None = None
    mid_year: bool = True

    def __post_init__(self) -> None:
        check(self.inputs())

    def inputs(self) -> dict[str, Quantity]:
        """The uncertain inputs by key."""
        return {
            **self.revenue.inputs(),
            "profit_margin": self.profit_margin,
            "split": self.split,
            "tax": self.tax,
            "discount": self.discount,
            "success": self.success,
            **given(decay=self.decay),
        }

    def value(self, x: Draws) -> Vector:
        """The equation above for each draw."""
        return np.asarray(x["success"] * self._share(x).present)

    def _share(self, x: Draws) -> _Share:
        limit = self.protection.years if self.protection else None
        grid = lay_out(self.revenue, x, limit=limit, mid_year=self.mid_year)
        rate = (x["profit_margin"] * x["split"])[:, None]
        gross = grid.sales * rate * _decayed(x, grid.part.shape[1])
        tax = gross * x["tax"][:, None]
        return _Share(grid, np.asarray(gross), np.asarray(tax), discounted(x["discount"], grid.time))

    def table(self) -> Table:
        """Year by year at the base values, before the probability of success."""
        return self._share(base_draw(self.inputs())).table()

    def figures(self) -> tuple[Figure, ...]:
        """The present value of the share."""
        return (Figure("flows", float(self._share(base_draw(self.inputs())).present[0])),)

    def cautions(self) -> tuple[Caution, ...]:
        """Protection that is short or missing."""
        return protection_cautions(self.protection, self.revenue)
