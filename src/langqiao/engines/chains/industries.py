"""Industries up and down the chain (上下游行业), by the weights of the source, with firms by city."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .arrays import Csr
from .graph import ChainGraph
from .types import NINE


@dataclass(frozen=True, slots=True)
class IndustryLink:
    """An industry that supplies (``direction`` up) or is supplied (down), with its ``weight`` in the source,
    its firms in the cities (``by_city``) and elsewhere. ``firms`` 0 is a missing industry (断链).
    """

    code: str
    name: str
    direction: str
    weight: float
    firms: int
    by_city: dict[str, int]
    elsewhere: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def industry_links(
    graph: ChainGraph, industry: str, *, cities: Collection[str] = tuple(NINE), limit: int = 30
) -> tuple[IndustryLink, ...]:
    """The industries before and after one (code or name), the heaviest first; its parts count as it.

    Raises:
        ChainError: the industry or a city is unknown.
    """
    inside = graph.within_industry(graph.industry(industry))
    local = graph.firms_in(cities)
    places = len(graph.cities)
    known = graph.industry_of >= 0
    column = np.where(local, graph.city, places)[known]
    counts = np.zeros((len(graph.industries), places + 1), np.int64)
    np.add.at(counts, (graph.industry_of[known], column), 1)
    found: list[IndustryLink] = []
    for direction, matrix in (("up", graph.upstream), ("down", graph.upstream.transposed())):
        total = _outside(matrix, inside)
        for number in np.lexsort((np.arange(total.size), -total))[:limit].tolist():
            if total[number] <= 0:
                break
            row = counts[graph.within_industry(number)].sum(axis=0)
            record = graph.industries[number]
            found.append(
                IndustryLink(
                    record.code,
                    record.name,
                    direction,
                    round(float(total[number]), 4),
                    int(row[:places].sum()),
                    {city: int(n) for city, n in zip(graph.cities, row, strict=False) if n},
                    int(row[places]),
                )
            )
    return tuple(found)


def _outside(matrix: Csr, inside: np.ndarray[Any, np.dtype[np.bool_]]) -> Any:
    """Weights from the inside to each industry outside it."""
    _, columns, weight = matrix.entries(np.nonzero(inside)[0])
    total = np.bincount(columns, weight, minlength=inside.size).astype(np.float64)
    total[inside] = 0.0
    return total
