"""One demand after the other on one route each: what planners do by hand, and the baseline.

G. Apostolopoulos, S. Kama, D. Williams, R. Guerin, A. Orda, T. Przygienda, "QoS routing mechanisms and OSPF
extensions", RFC 2676 (1999): widest-shortest takes the widest of the routes with fewest hops.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from langqiao.engines.qkd.disjoint import cheapest_pair
from langqiao.engines.qkd.network.lookup import neighbours
from langqiao.engines.qkd.routes import widest_shortest
from langqiao.engines.qkd.types import Demand, Flow, LinkKey, Network, Share

CRUMB = 1e-9


def one_by_one(
    network: Network, demands: Sequence[Demand], capacity: Mapping[LinkKey, float], *, adaptive: bool
) -> tuple[Share, ...]:
    """Serve demands by priority and then in their order, each on one route with what is left.

    Args:
        network: where.
        demands: who asks, with node identifiers.
        capacity: bits a second that may be used of every link.
        adaptive: choose the route by what is left (widest-shortest); otherwise by the whole network
            (shortest), whatever has been taken.
    """
    left = dict(capacity)
    found: dict[int, Share] = {}
    for who in sorted(range(len(demands)), key=lambda who: demands[who].priority):
        demand = demands[who]
        routes = _routes(network, demand, left if adaptive else capacity)
        if routes is None:
            found[who] = Share(demand, (), _full(network, demand, capacity, left) if adaptive else ())
            continue
        keys = [(x, y) if x <= y else (y, x) for route in routes for x, y in pairwise(route)]
        given = min(demand.bps, *(left[key] for key in keys))
        for key in keys:
            left[key] -= given
        tight = tuple(sorted(key for key in keys if left[key] <= CRUMB * capacity[key]))
        if given < demand.bps:
            for key in tight:
                left[key] = 0.0
        flows = (Flow(routes, given),) if given > CRUMB * demand.bps else ()
        found[who] = Share(demand, flows, tight if given < demand.bps else ())
    return tuple(found[who] for who in range(len(demands)))


def _routes(
    network: Network, demand: Demand, room: Mapping[LinkKey, float]
) -> tuple[tuple[str, ...], ...] | None:
    if demand.two_paths:
        trusted = {one.id for one in network.nodes if one.trusted}
        cost = {key: 1.0 for key, value in room.items() if value > 0}
        found = cheapest_pair(neighbours(network), trusted, demand.source, demand.target, cost)
        return None if found is None else found[1]
    route = widest_shortest(
        network, demand.source, demand.target, capacity=lambda link: room.get(link.key, 0.0)
    )
    return None if route is None else (route,)


def _full(
    network: Network, demand: Demand, capacity: Mapping[LinkKey, float], left: Mapping[LinkKey, float]
) -> tuple[LinkKey, ...]:
    """Links on the demand's route through the empty network that others have used up."""
    routes = _routes(network, demand, capacity) or ()
    keys = {(x, y) if x <= y else (y, x) for route in routes for x, y in pairwise(route)}
    return tuple(sorted(key for key in keys if left[key] <= 0.0))
