"""Real option 实物期权: what the freedom to invest later, to wait, or to give up is worth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import numpy as np

from .case import base_draw, given, of
from .fields import check
from .options import Terms, binomial, black_scholes, fewest_steps
from .types import BadInput, Caution, CautionCode, Draws, Figure, Method, Quantity, Row, Table, Vector


class OptionKind(StrEnum):
    """Which freedom is valued; the first two are calls on the project, the third is a put."""

    INVEST = "invest"  # 投资期权: after the horizon, pay the strike and own the project, or leave it
    DEFER = "defer"  # 延迟期权: invest now or at any time up to the horizon
    ABANDON = "abandon"  # 放弃期权: own the project and be free to give it up for the strike


@dataclass(frozen=True, slots=True)
class OptionCase:
    """A real option on the present value S of the operating flows, priced by a binomial tree.

    Invest and defer: V = C(S, K), K the capital expenditure. Abandon: V = S + P(S, K), K what giving
    up brings (sale, other use). The European value stands beside its Black–Scholes value in the table;
    the base value is the American one where ``american`` is set.

    ``riskless`` is given by the year like all rates of a report and turned into a continuous one,
    ln(1 + r). ``leak`` is what waiting loses: flows not earned, protection that runs, rivals who come.

    S is the value of the flows alone, without the capital expenditure, which is K; :class:`.dcf.DcfCase`
    shows it as "flows". The volatility of S is a judgement: nothing trades from which to read it.

    Raises:
        BadInput: an input leaves its limits, or ``steps`` is not between 10 and 2000 or too small for
            the lowest volatility.
    """

    method: ClassVar[Method] = Method.OPTION

    kind: OptionKind
    underlying: Quantity
    strike: Quantity
    horizon: Quantity
    riskless: Quantity
    volatility: Quantity
    leak: Quantity | None = None
    american: bool = True
    steps: int = 200

    def __post_init__(self) -> None:
        check(self.inputs())
        if not 10 <= self.steps <= 2000:
            raise BadInput("steps", "limits", "steps must lie between 10 and 2000")
        drift = max(
            abs(float(np.log1p(rate)) - leak)
            for rate in (self.riskless.low, self.riskless.high)
            for leak in ((self.leak.low, self.leak.high) if self.leak else (0.0,))
        )
        least = fewest_steps(self.horizon.high, drift, self.volatility.low)
        if self.steps < least:
            raise BadInput(
                "steps", "tree", f"a volatility as low as this needs at least {least} steps", least=least
            )

    def inputs(self) -> dict[str, Quantity]:
        """The uncertain inputs by key."""
        return {
            "underlying": self.underlying,
            "strike": self.strike,
            "horizon": self.horizon,
            "riskless": self.riskless,
            "volatility": self.volatility,
            **given(leak=self.leak),
        }

    @property
    def _call(self) -> bool:
        return self.kind is not OptionKind.ABANDON

    def _terms(self, x: Draws) -> Terms:
        return Terms(
            spot=x["underlying"],
            strike=x["strike"],
            years=x["horizon"],
            rate=np.asarray(np.log1p(x["riskless"])),
            volatility=x["volatility"],
            leak=of(x, "leak")[:, 0],
        )

    def value(self, x: Draws) -> Vector:
        """The value with its freedom for each draw."""
        option = binomial(self._terms(x), call=self._call, american=self.american, steps=self.steps)
        return option if self._call else np.asarray(x["underlying"] + option)

    def table(self) -> Table:
        """The tree beside the closed form at the base values."""
        terms = self._terms(base_draw(self.inputs()))
        closed = float(black_scholes(terms, call=self._call)[0])
        european, american = (
            float(binomial(terms, call=self._call, american=early, steps=self.steps)[0])
            for early in (False, True)
        )
        gap = round(european - closed, 6)  # a hundredth of a yuan: what is left of two like numbers
        row = Row(self.kind.value, (closed, european, american, gap))
        return Table(("closed_form", "tree_european", "tree_american", "gap"), (row,))

    def figures(self) -> tuple[Figure, ...]:
        """What acting now is worth, the option, and what freedom adds to acting now or never."""
        x = base_draw(self.inputs())
        spot, strike = self.underlying.base, self.strike.base
        static = spot - strike if self._call else spot
        option = float(self.value(x)[0]) - (0.0 if self._call else spot)
        premium = option - max(static, 0.0) if self._call else option
        return Figure("static", static), Figure("option", option), Figure("premium", premium)

    def cautions(self) -> tuple[Caution, ...]:
        """The underlying comes from an income method: the two are not independent."""
        return (Caution(CautionCode.UNDERLYING_FROM_INCOME),)
