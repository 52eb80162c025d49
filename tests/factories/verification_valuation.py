"""Valuations in every state, made through the verbs."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import date
from typing import Any

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.registry.models import Achievement, Organisation
from langqiao.apps.verification.domain import valuation as verbs
from langqiao.apps.verification.models import Valuation
from tests.factories import registry
from tests.factories.accounts import make_member

DAY = date(2026, 11, 23)
MARKER = "示例机密九一四七"  # stands in every source; must never reach who may not read it


@dataclass
class Sides:
    """An owner with an achievement, and a centre; one member of each."""

    owner: Organisation
    centre: Organisation
    member: User
    appraiser: User
    achievement: Achievement


def make_sides() -> Sides:
    owner = registry.make_organisation(kind="university", name="示例大学（权属）")
    centre = registry.make_organisation(
        kind=Organisation.Kind.VERIFICATION_CENTRE, name="示例估值中心", city=registry.make_city("jiaxing")
    )
    return Sides(
        owner=owner,
        centre=centre,
        member=make_member(owner, Role.RESEARCHER),
        appraiser=make_member(centre, Role.RESEARCHER),
        achievement=registry.make_achievement(owner=owner, trl=6),
    )


def quantity(low: float, base: float, high: float, unit: str = "%", **values: Any) -> dict[str, Any]:
    """An input with a range, as data."""
    return {
        "low": low,
        "base": base,
        "high": high,
        "unit": unit,
        "source": f"{values.pop('why', '示例假设')}{MARKER}",
        "basis": "assumed",
        "shape": "fixed" if low == high else "pert",
        **values,
    }


def royalty(**changes: Any) -> dict[str, Any]:
    """A relief-from-royalty case, as data."""
    return {
        "method": "royalty",
        "revenue": {
            "peak": quantity(800.0, 1000.0, 1500.0, "万元/年"),
            "growth": quantity(-0.05, 0.0, 0.05),
            "life": quantity(6.0, 8.0, 10.0, "年"),
            "delay": quantity(0.5, 1.0, 2.0, "年"),
            "ramp": [0.3, 0.7, 1.0],
        },
        "royalty": quantity(0.03, 0.05, 0.08),
        "tax": quantity(0.25, 0.25, 0.25),
        "discount": quantity(0.12, 0.15, 0.2),
        "success": quantity(0.3, 0.4, 0.55),
        "protection": {"right": "invention", "filed": "2022-03-01", "at": DAY.isoformat()},
        **changes,
    }


def cost(**changes: Any) -> dict[str, Any]:
    """A cost case, as data."""
    return {
        "method": "cost",
        "kind": "reproduction",
        "items": [
            {"name": "研发人员", "amount": quantity(150.0, 180.0, 220.0, "万元"), "index_then": 100.0,
             "index_now": 106.0},
            {"name": "中试", "amount": quantity(60.0, 80.0, 120.0, "万元")},
        ],
        "remaining": quantity(6.0, 8.0, 10.0, "年"),
        "age": 2.0,
        "index_source": "示例价格指数",
        **changes,
    }  # fmt: skip


def market(**changes: Any) -> dict[str, Any]:
    """A market case of two deals, as data."""
    deals = [
        {
            "name": name,
            "price": price,
            "on": "2025-06-01",
            "source": f"示例公告{MARKER}",
            "basis": "published",
            "adjustments": [{"name": "成熟度", "factor": quantity(0.9, 1.0, 1.2, "倍")}],
            "weight": 1.0,
        }
        for name, price in (("案例甲", 120.0), ("案例乙", 200.0))
    ]
    return {"method": "market", "comparables": deals, "at": DAY.isoformat(), **changes}


def option(**changes: Any) -> dict[str, Any]:
    """An option to defer, as data."""
    return {
        "method": "option",
        "kind": "defer",
        "underlying": quantity(300.0, 420.0, 600.0, "万元"),
        "strike": quantity(350.0, 400.0, 500.0, "万元"),
        "horizon": quantity(1.0, 2.0, 3.0, "年"),
        "riskless": quantity(0.02, 0.02, 0.02),
        "volatility": quantity(0.3, 0.45, 0.6),
        "american": True,
        "steps": 100,
        **changes,
    }


def study(*cases: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A study of royalty, cost, market and option unless cases are given."""
    cases = cases or (royalty(), cost(), market(), option())
    return {
        "cases": [
            {"case": case, "weight": 1.0 if at < 2 else 0.5, "reason": f"示例理由{at}{MARKER}"}
            for at, case in enumerate(cases)
        ],
        "seed": 7,
        "draws": 1000,
        **values,
    }


def make_draft(sides: Sides, **values: Any) -> Valuation:
    """A draft without inputs."""
    return verbs.draft_valuation(
        values.pop("actor", sides.member),
        **{
            "organisation": sides.owner,
            "title": "示例：减薄工艺估值",
            "valuation_date": DAY,
            "achievement": sides.achievement,
            "purpose": "示例：许可谈判",
            "illustrative": True,
            **values,
        },
    )


def make_computed(sides: Sides, **values: Any) -> Valuation:
    """A draft with its range."""
    return make_draft(sides, study=values.pop("study", None) or copy.deepcopy(study()), **values)


def make_final(sides: Sides, **values: Any) -> Valuation:
    """A final valuation."""
    return verbs.finalise_valuation(sides.member, make_computed(sides, **values))
