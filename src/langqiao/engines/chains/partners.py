"""Who could fill a gap (补链伙伴): firms that make a product, or something near it, with the reason for each.

Reasons, from the strongest to the weakest, each with its factor of the score:

* ``makes`` (1): the firm's product is linked to the product itself;
* ``kind`` (0.9): to a kind of it;
* ``broader`` (0.6): to a more general product;
* ``near`` (0.5 × nearness): near by meaning, from the matching engine's vectors (:mod:`.near`);
* ``sibling`` (0.5 × overlap): to a product of the same parent, made of the same materials or used in the
  same products; the overlap is Jaccard's of what both touch. Such a neighbour shows no skill in the product
  itself: it is **weak** evidence.

The score is factor × certainty of the link. It orders candidates of one reason and is no probability; the
reason comes first, so that a sibling whose name is linked surely never stands before a maker.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from .arrays import Ints
from .graph import ChainGraph
from .types import NINE

FACTORS: Final = {"makes": 1.0, "kind": 0.9, "broader": 0.6, "near": 0.5, "sibling": 0.5}
REASONS: Final = tuple(FACTORS)
"""Why a firm is a candidate, the strongest reason first."""
WEAK: Final = frozenset({"sibling"})
"""Reasons that say little by themselves."""
_MOST_SIBLINGS = 300


@dataclass(frozen=True, slots=True)
class Partner:
    """A candidate: its product in the graph, ``why`` it is one (:data:`REASONS`), ``evidence`` (products in
    common), the ``certainty`` that the firm's own words mean its product (0..1; it says nothing of how well
    that product fits), the ``share`` of its revenue, and the ``score`` (0..1) that orders it in its reason.
    """

    firm: str
    name: str
    city: str
    product: str
    why: str
    evidence: tuple[str, ...]
    certainty: float
    share: float
    score: float

    @property
    def weak(self) -> bool:
        """Whether the reason says little by itself."""
        return self.why in WEAK

    @property
    def order(self) -> tuple[int, float, float, str]:
        """The best first: by reason, score, share of revenue."""
        return REASONS.index(self.why), -self.score, -self.share, self.firm

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "weak": self.weak}


def find_partners(
    graph: ChainGraph,
    product: str,
    *,
    cities: Collection[str] | None = tuple(NINE),
    home: str = "",
    near: Sequence[tuple[str, float]] = (),
    limit: int = 10,
) -> tuple[Partner, ...]:
    """Firms in some cities, outside ``home``, that make a product or something near it, the best first.

    Args:
        cities: of the nine, or None for the whole country.
        home: the city that looks for a partner; "" leaves none out.
        near: products near by meaning with a nearness of 0..1, for instance of :meth:`.near.Near.like`.

    Raises:
        ChainError: the product or a city is unknown.
    """
    target = graph.product(product)
    local = graph.firms_in(cities)
    if home:
        local &= graph.city != graph.cities.index(home)
    best: dict[int, Partner] = {}
    for why, number, strength, evidence in _candidates(graph, target, near):
        for firm, certainty in zip(
            graph.sure_makers.row(number).tolist(), graph.sure_makers.weights(number).tolist(), strict=True
        ):
            if not local[firm]:
                continue
            record = graph.firms[firm]
            share = graph.makers.weights(number)[graph.makers.row(number) == firm]
            found = Partner(
                record.key,
                record.name or record.fullname,
                record.city,
                graph.products[number],
                why,
                evidence,
                round(certainty, 4),
                round(float(share[0]), 4),
                round(FACTORS[why] * strength * certainty, 4),
            )
            if firm not in best or found.order < best[firm].order:
                best[firm] = found
    return tuple(sorted(best.values(), key=lambda partner: partner.order)[:limit])


def _candidates(
    graph: ChainGraph, target: int, near: Sequence[tuple[str, float]]
) -> Iterable[tuple[str, int, float, tuple[str, ...]]]:
    """(why, product, strength, evidence), each product once for each reason."""
    name = graph.products[target]
    yield "makes", target, 1.0, (name,)
    for number in graph.kinds.row(target).tolist():
        yield "kind", number, 1.0, (name,)
    for number in graph.kind_of.row(target).tolist():
        yield "broader", number, 1.0, (graph.products[number],)
    for number, overlap, shared in _siblings(graph, target):
        yield "sibling", number, overlap, tuple(graph.products[at] for at in shared[:5])
    for other, nearness in near:
        number = graph.number_of(other)
        if number >= 0 and number != target:
            yield "near", number, nearness, (name,)


def _siblings(graph: ChainGraph, target: int) -> list[tuple[int, float, list[int]]]:
    """Products that touch what the target touches, with Jaccard's overlap and what they share."""
    shared: dict[int, list[int]] = {}
    for towards, back in (
        (graph.kind_of, graph.kinds),
        (graph.supplied_by, graph.supplies),
        (graph.supplies, graph.supplied_by),
    ):
        for via in towards.row(target).tolist():
            for other in back.row(via).tolist():
                if other != target:
                    shared.setdefault(other, []).append(via)
    own = _touching(graph, target)
    found = []
    for other, vias in shared.items():
        union = np.union1d(own, _touching(graph, other)).size
        found.append((other, len(set(vias)) / max(union, 1), sorted(set(vias))))
    return sorted(found, key=lambda item: (-item[1], item[0]))[:_MOST_SIBLINGS]


def _touching(graph: ChainGraph, product: int) -> Ints:
    parts = (graph.kind_of, graph.supplied_by, graph.supplies)
    return np.unique(np.concatenate([part.row(product) for part in parts]))
