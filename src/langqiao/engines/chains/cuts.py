"""Firms that a supply network hangs on (供应网络的割点与必经企业), from firms' own tables of deals.

An **articulation point** parts the network, read undirected, when it is taken out; a **dominator** stands on
every way of supply to the firms it dominates: they lose all supply with it, however many suppliers they have.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from . import arrays
from .graph import ChainGraph


@dataclass(frozen=True, slots=True)
class FirmCut:
    """A firm by key, ``kind`` articulation or dominator, how many firms it cuts off, and some of them."""

    firm: str
    name: str
    city: str
    kind: str
    cut_off: int
    examples: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def find_firm_cuts(
    graph: ChainGraph, *, cities: Collection[str] | None = None, limit: int = 200
) -> tuple[FirmCut, ...]:
    """The cut firms of the deals among the firms of some cities (None: all), the worst first.

    Raises:
        ChainError: a city is not one of the nine.
    """
    firms = np.nonzero(graph.firms_in(cities))[0]
    deals = graph.deals.within(firms)
    parted = arrays.articulation_points(deals)
    idom, dominated = arrays.dominator_tree(deals, arrays.sources(deals))
    children = np.argsort(idom, kind="stable")
    inner = idom[children]
    found: list[FirmCut] = []
    for kind, sizes in (("articulation", parted), ("dominator", dominated)):
        worst = np.nonzero(sizes)[0]
        for node in worst[np.lexsort((worst, -sizes[worst]))][:limit].tolist():
            if kind == "dominator":
                first, last = np.searchsorted(inner, node), np.searchsorted(inner, node, side="right")
                shown = children[first:last]
            else:
                shown = deals.row(node)
            record = graph.firms[int(firms[node])]
            found.append(
                FirmCut(
                    record.key,
                    record.name or record.fullname,
                    record.city,
                    kind,
                    int(sizes[node]),
                    tuple(graph.firms[int(firms[at])].key for at in shown[:8]),
                )
            )
    return tuple(found)
