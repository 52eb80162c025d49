"""Capacity plan of a campus (园区容量规划): what can be promised when, as a band and not as one line.

Start with :func:`plan` over a :class:`Site`; :func:`site_from_dict` reads one from plain values.
"""

from __future__ import annotations

from langqiao.engines.scheduling.campus.changes import read_changes
from langqiao.engines.scheduling.campus.months import month_of, month_text, read_month
from langqiao.engines.scheduling.campus.plain import plan_as_dict, site_from_dict
from langqiao.engines.scheduling.campus.planning import plan
from langqiao.engines.scheduling.campus.types import (
    CASES,
    KEYS,
    LIMITS,
    MONTHS_AT_MOST,
    Assumed,
    Band,
    Block,
    Changes,
    Demand,
    Fit,
    Hall,
    HallPlan,
    MonthPlan,
    Plan,
    Remark,
    Site,
)

__all__ = [
    "CASES",
    "KEYS",
    "LIMITS",
    "MONTHS_AT_MOST",
    "Assumed",
    "Band",
    "Block",
    "Changes",
    "Demand",
    "Fit",
    "Hall",
    "HallPlan",
    "MonthPlan",
    "Plan",
    "Remark",
    "Site",
    "month_of",
    "month_text",
    "plan",
    "plan_as_dict",
    "read_changes",
    "read_month",
    "site_from_dict",
]
