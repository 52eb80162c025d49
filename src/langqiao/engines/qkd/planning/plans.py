"""The plan: which demands are met, which are not and why, and how full the links are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import get_args

from langqiao.engines.qkd.allocation import allocate
from langqiao.engines.qkd.disjoint import cheapest_pair, cuts
from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.network.lookup import neighbours
from langqiao.engines.qkd.planning.demands import checked
from langqiao.engines.qkd.routes import cheapest, links_of, widest_shortest
from langqiao.engines.qkd.types import (
    Demand,
    DemandPlan,
    LinkKey,
    LinkLoad,
    Network,
    Plan,
    Policy,
    Reason,
    Share,
)

MET = 1.0 - 1e-6
"""A demand is met when it gets all but a millionth, which is what the solver leaves open."""
USED = 1e-6


def plan(
    network: Network, demands: Iterable[Demand], *, policy: Policy = "max-min", overhead: float = 0.0
) -> Plan:
    """Share out the network's key among demands (密钥规划).

    Args:
        network: nodes and links with their rates.
        demands: who needs how much; priorities are strict.
        policy: how key is shared within a priority.
        overhead: bits of authentication a link spends for every bit it relays, 0 to 100; see
            :func:`langqiao.engines.qkd.relay.overhead`.

    Returns:
        What every demand gets and over which routes; why it does not get all; every link's load.

    Raises:
        QkdError: a demand or an option is out of range.

    Complexity: about 40 ms for 36 demands over the nine cities, seconds for 60 over 40 nodes.
    """
    if policy not in get_args(Policy):
        raise QkdError(f"there is no policy {policy!r}", kind="policy", subjects=(str(policy),))
    if not (math.isfinite(overhead) and 0 <= overhead <= 100):
        raise QkdError(f"the overhead must be from 0 to 100, not {overhead!r}", kind="overhead")
    wanted = checked(network, demands)
    capacity = {one.key: one.rate / (1.0 + overhead) for one in network.links}
    shares = allocate(network, wanted, capacity, policy)
    load = loads(shares)
    by_link = users(shares)
    rows = tuple(_row(network, share, shares, by_link) for share in shares)
    links = tuple(
        LinkLoad(
            one.key,
            one.rate,
            load.get(one.key, 0.0) * (1.0 + overhead),
            100.0 * load.get(one.key, 0.0) / capacity[one.key] if one.rate > 0 else 0.0,
        )
        for one in network.links
    )
    return Plan(network.name, policy, overhead, rows, links, _bottlenecks(rows))


def loads(shares: Iterable[Share]) -> dict[LinkKey, float]:
    """Bits of relayed key a second on every link that is used."""
    found: dict[LinkKey, float] = {}
    for share in shares:
        for flow in share.flows:
            for key in keys_of(flow.routes):
                found[key] = found.get(key, 0.0) + flow.bps
    return found


def users(shares: Iterable[Share]) -> dict[LinkKey, dict[str, float]]:
    """Bits a second on every link by demand."""
    found: dict[LinkKey, dict[str, float]] = {}
    for share in shares:
        for flow in share.flows:
            for key in keys_of(flow.routes):
                row = found.setdefault(key, {})
                row[share.demand.id] = row.get(share.demand.id, 0.0) + flow.bps
    return found


def keys_of(routes: Sequence[Sequence[str]]) -> list[LinkKey]:
    """The links along routes."""
    return [(x, y) if x <= y else (y, x) for route in routes for x, y in pairwise(route)]


def _row(
    network: Network,
    share: Share,
    shares: Sequence[Share],
    by_link: Mapping[LinkKey, Mapping[str, float]],
) -> DemandPlan:
    demand, bps = share.demand, min(share.bps, share.demand.bps)
    met = bps >= demand.bps * MET
    if met:
        bps = demand.bps
    return DemandPlan(
        demand=demand,
        bps=bps,
        share=bps / demand.bps,
        keys_per_second=bps / demand.key_bits,
        flows=share.flows,
        met=met,
        reason=None if met else _reason(network, share, shares, by_link),
    )


def _reason(
    network: Network,
    share: Share,
    shares: Sequence[Share],
    by_link: Mapping[LinkKey, Mapping[str, float]],
) -> Reason:
    demand = share.demand
    if not share.flows:
        impossible = _impossible(network, demand)
        if impossible is not None:
            return impossible
    links = share.bottleneck
    others = {
        who: rate
        for key in links
        for who, rate in by_link.get(key, {}).items()
        if who != demand.id and rate > USED * sum(by_link[key].values())
    }
    priority = {one.demand.id: one.demand.priority for one in shares}
    above = tuple(
        one.demand.id
        for one in shares
        if one.demand.id in others and priority[one.demand.id] < demand.priority
    )
    if above:
        return Reason("outranked", links=links, demands=above)
    beside = tuple(one.demand.id for one in shares if one.demand.id in others)
    return Reason("shared" if beside else "capacity", links=links, demands=beside)


def _impossible(network: Network, demand: Demand) -> Reason | None:
    """Why no allocation could give the demand anything, ``None`` where one could."""
    a, b = demand.source, demand.target
    alive = {one.key: 1.0 for one in network.links if one.rate > 0}
    every = {one.key: 1.0 if one.rate > 0 else 1e6 for one in network.links}
    beside = neighbours(network)
    trusted = {one.id for one in network.nodes if one.trusted}
    if widest_shortest(network, a, b) is not None:
        if not demand.two_paths or cheapest_pair(beside, trusted, a, b, alive) is not None:
            return None
        found = cuts(network, a, b)
        return Reason("no_disjoint", links=found.links, nodes=found.nodes)
    keyless = cheapest(beside, trusted, a, b, every)
    if keyless is not None:
        dead = tuple(one.key for one in links_of(network, keyless[1]) if one.rate <= 0)
        return Reason("no_key", links=dead)
    blind = replace(network, nodes=tuple(replace(one, trusted=True) for one in network.nodes))
    around = cheapest(neighbours(blind), {one.id for one in network.nodes}, a, b, every)
    if around is not None:
        return Reason("untrusted", nodes=tuple(name for name in around[1][1:-1] if name not in trusted))
    return Reason("no_route")


def _bottlenecks(rows: Sequence[DemandPlan]) -> tuple[LinkKey, ...]:
    """Links that keep demands back, those first that keep back the most bits a second."""
    weight: dict[LinkKey, float] = {}
    for row in rows:
        if row.reason is not None and row.reason.code in {"capacity", "outranked", "shared"}:
            for key in row.reason.links:
                weight[key] = weight.get(key, 0.0) + row.demand.bps - row.bps
    return tuple(sorted(weight, key=lambda key: (-weight[key], key)))
