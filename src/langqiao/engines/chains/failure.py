"""What the failure of lead firms would cut off (龙头企业停摆的影响): products, routes, firms.

Three depths, from certain to possible:

1. **lost**: products of which no other firm in the scope makes the product or a kind of it; **thinned**: the
   others, with the share of the makers' weight that goes.
2. **cut_off**: products that the scope's firms make and that no way from raw materials reaches any more once
   the lost products are taken out of the graph.
3. **touched**: products of the scope that are made, in so many steps, of a lost one. Another material may
   replace it; the source does not say.

Customers from firms' own tables (供货关系) lose the share of their purchases that the failed firms supply.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from . import arrays
from .arrays import Bools, Ints
from .graph import ChainGraph
from .types import NINE, ChainError


@dataclass(frozen=True, slots=True)
class Lost:
    """A product of the failed firms: ``share_lost`` of its makers' weight (1: its only maker fails)."""

    product: str
    tier: int
    share_lost: float
    other_makers: int


@dataclass(frozen=True, slots=True)
class Touched:
    """A product made of a lost one in ``steps``; ``through`` is the product one step before."""

    product: str
    tier: int
    steps: int
    through: str
    makers: int


@dataclass(frozen=True, slots=True)
class FirmHit:
    """A firm that makes a touched product, or buys from a failed firm (``steps`` 0, ``share_lost`` of its
    stated purchases).
    """

    firm: str
    name: str
    city: str
    steps: int
    products: tuple[str, ...]
    share_lost: float


@dataclass(frozen=True, slots=True)
class Failure:
    """What hangs on the failed ``firms``; ``by_tier`` counts lost, cut off and touched products."""

    firms: tuple[str, ...]
    cities: tuple[str, ...]
    lost: tuple[Lost, ...]
    thinned: tuple[Lost, ...]
    cut_off: tuple[str, ...]
    touched: tuple[Touched, ...]
    firms_hit: tuple[FirmHit, ...]
    by_tier: dict[int, int]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def failure(
    graph: ChainGraph,
    firms: Sequence[str],
    *,
    cities: Collection[str] | None = tuple(NINE),
    reach: int = 3,
) -> Failure:
    """What fails with some firms (keys), seen from some of the nine cities, or the country (None).

    Raises:
        ChainError: a firm or city is unknown, or no firm was named.
    """
    if not firms:
        raise ChainError("请给出企业 / name a firm")
    if reach < 0:
        raise ValueError("reach must not be negative")
    failed = np.array(sorted({graph.firm(key) for key in firms}), np.int64)
    scope = graph.firms_in(cities)
    scope[failed] = True
    staying = scope.copy()
    staying[failed] = False
    made = _made_by(graph, scope)
    losses = _losses(graph, failed, scope)
    gone = np.array([graph.product(loss.product) for loss in losses if not loss.other_makers], np.int64)
    steps = arrays.reach(graph.supplies, gone, most=reach)
    still_made = _made_by(graph, staying)
    touched = np.nonzero((steps > 0) & still_made)[0]
    touched = touched[np.lexsort((touched, steps[touched]))]
    off = _unreachable(graph, gone, made)
    counted = np.unique(np.concatenate([gone, touched, off]))
    tier, number = np.unique(graph.tier[counted], return_counts=True)
    return Failure(
        firms=tuple(graph.firms[int(firm)].key for firm in failed),
        cities=() if cities is None else tuple(cities),
        lost=tuple(loss for loss in losses if not loss.other_makers),
        thinned=tuple(loss for loss in losses if loss.other_makers),
        cut_off=tuple(graph.products[int(product)] for product in off),
        touched=tuple(_touched(graph, touched, steps, staying)),
        firms_hit=tuple(_hit(graph, failed, touched, steps, staying)),
        by_tier=dict(zip(tier.tolist(), number.tolist(), strict=True)),
    )


def lead_firms(
    graph: ChainGraph, *, cities: Collection[str] | None = tuple(NINE), limit: int = 20
) -> list[str]:
    """Keys of the firms that are the only maker of most products in the scope, the worst first."""
    scope = graph.firms_in(cities)
    product, firm = graph.covered_by.pairs()
    kept = scope[firm]
    product, firm = product[kept], firm[kept]
    makers = np.bincount(product, minlength=len(graph.products))
    alone = makers[product] == 1
    sole = np.bincount(firm[alone], minlength=len(graph.firms))
    order = np.lexsort((np.arange(sole.size), -sole))[:limit]
    return [graph.firms[int(number)].key for number in order if sole[number]]


def _made_by(graph: ChainGraph, firms: Bools) -> Bools:
    product, firm = graph.covered_by.pairs()
    made = np.zeros(len(graph.products), bool)
    made[product[firms[firm]]] = True
    return made


def _losses(graph: ChainGraph, failed: Ints, scope: Bools) -> list[Lost]:
    _, products, _ = graph.makes.entries(failed)
    products = np.unique(products[~graph.vague[products]])
    place, firm, weight = graph.covered_by.entries(products)
    kept = scope[firm]
    place, firm, weight = place[kept], firm[kept], weight[kept]
    fails = np.isin(firm, failed)
    total = np.bincount(place, weight, minlength=products.size)
    going = np.bincount(place[fails], weight[fails], minlength=products.size)
    others = np.bincount(place[~fails], minlength=products.size)
    share = np.where(others == 0, 1.0, going / np.where(total > 0, total, 1.0))
    order = np.lexsort((products, others, -share))
    return [
        Lost(
            graph.products[int(products[at])],
            int(graph.tier[products[at]]),
            round(float(share[at]), 4),
            int(others[at]),
        )
        for at in order.tolist()
    ]


def _unreachable(graph: ChainGraph, gone: Ints, made: Bools) -> Ints:
    """Products of the scope that ways from raw materials reached, and do not without the lost ones."""
    closed = np.zeros(len(graph.products), bool)
    closed[gone] = True
    left = arrays.reach(graph.supplies, graph.raw, closed=closed)
    return np.nonzero(made & ~closed & (left < 0))[0]


def _touched(graph: ChainGraph, touched: Ints, steps: Ints, staying: Bools) -> list[Touched]:
    place, firm, _ = graph.covered_by.entries(touched)
    makers = np.bincount(place[staying[firm]], minlength=touched.size)
    rows = []
    for at, product in enumerate(touched.tolist()):
        before = graph.supplied_by.row(product)
        before = before[steps[before] == steps[product] - 1]
        rows.append(
            Touched(
                graph.products[product],
                int(graph.tier[product]),
                int(steps[product]),
                graph.products[int(before[0])],
                int(makers[at]),
            )
        )
    return rows


def _hit(graph: ChainGraph, failed: Ints, touched: Ints, steps: Ints, staying: Bools) -> list[FirmHit]:
    place, firm, _ = graph.covered_by.entries(touched)
    kept = staying[firm]
    made: dict[int, list[int]] = {}
    for at, number in zip(place[kept].tolist(), firm[kept].tolist(), strict=True):
        made.setdefault(number, []).append(int(touched[at]))
    _, customers, share = graph.deals.entries(failed)
    lost = np.bincount(customers, share, minlength=len(graph.firms))
    _, buyers = graph.deals.pairs()
    bought = np.bincount(buyers, graph.deals.weight, minlength=len(graph.firms))
    lost[failed] = 0.0
    hits = []
    for number in sorted({*made, *np.nonzero(lost)[0].tolist()}):
        products = sorted(made.get(number, ()), key=lambda p: (int(steps[p]), p))
        record = graph.firms[number]
        hits.append(
            FirmHit(
                record.key,
                record.name or record.fullname,
                record.city,
                0 if lost[number] else int(steps[products[0]]),
                tuple(graph.products[p] for p in products[:10]),
                round(float(lost[number] / bought[number]), 4) if lost[number] else 0.0,
            )
        )
    return sorted(hits, key=lambda hit: (hit.steps, -hit.share_lost, -len(hit.products), hit.firm))
