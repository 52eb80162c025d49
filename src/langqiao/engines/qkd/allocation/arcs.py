"""The same optima by another program: flows on arcs instead of routes (the oracle of tests and benchmarks).

Flows of demands with the same source are one commodity (T. Leighton, S. Rao, JACM 46, 787 (1999) call the
first program maximum concurrent flow). Demands over two disjoint routes have no such program and are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.types import Demand, LinkKey, Network


def common_share(network: Network, demands: Sequence[Demand], capacity: Mapping[LinkKey, float]) -> float:
    """Greatest share t ≤ 1 that all demands can get at once."""
    program = _Arcs(network, demands, capacity)
    columns = program.width + 1
    costs = np.zeros(columns)
    costs[-1] = -1.0
    balance: list[tuple[int, int, float]] = []
    for commodity, (source, group) in enumerate(program.groups.items()):
        for demand in group:
            balance.append((program.row(commodity, demand.target), columns - 1, demand.bps))
            balance.append((program.row(commodity, source), columns - 1, -demand.bps))
    found = program.solve(costs, balance, columns, [(0.0, 1.0)])
    return float(found.x[-1])


def greatest_total(
    network: Network,
    demands: Sequence[Demand],
    capacity: Mapping[LinkKey, float],
    *,
    least: Mapping[str, float] | None = None,
) -> float:
    """Most bits a second that demands can get together, none more than it asks.

    Args:
        network: where.
        demands: who asks.
        capacity: bits a second of every link.
        least: demand to bits a second that it must get.
    """
    program = _Arcs(network, demands, capacity)
    columns = program.width + len(demands)
    costs = np.zeros(columns)
    costs[program.width :] = -1.0
    balance: list[tuple[int, int, float]] = []
    place = {demand.id: program.width + who for who, demand in enumerate(demands)}
    for commodity, (source, group) in enumerate(program.groups.items()):
        for demand in group:
            balance.append((program.row(commodity, demand.target), place[demand.id], 1.0))
            balance.append((program.row(commodity, source), place[demand.id], -1.0))
    bounds = [((least or {}).get(demand.id, 0.0), demand.bps) for demand in demands]
    found = program.solve(costs, balance, columns, bounds)
    return float(found.x[program.width :].sum())


class _Arcs:
    """Variables and rows that both programs share."""

    def __init__(
        self, network: Network, demands: Sequence[Demand], capacity: Mapping[LinkKey, float]
    ) -> None:
        if any(demand.two_paths for demand in demands):
            raise QkdError("demands over two disjoint routes have no program over arcs", kind="demand")
        self.scale = max(capacity.values(), default=1.0) or 1.0
        self.nodes = {one.id: place for place, one in enumerate(network.nodes)}
        trusted = {one.id for one in network.nodes if one.trusted}
        self.keys = list(capacity)
        self.capacity = capacity
        self.arcs = [(row, x, y) for row, key in enumerate(self.keys) for x, y in (key, key[::-1])]
        self.groups: dict[str, list[Demand]] = {}
        for demand in demands:
            self.groups.setdefault(demand.source, []).append(demand)
        self.width = len(self.groups) * len(self.arcs)
        self.open = [
            x in trusted or x == source for source in self.groups for _row, x, _y in self.arcs
        ]  # an untrusted node begins flows of its own and passes none on

    def row(self, commodity: int, node: str) -> int:
        """Row of a node's balance."""
        return commodity * len(self.nodes) + self.nodes[node]

    def solve(
        self,
        costs: np.ndarray[Any, np.dtype[np.float64]],
        balance: list[tuple[int, int, float]],
        columns: int,
        bounds: list[tuple[float, float]],
    ) -> Any:
        equal = list(balance)
        within: list[tuple[int, int, float]] = []
        for commodity in range(len(self.groups)):
            for place, (row, x, y) in enumerate(self.arcs):
                column = commodity * len(self.arcs) + place
                equal += [(self.row(commodity, x), column, 1.0), (self.row(commodity, y), column, -1.0)]
                within.append((row, column, 1.0))
        rows, places, values = (list(one) for one in zip(*equal, strict=True))
        height = len(self.groups) * len(self.nodes)
        a_eq = coo_array((values, (rows, places)), shape=(height, columns)).tocsr()
        rows, places, values = (list(one) for one in zip(*within, strict=True))
        a_ub = coo_array((values, (rows, places)), shape=(len(self.keys), columns)).tocsr()
        free = [(0.0, None if is_open else 0.0) for is_open in self.open]
        found: Any = linprog(
            costs, A_ub=a_ub, b_ub=[self.capacity[key] for key in self.keys], A_eq=a_eq,
            b_eq=np.zeros(height), bounds=free + bounds, method="highs",
        )  # fmt: skip
        if found.x is None:
            raise QkdError(f"the linear program was not solved: {found.message}", kind="solver")
        return found
