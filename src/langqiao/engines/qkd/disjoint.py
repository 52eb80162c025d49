"""Two node-disjoint routes and the XOR of two shares (双路异或传输).

A key sent as two shares over disjoint routes stays secret unless a node of each route gives its share away.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.network.changes import cut
from langqiao.engines.qkd.network.lookup import neighbours, node
from langqiao.engines.qkd.routes import widest_shortest
from langqiao.engines.qkd.types import Link, LinkKey, Network

Beside = Mapping[str, tuple[tuple[str, Link], ...]]
Pair = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Cuts:
    """Nodes and links that every route between two nodes passes (割点、割边)."""

    nodes: tuple[str, ...]
    links: tuple[LinkKey, ...]


def disjoint_pair(network: Network, a: str, b: str) -> Pair:
    """Two routes that share no node but their ends, with as few hops together as there can be.

    Args:
        network: where; links without key are not used.
        a, b: ends, by identifier or name.

    Raises:
        QkdError: there are none (kind ``disjoint``; the message and ``subjects`` name the cut nodes and
            links), no route at all (``route``), or the ends are the same.
    """
    first, last = node(network, a).id, node(network, b).id
    if first == last:
        raise QkdError(f"a route needs two nodes, not {first} twice", kind="route", subjects=(first,))
    cost = {one.key: 1.0 for one in network.links if one.rate > 0}
    trusted = {one.id for one in network.nodes if one.trusted}
    found = cheapest_pair(neighbours(network), trusted, first, last, cost)
    if found is not None:
        return found[1]
    every = cuts(network, first, last)
    places = [*every.nodes, *("-".join(pair) for pair in every.links)]
    raise QkdError(
        f"no two disjoint routes join {first} and {last}: every route passes {', '.join(places)}",
        kind="disjoint", subjects=tuple(places),
    )  # fmt: skip


def cuts(network: Network, a: str, b: str) -> Cuts:
    """Nodes and links that every route passes, in the order of the shortest route.

    Raises:
        QkdError: no route joins them.
    """
    first, last = node(network, a).id, node(network, b).id
    found = widest_shortest(network, first, last)
    if found is None:
        raise QkdError(
            f"no route of trusted nodes joins {first} and {last}", kind="route", subjects=(first, last)
        )
    inner = tuple(
        name for name in found[1:-1] if widest_shortest(cut(network, nodes=[name]), first, last) is None
    )
    pairs = [(x, y) if x <= y else (y, x) for x, y in pairwise(found)]
    edges = tuple(pair for pair in pairs if widest_shortest(cut(network, links=[pair]), first, last) is None)
    return Cuts(inner, edges)


def cheapest_pair(
    beside: Beside, trusted: set[str], a: str, b: str, cost: Mapping[LinkKey, float]
) -> tuple[float, Pair] | None:
    """Two node-disjoint routes of least total cost, ``None`` where there are none.

    J. W. Suurballe, "Disjoint paths in a network", Networks 4, 125 (1974), as two shortest augmenting paths
    over split nodes. Links without a cost are not used. O(V E) in the worst case.
    """
    used: dict[tuple[str, str], bool] = {}  # arcs that carry one of the two routes
    total = 0.0
    for _turn in range(2):
        found = _augment(beside, trusted, (a, b), cost, used)
        if found is None:
            return None
        total += found
    after: dict[str, list[str]] = {}
    for (x, y), carries in used.items():
        if carries:
            after.setdefault(x, []).append(y)
    routes: list[tuple[str, ...]] = []
    for start in sorted(after[a]):
        walk = [a, start]
        while walk[-1] != b:
            walk.append(after[walk[-1]][0])
        routes.append(tuple(walk))
    one, other = sorted(routes, key=lambda route: (len(route), route))
    return total, (one, other)


def xor_split(key: bytes, mask: bytes) -> tuple[bytes, bytes]:
    """Two shares of a key: the mask, which must be random and used once, and key ⊕ mask.

    Raises:
        QkdError: the mask is not as long as the key.
    """
    if len(mask) != len(key):
        raise QkdError("the mask must be as long as the key", kind="mask")
    return mask, xor_join(key, mask)


def xor_join(one: bytes, other: bytes) -> bytes:
    """The key from its two shares.

    Raises:
        QkdError: they are not equally long.
    """
    if len(one) != len(other):
        raise QkdError("two shares of a key are equally long", kind="mask")
    return bytes(x ^ y for x, y in zip(one, other, strict=True))


_State = tuple[str, bool]  # a node and whether it was left (True) or only entered (False)


def _augment(
    beside: Beside,
    trusted: set[str],
    ends: tuple[str, str],
    cost: Mapping[LinkKey, float],
    used: dict[tuple[str, str], bool],
) -> float | None:
    """One more route by Bellman and Ford over the residual network; ``used`` is changed."""
    a, b = ends
    # rounding must not make the first route's way back look like a bargain, or the search would never end
    close = 1e-12 * max(cost.values(), default=0.0) if used else 0.0
    inside = {y for (_x, y), carries in used.items() if carries and y != b}
    best: dict[_State, float] = {(a, True): 0.0}
    before: dict[_State, _State] = {}
    queue: deque[_State] = deque([(a, True)])
    while queue:
        state = queue.popleft()
        for there, price in _steps(state, beside, trusted, ends, cost, used, inside):
            spent = best[state] + price
            if spent < best.get(there, math.inf) - close:
                best[there] = spent
                before[there] = state
                queue.append(there)
    goal: _State = (b, False)
    if goal not in best:
        return None
    here = goal
    while here != (a, True):
        back = before[here]
        if back[0] != here[0]:
            if used.get((here[0], back[0])) and back[1] is False and here[1] is True:
                used[here[0], back[0]] = False
            else:
                used[back[0], here[0]] = True
        here = back
    return best[goal]


def _steps(  # noqa: PLR0917  the residual network is these seven things
    state: _State,
    beside: Beside,
    trusted: set[str],
    ends: tuple[str, str],
    cost: Mapping[LinkKey, float],
    used: Mapping[tuple[str, str], bool],
    inside: set[str],
) -> list[tuple[_State, float]]:
    here, leaving = state
    a, b = ends
    found: list[tuple[_State, float]] = []
    if leaving:
        for there, link in beside[here]:
            price = cost.get(link.key)
            if price is None or there == a or used.get((here, there)):
                continue
            if there == b or there in trusted:
                found.append(((there, False), price))
        if here in inside:
            found.append(((here, False), 0.0))  # give the node's one passage back
        return found
    if here == b:
        return found
    if here not in inside:
        found.append(((here, True), 0.0))
    for there, link in beside[here]:
        if used.get((there, here)):
            found.append(((there, True), -cost[link.key]))
    return found
