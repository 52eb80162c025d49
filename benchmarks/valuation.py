"""Benchmark of the valuation engine: is the tree exact, is the simulation fast, are its quantiles stable.

    python -m benchmarks.valuation [--draws 10000] [--seeds 30] [--json]

It needs no data: the case is a made-up project. JSON keys:

* ``tree``: steps → largest gap between the binomial tree and Black–Scholes, as a share of the underlying,
  over 60 European options (moneyness, volatility, leakage, call and put)
* ``methods``: method → ``milliseconds`` of the engine for all draws; for the discounted cash flow also
  ``loop_milliseconds`` of the same equations written year by year in plain Python, and the largest
  relative ``difference`` between the two
* ``quantiles``: P10, P50, P90 → standard deviation over the seeds, in per cent of the way from P10 to P90
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.clock import timed
from langqiao.engines.valuation import (
    DcfCase,
    OptionCase,
    OptionKind,
    Quantity,
    Revenue,
    RoyaltyCase,
    Shape,
    Unit,
)
from langqiao.engines.valuation.options import Terms, binomial, black_scholes
from langqiao.engines.valuation.sampling import quantile, shares

Vector = NDArray[np.float64]

STEPS = (50, 100, 200, 500, 1000)
RAMP = (0.2, 0.5, 0.8, 1.0)


def spread(low: float, base: float, high: float, unit: Unit = Unit.SHARE) -> Quantity:
    """A made-up input."""
    return Quantity(low, base, high, unit, "made up", shape=Shape.PERT)


REVENUE = Revenue(
    peak=spread(2000, 3000, 5000, Unit.WAN_A_YEAR),
    growth=spread(-0.05, 0.02, 0.06),
    life=spread(8, 10, 14, Unit.YEARS),
    delay=spread(1, 1.5, 3, Unit.YEARS),
    ramp=RAMP,
)
SHARED = {
    "tax": spread(0.15, 0.25, 0.25),
    "discount": spread(0.12, 0.16, 0.22),
    "success": spread(0.3, 0.45, 0.6),
}
DCF = DcfCase(
    revenue=REVENUE,
    margin=spread(0.2, 0.3, 0.4),
    contribution=spread(0.2, 0.3, 0.4),
    investment=spread(1500, 2000, 3000, Unit.WAN),
    working_capital=spread(0.1, 0.15, 0.2),
    **SHARED,
)
ROYALTY = RoyaltyCase(revenue=REVENUE, royalty=spread(0.02, 0.04, 0.07), **SHARED)
OPTION = OptionCase(
    kind=OptionKind.DEFER,
    underlying=spread(1500, 2200, 3500, Unit.WAN),
    strike=spread(1500, 2000, 3000, Unit.WAN),
    horizon=spread(1, 2, 3, Unit.YEARS),
    riskless=spread(0.015, 0.02, 0.03),
    volatility=spread(0.3, 0.45, 0.7),
    leak=spread(0.0, 0.05, 0.1),
)


def plain_dcf(x: Mapping[str, float], case: DcfCase) -> float:
    """One draw of the discounted cash flow, year by year."""
    rate, life, launch = x["discount"], x["revenue.life"], x["revenue.delay"]
    span = min(life, case.depreciation_years)
    losses: list[list[float]] = []  # year, what is left of its loss
    present, held, year = 0.0, 0.0, 0
    while year < life:
        part = min(1.0, life - year)
        over = max(0, year + 1 - len(RAMP))
        revenue = x["revenue.peak"] * RAMP[min(year, len(RAMP) - 1)] * (1 + x["revenue.growth"]) ** over
        written_off = x["investment"] * max(0.0, min(1.0, span - year)) / span
        before = revenue * part * x["margin"]
        profit = before - written_off
        losses = [loss for loss in losses if loss[0] >= year - case.loss_years]
        if profit < 0:
            losses.append([year, -profit])
        for loss in losses:
            used = min(max(profit, 0.0), loss[1])
            profit, loss[1] = profit - used, loss[1] - used
        tax = max(profit, 0.0) * x["tax"]
        more = x["working_capital"] * revenue
        present += (before - tax - (more - held)) * (1 + rate) ** -(launch + year + part / 2)
        held, year = more, year + 1
    present += held * (1 + rate) ** -(launch + life)
    return x["contribution"] * x["success"] * (present - x["investment"] * (1 + rate) ** -launch)


def tree_gaps() -> dict[str, float]:
    """How far the tree is from the closed form."""
    rows = np.array(
        [
            (100.0, strike, years, 0.03, sigma, leak)
            for strike in (70.0, 90.0, 100.0, 110.0, 140.0)
            for years, sigma in ((1.0, 0.25), (3.0, 0.4), (5.0, 0.6))
            for leak in (0.0, 0.05)
        ]
    )
    terms = Terms(*rows.T)
    return {
        str(steps): max(
            float(np.abs(binomial(terms, call=call, american=False, steps=steps) - closed).max()) / 100.0
            for call in (True, False)
            for closed in (black_scholes(terms, call=call),)
        )
        for steps in STEPS
    }


def drawn(case: DcfCase | RoyaltyCase | OptionCase, *, seed: int, draws: int) -> dict[str, Vector]:
    """Joint draws of the inputs of a case."""
    inputs = case.inputs()
    joint = shares(inputs, seed=seed, draws=draws)
    return {key: quantile(quantity, joint[key]) for key, quantity in inputs.items()}


def methods(draws: int) -> dict[str, dict[str, float]]:
    """How long each method takes, and whether the fast way and the plain way agree."""
    found: dict[str, dict[str, float]] = {}
    for case in (DCF, ROYALTY, OPTION):
        x = drawn(case, seed=1, draws=draws)
        case.value(x)
        found[case.method.value] = {"milliseconds": round(timed(lambda c=case, x=x: c.value(x)), 1)}
    x = drawn(DCF, seed=1, draws=draws)
    rows = [{key: float(values[at]) for key, values in x.items()} for at in range(draws)]
    plain: list[float] = []
    slow = timed(lambda: plain.extend(plain_dcf(row, DCF) for row in rows))
    fast = DCF.value(x)
    found["dcf"]["loop_milliseconds"] = round(slow, 1)
    found["dcf"]["difference"] = float(np.abs(fast - plain).max() / np.abs(fast).max())
    return found


def stability(draws: int, seeds: int) -> dict[str, float]:
    """How much the quantiles of one run move with the seed, measured by the width of the range."""
    samples = (DCF.value(drawn(DCF, seed=seed, draws=draws)) for seed in range(seeds))
    table = np.array([np.quantile(sample, (0.1, 0.5, 0.9)) for sample in samples])
    low, _, high = table.mean(axis=0)
    moved = 100 * table.std(axis=0, ddof=1) / (high - low)
    return dict(zip(("P10", "P50", "P90"), (round(float(value), 2) for value in moved), strict=True))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    report: dict[str, Any] = {
        "draws": options.draws,
        "seeds": options.seeds,
        "tree": tree_gaps(),
        "methods": methods(options.draws),
        "quantiles": stability(options.draws, options.seeds),
    }
    if options.json:
        print(json.dumps(report))
        return 0
    print("Binomial tree and Black–Scholes: largest gap, share of the underlying")
    for steps, gap in report["tree"].items():
        print(f"  {steps:>5} steps  {gap:.2e}")
    print(f"\n{options.draws:,} draws")
    for name, figures in report["methods"].items():
        print(f"  {name:<8} " + "  ".join(f"{key} {value:.3g}" for key, value in figures.items()))
    print(f"\nStandard deviation of quantiles over {options.seeds} seeds, per cent of P10…P90")
    print("  " + "  ".join(f"{name} {value}" for name, value in report["quantiles"].items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
