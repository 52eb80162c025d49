"""Plans as plain values for JSON."""

from __future__ import annotations

from dataclasses import asdict

from langqiao.engines.qkd.types import DemandPlan, LinkKey, Plan, Reason, Upgrade


def plan_as_dict(plan: Plan) -> dict[str, object]:
    """A plan as JSON takes it: allocation per demand, links' load, unmet demands with reasons."""
    return {
        "network": plan.network,
        "policy": plan.policy,
        "overhead": plan.overhead,
        "unit": "bit/s",
        "asked": plan.asked,
        "granted": plan.granted,
        "demands": [_demand(row) for row in plan.demands],
        "links": [
            {"link": name(row.link), "rate": row.rate, "load": row.load, "percent": row.percent}
            for row in plan.links
        ],
        "unmet": [
            {
                "id": row.demand.id,
                "missing": row.demand.bps - row.bps,
                "reason": reason_as_dict(row.reason),
            }
            for row in plan.unmet
            if row.reason is not None
        ],
        "bottlenecks": [name(key) for key in plan.bottlenecks],
    }


def reason_as_dict(reason: Reason) -> dict[str, object]:
    """A reason's code and particulars."""
    return {
        "code": reason.code,
        "links": [name(key) for key in reason.links],
        "nodes": list(reason.nodes),
        "demands": list(reason.demands),
    }


def upgrade_as_dict(upgrade: Upgrade) -> dict[str, object]:
    """An upgrade as JSON takes it."""
    return asdict(upgrade) | {"link": name(upgrade.link)}


def name(key: LinkKey) -> str:
    """A link's name: its ends with a hyphen."""
    return f"{key[0]}-{key[1]}"


def _demand(row: DemandPlan) -> dict[str, object]:
    demand = row.demand
    return {
        "id": demand.id,
        "source": demand.source,
        "target": demand.target,
        "priority": demand.priority,
        "asked": demand.bps,
        "granted": row.bps,
        "share": row.share,
        "key_bits": demand.key_bits,
        "keys_per_second": row.keys_per_second,
        "two_paths": demand.two_paths,
        "met": row.met,
        "routes": [{"nodes": [list(one) for one in flow.routes], "bps": flow.bps} for flow in row.flows],
    }
