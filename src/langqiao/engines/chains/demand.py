"""Who needs a product of the chain that no firm of the cities makes (断链的需求).

A firm needs a material **directly** when something it makes, in the chain or as a kind of a core product, has
it as a material: it counts 1. A core product also **inherits** what its kinds need. Its other makers may make
one of these kinds or not, so each counts with the share of the kinds that need the material: one kind of 65
makes 1/65 of each. A firm with several reasons counts once, by the strongest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Bools, Csr, Floats, Ints
from .graph import ChainGraph
from .scope import Chain


@dataclass(frozen=True, slots=True)
class Inherited:
    """Of the ``kinds`` kinds of ``product``, ``needing`` have the material; ``names`` are some of these."""

    product: str
    needing: int
    kinds: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Demand:
    """What is needed and not made, by its number in the chain (rows).

    ``users``: the made products that have it as a material; ``partly``: the made core products that inherit
    it, weighted by how many of their kinds need it; both by number in the graph. ``direct`` and ``firms``:
    who needs it directly, and who needs it at all with its weight (0..1). ``makers``: local firms that make
    each product of the graph, (products,).
    """

    makers: Ints
    users: Csr
    partly: Csr
    direct: Csr
    firms: Csr

    @property
    def waited(self) -> Bools:
        """Which products of the chain are needed by a firm and made by none, (size,)."""
        return np.asarray(self.firms.degrees > 0, bool)

    @property
    def weighted(self) -> Floats:
        """Firms that need each product, each by its weight, (size,)."""
        rows, _ = self.firms.pairs()
        return np.bincount(rows, self.firms.weight, minlength=self.firms.rows).astype(np.float32)

    def using(self, graph: ChainGraph, number: int, most: int) -> tuple[str, ...]:
        """The made products that have a product of the chain as a material, those of most makers first."""
        users = self.users.row(number)
        users = users[np.lexsort((users, -self.makers[users]))]
        return tuple(graph.products[user] for user in users[:most].tolist())

    def inherited(self, graph: ChainGraph, chain: Chain, number: int, most: int) -> tuple[Inherited, ...]:
        """What a product of the chain is needed for by kinds alone, the greatest demand first."""
        own = set(self.users.row(number).tolist())
        using = set(graph.supplies.row(int(chain.nodes[number])).tolist())
        found = []
        for product, needing in zip(
            self.partly.row(number).tolist(), self.partly.weights(number).tolist(), strict=True
        ):
            if product not in own:
                kinds = graph.kinds.row(product).tolist()
                names = [graph.products[kind] for kind in kinds if kind in using]
                found.append(
                    Inherited(graph.products[product], int(needing), len(kinds), tuple(names[:most]))
                )
        return tuple(sorted(found, key=lambda one: (-one.needing / one.kinds, one.product))[:most])


def demand_of(graph: ChainGraph, chain: Chain, local: Bools) -> Demand:
    """The demand of some firms (``local``, (firms,)) for what none of them makes.

    Time O(their links + relations of the chain + pairs of an unmade material and a firm that needs it).
    """
    makers = _makers(graph, local)
    made = makers.degrees > 0
    place = np.full(len(graph.products), -1, np.int32)
    place[chain.nodes] = np.arange(chain.size, dtype=np.int32)
    lacking = (place >= 0) & ~made
    cores = chain.nodes[chain.level == 0]
    of, kinds, _ = graph.kinds.entries(cores)
    shape = (chain.size, len(graph.products))

    products = np.unique(np.concatenate([chain.nodes, kinds]))
    products = products[made[products]]
    at, material, _ = graph.supplied_by.entries(products)
    kept = lacking[material]
    users = Csr.best_of(place[material[kept]], products[at[kept]], np.ones(kept.sum()), shape=shape)

    at, material, _ = graph.supplied_by.entries(kinds)
    product = cores[of[at]]
    kept = lacking[material] & made[product]
    partly = Csr.of(place[material[kept]], product[kept], shape=shape)

    share = np.asarray(1.0 / np.maximum(graph.kinds.degrees, 1), np.float32)
    row, firm, _ = _through(users, makers)
    part_row, part_firm, needing = _through(partly, makers, share)
    size = (chain.size, len(graph.firms))
    direct = Csr.best_of(row, firm, np.ones(row.size), shape=size)
    firms = Csr.best_of(
        np.concatenate([row, part_row]),
        np.concatenate([firm, part_firm]),
        np.concatenate([np.ones(row.size), needing]),
        shape=size,
    )
    return Demand(makers.degrees, users, partly, direct, firms)


def _makers(graph: ChainGraph, local: Bools) -> Csr:
    """Product → the local firms that make it or a kind of it."""
    firms = np.nonzero(local)[0]
    at, product, weight = graph.covers.entries(firms)
    return Csr.of(product, firms[at], weight, shape=(len(graph.products), len(graph.firms)))


def _through(products: Csr, makers: Csr, factor: Floats | None = None) -> tuple[Ints, Ints, Floats]:
    """(row, firm, weight) for every maker of every product of a row; ``factor`` (products,) multiplies."""
    row, product = products.pairs()
    weight = products.weight if factor is None else products.weight * factor[product]
    at, firm, _ = makers.entries(product)
    return row[at], firm, np.asarray(weight[at], np.float32)
