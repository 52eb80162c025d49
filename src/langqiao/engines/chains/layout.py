"""A chain map that a person can read (产业链图): layers from materials to products, few nodes and crossings.

Layers are the chain's levels. Each layer shows the products that matter most: made in the corridor, then
missing and needed, then the rest by weight; what does not fit is one node "n more". The state of a product
is what the gap analysis says of it (:func:`.gaps.states`).
Within layers the order is found by barycentres, swept up and down (Sugiyama, Tagawa & Toda 1981), keeping the
order with the fewest crossings. The same input gives the same map.
"""

from __future__ import annotations

import bisect
import itertools
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np

from .arrays import Csr, Ints
from .gaps import States, states
from .graph import ChainGraph
from .scope import Chain, needs
from .types import NINE

SWEEPS: Final = 12
GAPS: Final = ("missing", "thin", "low")
"""What a product may lack, the worst first: names of the masks of :class:`.gaps.States`."""


@dataclass(frozen=True, slots=True)
class MapNode:
    """A product, or ``products`` > 1 of them as "n more" (``label`` ""). ``x`` (layers, left to right) and
    ``y`` (top to bottom) in 0..1; ``firms`` in the cities, ``by_city`` how many in each, ``elsewhere`` the
    others. ``gaps`` are the lists of :func:`.gaps.find_gaps` it stands in: ``missing``, ``thin``, ``low``.
    ``state``: the first of these, else ``made``, ``none`` (no firm makes it and none waits for it), ``more``.
    """

    id: int
    label: str
    products: int
    level: int
    x: float
    y: float
    firms: int
    by_city: dict[str, int]
    elsewhere: int
    state: str
    gaps: tuple[str, ...]
    tier: int


@dataclass(frozen=True, slots=True)
class MapEdge:
    """``source`` goes into ``target`` in ``count`` relations of the products they stand for."""

    source: int
    target: int
    count: int


@dataclass(frozen=True, slots=True)
class Layer:
    """A level of the chain: how many products it has and how many are made in the cities."""

    level: int
    x: float
    products: int
    made: int


@dataclass(frozen=True, slots=True)
class ChainMap:
    """What is drawn. ``crossings`` counts pairs of edges between neighbouring layers that cross."""

    name: str
    cities: tuple[str, ...]
    layers: tuple[Layer, ...]
    nodes: tuple[MapNode, ...]
    edges: tuple[MapEdge, ...]
    crossings: int
    milliseconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def chain_map(
    graph: ChainGraph,
    chain: Chain,
    *,
    cities: Collection[str] = tuple(NINE),
    most: int = 60,
) -> ChainMap:
    """The map of a chain with at most ``most`` nodes, "n more" included.

    Raises:
        ChainError: a city is not one of the nine.
        ValueError: ``most`` leaves less than two nodes for a layer.
    """
    started = time.perf_counter()
    levels = np.unique(chain.level)
    if most < 2 * max(levels.size, 1):
        raise ValueError(f"most must be at least {2 * levels.size} for {levels.size} layers")
    local = graph.firms_in(cities)
    place, firm, _ = graph.covered_by.entries(chain.nodes)
    counts = np.zeros((chain.size, len(graph.cities) + 1), np.int64)
    column = np.where(local[firm], graph.city[firm], len(graph.cities))
    np.add.at(counts, (place, column), 1)
    links = needs(graph, chain)
    known = _Known(counts, states(graph, chain, cities=cities), links.degrees)
    nodes, member = _nodes(graph, chain, known, most)
    edges = _edges(links, member)
    nodes, crossings = _placed(nodes, edges, levels)
    layers = tuple(
        Layer(
            int(level),
            _x(levels, int(level)),
            int(np.count_nonzero(chain.level == level)),
            int(np.count_nonzero(known.states.made & (chain.level == level))),
        )
        for level in levels.tolist()
    )
    return ChainMap(
        chain.name,
        tuple(cities),
        layers,
        tuple(nodes),
        tuple(edges),
        crossings,
        round((time.perf_counter() - started) * 1000, 1),
    )


def _x(levels: Any, level: int) -> float:
    at = int(np.searchsorted(levels, level))
    return round((at + 0.5) / int(levels.size), 4)


@dataclass(frozen=True, slots=True)
class _Known:
    """Of each product of the chain: makers in each city and elsewhere (products, cities + 1), its state, and
    how many products are made of it (products,).
    """

    counts: Any
    states: States
    needed: Ints


def _nodes(graph: ChainGraph, chain: Chain, known: _Known, most: int) -> tuple[list[MapNode], Any]:
    """The nodes of all layers, and for each product of the chain the node it is drawn in."""
    counts, state = known.counts, known.states
    firms = counts[:, : len(graph.cities)].sum(axis=1)
    rank = np.where(state.made, 2, np.where(state.missing, 1, 0))
    found, numbers = np.unique(chain.level, return_counts=True)
    sizes = dict(zip(found.tolist(), numbers.tolist(), strict=True))
    room = _rooms(sizes, most)
    nodes: list[MapNode] = []
    member = np.empty(chain.size, np.int64)
    for level, size in sizes.items():
        inside = np.nonzero(chain.level == level)[0]
        keys = (inside, -chain.weight[inside], -known.needed[inside], -state.demand[inside])
        order = inside[np.lexsort((*keys, -firms[inside], -rank[inside]))]
        shown = order if size <= room[level] else order[: room[level] - 1]
        for at in shown.tolist():
            member[at] = len(nodes)
            nodes.append(_node(graph, chain, known, [at], len(nodes)))
        rest = order[shown.size :]
        if rest.size:
            member[rest] = len(nodes)
            nodes.append(_node(graph, chain, known, rest.tolist(), len(nodes)))
    return nodes, member


def _rooms(sizes: dict[int, int], most: int) -> dict[int, int]:
    """Places for each layer: as even as the layers allow, what small layers leave goes to the large ones."""
    room = dict.fromkeys(sizes, 0)
    left = most
    waiting = sorted(sizes, key=lambda level: (sizes[level], level))
    while waiting:
        level = waiting.pop(0)
        room[level] = min(sizes[level], left // (len(waiting) + 1))
        left -= room[level]
    return room


def _node(graph: ChainGraph, chain: Chain, known: _Known, members: list[int], number: int) -> MapNode:
    total = known.counts[members].sum(axis=0)
    firms = int(total[: len(graph.cities)].sum())
    gaps: tuple[str, ...] = ()
    if len(members) > 1:
        label, state, tier = "", "more", 0
    else:
        at = members[0]
        product = int(chain.nodes[at])
        label, tier = graph.products[product], int(graph.tier[product])
        gaps = tuple(gap for gap in GAPS if getattr(known.states, gap)[at])
        state = gaps[0] if gaps else "made" if known.states.made[at] else "none"
    return MapNode(
        id=number,
        label=label,
        products=len(members),
        level=int(chain.level[members[0]]),
        x=0.0,
        y=0.0,
        firms=firms,
        by_city={city: int(n) for city, n in zip(graph.cities, total, strict=False) if n},
        elsewhere=int(total[-1]),
        state=state,
        gaps=gaps,
        tier=tier,
    )


def _edges(links: Csr, member: Any) -> list[MapEdge]:
    material, product = links.pairs()
    i, j = member[material], member[product]
    between = i != j
    pairs, number = np.unique(np.stack([i[between], j[between]], axis=1), axis=0, return_counts=True)
    return [MapEdge(int(a), int(b), int(n)) for (a, b), n in zip(pairs, number, strict=True)]


def _placed(nodes: list[MapNode], edges: list[MapEdge], levels: Any) -> tuple[list[MapNode], int]:
    layers = [[node.id for node in nodes if node.level == level] for level in levels.tolist()]
    layer_of = {number: at for at, layer in enumerate(layers) for number in layer}
    near: dict[int, list[tuple[int, int]]] = {node.id: [] for node in nodes}
    between: list[list[tuple[int, int]]] = [[] for _ in layers[1:]]
    for edge in edges:
        a, b = layer_of[edge.source], layer_of[edge.target]
        if abs(a - b) == 1:
            near[edge.source].append((edge.target, edge.count))
            near[edge.target].append((edge.source, edge.count))
            low, high = (edge.source, edge.target) if a < b else (edge.target, edge.source)
            between[min(a, b)].append((low, high))
    best, fewest = [list(layer) for layer in layers], _crossings(layers, between)
    for sweep in range(SWEEPS):
        order = range(1, len(layers)) if sweep % 2 == 0 else range(len(layers) - 2, -1, -1)
        for at in order:
            other = at - 1 if sweep % 2 == 0 else at + 1
            position = {number: place for place, number in enumerate(layers[other])}
            layers[at] = _by_barycentre(layers[at], near, position)
        found = _crossings(layers, between)
        if found < fewest:
            best, fewest = [list(layer) for layer in layers], found
    placed = list(nodes)
    for layer in best:
        layer.sort(key=lambda number: nodes[number].state == "more")  # "n more" stands last
        for place, number in enumerate(layer):
            placed[number] = replace(
                nodes[number], x=_x(levels, nodes[number].level), y=round((place + 0.5) / len(layer), 4)
            )
    return placed, _crossings(best, between)


def _by_barycentre(
    layer: list[int], near: dict[int, list[tuple[int, int]]], position: dict[int, int]
) -> list[int]:
    """A layer ordered by the mean place of the neighbours in the other layer; nodes without stay put."""
    middle = {}
    for place, number in enumerate(layer):
        touched = [(position[other], count) for other, count in near[number] if other in position]
        total = sum(count for _, count in touched)
        middle[number] = sum(p * c for p, c in touched) / total if total else float(place)
    return sorted(layer, key=lambda number: (middle[number], number))


def _crossings(layers: list[list[int]], between: list[list[tuple[int, int]]]) -> int:
    """Pairs of edges between neighbouring layers that cross, counted as inversions. Time O(m log m)."""
    total = 0
    for at, pairs in enumerate(between):
        low = {number: place for place, number in enumerate(layers[at])}
        high = {number: place for place, number in enumerate(layers[at + 1])}
        seen: list[int] = []
        for _, group in itertools.groupby(sorted((low[a], high[b]) for a, b in pairs), key=_first):
            ends = [end for _, end in group]
            total += sum(len(seen) - bisect.bisect_right(seen, end) for end in ends)
            for end in ends:
                bisect.insort(seen, end)
    return total


def _first(pair: tuple[int, int]) -> int:
    return pair[0]
