"""Economic complexity (经济复杂度, ECI) of regions and activities.

Source: Hidalgo and Hausmann, "The building blocks of economic complexity", PNAS 106 (2009), in the
eigenvector form of the *Atlas of Economic Complexity*. Computed by econcomplex.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .specialisation import location_quotients
from .types import FEW, Array, BadInput, Caution, Matrix, Term


@dataclass(frozen=True, slots=True)
class Complexity:
    """ECI of the rows (r,) and PCI of the columns (c,), standardised; NaN for what was left out.

    A row without any specialisation and a column in which nobody is specialised are left out.
    """

    eci: Array
    pci: Array
    warnings: tuple[Caution, ...]


def complexity(x: Matrix, *, threshold: float = 1.0) -> Complexity:
    """Economic complexity from location quotients at or above the threshold.

    The sign is set so that ECI rises with the number of activities a region is specialised in.

    Raises:
        BadInput: fewer than two regions or activities are connected, or all are equally specialised.
    """
    from econcomplex.complexity import eci_pci

    held = location_quotients(x) >= threshold
    if not _one_piece(held):
        raise BadInput("values", "pieces", "regions fall into pieces that share no activity: no ECI")
    try:
        eci, pci = eci_pci(held.astype(np.float64), use_rca=False, threshold=0.5)
    except ValueError as refused:
        raise BadInput(
            "values", "connected", "too few connected regions or activities for an ECI"
        ) from refused
    first, second = np.asarray(eci, dtype=np.float64), np.asarray(pci, dtype=np.float64)
    if not np.isfinite(first).any() or np.nanstd(first) == 0:
        raise BadInput("values", "alike", "all regions have the same specialisations: no ECI")
    return Complexity(first, second, _cautions(x))


def _one_piece(held: NDArray[np.bool_]) -> bool:
    """Whether the graph of regions and what they are specialised in hangs together.

    In pieces the largest eigenvalue is there more than once and the second eigenvector only tells
    the pieces apart.
    """
    import networkx as nx

    rows, columns = np.nonzero(held)
    graph = nx.Graph(zip((f"r{i}" for i in rows), (f"c{j}" for j in columns), strict=True))
    return bool(graph) and nx.is_connected(graph)


def _cautions(x: Matrix) -> tuple[Caution, ...]:
    n, k = len(x.rows), len(x.columns)
    if n >= FEW and k >= FEW:
        return ()
    return (
        Caution(
            "small_eci",
            Term(
                f"矩阵只有 {n} 个地区、{k} 项活动：复杂度指数不稳定，只作参考，不宜排名。",
                f"Only {n} regions and {k} activities: the complexity index is unstable; do not rank by it.",
            ),
        ),
    )
