"""Income approach 收益法: discounted cash flow of the project that uses the technology (现金流折现)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .case import base_draw, given, of
from .fields import check
from .timing import Grid, Protection, Revenue, discounted, lay_out
from .types import BadInput, Caution, CautionCode, Draws, Figure, Method, Quantity, Row, Table, Vector

_COLUMNS = (
    "revenue", "earnings", "depreciation", "tax", "charges", "working_capital", "flow",
    "time", "factor", "present",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Flows:
    """All arrays of one evaluation; shape (draws, years), the last four (draws,)."""

    grid: Grid
    earnings: Vector
    depreciation: Vector
    tax: Vector
    charges: Vector
    working_capital: Vector
    flow: Vector
    factor: Vector
    released: Vector  # present value of the working capital set free at the end
    outlay: Vector  # present value of the capital expenditure
    development: Vector  # present value of the development cost
    operating: Vector  # present value of the yearly flows and of what is set free


@dataclass(frozen=True, slots=True)
class DcfCase:
    """The technology's part of a project's risk-adjusted net present value.

    With revenue R_t, margin m (EBITDA), upkeep u and charges c (all shares of revenue), tax rate τ,
    straight-line depreciation D_t of the investment I, and working capital W_t = w · yearly revenue::

        tax_t  = τ · max(0, R_t (m − u) − D_t − losses of earlier years)
        FCF_t  = R_t (m − u − c) − tax_t − (W_t − W_{t−1})
        V      = k · ( p · [ Σ FCF_t v^{s_t} + W_T v^{stop} − I v^{launch} ] − E v^{launch/2} )

    v = 1/(1 + discount), s_t the middle or the end of the year, p the probability of success. The
    development cost E is spent evenly before launch, whether or not it succeeds; I only when it does.
    k is the technology's share of the project (技术贡献率). Charges for the other assets that earn the
    revenue make it a multi-period excess earnings method (多期超额收益法); they bear no tax of their own.

    Because success stands as a probability of its own, ``discount`` must not hold a premium for
    technical failure: that would count the risk twice.

    Attributes:
        depreciation_years: years over which I is written off; what is left at the end of the life is
            spread over that shorter life.
        loss_years: years a loss may be carried forward (企业所得税法第十八条: 5).
        protection: the patent that ends revenue; None where secrecy or software protects it.
        mid_year: a year's flow comes at its middle (年中折现), not at its end.

    Raises:
        BadInput: an input leaves its limits, or a number of years is not between 1 and 40 (losses: 0).
    """

    method: ClassVar[Method] = Method.DCF

    revenue: Revenue
    margin: Quantity
    tax: Quantity
    discount: Quantity
    success: Quantity
    contribution: Quantity
    charges: Quantity | None = None
    upkeep: Quantity | None = None
    working_capital: Quantity | None = None
    investment: Quantity | None = None
    development: Quantity | None = None
    depreciation_years: int = 10
    loss_years: int = 5
    protection: Protection | None = None
    mid_year: bool = True

    def __post_init__(self) -> None:
        check(self.inputs())
        if not 1 <= self.depreciation_years <= 40:
            raise BadInput("depreciation_years", "limits", "depreciation_years must lie between 1 and 40")
        if not 0 <= self.loss_years <= 40:
            raise BadInput("loss_years", "limits", "loss_years must lie between 0 and 40")

    def inputs(self) -> dict[str, Quantity]:
        """The uncertain inputs by key."""
        return {
            **self.revenue.inputs(),
            "margin": self.margin,
            "tax": self.tax,
            "discount": self.discount,
            "success": self.success,
            "contribution": self.contribution,
            **given(
                charges=self.charges,
                upkeep=self.upkeep,
                working_capital=self.working_capital,
                investment=self.investment,
                development=self.development,
            ),
        }

    def value(self, x: Draws) -> Vector:
        """The equation above for each draw."""
        flows = self._flows(x)
        project = x["success"] * (flows.operating - flows.outlay) - flows.development
        return np.asarray(x["contribution"] * project)

    def _flows(self, x: Draws) -> _Flows:
        limit = self.protection.years if self.protection else None
        grid = lay_out(self.revenue, x, limit=limit, mid_year=self.mid_year)
        sales = grid.sales
        before = sales * (x["margin"][:, None] - of(x, "upkeep"))
        depreciation = of(x, "investment") * self._written_off(grid)
        tax = tax_with_losses(before - depreciation, x["tax"], years=self.loss_years)
        charges = sales * of(x, "charges")
        held = of(x, "working_capital") * grid.yearly * (grid.part > 0)
        added = np.diff(held, axis=1, prepend=0.0) * (grid.part > 0)
        flow = before - tax - charges - added
        factor = discounted(x["discount"], grid.time)
        last = np.maximum((grid.part > 0).sum(axis=1) - 1, 0)
        released = held[np.arange(len(held)), last] * discounted(x["discount"], grid.stop)
        return _Flows(
            grid=grid,
            earnings=np.asarray(sales * x["margin"][:, None]),
            depreciation=np.asarray(depreciation),
            tax=tax,
            charges=np.asarray(charges),
            working_capital=np.asarray(added),
            flow=np.asarray(flow),
            factor=factor,
            released=np.asarray(released),
            outlay=np.asarray(of(x, "investment")[:, 0] * discounted(x["discount"], grid.launch)),
            development=np.asarray(of(x, "development")[:, 0] * discounted(x["discount"], grid.launch / 2)),
            operating=np.asarray((flow * factor).sum(axis=1) + released),
        )

    def _written_off(self, grid: Grid) -> Vector:
        """Share of the investment written off in each year, shape (draws, years); sums to 1 in a life."""
        span = np.minimum(grid.stop - grid.launch, float(self.depreciation_years))[:, None]
        year = np.arange(grid.part.shape[1], dtype=np.float64)
        used = np.clip(span - year, 0.0, 1.0)
        return np.divide(used, span, out=np.zeros_like(used), where=span > 0)

    def table(self) -> Table:
        """Year by year at the base values, and what is set free at the end."""
        flows = self._flows(base_draw(self.inputs()))
        grid = flows.grid
        parts = (
            grid.sales, flows.earnings, flows.depreciation, flows.tax, flows.charges,
            flows.working_capital, flows.flow, grid.time, flows.factor, flows.flow * flows.factor,
        )  # fmt: skip
        rows = [
            Row(str(year + 1), tuple(float(part[0, year]) for part in parts))
            for year in range(grid.part.shape[1])
            if grid.part[0, year] > 0
        ]
        if flows.released[0] > 0:
            stop = float(grid.stop[0])
            factor = float(discounted(np.array([self.discount.base]), np.array([stop]))[0])
            back = float(flows.released[0]) / factor
            rows.append(Row("end", (0.0, 0.0, 0.0, 0.0, 0.0, -back, back, stop, factor, back * factor)))
        return Table(_COLUMNS, tuple(rows))

    def figures(self) -> tuple[Figure, ...]:
        """The three present values that make the result, before probability and share."""
        flows = self._flows(base_draw(self.inputs()))
        return (
            Figure("flows", float(flows.operating[0])),
            Figure("outlay", float(flows.outlay[0])),
            Figure("development", float(flows.development[0])),
        )

    def cautions(self) -> tuple[Caution, ...]:
        """Whole project valued; protection that is short or missing."""
        found = list(protection_cautions(self.protection, self.revenue))
        if self.contribution.base == 1 and self.charges is None:
            found.append(Caution(CautionCode.WHOLE_PROJECT))
        return tuple(found)


def tax_with_losses(profit: Vector, rate: Vector, *, years: int) -> Vector:
    """Income tax of each year with losses carried forward, oldest first, at most ``years`` years.

    Args:
        profit: taxable profit before losses, shape (draws, T).
        rate: tax rate of each draw, shape (draws,).
        years: how long a loss may be used; 0: not at all.

    Returns:
        Tax due, shape (draws, T); never negative. O(draws · T · years).
    """
    losses = np.maximum(-profit, 0.0)
    tax = np.zeros_like(profit)
    for t in range(profit.shape[1]):
        due = np.maximum(profit[:, t], 0.0)
        for earlier in range(max(0, t - years), t):
            used = np.minimum(due, losses[:, earlier])
            due -= used
            losses[:, earlier] -= used
        tax[:, t] = due * rate
    return tax


def protection_cautions(protection: Protection | None, revenue: Revenue) -> tuple[Caution, ...]:
    """Say where the law ends revenue before the market does, or does not protect it at all."""
    if protection is None:
        return (Caution(CautionCode.NO_PROTECTION),)
    until = revenue.delay.base + revenue.life.base
    if protection.years < until:
        facts = {"years": protection.years, "life": until}
        return (Caution(CautionCode.PROTECTION_ENDS, facts),)
    return ()
