"""Plans of key (密钥规划): which demands are met, why others are not, what to add next.

Start with :func:`plan`; :func:`upgrades` ranks additions, :func:`advise` the likeliest of them;
``langqiao.engines.qkd.network`` has the what-ifs ``cut``, ``add_link``, ``add_system`` and ``split_spans``.
"""

from __future__ import annotations

from langqiao.engines.qkd.planning.demands import checked, demands_from, load_demands
from langqiao.engines.qkd.planning.plain import name, plan_as_dict, reason_as_dict, upgrade_as_dict
from langqiao.engines.qkd.planning.plans import plan
from langqiao.engines.qkd.planning.upgrades import advise, upgrades

__all__ = [
    "advise",
    "checked",
    "demands_from",
    "load_demands",
    "name",
    "plan",
    "plan_as_dict",
    "reason_as_dict",
    "upgrade_as_dict",
    "upgrades",
]
