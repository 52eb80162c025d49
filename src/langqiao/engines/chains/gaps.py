"""Where a chain is missing a link, thin or cheap (断链、短链、低链), and which products it hangs on.

* **missing** (断链): a product that the chain needs and that no firm of the corridor makes, nor a kind of
  it, while at least one of them makes something of it. Demand is direct, or inherited from kinds and then
  weighted (:mod:`.demand`). What is needed directly comes first, then what firms elsewhere make: a product
  that no firm in the data makes may only be named finer than firms name theirs; then by weighted demand.
* **thin** (短链): fewer than ``thin`` firms, or a Herfindahl index of at least ``concentrated`` (2,500 of
  10,000: "highly concentrated", U.S. Horizontal Merger Guidelines 2010, section 5.3), or all makers in one
  city, where several cities are looked at. One supplier and one city are marked.
* **low** (低链): the corridor stops early. ``depth`` is the weight of what is made directly of a product,
  as a share of that weight and the product's own. Low means less than half the country's depth.
* **cuts**: articulation points (读作无向图的割点) and dominators (必经节点) of the chain, see :mod:`.arrays`.

:func:`states` says the same of every product, so that a map and a list of gaps cannot contradict each other.

The source states no turnover. A firm counts as 1, divided among its products by share of revenue.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from . import arrays
from .arrays import Bools, Csr, Floats, Ints
from .demand import Demand, Inherited, demand_of
from .graph import ChainGraph, weight_by_product
from .scope import Chain, needs
from .types import NINE

ASSUMPTIONS: Final = (
    "企业按收入占比分摊到产品，每家企业计 1；数据没有营业收入金额",
    "企业生产某产品的一个小类，即视为生产该产品",
    "核心产品所需材料包括其小类所需的材料；断链的需求按需要它的小类占全部小类的比例折算",
    "只有能与产品图谱对应的产品名称参与计算；上市公司之外的企业不在数据中",
    "低链：本地对该产品的直接深加工权重占比不足全国的一半",
)
"""What the figures rest on, to be shown beside them."""

THIN: Final = 3
"""Fewer makers than this are thin."""
CONCENTRATED: Final = 2500.0
"""The Herfindahl index (0..10,000) from which makers are concentrated."""

_LOW = 0.5  # of the country's depth
_NAMED = 8  # products named in a row
_LEAST_WEIGHT = 0.05  # firm equivalents of a product below which its depth says nothing


@dataclass(frozen=True, slots=True)
class Missing:
    """A product that is needed and not made. ``level`` in the chain, ``tier`` in the graph (0: a raw
    material). ``needed_by``: products of corridor firms that are made of it, ``firms_waiting`` how many firms
    make these. ``inherited``: products of which only kinds need it, ``firms_maybe`` how many more firms make
    these. ``demand``: firms that need it, the latter by the share of kinds. ``elsewhere`` makers outside the
    cities, ``broader`` makers of a more general product in them.
    """

    product: str
    level: int
    tier: int
    needed_by: tuple[str, ...]
    firms_waiting: int
    inherited: tuple[Inherited, ...]
    firms_maybe: int
    demand: float
    elsewhere: int
    broader: int


@dataclass(frozen=True, slots=True)
class Thin:
    """A product on few shoulders: ``makers`` and their ``hhi`` (0..10,000), ``city`` when all are in one,
    ``needed_by`` how many products of the chain are made of it, ``firms`` their keys.
    """

    product: str
    level: int
    makers: int
    hhi: float
    one_supplier: bool
    one_city: bool
    city: str
    firms: tuple[str, ...]
    needed_by: int


@dataclass(frozen=True, slots=True)
class Low:
    """A product that is mostly made and little processed: ``depth`` here and in the country (0..1)."""

    product: str
    level: int
    makers: int
    depth: float
    depth_country: float
    processed_into: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """A product whose loss parts the chain: ``cut_off`` products become separate (articulation) or have no
    way from raw materials left (dominator). ``makers`` in the cities.
    """

    product: str
    kind: str
    cut_off: int
    makers: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gaps:
    """All gaps of a chain, the worst first; lists are cut at the ``limit``, ``totals`` are not."""

    chain: str
    cities: tuple[str, ...]
    products: int
    made: int
    firms: int
    totals: dict[str, int]
    missing: tuple[Missing, ...]
    thin: tuple[Thin, ...]
    low: tuple[Low, ...]
    cuts: tuple[Cut, ...]
    by_city: dict[str, int]
    assumptions: tuple[str, ...] = ASSUMPTIONS
    milliseconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def find_gaps(
    graph: ChainGraph,
    chain: Chain,
    *,
    cities: Collection[str] = tuple(NINE),
    thin: int = THIN,
    concentrated: float = CONCENTRATED,
    limit: int = 200,
) -> Gaps:
    """The gaps of a chain in some of the nine cities. Time O(firms' links + relations of the chain).

    Raises:
        ChainError: a city is not one of the nine.
        ValueError: a bound makes no sense.
    """
    if limit < 0:
        raise ValueError("limit >= 0 is needed")
    started = time.perf_counter()
    work = _Work(graph, chain, cities, thin, concentrated)
    missing, missing_count = work.missing(limit)
    thinned, counts = work.thin(limit)
    low, low_count = work.low(limit)
    cuts, cut_count = work.cuts(limit)
    return Gaps(
        chain=chain.name,
        cities=tuple(cities),
        products=chain.size,
        made=int(np.count_nonzero(work.makers)),
        firms=int(np.unique(work.firm).size),
        totals={"missing": missing_count, **counts, "low": low_count, **cut_count},
        missing=missing,
        thin=thinned,
        low=low,
        cuts=cuts,
        by_city={
            city: int(np.unique(work.firm[graph.city[work.firm] == place]).size)
            for place, city in enumerate(graph.cities)
            if city in set(cities)
        },
        milliseconds=round((time.perf_counter() - started) * 1000, 1),
    )


@dataclass(frozen=True, slots=True)
class States:
    """What :func:`find_gaps` says of each product of a chain, (size,): whether it is ``missing``, ``thin`` or
    ``low``, and whether it is ``made`` at all. A product may be thin and low. ``demand`` (size,) is the
    weighted demand for what is missing, 0 for the others.
    """

    made: Bools
    missing: Bools
    thin: Bools
    low: Bools
    demand: Floats


def states(
    graph: ChainGraph,
    chain: Chain,
    *,
    cities: Collection[str] = tuple(NINE),
    thin: int = THIN,
    concentrated: float = CONCENTRATED,
) -> States:
    """The state of every product by the rules of :func:`find_gaps`, without its lists.

    Raises:
        ChainError: a city is not one of the nine.
        ValueError: a bound makes no sense.
    """
    work = _Work(graph, chain, cities, thin, concentrated)
    return States(work.makers > 0, work.demand.waited, work.is_thin, work.depths.low, work.demand.weighted)


@dataclass(frozen=True, slots=True)
class _Depths:
    """How far products are processed here and in the country, and which are low, (size,) each."""

    here: Floats
    country: Floats
    low: Bools
    loss: Floats
    weights: Floats


class _Work:
    """What the lists and the states share: who makes each product of the chain, and what is made of it."""

    def __init__(
        self, graph: ChainGraph, chain: Chain, cities: Collection[str], thin: int, concentrated: float
    ) -> None:
        if thin < 1 or not 0 <= concentrated <= 10_000:
            raise ValueError("thin >= 1 and 0 <= concentrated <= 10000 are needed")
        self.graph, self.chain = graph, chain
        self.local: Bools = graph.firms_in(cities)
        place, firm, weight = graph.covered_by.entries(chain.nodes)
        kept = self.local[firm]
        self.all_makers = np.bincount(place, minlength=chain.size)
        self.place, self.firm, self.weight = place[kept], firm[kept], weight[kept]
        self.makers = np.bincount(self.place, minlength=chain.size)
        self.made_by = Csr.of(self.place, self.firm, shape=(chain.size, len(graph.firms)))
        self.demand: Demand = demand_of(graph, chain, self.local)
        self.depths = self._depths()
        self._concentration(thin, concentrated, several=len(set(cities)) > 1)

    @cached_property
    def needs(self) -> Csr:
        """Material → product among the chain's nodes."""
        return needs(self.graph, self.chain)

    def _names(self, places: Ints, most: int = _NAMED) -> tuple[str, ...]:
        return tuple(self.graph.products[int(self.chain.nodes[at])] for at in places[:most])

    def missing(self, limit: int) -> tuple[tuple[Missing, ...], int]:
        graph, demand = self.graph, self.demand
        direct, all_firms, weighted = demand.direct.degrees, demand.firms.degrees, demand.weighted
        found = np.nonzero(demand.waited)[0]
        nowhere = self.all_makers[found] == 0
        found = found[np.lexsort((found, -weighted[found], nowhere, direct[found] == 0))]
        broad_place, broad, _ = graph.kind_of.entries(self.chain.nodes[found[:limit]])
        at, firm, _ = graph.covered_by.entries(broad)
        local = self.local[firm]
        broader = np.bincount(broad_place[at[local]], minlength=min(found.size, limit))
        rows = []
        for number, node in enumerate(found[:limit].tolist()):
            product = int(self.chain.nodes[node])
            rows.append(
                Missing(
                    product=graph.products[product],
                    level=int(self.chain.level[node]),
                    tier=int(graph.tier[product]),
                    needed_by=demand.using(graph, node, _NAMED),
                    firms_waiting=int(direct[node]),
                    inherited=demand.inherited(graph, self.chain, node, _NAMED),
                    firms_maybe=int(all_firms[node] - direct[node]),
                    demand=round(float(weighted[node]), 4),
                    elsewhere=int(self.all_makers[node]),
                    broader=int(broader[number]),
                )
            )
        return tuple(rows), int(found.size)

    def _concentration(self, thin: int, concentrated: float, *, several: bool) -> None:
        size = self.chain.size
        total = np.bincount(self.place, self.weight, minlength=size)
        share = self.weight / np.where(total > 0, total, 1.0)[self.place]
        self.hhi = 10_000 * np.bincount(self.place, share * share, minlength=size)
        city = self.graph.city[self.firm]
        self.first_city = np.full(size, len(self.graph.cities), np.int32)
        last_city = np.full(size, -1, np.int32)
        np.minimum.at(self.first_city, self.place, city)
        np.maximum.at(last_city, self.place, city)
        made = self.makers > 0
        self.few: Bools = made & ((self.makers < thin) | (self.hhi >= concentrated))
        # Looked at from one city, all makers are in it: that says nothing of the product.
        self.one_city: Bools = made & (self.first_city == last_city) & several
        self.is_thin: Bools = self.few | self.one_city

    def thin(self, limit: int) -> tuple[tuple[Thin, ...], dict[str, int]]:
        one_supplier, one_city = self.makers == 1, self.one_city
        needed = self.needs.degrees
        found = np.nonzero(self.is_thin)[0]
        found = found[np.lexsort((found, self.makers[found], -needed[found]))]
        rows = tuple(
            Thin(
                product=self.graph.products[int(self.chain.nodes[node])],
                level=int(self.chain.level[node]),
                makers=int(self.makers[node]),
                hhi=round(float(self.hhi[node]), 1),
                one_supplier=bool(one_supplier[node]),
                one_city=bool(one_city[node]),
                city=self.graph.cities[int(self.first_city[node])] if one_city[node] else "",
                firms=tuple(self.graph.firms[firm].key for firm in self.made_by.row(node)[:20].tolist()),
                needed_by=int(needed[node]),
            )
            for node in found[:limit].tolist()
        )
        counts = {
            "thin": int(np.count_nonzero(self.few)),
            "one_supplier": int(np.count_nonzero(one_supplier)),
            "one_city": int(np.count_nonzero(one_city)),
        }
        return rows, counts

    def low(self, limit: int) -> tuple[tuple[Low, ...], int]:
        graph, nodes, depths = self.graph, self.chain.nodes, self.depths
        found = np.nonzero(depths.low)[0]
        found = found[np.lexsort((found, -depths.loss[found]))]
        rows = []
        for node in found[:limit].tolist():
            into = graph.supplies.row(int(nodes[node]))
            into = into[depths.weights[into] > 0]
            into = into[np.lexsort((into, -depths.weights[into]))]
            rows.append(
                Low(
                    product=graph.products[int(nodes[node])],
                    level=int(self.chain.level[node]),
                    makers=int(self.makers[node]),
                    depth=round(float(depths.here[node]), 4),
                    depth_country=round(float(depths.country[node]), 4),
                    processed_into=tuple(graph.products[int(q)] for q in into[:_NAMED]),
                )
            )
        return tuple(rows), int(found.size)

    def _depths(self) -> _Depths:
        here = weight_by_product(self.graph, self.local)
        country = weight_by_product(self.graph, np.ones(len(self.graph.firms), bool))
        depth, depth_country = (self._depth(weights) for weights in (here, country))
        own = here[self.chain.nodes]
        low = (own >= _LEAST_WEIGHT) & (depth_country > 0) & (depth < _LOW * depth_country)
        return _Depths(depth, depth_country, low, own * (depth_country - depth), country)

    def _depth(self, weights: Floats) -> Floats:
        nodes = self.chain.nodes
        place, product, _ = self.graph.supplies.entries(nodes)
        made_of = np.bincount(place, weights[product], minlength=nodes.size)
        whole = weights[nodes] + made_of
        return np.asarray(np.where(whole > 0, made_of / np.where(whole > 0, whole, 1.0), 0.0), np.float32)

    def cuts(self, limit: int) -> tuple[tuple[Cut, ...], dict[str, int]]:
        parted = arrays.articulation_points(self.needs)
        begins = arrays.sources(self.needs)
        idom, dominated = arrays.dominator_tree(self.needs, begins)
        rows: list[tuple[int, int, str]] = []
        for kind, sizes in (("articulation", parted), ("dominator", dominated)):
            found = np.nonzero(sizes)[0]
            order = found[np.lexsort((found, -sizes[found]))][:limit]
            rows += [(int(sizes[node]), int(node), kind) for node in order.tolist()]
        children = np.argsort(idom, kind="stable")
        starts = np.searchsorted(idom[children], np.arange(self.chain.size))
        ends = np.searchsorted(idom[children], np.arange(self.chain.size), side="right")
        cuts = tuple(
            Cut(
                product=self.graph.products[int(self.chain.nodes[node])],
                kind=kind,
                cut_off=size,
                makers=int(self.makers[node]),
                examples=self._names(
                    children[starts[node] : ends[node]] if kind == "dominator" else self.needs.row(node)
                ),
            )
            for size, node, kind in rows
        )
        return cuts, {
            "articulation_points": int(np.count_nonzero(parted)),
            "dominators": int(np.count_nonzero(dominated)),
        }
