"""Products, firms and industries as compact arrays (产业链图): int32 rows (CSR) between numbers 0, 1, 2, ….

* ``supplies``: material → product. 上游材料 and 下游产品 say the same from two sides; the weight counts how
  often the source says it. A product that names itself makes no edge; longer cycles are kept.
* ``kinds``: product → its sub-kinds (产品小类).
* ``makes``: firm → product, weighted by the share of revenue. Segment tables overlap (by product, by region,
  with lines that correct each other), so shares are cut at 0 and divided by their sum over all the firm's
  lines that are no balance item; a firm that states none counts each line alike. Lines that are not linked
  to a product take part in that sum and in nothing else.
* ``deals``: supplier → customer, from firms' own tables.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from . import arrays
from .arrays import Bools, Csr, Floats, Ints
from .types import NINE, ChainData, ChainError, Deal, Firm, Industry, Relation
from .vague import VAGUE

COVER_DEPTH = 3  # how many steps of kinds a firm's product stands for the more general ones


@dataclass(frozen=True)
class ChainGraph:
    """The arrays, and names for their numbers. Built by :meth:`build` or :meth:`of_arrays`.

    ``city`` (firms,) int8 is the place in :attr:`cities`, -1 for none; ``industry_of`` (firms,) int32 the
    number of the firm's industry, -1 for none; ``parent`` (industries,) int32; ``upstream``: industry → its
    upstream industries by weight; ``sure``: firm → product with the certainty of the surest link.
    """

    products: tuple[str, ...]
    firms: tuple[Firm, ...]
    industries: tuple[Industry, ...]
    supplies: Csr
    kinds: Csr
    makes: Csr
    deals: Csr
    upstream: Csr
    sure: Csr
    parent: Ints
    city: Ints
    industry_of: Ints
    cities: tuple[str, ...] = tuple(NINE)

    @classmethod
    def build(cls, data: ChainData) -> ChainGraph:
        """From records: any iterables in a :class:`ChainData`. Products are those of the relations, in order,
        then nodes that only firms name. Time O(records).
        """
        products = tuple(dict.fromkeys((*data.nodes(), *(made.node for made in data.makes if made.node))))
        at = {name: number for number, name in enumerate(products)}
        firm_at = {firm.key: number for number, firm in enumerate(data.firms)}
        firms = list(data.firms)
        for key in (made.firm for made in data.makes):
            if key not in firm_at:
                firm_at[key] = len(firms)
                firms.append(Firm(key))
        for deal in data.deals:
            for key in (deal.supplier, deal.customer):
                if key not in firm_at:
                    firm_at[key] = len(firms)
                    firms.append(Firm(key))
        n, f = len(products), len(firms)
        relations = [r for r in data.relations if r.head != r.tail]
        supplied = [
            (at[r.tail], at[r.head]) if r.relation is Relation.MATERIAL else (at[r.head], at[r.tail])
            for r in relations
            if r.relation is not Relation.KIND
        ]
        kinds = [(at[r.head], at[r.tail]) for r in relations if r.relation is Relation.KIND]
        numbers = {industry.code: number for number, industry in enumerate(data.industries)}
        upstream = [
            (numbers[u.industry], numbers[u.upstream], u.weight)
            for u in data.upstreams
            if u.industry in numbers and u.upstream in numbers
        ]
        cities = tuple(NINE)
        return cls(
            products=products,
            firms=tuple(firms),
            industries=data.industries,
            supplies=_of(supplied, (n, n)),
            kinds=_of(kinds, (n, n)),
            makes=_made(data, at, firm_at, (f, n)),
            deals=_dealt(data.deals, firm_at, f),
            upstream=_weighted(upstream, (len(numbers), len(numbers))),
            sure=_sure(data, at, firm_at, (f, n)),
            parent=np.array([numbers.get(i.parent, -1) for i in data.industries], np.int32),
            city=np.array([cities.index(firm.city) if firm.city in NINE else -1 for firm in firms], np.int32),
            industry_of=np.array([numbers.get(firm.industry, -1) for firm in firms], np.int32),
        )

    @classmethod
    def of_arrays(
        cls,
        *,
        supplies: Csr,
        makes: Csr,
        city: Ints,
        deals: Csr | None = None,
        kinds: Csr | None = None,
    ) -> ChainGraph:
        """From arrays alone, for graphs that are generated: products and firms are named by number."""
        n, f = supplies.rows, makes.rows
        nothing: list[int] = []
        return cls(
            products=tuple(f"p{number}" for number in range(n)),
            firms=tuple(
                Firm(f"f{number}", city=tuple(NINE)[place] if place >= 0 else "")
                for number, place in enumerate(city.tolist())
            ),
            industries=(),
            supplies=supplies,
            kinds=kinds or Csr.of(nothing, nothing, shape=(n, n)),
            makes=makes,
            deals=deals or Csr.of(nothing, nothing, shape=(f, f)),
            upstream=Csr.of(nothing, nothing, shape=(0, 0)),
            sure=Csr(makes.indptr, makes.indices, np.ones(makes.size, np.float32), n),
            parent=np.empty(0, np.int32),
            city=city.astype(np.int32),
            industry_of=np.full(f, -1, np.int32),
        )

    @cached_property
    def supplied_by(self) -> Csr:
        """Product → its materials."""
        return self.supplies.transposed()

    @cached_property
    def kind_of(self) -> Csr:
        """Product → the more general products that it is a kind of."""
        return self.kinds.transposed()

    @cached_property
    def makers(self) -> Csr:
        """Product → firms that make it, with the share of each firm's revenue."""
        return self.makes.transposed()

    @cached_property
    def vague(self) -> Bools:
        """Which products have a name that says nothing of the thing (材料, 设备 …), (products,)."""
        return np.array([name in VAGUE for name in self.products], bool)

    @cached_property
    def sure_makers(self) -> Csr:
        """Product → firms that make it, with the certainty of the link."""
        return self.sure.transposed()

    @cached_property
    def tier(self) -> Ints:
        """The tier of each product, (products,): 0 for what nothing in the graph goes into, else the longest
        way from there (cycles share a tier).
        """
        return arrays.tiers(self.supplies)

    @cached_property
    def raw(self) -> Ints:
        """The products where ways begin (raw materials)."""
        return arrays.sources(self.supplies)

    @cached_property
    def covers(self) -> Csr:
        """Firm → products it makes or makes a kind of, at most :data:`COVER_DEPTH` steps of kinds up.

        The weight is the share of revenue, halved at each step: a maker of one kind is not a maker of all.
        """
        step = (*self.makes.pairs(), self.makes.weight)
        pieces = [step]
        for _ in range(COVER_DEPTH):
            places, up, _w = self.kind_of.entries(step[1])
            step = (step[0][places], up, np.asarray(step[2][places] / 2, np.float32))
            pieces.append(step)
        rows, columns, weight = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
        return Csr.best_of(rows, columns, weight, shape=(len(self.firms), len(self.products)))

    @cached_property
    def covered_by(self) -> Csr:
        """Product → firms that make it or a kind of it."""
        return self.covers.transposed()

    @cached_property
    def _product_numbers(self) -> Mapping[str, int]:
        return {name: number for number, name in enumerate(self.products)}

    @cached_property
    def _firm_numbers(self) -> Mapping[str, int]:
        return {firm.key: number for number, firm in enumerate(self.firms)}

    @cached_property
    def _industry_numbers(self) -> Mapping[str, int]:
        names = {industry.name: number for number, industry in reversed(list(enumerate(self.industries)))}
        return names | {industry.code: number for number, industry in enumerate(self.industries)}

    def product(self, name: str) -> int:
        """The number of a product.

        Raises:
            ChainError: there is none of this name.
        """
        return _found(self._product_numbers, name, "产品", "product")

    def number_of(self, name: str) -> int:
        """The number of a product, -1 for none."""
        return self._product_numbers.get(name, -1)

    def firm(self, key: str) -> int:
        """The number of a firm by its key.

        Raises:
            ChainError: there is none of this key.
        """
        return _found(self._firm_numbers, key, "企业", "firm")

    def industry(self, name: str) -> int:
        """The number of an industry by its code or its name.

        Raises:
            ChainError: there is none.
        """
        return _found(self._industry_numbers, name, "行业", "industry")

    def within_industry(self, number: int) -> Bools:
        """Which industries are this one or belong to it, (industries,)."""
        inside = np.zeros(len(self.industries), bool)
        inside[number] = True
        for _ in range(len(self.industries)):  # as deep as the tree can be
            grown = inside | ((self.parent >= 0) & inside[self.parent])
            if (grown == inside).all():
                break
            inside = grown
        return inside

    def firms_in(self, cities: Collection[str] | None) -> Bools:
        """Which firms lie in these of the nine cities, (firms,); None: every firm of the country."""
        if cities is None:
            return np.ones(len(self.firms), bool)
        unknown = set(cities) - set(self.cities)
        if unknown:
            raise ChainError(f"不是九城的代码：{'、'.join(sorted(unknown))} / not a code of the nine cities")
        wanted = np.array([code in set(cities) for code in self.cities])
        return np.asarray((self.city >= 0) & wanted[self.city], bool)


def _found(numbers: Mapping[str, int], name: str, what: str, english: str) -> int:
    number = numbers.get(name)
    if number is None:
        raise ChainError(f"没有{what}“{name[:60]}” / there is no {english} of this name")
    return number


def _of(pairs: Iterable[tuple[int, int]], shape: tuple[int, int]) -> Csr:
    array = np.array(list(pairs), np.int64).reshape(-1, 2)
    return Csr.of(array[:, 0], array[:, 1], shape=shape)


def _weighted(triples: list[tuple[int, int, float]], shape: tuple[int, int]) -> Csr:
    return Csr.of(
        [i for i, _, _ in triples], [j for _, j, _ in triples], [w for _, _, w in triples], shape=shape
    )


def _made(data: ChainData, at: Mapping[str, int], firm_at: Mapping[str, int], shape: tuple[int, int]) -> Csr:
    lines = [made for made in data.makes if not made.is_balance]
    firm = np.array([firm_at[made.firm] for made in lines], np.int64)
    stated = np.array([np.nan if made.share is None else max(made.share, 0.0) for made in lines], np.float64)
    has = np.zeros(shape[0], bool)
    has[firm[np.nan_to_num(stated) > 0]] = True
    weight = np.where(has[firm], np.nan_to_num(stated), 1.0) if lines else stated
    total = np.bincount(firm, weight, minlength=shape[0])
    weight = weight / np.where(total > 0, total, 1.0)[firm] if lines else weight
    linked = np.array([bool(made.node) for made in lines], bool)
    node = np.array([at[made.node] for made in lines if made.node], np.int64)
    return Csr.of(firm[linked], node, weight[linked], shape=shape)


def _sure(data: ChainData, at: Mapping[str, int], firm_at: Mapping[str, int], shape: tuple[int, int]) -> Csr:
    lines = [made for made in data.makes if made.node and not made.is_balance]
    return Csr.best_of(
        [firm_at[made.firm] for made in lines],
        [at[made.node] for made in lines],
        [made.certainty for made in lines],
        shape=shape,
    )


def _dealt(deals: tuple[Deal, ...], firm_at: Mapping[str, int], count: int) -> Csr:
    pairs = [
        (firm_at[deal.supplier], firm_at[deal.customer], deal.share)
        for deal in deals
        if deal.supplier != deal.customer
    ]
    return _weighted(pairs, (count, count))


def weight_by_product(graph: ChainGraph, firms: Bools) -> Floats:
    """Sum over some firms of the share of revenue in each product, (products,): "firm equivalents"."""
    rows, columns = graph.makes.pairs()
    kept = firms[rows]
    return np.bincount(columns[kept], graph.makes.weight[kept], minlength=len(graph.products)).astype(
        np.float32
    )
