"""Failover (故障切换): what is left when a link or a node fails, and how long stored key bridges the gap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from langqiao.engines.qkd.allocation import max_min
from langqiao.engines.qkd.network.changes import cut
from langqiao.engines.qkd.network.lookup import link, node
from langqiao.engines.qkd.planning.plans import keys_of, loads, plan
from langqiao.engines.qkd.types import (
    Demand,
    DemandPlan,
    Failover,
    LinkKey,
    Network,
    Policy,
    Share,
    Survival,
)

YEAR = 365 * 86_400.0
CLOSE = 1e-6


def failover(
    network: Network,
    demands: Iterable[Demand],
    *,
    links: Iterable[tuple[str, str]] = (),
    nodes: Iterable[str] = (),
    stored: Mapping[LinkKey, int] | None = None,
    policy: Policy = "max-min",
    overhead: float = 0.0,
) -> Failover:
    """Plan before and after a failure, and how long every demand goes on as before.

    A cut link makes no key, but what both its ends have stored may still be used; a dead node takes its links
    and what is stored on them with it. Until stored key runs out, all demands are carried as before over the
    routes that make the first pool to run dry last longest; a demand lasts until the first link of its routes
    is empty.

    Args:
        network: before the failure.
        demands: who needs how much.
        links: that are cut.
        nodes: that are dead.
        stored: bits by link, in alphabetical order of its ends; nothing where a link is not named.
        policy, overhead: as for :func:`langqiao.engines.qkd.planning.plan`.

    Raises:
        QkdError: a link, node or demand is not there or out of range.

    Complexity: some forty allocations of the demands that are hit, about a second for the nine cities.
    """
    gone = {link(network, a, b).key for a, b in links}
    dead = {node(network, name).id for name in nodes}
    keys = {key: bits for key, bits in (stored or {}).items() if bits > 0}
    wanted = tuple(demands)
    before = plan(network, wanted, policy=policy, overhead=overhead)
    after = plan(cut(network, links=gone, nodes=dead), wanted, policy=policy, overhead=overhead)
    lost = {key: bits for key, bits in keys.items() if dead & set(key)}
    standing = cut(network, nodes=dead)
    rates = {one.key: 0.0 if one.key in gone else one.rate / (1.0 + overhead) for one in standing.links}
    room = {key: bits / (1.0 + overhead) for key, bits in keys.items() if key in rates}
    lasting = _lasting(standing, before.demands, rates, room)
    rows = tuple(
        Survival(
            demand=was.demand,
            before=was.bps,
            after=now.bps,
            seconds=None if now.bps >= was.bps * (1 - CLOSE) else lasting.get(was.demand.id, 0.0),
            rerouted={flow.routes for flow in was.flows} != {flow.routes for flow in now.flows},
            reason=now.reason,
        )
        for was, now in zip(before.demands, after.demands, strict=True)
    )
    return Failover(before, after, rows, lost)


def _lasting(
    network: Network,
    rows: Iterable[DemandPlan],
    rates: Mapping[LinkKey, float],
    room: Mapping[LinkKey, float],
) -> dict[str, float | None]:
    """Seconds that every demand lasts at the rate it had; demands that nothing carries are left out."""
    wanted = [replace(row.demand, bps=row.bps, priority=1) for row in rows if row.bps > 0]
    carried = max_min(network, wanted, _capacity(rates, room, 1.0))
    wanted = [share.demand for share in carried if share.flows]
    if not wanted:
        return {}
    low, high = 0.0, YEAR  # all can be carried for ``low`` seconds, not known for ``high``
    shares = max_min(network, wanted, _capacity(rates, room, YEAR))
    if not _whole(shares):
        low, shares = 1e-3, max_min(network, wanted, _capacity(rates, room, 1e-3))
        while high / low > 1.001:
            middle = (low * high) ** 0.5
            tried = max_min(network, wanted, _capacity(rates, room, middle))
            if _whole(tried):
                low, shares = middle, tried
            else:
                high = middle
    used = loads(shares)
    empty = {
        key: room.get(key, 0.0) / (load - rates[key])
        for key, load in used.items()
        if load > rates[key] * (1 + CLOSE)
    }
    found: dict[str, float | None] = {}
    for share in shares:
        if share.bps < share.demand.bps * (1 - 1e-4):
            found[share.demand.id] = 0.0
            continue
        times = [empty[key] for flow in share.flows for key in keys_of(flow.routes) if key in empty]
        found[share.demand.id] = min(times) if times else None
    return found


def _capacity(
    rates: Mapping[LinkKey, float], room: Mapping[LinkKey, float], seconds: float
) -> dict[LinkKey, float]:
    """Bits a second of every link if what is stored is used up evenly over some seconds."""
    return {key: rate + room.get(key, 0.0) / seconds for key, rate in rates.items()}


def _whole(shares: Iterable[Share]) -> bool:
    return all(share.bps >= share.demand.bps * (1 - 1e-4) for share in shares)
