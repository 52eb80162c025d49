"""What goes into the quantum engine and comes out of it."""

from __future__ import annotations

from langqiao.engines.qkd.types.network import Input, Link, Network, Node, Rules, Span
from langqiao.engines.qkd.types.physics import (
    Block,
    Channel,
    DecoyBounds,
    DecoyRate,
    FiniteKey,
    Mark,
    Parameters,
    Protocol,
    Status,
    TwinRate,
)
from langqiao.engines.qkd.types.plan import (
    Advice,
    Demand,
    DemandPlan,
    Flow,
    LinkKey,
    LinkLoad,
    Plan,
    Policy,
    Reason,
    ReasonCode,
    Share,
    Upgrade,
)
from langqiao.engines.qkd.types.time import Account, Failover, Moment, Outage, Survival, Timeline

__all__ = [
    "Account",
    "Advice",
    "Block",
    "Channel",
    "DecoyBounds",
    "DecoyRate",
    "Demand",
    "DemandPlan",
    "Failover",
    "FiniteKey",
    "Flow",
    "Input",
    "Link",
    "LinkKey",
    "LinkLoad",
    "Mark",
    "Moment",
    "Network",
    "Node",
    "Outage",
    "Parameters",
    "Plan",
    "Policy",
    "Protocol",
    "Reason",
    "ReasonCode",
    "Rules",
    "Share",
    "Span",
    "Status",
    "Survival",
    "Timeline",
    "TwinRate",
    "Upgrade",
]
