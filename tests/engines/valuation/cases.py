"""Small cases that the tests share; every number is made up."""

from __future__ import annotations

from datetime import date
from typing import Any

from langqiao.engines.valuation import (
    Adjustment,
    Basis,
    Comparable,
    CostCase,
    CostItem,
    CostKind,
    DcfCase,
    MarketCase,
    OptionCase,
    OptionKind,
    Quantity,
    Revenue,
    RoyaltyCase,
    Shape,
    SplitCase,
    Study,
    Unit,
    Weighted,
)

DAY = date(2026, 11, 23)


def exact(value: float, unit: Unit = Unit.SHARE) -> Quantity:
    return Quantity.fixed(value, unit, "检验用")


def spread(
    low: float, base: float, high: float, unit: Unit = Unit.SHARE, shape: Shape = Shape.PERT
) -> Quantity:
    return Quantity(low, base, high, unit, "检验用", Basis.ASSUMED, shape)


def revenue(
    peak: float = 1000.0,
    *,
    growth: float = 0.0,
    life: float = 3.0,
    delay: float = 0.0,
    ramp: tuple[float, ...] = (1.0,),
) -> Revenue:
    """Revenue without any range."""
    return Revenue(
        peak=exact(peak, Unit.WAN_A_YEAR),
        growth=exact(growth),
        life=exact(life, Unit.YEARS),
        delay=exact(delay, Unit.YEARS),
        ramp=ramp,
    )


def wide_revenue() -> Revenue:
    """Revenue with ranges."""
    return Revenue(
        peak=spread(800, 1000, 1500, Unit.WAN_A_YEAR),
        growth=spread(-0.05, 0.0, 0.05),
        life=spread(6, 8, 11, Unit.YEARS),
        delay=spread(0.5, 1, 2, Unit.YEARS),
        ramp=(0.3, 0.7, 1.0),
    )


def dcf(**changes: Any) -> DcfCase:
    """A project without ranges: EBITDA margin 40 %, tax 25 %, discount 10 %, all of it technology."""
    facts: dict[str, Any] = {
        "revenue": revenue(),
        "margin": exact(0.4),
        "tax": exact(0.25),
        "discount": exact(0.1),
        "success": exact(1.0),
        "contribution": exact(1.0),
        "mid_year": False,
    }
    return DcfCase(**{**facts, **changes})


def royalty(**changes: Any) -> RoyaltyCase:
    facts: dict[str, Any] = {
        "revenue": revenue(),
        "royalty": exact(0.05),
        "tax": exact(0.25),
        "discount": exact(0.1),
        "success": exact(1.0),
        "mid_year": False,
    }
    return RoyaltyCase(**{**facts, **changes})


def split(**changes: Any) -> SplitCase:
    facts: dict[str, Any] = {
        "revenue": revenue(),
        "profit_margin": exact(0.2),
        "split": exact(0.25),
        "tax": exact(0.25),
        "discount": exact(0.1),
        "success": exact(1.0),
        "mid_year": False,
    }
    return SplitCase(**{**facts, **changes})


def cost(**changes: Any) -> CostCase:
    facts: dict[str, Any] = {
        "kind": CostKind.REPRODUCTION,
        "items": (
            CostItem("人工", exact(100, Unit.WAN), 100, 110),
            CostItem("材料", exact(50, Unit.WAN), 100, 100),
        ),
        "remaining": exact(6, Unit.YEARS),
        "age": 2.0,
        "index_source": "检验用指数",
    }
    return CostCase(**{**facts, **changes})


def deal(name: str, price: float, *factors: Quantity, weight: float = 1.0, on: date = DAY) -> Comparable:
    adjustments = tuple(Adjustment(f"修正{at}", factor) for at, factor in enumerate(factors))
    return Comparable(name, price, on, "检验用", Basis.ASSUMED, adjustments, weight)


def market(*deals: Comparable) -> MarketCase:
    return MarketCase(deals or (deal("甲", 300), deal("乙", 500), deal("丙", 400)), DAY)


def option(**changes: Any) -> OptionCase:
    """Hull's example in real clothes: S 42, K 40, 10 % continuous, 20 %, half a year."""
    facts: dict[str, Any] = {
        "kind": OptionKind.INVEST,
        "underlying": exact(42, Unit.WAN),
        "strike": exact(40, Unit.WAN),
        "horizon": exact(0.5, Unit.YEARS),
        "riskless": exact(0.10517091807564771),
        "volatility": exact(0.2),
        "american": False,
    }
    return OptionCase(**{**facts, **changes})


def full_study(seed: int = 7, draws: int = 2000) -> Study:
    """All six methods, every one with ranges."""
    shared = {"tax": exact(0.25), "discount": spread(0.12, 0.15, 0.2), "success": spread(0.5, 0.6, 0.8)}
    flows = wide_revenue()
    cases = (
        Weighted(
            DcfCase(
                revenue=flows,
                margin=spread(0.25, 0.3, 0.36),
                contribution=spread(0.2, 0.3, 0.4),
                investment=spread(300, 400, 600, Unit.WAN, Shape.LOGNORMAL),
                working_capital=spread(0.1, 0.15, 0.2),
                **shared,
            ),
            2.0,
            "数据最全",
        ),
        Weighted(
            RoyaltyCase(revenue=flows, royalty=spread(0.03, 0.05, 0.08), **shared), 1.0, "有许可费率可参考"
        ),
        Weighted(
            SplitCase(
                revenue=flows, profit_margin=spread(0.15, 0.2, 0.25), split=spread(0.2, 0.25, 0.33), **shared
            ),
            1.0,
            "与许可费法互相印证",
        ),
        Weighted(cost(functional=spread(0.0, 0.1, 0.2)), 0.0, "仅作参考"),
        Weighted(market(deal("甲", 300, spread(0.9, 1.0, 1.2, Unit.FACTOR)), deal("乙", 500)), 0.5, "案例少"),
        Weighted(option(volatility=spread(0.2, 0.4, 0.6), horizon=exact(2, Unit.YEARS)), 0.5, "可延迟投资"),
    )
    return Study(cases, seed=seed, draws=draws)
