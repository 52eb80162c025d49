"""Routes through trusted nodes (可信中继路由): fewest hops, widest of the shortest, widest.

A node that is not trusted never stands between the ends of a route.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping
from itertools import pairwise

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.network.lookup import find_link, neighbours, node
from langqiao.engines.qkd.types import Link, Network

Capacity = Callable[[Link], float]


def route(network: Network, a: str, b: str, *, capacity: Capacity | None = None) -> tuple[str, ...]:
    """The route with fewest hops, among those the one with the widest bottleneck (widest-shortest).

    Links without key are never used.

    Args:
        network: where.
        a, b: ends, by identifier or name.
        capacity: bits a second left on a link, its rate where it is left out.

    Raises:
        QkdError: a node does not exist, the ends are the same, or no route joins them.

    >>> from langqiao.engines.qkd.network import nine_cities
    >>> route(nine_cities(), "songjiang", "jinhua")
    ('songjiang', 'jiaxing', 'hangzhou', 'jinhua')
    """
    first, last = node(network, a).id, node(network, b).id
    if first == last:
        raise QkdError(f"a route needs two nodes, not {first} twice", kind="route", subjects=(first,))
    found = widest_shortest(network, first, last, capacity=capacity)
    if found is None:
        raise QkdError(
            f"no route of trusted nodes joins {first} and {last}", kind="route", subjects=(first, last)
        )
    return found


def widest_shortest(
    network: Network, a: str, b: str, *, capacity: Capacity | None = None
) -> tuple[str, ...] | None:
    """As :func:`route` over identifiers, ``None`` where there is no route. O(E log V)."""
    left = capacity or _rate
    beside = neighbours(network)
    trusted = {one.id for one in network.nodes if one.trusted}
    best: dict[str, tuple[int, float]] = {a: (0, math.inf)}
    before: dict[str, str] = {}
    queue: list[tuple[int, float, str]] = [(0, -math.inf, a)]
    while queue:
        hops, wide, here = heapq.heappop(queue)
        if here == b:
            return _walk(before, a, b)
        if (hops, -wide) != best[here] or (here != a and here not in trusted):
            continue
        for there, link in beside[here]:
            room = min(-wide, left(link))
            if room <= 0:
                continue
            old = best.get(there)
            if old is None or (hops + 1, -room) < (old[0], -old[1]):
                best[there] = (hops + 1, room)
                before[there] = here
                heapq.heappush(queue, (hops + 1, -room, there))
    return None


def cheapest(
    beside: Mapping[str, tuple[tuple[str, Link], ...]],
    trusted: set[str],
    a: str,
    b: str,
    cost: Mapping[tuple[str, str], float],
) -> tuple[float, tuple[str, ...]] | None:
    """Least sum of costs and its route; links without a cost are not used. Costs are not negative."""
    best = {a: 0.0}
    before: dict[str, str] = {}
    queue: list[tuple[float, str]] = [(0.0, a)]
    while queue:
        spent, here = heapq.heappop(queue)
        if here == b:
            return spent, _walk(before, a, b)
        if spent > best[here] or (here != a and here not in trusted):
            continue
        for there, link in beside[here]:
            price = cost.get(link.key)
            if price is None:
                continue
            total = spent + price
            if total < best.get(there, math.inf):
                best[there] = total
                before[there] = here
                heapq.heappush(queue, (total, there))
    return None


def links_of(network: Network, nodes: tuple[str, ...]) -> tuple[Link, ...]:
    """The links along a route.

    Raises:
        QkdError: two nodes of it are no neighbours.
    """
    found: list[Link] = []
    for a, b in pairwise(nodes):
        one = find_link(network, a, b)
        if one is None:
            raise QkdError(f"there is no link {a}-{b}", kind="link", subjects=(a, b))
        found.append(one)
    return tuple(found)


def width(network: Network, nodes: tuple[str, ...]) -> float:
    """Key a route can carry in bits a second: the rate of its slowest link (瓶颈速率)."""
    return min(one.rate for one in links_of(network, nodes))


def _rate(link: Link) -> float:
    return link.rate


def _walk(before: Mapping[str, str], a: str, b: str) -> tuple[str, ...]:
    back = [b]
    while back[-1] != a:
        back.append(before[back[-1]])
    return tuple(reversed(back))
